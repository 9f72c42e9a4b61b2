//! A ticker: prices that change faster than some clients read.
//!
//! Nobody gets an old price late: a client that has not taken the one before is left out, and gets
//! the latest as soon as it has (`on_drained`).
//!
//! `cargo run --example ticker`, then:
//! `curl -N -H 'Accept: text/event-stream' http://127.0.0.1:9080/prices`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use outpour::{Client, CloseReason, Error, Event, PushHandler, Reply, Request, Response, Server};

/// How often the price changes.
const PAUSE: Duration = Duration::from_millis(10);

/// The price, and the last one that each client was sent.
#[derive(Default)]
struct Ticker {
    price: AtomicU64,
    clients: Mutex<HashMap<Client, u64>>,
}

impl Ticker {
    fn clients(&self) -> std::sync::MutexGuard<'_, HashMap<Client, u64>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[expect(clippy::iter_over_hash_type, reason = "nobody is promised to be first")]
    fn change(&self) {
        let price = self.price.fetch_add(1, Ordering::Relaxed) + 1;
        for (client, sent) in self.clients().iter_mut() {
            if client.pending() == Some(0) && send(client, price) {
                *sent = price;
            }
        }
    }

    /// The latest price, unless the client has it.
    fn catch_up(&self, client: &Client) {
        let price = self.price.load(Ordering::Relaxed);
        if let Some(sent) = self.clients().get_mut(client)
            && *sent < price
            && send(client, price)
        {
            *sent = price;
        }
    }
}

fn send(client: &Client, price: u64) -> bool {
    let data = format!("{}.{:02}", price / 100, price % 100).into();
    client.write(Event { data, name: Some("price".into()), ..Event::default() })
}

impl PushHandler for Ticker {
    fn on_open(&self, client: &Client) {
        self.clients().insert(client.clone(), 0);
        self.catch_up(client);
    }

    fn on_drained(&self, client: &Client) {
        self.catch_up(client);
    }

    fn on_close(&self, client: &Client, _: CloseReason) {
        self.clients().remove(client);
    }
}

/// Serves the prices at `address`.
pub(crate) fn start(address: &str) -> Result<Server, Error> {
    let ticker = Arc::new(Ticker::default());
    let changing = Arc::downgrade(&ticker);
    thread::spawn(move || {
        while let Some(ticker) = changing.upgrade() {
            ticker.change();
            drop(ticker);
            thread::sleep(PAUSE);
        }
    });
    let application = move |request: &Request| -> Reply {
        match request.upgrade() {
            Some(_) if request.path() == "/prices" => Reply::upgrade(ticker.clone()).into(),
            _ => Response::new(404).into(),
        }
    };
    Server::builder().listen(address).application(application).start()
}

#[expect(clippy::print_stdout, reason = "an example says where it is")]
fn main() -> Result<(), Error> {
    let server = start(&std::env::args().nth(1).unwrap_or("127.0.0.1:9080".into()))?;
    println!("http://{}/prices", server.addresses()[0]);
    server.wait();
    Ok(())
}
