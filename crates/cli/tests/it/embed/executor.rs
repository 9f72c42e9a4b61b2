//! Callbacks that run elsewhere.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use outpour::{Client, CloseReason, Incoming, PushHandler, Reply, Request, Response, Turn};
use outpour_testkit::Opcode;

use super::peer::{WebSocket, get};

/// Runs turns on threads of its own, a few callbacks at a time.
fn pool(threads: usize) -> impl Fn(Turn) + Send + Sync + 'static {
    let (queue, turns): (Sender<Turn>, Receiver<Turn>) = channel();
    let turns = Arc::new(Mutex::new(turns));
    for _ in 0..threads {
        let (queue, turns) = (queue.clone(), Arc::clone(&turns));
        thread::spawn(move || {
            // The lock is held while waiting, not while running.
            let next = || turns.lock().unwrap().recv().ok();
            while let Some(turn) = next() {
                if let Some(rest) = turn.run(2) {
                    let _ = queue.send(rest);
                }
            }
        });
    }
    let queue = Mutex::new(queue);
    move |turn| queue.lock().unwrap().send(turn).unwrap()
}

/// Takes its time, and notices when it is called twice at once for one client.
#[derive(Default)]
struct Slow {
    busy: Mutex<HashMap<Client, usize>>,
    most: AtomicUsize,
    overlaps: AtomicUsize,
    closed: AtomicUsize,
}

impl Slow {
    fn work(&self, client: &Client, text: &str) {
        let mut busy = self.busy.lock().unwrap();
        let calls = busy.entry(client.clone()).or_default();
        *calls += 1;
        if *calls > 1 {
            self.overlaps.fetch_add(1, Ordering::Relaxed);
        }
        let all = busy.values().sum();
        self.most.fetch_max(all, Ordering::Relaxed);
        drop(busy);
        thread::sleep(Duration::from_millis(5));
        client.write(text);
        *self.busy.lock().unwrap().get_mut(client).unwrap() -= 1;
    }
}

impl PushHandler for Slow {
    fn on_open(&self, client: &Client) {
        thread::sleep(Duration::from_millis(100));
        self.work(client, "opened");
    }

    fn on_message(&self, client: &Client, message: Incoming<'_>) {
        self.work(client, str::from_utf8(message.as_bytes()).unwrap());
    }

    fn on_close(&self, _: &Client, _: CloseReason) {
        self.closed.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn one_connection_never_overlaps_and_two_do() {
    let slow = Arc::new(Slow::default());
    let handler = slow.clone();
    let application = move |request: &Request| match request.upgrade() {
        Some(_) => Reply::upgrade(handler.clone()).into(),
        None => Response::text("called").into(),
    };
    let builder = super::peer::quiet(2).executor(pool(4));
    let server = builder.application(application).start().unwrap();
    assert_eq!(get(&server, "/"), (200, "called".into()));
    let mut sockets: Vec<_> = (0..4).map(|_| WebSocket::open(&server, "/")).collect();
    for socket in &mut sockets {
        (0..20).for_each(|number| socket.say(&number.to_string()));
    }
    for socket in &mut sockets {
        assert_eq!(socket.hear(), "opened");
        (0..20).for_each(|number| assert_eq!(socket.hear(), number.to_string()));
    }
    assert_eq!(slow.overlaps.load(Ordering::Relaxed), 0);
    assert!(slow.most.load(Ordering::Relaxed) > 1);
    server.shutdown();
    let deadline = super::peer::soon();
    while slow.closed.load(Ordering::Relaxed) < 4 {
        assert!(std::time::Instant::now() < deadline);
        thread::yield_now();
    }
}

#[test]
fn a_handler_that_is_behind_slows_its_client_down() {
    let (queue, turns): (Sender<Turn>, Receiver<Turn>) = channel();
    let queue = Mutex::new(queue);
    let executor = move |turn| queue.lock().unwrap().send(turn).unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let (recorder, _said) = super::record::Recorder::new(move |client, text| {
        if text.len() == 10_000 {
            counted.fetch_add(1, Ordering::Relaxed);
        } else if text == "last" {
            client.write("all of them");
        }
    });
    let application = move |_: &Request| Reply::upgrade(recorder.clone()).into();
    let builder = super::peer::quiet(1).executor(executor);
    let server = builder.application(application).start().unwrap();
    let runner = thread::spawn(move || {
        // The request; then nothing for a while, so that the inbox is full.
        let next = || turns.recv_timeout(Duration::from_secs(10));
        assert!(next().unwrap().run(1).is_none());
        let mut turn = Some(next().unwrap());
        thread::sleep(Duration::from_millis(300));
        while let Some(now) = turn.take().or_else(|| next().ok()) {
            turn = now.run(3);
        }
    });
    let mut socket = WebSocket::open(&server, "/");
    (0..2000).for_each(|_| socket.send(Opcode::TEXT, &[b'x'; 10_000]));
    socket.say("last");
    assert_eq!(socket.hear(), "all of them");
    assert_eq!(count.load(Ordering::Relaxed), 2000);
    drop(server);
    runner.join().unwrap();
}

#[test]
fn an_executor_that_panics_gives_its_turn_up() {
    let application = |_: &Request| -> Reply { Response::new(200).into() };
    let executor = |_: Turn| panic!("as the test wants");
    let builder = super::peer::quiet(1).executor(executor);
    let server = builder.application(application).start().unwrap();
    assert_eq!([get(&server, "/").0, get(&server, "/").0], [500, 500]);
}

#[test]
fn what_the_executor_drops_is_given_up() {
    let first = AtomicUsize::new(0);
    let executor = move |turn: Turn| {
        if first.fetch_add(1, Ordering::Relaxed) == 1 {
            assert!(turn.run(1).is_none());
        }
    };
    let application = |_: &Request| Reply::upgrade(Arc::new(super::basics::Echo)).into();
    let builder = super::peer::quiet(1).executor(executor);
    let server = builder.application(application).start().unwrap();
    assert_eq!(get(&server, "/").0, 500);
    let mut socket = WebSocket::open(&server, "/");
    assert_eq!(socket.closed(), Some(1011));
}
