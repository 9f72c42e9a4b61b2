//! HTTP/2 in front of upstreams with HTTP/1: requests, errands and WebSockets.

use std::sync::mpsc;
use std::time::Duration;

use outpour_core::wire::websocket::accept_key;

use crate::fixture::Fixture;
use crate::frames::*;
use crate::http2::server;
use crate::upstream::{Peer, Upstream};

const UPGRADE: &str = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
                       proxy_set_header Connection \"upgrade\";";

/// A server that hands `/app` on to `upstream`.
fn proxying(upstream: &Upstream, directives: &str, more: &str) -> Fixture {
    let pass = format!("proxy_pass http://{};", upstream.address);
    server(&format!("location /app {{ {pass} {directives} }} {}", more.replace("{{pass}}", &pass)))
}

/// A client that has asked for the WebSocket `/app`.
fn websocket(server: &Fixture) -> Frames {
    let mut client = Frames::connect(server.address(), &[]);
    let protocol = [(":protocol", "websocket"), ("sec-websocket-version", "13"), ("x-a", "b")];
    client.send(HEADERS, END_HEADERS, 1, &request("CONNECT", "/app", &protocol));
    client
}

/// The value of a header.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(": ")?;
        found.eq_ignore_ascii_case(name).then_some(value)
    })
}

/// Takes a WebSocket as RFC 6455 has it, tells the first line of its request, and echoes.
fn echo(peer: &mut Peer) {
    let (head, _) = peer.request().unwrap();
    let asked = |name| header(&head, name).unwrap_or_default();
    assert_eq!((asked("upgrade"), asked("connection")), ("websocket", "upgrade"), "{head}");
    assert_eq!((asked("sec-websocket-version"), asked("x-a")), ("13", "b"), "{head}");
    let key = asked("sec-websocket-key");
    assert!(key.len() == 24 && key.ends_with("=="), "{head}");
    let accept = String::from_utf8(accept_key(key.as_bytes()).to_vec()).unwrap();
    let answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    let line = head.lines().next().unwrap();
    peer.say(format!("{answer}Sec-WebSocket-Accept: {accept}\r\n\r\n{line}|").as_bytes());
    while let Some(bytes) = peer.exactly(4) {
        peer.say(&bytes);
    }
}

#[test]
fn requests_and_answers_pass() {
    let upstream = Upstream::new(|_, mut peer| {
        while let Some((head, body)) = peer.request() {
            let line = head.lines().next().unwrap_or_default();
            let said = [line.as_bytes(), b"|", &body].concat();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", said.len());
            peer.say(&[head.as_bytes(), &said].concat());
        }
    });
    let server = proxying(&upstream, "proxy_http_version 1.1;", "");
    let mut client = Frames::connect(server.address(), &[]);
    client.get(1, "/app?a");
    assert_eq!(client.body(1), b"GET /app?a HTTP/1.1|");
    client.send(HEADERS, END_HEADERS, 3, &request("POST", "/app", &[]));
    client.send(DATA, 0, 3, b"two ");
    client.send(DATA, END_STREAM, 3, b"pieces");
    assert_eq!(client.body(3), b"POST /app HTTP/1.1|two pieces");
}

#[test]
fn errands_are_run() {
    let upstream = Upstream::new(|_, mut peer| {
        while let Some((head, _)) = peer.request() {
            let allowed = header(&head, "x-token") == Some("good");
            let status = if allowed { "200 OK" } else { "403 Forbidden" };
            peer.say(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes());
        }
    });
    let guarded = "location = /check { internal; {{pass}} } \
                   location /guarded { auth_request /check; default_type text/plain; \
                       push_stream_subscriber polling; push_stream_channels_path ch; \
                       push_stream_message_template '~text~'; }";
    let server = proxying(&upstream, "", guarded);
    crate::http2::publish(&server, "ch", b"secret");
    let mut client = Frames::connect(server.address(), &[]);
    let epoch = ("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT");
    for (stream, token, expected) in [(1, "good", "secret"), (3, "bad", "403 Forbidden")] {
        let block = request("GET", "/guarded", &[("x-token", token), epoch]);
        client.send(HEADERS, END_HEADERS | END_STREAM, stream, &block);
        let body = String::from_utf8(client.body(stream)).unwrap();
        assert!(body.contains(expected), "{token}: {body}");
    }
}

#[test]
fn websockets_become_upgrades() {
    let (done, ended) = mpsc::channel();
    let upstream = Upstream::new(move |_, mut peer| {
        echo(&mut peer);
        done.send(()).unwrap();
    });
    let server = proxying(&upstream, UPGRADE, "");
    let mut client = websocket(&server);
    let head = client.read_until(HEADERS);
    // 0x88 is `:status: 200` of the static table.
    assert_eq!((head.flags & END_STREAM, head.payload.first()), (0, Some(&0x88)));
    client.data_until(1, "GET /app HTTP/1.1|");
    for text in ["ping", "pong"] {
        client.send(DATA, 0, 1, text.as_bytes());
        assert_eq!(client.data_until(1, text), text.as_bytes());
    }
    // Others go on beside it.
    client.get(3, "/stats");
    client.body(3);
    client.send(DATA, END_STREAM, 1, b"");
    ended.recv_timeout(Duration::from_secs(20)).unwrap();
}

#[test]
fn an_upstream_that_ends_ends_the_websocket() {
    let upstream = Upstream::new(|_, mut peer| {
        peer.request().unwrap();
        peer.say(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nbye");
    });
    let server = proxying(&upstream, UPGRADE, "");
    assert_eq!(websocket(&server).body(1), b"bye");
}

#[test]
fn what_is_no_websocket_is_not_taken_for_one() {
    let check = |directives: &str, answer: &'static [u8], expected: &str| {
        let upstream = Upstream::saying(answer);
        let server = proxying(&upstream, directives, "");
        let body = String::from_utf8(websocket(&server).body(1)).unwrap();
        assert!(body.contains(expected), "{expected}: {body}");
        upstream.accepted()
    };
    let page = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage";
    assert_eq!(check("", page, "501 Not Implemented"), 0);
    assert_eq!(check(UPGRADE, page, "502 Bad Gateway"), 1);
    let refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";
    assert_eq!(check(UPGRADE, refusal, "no"), 1);
}
