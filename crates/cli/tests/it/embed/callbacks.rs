//! The callbacks: their order, the one end, back-pressure.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use outpour::{Client, CloseReason, Event, PushHandler};
use outpour_testkit::{Frame, Opcode};

use super::peer::{EventSource, WebSocket, soon};
use super::record::{Recorder, serve};

#[test]
fn open_comes_first_and_close_last() {
    let (recorder, said) = Recorder::new(|client, text| {
        if text != "drained" {
            client.write(text);
        }
    });
    let server = serve(recorder);
    let mut socket = WebSocket::open(&server, "/");
    socket.say("a");
    socket.send(Opcode::CLOSE, &[0x0f, 0xa1]);
    assert_eq!([said.next(), said.next()], ["open", "a"]);
    assert_eq!(said.next(), "close: Peer(Some(4001))");
    assert_eq!([socket.hear(), socket.hear()], ["open", "a"]);
    while socket.read().opcode != Opcode::CLOSE {}
    drop(server);
    said.over();
}

#[test]
fn a_lost_peer_is_a_close() {
    let (recorder, said) = Recorder::new(|_, _| {});
    let server = serve(recorder);
    drop(WebSocket::open(&server, "/"));
    assert_eq!([said.next(), said.next()], ["open", "close: Gone"]);
    drop(EventSource::open(&server, "/"));
    assert_eq!([said.next(), said.next()], ["open", "close: Gone"]);
    drop(server);
    said.over();
}

#[test]
fn what_is_written_before_close_arrives() {
    let results = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&results);
    let (recorder, said) = Recorder::new(move |client, text| {
        if text == "open" {
            let mut results = kept.lock().unwrap();
            results.push(client.write("first"));
            client.close();
            results.push(client.write("second"));
            results.push(client.is_open() || client.pending().is_some());
            client.close();
        }
    });
    let server = serve(recorder);
    let mut socket = WebSocket::open(&server, "/");
    assert_eq!((socket.hear(), socket.closed()), ("first".into(), Some(1000)));
    assert_eq!([said.next(), said.next()], ["open", "close: Closed"]);
    let mut events = EventSource::open(&server, "/");
    assert_eq!(events.hear().unwrap(), "data: first\n\n");
    assert_eq!(events.hear(), None);
    assert_eq!(*results.lock().unwrap(), [true, false, false, true, false, false]);
}

#[test]
fn messages_keep_kind_and_bytes() {
    let server = serve(Arc::new(super::basics::Echo));
    let mut socket = WebSocket::open(&server, "/");
    socket.hear();
    let long = "x".repeat(100_000);
    for (opcode, payload) in [
        (Opcode::TEXT, "text".as_bytes()),
        (Opcode::TEXT, b""),
        (Opcode::TEXT, "gr\u{fc}n \u{1f600}".as_bytes()),
        (Opcode::BINARY, b"\xff\x00"),
        (Opcode::TEXT, long.as_bytes()),
    ] {
        socket.send(opcode, payload);
        let frame = socket.read();
        assert_eq!((frame.opcode, &*frame.payload), (opcode, payload));
    }
    for (fin, opcode, part) in [
        (false, Opcode::BINARY, "a"),
        (false, Opcode::CONTINUATION, "b"),
        (true, Opcode::CONTINUATION, "c"),
    ] {
        let frame = Frame { fin, ..Frame::masked(opcode, part) };
        socket.connection.send(&frame.bytes()).unwrap();
    }
    let frame = socket.read();
    assert_eq!((frame.opcode, &*frame.payload), (Opcode::BINARY, &b"abc"[..]));
    socket.send(Opcode::PING, b"?");
    let frame = socket.read();
    assert_eq!((frame.opcode, &*frame.payload), (Opcode::PONG, &b"?"[..]));
}

#[test]
fn lines_survive_in_an_event() {
    let (recorder, _said) = Recorder::new(|client, text| {
        if text == "open" {
            client.write("a\nb\r\nc\rd\n\ne");
            let (name, id) = (Some("tick".into()), Some("7".into()));
            client.write(Event { data: "x".into(), name, id, retry: None });
            assert!(!client.write(&b"\xff"[..]), "no text");
        }
    });
    let server = serve(recorder);
    let mut events = EventSource::open(&server, "/");
    let expected = "data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\n\n";
    assert_eq!(events.hear().unwrap(), expected);
    assert_eq!(events.hear().unwrap(), "event: tick\nid: 7\ndata: x\n\n");
}

/// Writes more than any socket takes, and tells the outcome.
struct Flood(Mutex<std::sync::mpsc::Sender<(usize, usize, Option<usize>)>>);

impl PushHandler for Flood {
    fn on_open(&self, client: &Client) {
        let text = "x".repeat(10_000);
        let mut taken = 0;
        // Each write is seen by the socket before the next: from another thread.
        let client = client.clone();
        let said = self.0.lock().unwrap().clone();
        thread::spawn(move || {
            let mut refused = 0;
            while refused < 100 && taken < 10_000 {
                match client.write(&text) {
                    true => taken += 1,
                    false => refused += 1,
                }
            }
            said.send((taken, refused, client.pending())).unwrap();
        });
    }

    fn on_drained(&self, client: &Client) {
        let _ = self.0.lock().unwrap().send((0, 0, client.pending()));
    }
}

#[test]
fn a_peer_that_does_not_read_is_bounded_and_drains() {
    let (said, heard) = std::sync::mpsc::channel();
    let server = serve(Arc::new(Flood(Mutex::new(said))));
    let mut socket = WebSocket::open(&server, "/");
    let next = || heard.recv_timeout(Duration::from_secs(10)).unwrap();
    let (mut taken, mut refused, mut pending) = next();
    while taken == 0 {
        // It was drained in between.
        (taken, refused, pending) = next();
    }
    assert!(refused >= 100 && pending.unwrap() > 0, "{taken} {refused} {pending:?}");
    for _ in 0..taken {
        assert_eq!(socket.read().payload.len(), 10_000);
    }
    let mut left = next().2;
    while left != Some(0) {
        left = next().2;
    }
}

#[test]
fn any_thread_may_write_and_close() {
    let (recorder, said) = Recorder::new(|client, text| {
        if text == "open" {
            let client = client.clone();
            thread::spawn(move || {
                for number in 0..100 {
                    assert!(client.write(number.to_string()));
                }
                client.close_with(4000);
            });
        }
    });
    let server = serve(recorder);
    let mut socket = WebSocket::open(&server, "/");
    for number in 0..100 {
        assert_eq!(socket.hear(), number.to_string());
    }
    assert_eq!(socket.closed(), Some(4000));
    assert_eq!([said.next(), said.next()], ["open", "close: Closed"]);
}

#[test]
fn another_handler_takes_over() {
    let (second, said_second) = Recorder::new(|client, text| {
        if text != "drained" {
            client.write(format!("second {text}"));
        }
    });
    let (first, said_first) = Recorder::new(move |client, text| {
        if text != "drained" {
            client.write(format!("first {text}"));
        }
        if text == "go" {
            client.set_handler(second.clone());
        }
    });
    let server = serve(first);
    let mut socket = WebSocket::open(&server, "/");
    socket.say("go");
    assert_eq!([socket.hear(), socket.hear()], ["first open", "first go"]);
    assert_eq!([socket.hear(), socket.hear()], ["first close: Replaced", "second open"]);
    socket.say("on");
    assert_eq!(socket.hear(), "second on");
    drop(socket);
    assert_eq!([said_first.next(), said_first.next()], ["open", "go"]);
    assert_eq!(said_first.next(), "close: Replaced");
    assert_eq!([said_second.next(), said_second.next()], ["open", "on"]);
    assert_eq!(said_second.next(), "close: Gone");
}

/// Everything by default.
struct Nothing;
impl PushHandler for Nothing {}

#[test]
fn clients_are_compared_and_nothing_has_to_be_implemented() {
    let server = serve(Arc::new(Nothing));
    let mut socket = WebSocket::open(&server, "/");
    socket.say("unheard");
    socket.send(Opcode::PING, b"");
    assert_eq!(socket.read().opcode, Opcode::PONG);
}

/// Keeps its clients in a set, and counts those that it could not take out.
#[derive(Default)]
struct Set {
    clients: Mutex<std::collections::HashSet<Client>>,
    lost: AtomicUsize,
}

impl PushHandler for Set {
    fn on_open(&self, client: &Client) {
        self.clients.lock().unwrap().insert(client.clone());
        client.write("in");
    }

    fn on_close(&self, client: &Client, _: CloseReason) {
        assert_eq!(client.request().path(), "/set");
        if !self.clients.lock().unwrap().remove(client) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[test]
fn a_client_is_the_same_in_all_callbacks() {
    let set = Arc::new(Set::default());
    let server = serve(set.clone());
    let mut sockets: Vec<_> = (0..5).map(|_| WebSocket::open(&server, "/set")).collect();
    sockets.iter_mut().for_each(|socket| assert_eq!(socket.hear(), "in"));
    assert_eq!(set.clients.lock().unwrap().len(), 5);
    server.shutdown();
    assert_eq!(set.clients.lock().unwrap().len(), 0);
    assert_eq!(set.lost.load(Ordering::Relaxed), 0);
}

#[test]
fn an_idle_peer_is_pinged_and_given_up() {
    let (recorder, said) = Recorder::new(|client, text| {
        if text == "open" {
            client.set_timeout(Duration::ZERO);
            assert_eq!(client.timeout(), Duration::from_secs(1));
        }
    });
    let server = serve(recorder);
    let mut socket = WebSocket::open(&server, "/");
    let mut events = EventSource::open(&server, "/");
    assert_eq!(socket.read().opcode, Opcode::PING);
    socket.connection.expect_closed(soon()).unwrap();
    events.connection.take_until(b": ping\n\n", soon()).unwrap();
    let heard = [said.next(), said.next(), said.next()];
    assert!(heard.contains(&"close: TimedOut".to_owned()), "{heard:?}");
}
