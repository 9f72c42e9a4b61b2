//! Requests are answered, connections upgraded, messages echoed.

use std::sync::Arc;

use outpour::{Client, Incoming, PushHandler, Reply, Request, Response, Server};

use super::peer::{EventSource, WebSocket, get};

/// Greets, and sends back what it hears.
pub(super) struct Echo;

impl PushHandler for Echo {
    fn on_open(&self, client: &Client) {
        client.write("hello");
    }

    fn on_message(&self, client: &Client, message: Incoming<'_>) {
        client.write(message);
    }
}

fn application(request: &Request) -> Reply {
    match request.upgrade() {
        Some(_) => Reply::upgrade(Arc::new(Echo)).into(),
        None => Response::text(format!("{} {}\n", request.method(), request.path())).into(),
    }
}

fn server() -> Server {
    let builder = super::peer::quiet(2);
    builder.application(application).start().unwrap()
}

#[test]
fn requests_are_answered() {
    let server = server();
    assert_eq!(get(&server, "/a%20b"), (200, "GET /a b\n".into()));
    server.shutdown();
}

#[test]
fn websockets_are_echoed() {
    let server = server();
    let mut socket = WebSocket::open(&server, "/");
    assert_eq!(socket.hear(), "hello");
    socket.say("one");
    socket.say("two");
    assert_eq!((socket.hear(), socket.hear()), ("one".into(), "two".into()));
}

#[test]
fn event_sources_hear_what_is_written() {
    let server = server();
    let mut events = EventSource::open(&server, "/");
    assert_eq!(events.hear().unwrap(), "data: hello\n\n");
}
