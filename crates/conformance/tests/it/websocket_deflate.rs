//! permessage-deflate between raw sockets: what is negotiated, what is compressed, what is shared.

#![expect(clippy::unwrap_used, reason = "in a test, also outside of its function")]

use std::io::Read as _;
use std::time::{Duration, Instant};

use flate2::read::DeflateDecoder;
use outpour_testkit::{Connection, Deadline, Frame, Head, Opcode, Request, ServerProcess};

const CONFIGURATION: &str = "
worker_processes 1;
events { }
http {
    access_log off;
    push_stream_channels_path $arg_id;
    server {
        listen 127.0.0.1:{{port}};
        location /pub { push_stream_publisher; }
        location /ws {
            push_stream_subscriber websocket;
            push_stream_websocket_allow_publish on;
            push_stream_websocket_deflate on;
            push_stream_websocket_deflate_min_length 100;
            push_stream_ping_message_interval 200ms;
        }
        location /listen {
            push_stream_subscriber websocket;
            push_stream_websocket_deflate on;
        }
    }
}
";

const OFFER: &str = "permessage-deflate; client_max_window_bits";
const ANSWER: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

fn soon() -> Deadline {
    Instant::now() + Duration::from_secs(20)
}

fn open(server: &ServerProcess, target: &str, offer: Option<&str>) -> (Connection, Head) {
    let request = Request::new("GET", target)
        .header("Connection: Upgrade")
        .header("Upgrade: websocket")
        .header("Sec-WebSocket-Key: /mQoZf6pRiv8+6o72GncLQ==")
        .header("Sec-WebSocket-Version: 13");
    let offer = offer.map(|offer| format!("Sec-WebSocket-Extensions: {offer}"));
    let request = offer.into_iter().fold(request, Request::header);
    let mut connection = Connection::open(server.address()).unwrap();
    connection.send(&request.bytes()).unwrap();
    let head = Head::read(&mut connection, soon()).unwrap();
    assert_eq!(head.status, 101);
    (connection, head)
}

fn publish(server: &ServerProcess, text: &str) {
    let mut publisher = Connection::open(server.address()).unwrap();
    publisher.send(&Request::new("POST", "/pub?id=a").body(text).bytes()).unwrap();
    assert_eq!(Head::read(&mut publisher, soon()).unwrap().status, 200);
}

/// The next frame of a message, pings left out; those are never compressed.
fn read(connection: &mut Connection) -> Frame {
    loop {
        let frame = Frame::read(connection, soon()).unwrap();
        if frame.opcode != Opcode::PING {
            return frame;
        }
        assert_eq!(frame.reserved, 0);
    }
}

fn inflated(payload: &[u8]) -> String {
    let whole = [payload, &[0, 0, 0xff, 0xff, 3, 0]].concat();
    let mut text = String::new();
    DeflateDecoder::new(&whole[..]).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn messages_are_compressed_for_those_who_asked() {
    let server = ServerProcess::start(CONFIGURATION, &[]).unwrap();
    let (mut first, head) = open(&server, "/ws?id=a", Some(OFFER));
    assert_eq!(head.header("Sec-WebSocket-Extensions"), Some(ANSWER));
    let (mut second, _) = open(&server, "/ws?id=a", Some("permessage-deflate"));
    let (mut plain, head) = open(&server, "/ws?id=a", None);
    assert_eq!(head.header("Sec-WebSocket-Extensions"), None);
    let (mut declined, head) =
        open(&server, "/ws?id=a", Some("permessage-deflate; server_max_window_bits=8"));
    assert_eq!(head.header("Sec-WebSocket-Extensions"), None);
    let long = "abcdefgh".repeat(50);
    publish(&server, &long);
    publish(&server, "short");
    let frames = [read(&mut first), read(&mut second)];
    assert_eq!((frames[0].reserved, frames[0].opcode), (4, Opcode::TEXT));
    assert_eq!(inflated(&frames[0].payload), long);
    assert_eq!(frames[0], frames[1]);
    assert!(frames[0].payload.len() < 30);
    for connection in [&mut plain, &mut declined] {
        let frame = read(connection);
        assert_eq!((frame.reserved, &*frame.payload), (0, long.as_bytes()));
    }
    for connection in [&mut first, &mut second, &mut plain, &mut declined] {
        let frame = read(connection);
        assert_eq!((frame.reserved, &*frame.payload), (0, &b"short"[..]));
    }
}

/// A compressed frame as a client sends it.
fn compressed(opcode: Opcode, payload: &[u8]) -> Frame {
    Frame { reserved: 4, ..Frame::masked(opcode, payload) }
}

#[test]
fn clients_publish_compressed_messages() {
    let server = ServerProcess::start(CONFIGURATION, &[]).unwrap();
    let (mut connection, _) = open(&server, "/ws?id=a", Some(OFFER));
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    connection.send(&compressed(Opcode::TEXT, &hello).bytes()).unwrap();
    assert_eq!(read(&mut connection).payload, b"Hello");
    let begin = Frame { fin: false, ..compressed(Opcode::BINARY, &hello[..2]) };
    let end = Frame::masked(Opcode::CONTINUATION, &hello[2..]);
    connection.send(&[begin.bytes(), end.bytes()].concat()).unwrap();
    let frame = read(&mut connection);
    assert_eq!((frame.opcode, &*frame.payload), (Opcode::BINARY, &b"Hello"[..]));
}

/// What the server closes with after this frame.
fn check_refused(offer: Option<&str>, target: &str, frame: &Frame, code: u16) {
    let server = ServerProcess::start(CONFIGURATION, &[]).unwrap();
    let (mut connection, _) = open(&server, target, offer);
    connection.send(&frame.bytes()).unwrap();
    let close = read(&mut connection);
    assert_eq!((close.reserved, close.opcode), (0, Opcode::CLOSE));
    assert_eq!(close.payload, code.to_be_bytes());
}

#[test]
fn rules_are_kept() {
    check_refused(None, "/ws?id=a", &compressed(Opcode::TEXT, &[0]), 1002);
    check_refused(Some(OFFER), "/ws?id=a", &compressed(Opcode::PING, b""), 1002);
    check_refused(Some(OFFER), "/ws?id=a", &compressed(Opcode::CONTINUATION, b""), 1002);
    check_refused(Some(OFFER), "/ws?id=a", &compressed(Opcode::BINARY, &[0xff; 8]), 1007);
}

#[test]
fn a_bomb_is_refused() {
    let mut deflate = flate2::Compress::new(flate2::Compression::best(), false);
    let mut bomb = Vec::with_capacity(1 << 20);
    let zeros = vec![0; 64 << 20];
    deflate.compress_vec(&zeros, &mut bomb, flate2::FlushCompress::Finish).unwrap();
    check_refused(Some(OFFER), "/ws?id=a", &compressed(Opcode::BINARY, &bomb), 1009);
    // Where nobody may publish, it is not even looked at.
    let server = ServerProcess::start(CONFIGURATION, &[]).unwrap();
    let (mut connection, _) = open(&server, "/listen?id=a", Some(OFFER));
    connection.send(&compressed(Opcode::BINARY, &bomb).bytes()).unwrap();
    connection.send(&Frame::masked(Opcode::PING, "still here").bytes()).unwrap();
    let pong = read(&mut connection);
    assert_eq!((pong.reserved, pong.opcode, &*pong.payload), (0, Opcode::PONG, &b"still here"[..]));
}
