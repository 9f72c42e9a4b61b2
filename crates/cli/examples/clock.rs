//! A clock: the time, every second, for WebSockets and EventSources.
//!
//! `cargo run --example clock`, then open the address that it prints, or:
//! `curl -N -H 'Accept: text/event-stream' http://127.0.0.1:9080/listen`.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use outpour::{Client, CloseReason, Error, PushHandler, Reply, Request, Response, Server};

const PAGE: &str = "<!doctype html><title>Clock</title><h1 id=time>...</h1><script>
new EventSource('/listen').onmessage = event => time.textContent = event.data
</script>";

/// Everybody who wants to know the time.
#[derive(Default)]
struct Clock {
    clients: Mutex<HashSet<Client>>,
}

impl Clock {
    fn clients(&self) -> std::sync::MutexGuard<'_, HashSet<Client>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everybody, from a thread of its own.
    fn tick(&self) {
        let now = time();
        self.clients().iter().for_each(|client| {
            client.write(&now);
        });
    }
}

impl PushHandler for Clock {
    fn on_open(&self, client: &Client) {
        client.write(time());
        self.clients().insert(client.clone());
    }

    fn on_close(&self, client: &Client, _: CloseReason) {
        self.clients().remove(client);
    }
}

/// Hours, minutes and seconds of the day in UTC.
fn time() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs() % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Serves the clock at `address`.
pub(crate) fn start(address: &str) -> Result<Server, Error> {
    let clock = Arc::new(Clock::default());
    let ticking = Arc::downgrade(&clock);
    thread::spawn(move || {
        while let Some(clock) = ticking.upgrade() {
            clock.tick();
            drop(clock);
            thread::sleep(Duration::from_secs(1));
        }
    });
    let application = move |request: &Request| -> Reply {
        match (&*request.path(), request.upgrade()) {
            ("/listen", Some(_)) => Reply::upgrade(clock.clone()).into(),
            ("/", _) => Response::html(PAGE).into(),
            _ => Response::new(404).into(),
        }
    };
    Server::builder().listen(address).application(application).start()
}

#[expect(clippy::print_stdout, reason = "an example says where it is")]
fn main() -> Result<(), Error> {
    let server = start(&std::env::args().nth(1).unwrap_or("127.0.0.1:9080".into()))?;
    println!("http://{}/", server.addresses()[0]);
    server.wait();
    Ok(())
}
