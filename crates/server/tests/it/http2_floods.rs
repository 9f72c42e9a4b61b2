//! HTTP/2 clients that mean harm: each is ended with the right word, and others go on.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::fixture::Fixture;
use crate::frames::*;
use crate::http2::{publish, server};

const PROTOCOL_ERROR: u32 = 1;
const FLOW_CONTROL_ERROR: u32 = 3;
const REFUSED_STREAM: u32 = 7;
const ENHANCE_YOUR_CALM: u32 = 11;

/// What the server says to `attack`, which goes on until the connection ends. A subscriber on
/// another connection has to get its message afterwards.
fn check(attack: impl FnOnce(&mut Frames), expected: u32) {
    let server = server("");
    let mut other = Frames::connect(server.address(), &[]);
    other.get(1, "/sub/ch");
    other.read_until(HEADERS);
    let mut client = Frames::connect(server.address(), &[]);
    attack(&mut client);
    assert_eq!(client.end(), Some(expected));
    publish(&server, "ch", b"unharmed");
    other.data_until(1, "unharmed");
}

/// Sends until the server has closed, and reads what comes meanwhile.
fn flood(client: &mut Frames, bytes: impl Fn(u32) -> Vec<u8> + Send) {
    let mut socket = client.socket.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for round in 0.. {
                let pieces: Vec<u8> = (0..1000).flat_map(|n| bytes(round * 1000 + n)).collect();
                if socket.write_all(&pieces).is_err() {
                    return;
                }
            }
        });
        while let Some(frame) = client.read() {
            if frame.kind == GOAWAY {
                // Told: what is still under way may be lost with the connection.
                assert_eq!(frame.code(), ENHANCE_YOUR_CALM);
                let _ = client.socket.shutdown(std::net::Shutdown::Both);
                return;
            }
        }
        panic!("ended without a word");
    });
}

/// The same as [`check`] for floods that need their answers read.
fn check_flood(bytes: impl Fn(u32) -> Vec<u8> + Send + Sync) {
    let server = server("");
    let mut other = Frames::connect(server.address(), &[]);
    other.get(1, "/sub/ch");
    other.read_until(HEADERS);
    let mut client = Frames::connect(server.address(), &[]);
    flood(&mut client, &bytes);
    publish(&server, "ch", b"unharmed");
    other.data_until(1, "unharmed");
}

#[test]
fn rapid_reset() {
    let block = request("GET", "/sub/ch", &[]);
    check_flood(|n| {
        let stream = 2 * n + 1;
        let mut bytes = frame(HEADERS, END_HEADERS | END_STREAM, stream, &block);
        bytes.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        bytes
    });
}

#[test]
fn resets_of_answers_that_have_begun() {
    let server = server("keepalive_requests 1000000;");
    let mut client = Frames::connect(server.address(), &[]);
    for stream in (1..).step_by(2) {
        client.get(stream, "/sub/ch");
        let frame = loop {
            let frame = client.read().expect("a word before the end");
            if matches!(frame.kind, GOAWAY | HEADERS) {
                break frame;
            }
        };
        if frame.kind == GOAWAY {
            assert_eq!(frame.code(), ENHANCE_YOUR_CALM);
            return;
        }
        client.send(RST_STREAM, 0, stream, &8_u32.to_be_bytes());
    }
}

#[test]
fn pings() {
    check_flood(|_| frame(PING, 0, 0, &[0; 8]));
}

#[test]
fn settings() {
    check_flood(|_| frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]));
}

#[test]
fn window_updates() {
    check_flood(|_| frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes()));
}

#[test]
fn windows_that_overflow() {
    let full = 0x7fff_ffff_u32.to_be_bytes();
    check(|client| client.send(WINDOW_UPDATE, 0, 0, &full), FLOW_CONTROL_ERROR);
}

#[test]
fn continuations() {
    check(
        |client| {
            client.send(HEADERS, END_STREAM, 1, &request("GET", "/", &[]));
            let mut block = Vec::new();
            field("x", &"y".repeat(4000), &mut block);
            while client.try_send(CONTINUATION, 0, 1, &block).is_ok() {}
        },
        ENHANCE_YOUR_CALM,
    );
}

#[test]
fn empty_data_frames() {
    check(
        |client| {
            client.send(HEADERS, END_HEADERS, 1, &request("POST", "/pub?id=x", &[]));
            while client.try_send(DATA, 0, 1, &[]).is_ok() {}
        },
        ENHANCE_YOUR_CALM,
    );
}

#[test]
fn a_header_list_that_is_too_large() {
    let server = server("");
    let mut client = Frames::connect(server.address(), &[]);
    let long = "y".repeat(8000);
    let headers = [("a", &long[..]), ("b", &long), ("c", &long), ("d", &long), ("e", &long)];
    let block = request("GET", "/stats", &headers);
    let pieces: Vec<&[u8]> = block.chunks(16_000).collect();
    client.send(HEADERS, END_STREAM, 1, pieces[0]);
    client.send(CONTINUATION, 0, 1, pieces[1]);
    client.send(CONTINUATION, END_HEADERS, 1, pieces[2]);
    client.read_until(HEADERS);
    client.get(3, "/stats");
    assert!(!client.body(3).is_empty());
}

#[test]
fn a_header_that_grows_when_it_is_unpacked() {
    let mut block = request("GET", "/stats", &[]);
    // The last field is to be remembered; then it is repeated, at one byte each.
    let at = block.len();
    field("x", &"y".repeat(3900), &mut block);
    block[at] = 0x40;
    block.extend_from_slice(&[0x80 | 62; 10_000]);
    let flags = END_HEADERS | END_STREAM;
    check(|client| client.send(HEADERS, flags, 1, &block), ENHANCE_YOUR_CALM);
}

#[test]
fn frames_that_are_none() {
    check(|client| client.send(HEADERS, END_HEADERS, 1, &[0xff; 20]), PROTOCOL_ERROR);
    check(|client| client.send(DATA, 0, 0, b"x"), PROTOCOL_ERROR);
    check(|client| client.send(PING, 0, 0, b"short"), PROTOCOL_ERROR);
    let block = request("GET", "/", &[]);
    check(|client| client.send(HEADERS, END_HEADERS, 2, &block), PROTOCOL_ERROR);
}

#[test]
fn a_preface_that_does_not_come() {
    let server = server("client_header_timeout 1s;");
    let mut socket = TcpStream::connect(server.address()).unwrap();
    socket.write_all(&PREFACE[..20]).unwrap();
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).unwrap();
    assert!(rest.starts_with(b"HTTP/1.1 408"), "{:?}", String::from_utf8_lossy(&rest));
}

#[test]
fn a_client_that_never_asks() {
    let server = server("client_header_timeout 1s;");
    let mut client = Frames::connect(server.address(), &[]);
    assert_eq!(client.end(), Some(0));
}

#[test]
fn requests_beyond_the_limit() {
    let server = server("http2_max_concurrent_streams 2;");
    let mut client = Frames::connect(server.address(), &[]);
    client.read_until(SETTINGS);
    client.send(SETTINGS, 1, 0, &[]);
    for stream in [1, 3, 5] {
        client.get(stream, "/sub/ch");
    }
    let refused = client.read_until(RST_STREAM);
    assert_eq!((refused.stream, refused.code()), (5, REFUSED_STREAM));
    publish(&server, "ch", b"for two");
    client.data_until(1, "for two");
}

#[test]
fn a_body_that_is_too_large() {
    let server = server(
        "location /small { push_stream_publisher; push_stream_channels_path x; client_max_body_size 10; }",
    );
    let mut client = Frames::connect(server.address(), &[]);
    let known = request("POST", "/small", &[("content-length", "11")]);
    client.send(HEADERS, END_HEADERS, 1, &known);
    let page = String::from_utf8(client.body(1)).unwrap();
    assert!(page.contains("413 Request Entity Too Large"), "{page}");
    client.send(HEADERS, END_HEADERS, 3, &request("POST", "/small", &[]));
    client.send(DATA, 0, 3, b"12345678901");
    let page = String::from_utf8(client.body(3)).unwrap();
    assert!(page.contains("413 Request Entity Too Large"), "{page}");
    client.get(5, "/stats");
    assert!(!client.body(5).is_empty());
}

/// A file that is larger than everything that may be on its way.
fn with_file(more: &str) -> Fixture {
    let server = server(more);
    std::fs::write(server.folder.path().join("large"), vec![b'x'; 16 << 20]).unwrap();
    server
}

#[test]
fn an_answer_that_is_not_taken() {
    let server = with_file("send_timeout 1s;");
    let mut client = Frames::connect(server.address(), &[(4, 0)]);
    client.get(1, "/large");
    assert_eq!(client.read_until(RST_STREAM).stream, 1);
    client.get(3, "/stats");
    client.send(WINDOW_UPDATE, 0, 3, &1000_u32.to_be_bytes());
    assert!(!client.body(3).is_empty());
}

#[test]
fn a_socket_that_is_not_read() {
    let server = with_file("send_timeout 1s;");
    let mut client = Frames::connect(server.address(), &[(4, 0x7fff_ffff)]);
    client.send(WINDOW_UPDATE, 0, 0, &0x7000_0000_u32.to_be_bytes());
    for stream in [1, 3, 5, 7] {
        client.get(stream, "/large");
    }
    let mut peer = Frames::connect(server.address(), &[]);
    // The server lets the connection go: what was sent is read, then it ends.
    loop {
        peer.get(1, "/stats");
        assert!(!peer.body(1).is_empty());
        peer = Frames::connect(server.address(), &[]);
        let log = std::fs::read_to_string(server.folder.path().join("error.log")).unwrap();
        if log.contains("client timed out") {
            return;
        }
    }
}
