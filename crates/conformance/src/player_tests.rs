use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::*;

/// Plays steps against a server that answers each connection's first bytes with `answer`.
fn play(steps: &str, answer: &'static [u8]) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(answer).unwrap();
        }
    });
    let file = format!("section = \"1\"\n[[case]]\nname = \"x\"\nstep = [{steps}]\n");
    let case = crate::suite::read_file("f", &file).unwrap().remove(0);
    Player::new(&case, address, None, "").play(&case)
}

fn check(steps: &str, answer: &'static [u8]) {
    play(steps, answer).unwrap();
}

fn check_fails(steps: &str, answer: &'static [u8], part: &str) {
    let error = format!("{:#}", play(steps, answer).unwrap_err());
    assert!(error.contains(part), "{error}");
}

const EXPLAINED: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nX-Nginx-PushStream-Explain: No.\r\n\r\n";
const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nEtag: W/1\r\n\r\n\
    1\r\nm\r\n2\r\nm1\r\n0\r\n\r\n";
const SOCKET: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\
    Sec-WebSocket-Accept: RaIOIcQ6CBoc74B9EKdH0avYZnw=\r\n\r\n\x81\x04HEAD\x88\x00";

#[test]
fn plays_an_error() {
    check(r#"{ get = "/", status = 400, reason = "Bad Request", explain = "No." }"#, EXPLAINED);
    check_fails(r#"{ get = "/", explain = "Yes." }"#, EXPLAINED, "explanation");
    check_fails(r#"{ get = "/", status = 200 }"#, EXPLAINED, "status: expected 200");
    check_fails(r#"{ get = "/", status = 400, header = { Etag = "x" } }"#, EXPLAINED, "no header");
}

#[test]
fn plays_a_stream() {
    check(r#"{ get = "/", status = 200, body = "m{{any}}" }"#, CHUNKED);
    check(r#"{ get = "/", status = 200, chunks = ["m", "m{{number}}"], ends = true }"#, CHUNKED);
    check(r#"{ get = "/", status = 200, stream = "mm1", ends = true, closed = true }"#, CHUNKED);
    check_fails(r#"{ get = "/", status = 200, chunks = ["mm1"] }"#, CHUNKED, "chunk 1");
    check_fails(r#"{ get = "/", status = 200, ends = true }"#, CHUNKED, "got the chunk");
}

#[test]
fn remembers_values() {
    let steps = r#"{ get = "/", status = 200, capture = { tag_seen = "Etag" }, body = "{{any}}" },
        { get = "/", on = "b", status = 200, header = { Etag = "{{tag_seen}}" } }"#;
    check(steps, CHUNKED);
}

#[test]
fn plays_frames() {
    check(r#"{ websocket = "/", frames = ["text:HEAD", "close"], closed = true }"#, SOCKET);
    check(r#"{ websocket = "/", bytes = '\x81\x04HEAD\x88\x00' }"#, SOCKET);
    check_fails(r#"{ websocket = "/", frames = ["ping"] }"#, SOCKET, "frame 1");
}
