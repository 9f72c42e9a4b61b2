//! Clients and applications that break the rules.

use std::sync::Arc;

use outpour::{Client, CloseReason, Incoming, PushHandler, Reply, Request, Server};
use outpour_testkit::{Frame, Opcode};

use super::basics::Echo;
use super::peer::{WebSocket, get};
use super::record::{Recorder, serve};

#[test]
fn frames_against_the_rules_have_a_code() {
    let (recorder, said) = Recorder::new(|_, _| {});
    let server = Server::builder()
        .listen("127.0.0.1:0")
        .message_max(100)
        .application(move |_: &Request| Reply::upgrade(recorder.clone()).into())
        .start()
        .unwrap();
    let unmasked = Frame { mask: None, ..Frame::masked(Opcode::TEXT, "x") };
    let reserved = Frame { reserved: 2, ..Frame::masked(Opcode::TEXT, "x") };
    for (frame, code) in [
        (unmasked, 1002),
        (reserved, 1002),
        (Frame::masked(Opcode::CONTINUATION, "x"), 1002),
        (Frame::masked(Opcode::TEXT, b"\xff".to_vec()), 1007),
        (Frame::masked(Opcode::BINARY, vec![0; 101]), 1009),
    ] {
        let mut socket = WebSocket::open(&server, "/");
        socket.connection.send(&frame.bytes()).unwrap();
        assert_eq!(socket.closed(), Some(code), "{frame:?}");
        assert_eq!(said.next(), "open");
        assert_eq!(said.next(), format!("close: Protocol({code})"));
    }
}

/// Panics where its request's query says.
struct Bomb;

fn trip(client: &Client, callback: &str) {
    if client.request().query() == callback.as_bytes() {
        panic!("in {callback}, as the test wants");
    }
}

impl PushHandler for Bomb {
    fn on_open(&self, client: &Client) {
        client.write("hello");
        trip(client, "open");
    }

    fn on_message(&self, client: &Client, _: Incoming<'_>) {
        trip(client, "message");
        client.close();
    }

    fn on_drained(&self, client: &Client) {
        trip(client, "drained");
    }

    fn on_close(&self, client: &Client, _: CloseReason) {
        trip(client, "close");
    }
}

#[test]
fn a_panic_ends_its_connection_alone() {
    let server = serve(Arc::new(Bomb));
    let mut witness = WebSocket::open(&server, "/");
    for (callback, code) in
        [("open", 1011), ("message", 1011), ("drained", 1011), ("close", 1000)].repeat(5)
    {
        let mut socket = WebSocket::open(&server, &format!("/?{callback}"));
        assert_eq!(socket.hear(), "hello");
        socket.say("x");
        assert_eq!(socket.closed(), Some(code), "{callback}");
        assert_eq!(get(&server, "/").0, 200);
    }
    assert_eq!(witness.hear(), "hello");
    witness.say("x");
    assert_eq!(witness.closed(), Some(1000));
}

#[test]
fn the_log_says_which_callback_of_which_location() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("error.log");
    let text = format!(
        "worker_processes 1; error_log {} error; events {{ }} http {{ access_log off; server {{ \
         listen 127.0.0.1:0; location /bomb {{ push_stream_application; }} }} }}",
        log.display()
    );
    let application = |request: &Request| -> Reply {
        match request.upgrade() {
            Some(_) => Reply::upgrade(Arc::new(Bomb)).into(),
            None => panic!("without an upgrade"),
        }
    };
    let server = Server::builder().configuration(text).application(application).start().unwrap();
    let mut socket = WebSocket::open(&server, "/bomb?open");
    assert_eq!((socket.hear(), socket.closed()), ("hello".into(), Some(1011)));
    assert_eq!(get(&server, "/bomb/x").0, 500);
    drop(server);
    let log = std::fs::read_to_string(log).unwrap();
    let lines = [
        "application panicked in on_open: in open, as the test wants, location: \"/bomb\", \
         client: 127.0.0.1, ",
        "application panicked in call: without an upgrade, location: \"/bomb\", client: \
         127.0.0.1, ",
    ];
    for line in lines {
        assert!(log.contains(line), "{log}");
    }
}

#[test]
fn a_peer_that_asks_and_does_not_read_is_let_go() {
    let server = serve(Arc::new(Echo));
    let mut socket = WebSocket::open(&server, "/");
    let ping = Frame::masked(Opcode::PING, [0; 125]).bytes().repeat(1000);
    let mut sent = 0;
    while socket.connection.send(&ping).is_ok() {
        sent += ping.len();
        assert!(sent < 200 << 20, "the peer goes on");
    }
}
