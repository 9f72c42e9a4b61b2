//! HTTP/2 over plain connections, frame by frame.

use crate::fixture::Fixture;
use crate::frames::*;

const SERVER: &str = "server { listen 127.0.0.1:{{port}}; http2 on; root {{dir}}; \
                      {{more}} {{locations}} }";

/// A server that speaks HTTP/2 on a plain address, with more directives.
pub(crate) fn server(more: &str) -> Fixture {
    Fixture::new(&SERVER.replace("{{more}}", more))
}

/// Publishes on a connection of its own.
pub(crate) fn publish(server: &Fixture, channel: &str, text: &[u8]) {
    let mut client = Frames::connect(server.address(), &[]);
    post(&mut client, 1, channel, text);
    let answer = String::from_utf8(client.body(1)).unwrap();
    assert!(answer.contains("published_messages"), "{answer}");
}

fn post(client: &mut Frames, stream: u32, channel: &str, text: &[u8]) {
    let block = request("POST", &format!("/pub?id={channel}"), &[]);
    client.send(HEADERS, END_HEADERS, stream, &block);
    let mut pieces = text.chunks(16_384).peekable();
    while let Some(piece) = pieces.next() {
        let flags = if pieces.peek().is_none() { END_STREAM } else { 0 };
        client.send(DATA, flags, stream, piece);
    }
}

#[test]
fn files_and_publications() {
    let server = server("");
    std::fs::write(server.folder.path().join("page.html"), "<p>page").unwrap();
    let mut client = Frames::connect(server.address(), &[]);
    client.get(1, "/page.html");
    assert_eq!(client.body(1), b"<p>page");
    post(&mut client, 3, "ch", b"message");
    let answer = String::from_utf8(client.body(3)).unwrap();
    assert!(answer.contains("\"published_messages\": 1"), "{answer}");
    client.get(5, "/poll/ch.b1");
    assert_eq!(client.body(5), b"message");
}

#[test]
fn http1_goes_on_beside_it() {
    use std::io::{Read, Write};
    let server = server("");
    let mut socket = std::net::TcpStream::connect(server.address()).unwrap();
    // The beginning of the preface, and of many requests.
    socket.write_all(b"P").unwrap();
    socket.write_all(b"UT /pub?id=x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[test]
fn many_subscribers_share_a_connection() {
    let server = server("");
    let mut client = Frames::connect(server.address(), &[]);
    let streams: Vec<u32> = (0..100).map(|n| 2 * n + 1).collect();
    for &stream in &streams {
        client.get(stream, "/ev/ch");
    }
    for _ in &streams {
        client.read_until(HEADERS);
    }
    publish(&server, "ch", b"to all");
    let mut missing: Vec<u32> = streams;
    while !missing.is_empty() {
        let frame = client.read_until(DATA);
        if frame.payload.ends_with(b"data: to all\n\n") {
            missing.retain(|stream| *stream != frame.stream);
        }
    }
}

#[test]
fn a_subscriber_that_is_reset_has_left() {
    let server = server("");
    let mut client = Frames::connect(server.address(), &[]);
    client.get(1, "/sub/ch");
    client.read_until(HEADERS);
    client.send(RST_STREAM, 0, 1, &8_u32.to_be_bytes());
    for stream in (3..).step_by(2) {
        client.get(stream, "/stats?id=ch");
        let answer = String::from_utf8(client.body(stream)).unwrap();
        if answer.contains("\"subscribers\": 0") {
            return;
        }
    }
}

#[test]
fn a_slow_stream_holds_back_nobody() {
    let server = server("");
    let mut client = Frames::connect(server.address(), &[(4, 0)]);
    client.get(1, "/sub/ch");
    client.get(3, "/sub/ch");
    client.send(WINDOW_UPDATE, 0, 3, &1_000_000_u32.to_be_bytes());
    client.read_until(HEADERS);
    client.read_until(HEADERS);
    publish(&server, "ch", b"first");
    publish(&server, "ch", b"second");
    client.data_until(3, "second");
    client.send(WINDOW_UPDATE, 0, 1, &1000_u32.to_be_bytes());
    client.data_until(1, "firstsecond");
}

#[test]
fn a_subscriber_that_does_not_read_is_let_go() {
    let server = server("push_stream_subscriber_buffer_size 100k;");
    let mut client = Frames::connect(server.address(), &[(4, 0)]);
    client.get(1, "/sub/ch");
    client.get(3, "/sub/other");
    client.send(WINDOW_UPDATE, 0, 3, &1_000_000_u32.to_be_bytes());
    client.read_until(HEADERS);
    client.read_until(HEADERS);
    for _ in 0..4 {
        publish(&server, "ch", &[b'x'; 60_000]);
    }
    assert_eq!(client.read_until(RST_STREAM).stream, 1);
    publish(&server, "other", b"goes on");
    client.data_until(3, "goes on");
}

#[test]
fn websockets_are_streams() {
    let server = server("");
    let mut client = Frames::connect(server.address(), &[]);
    let mut block = Vec::new();
    for (name, value) in [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":authority", "a.test"),
        (":path", "/ws/ch"),
        ("sec-websocket-version", "13"),
    ] {
        field(name, value, &mut block);
    }
    client.send(HEADERS, END_HEADERS, 1, &block);
    assert_eq!(client.read_until(HEADERS).flags & END_STREAM, 0);
    publish(&server, "ch", b"down");
    assert_eq!(client.data_until(1, "down"), b"\x81\x04down");
    // "up", masked with zeros.
    client.send(DATA, 0, 1, b"\x81\x82\0\0\0\0up");
    assert_eq!(client.data_until(1, "up"), b"\x81\x02up");
    client.send(DATA, 0, 1, b"\x88\x82\0\0\0\0\x03\xe8");
    assert_eq!(client.body(1), b"\x88\0");
}

#[test]
fn a_reload_asks_for_another_connection_and_keeps_subscribers() {
    let server = server("");
    let mut client = Frames::connect(server.address(), &[]);
    client.get(1, "/sub/ch");
    client.read_until(HEADERS);
    server.reload().unwrap();
    assert_eq!(client.read_until(GOAWAY).code(), 0);
    publish(&server, "ch", b"still there");
    client.data_until(1, "still there");
}

#[test]
fn an_idle_connection_is_ended_politely() {
    let server = server("keepalive_timeout 1s;");
    let mut client = Frames::connect(server.address(), &[]);
    client.get(1, "/stats");
    client.body(1);
    assert_eq!(client.end(), Some(0));
}

#[test]
fn after_so_many_requests_another_connection_is_asked_for() {
    let server = server("keepalive_requests 2;");
    let mut client = Frames::connect(server.address(), &[]);
    client.get(1, "/stats");
    client.body(1);
    client.get(3, "/stats");
    assert_eq!(client.read_until(GOAWAY).code(), 0);
}
