//! Large files on every kind of socket.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use crate::fixture::Fixture;

const SERVERS: &str = "
    server { listen 127.0.0.1:{{port}}; listen unix:{{dir}}/socket; root {{dir}}; }";

/// More than sockets take at once, and more than is sent in one turn.
fn bytes() -> Vec<u8> {
    (0..8_000_000_u32).map(|n| (n ^ (n >> 8)).to_le_bytes()[0]).collect()
}

fn request(headers: &str) -> String {
    format!("GET /large HTTP/1.1\r\nHost: x\r\n{headers}\r\n")
}

/// The body of the next answer, whose head names `length`.
fn body(stream: &mut impl Read, length: usize) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend_from_slice(&byte);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.contains(&format!("\r\nContent-Length: {length}\r\n")), "{head}");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    body
}

/// Whole, a range and several ranges, asked for in one piece over one connection.
fn check(mut stream: impl Read + Write, file: &[u8]) {
    let requests = [
        request(""),
        request("Range: bytes=7-7000006\r\n"),
        request("Range: bytes=0-1,1000000-5999999\r\n"),
        request("Range: bytes=-100000\r\nConnection: close\r\n"),
    ];
    stream.write_all(requests.concat().as_bytes()).unwrap();
    assert!(body(&mut stream, file.len()) == file);
    assert!(body(&mut stream, 7_000_000) == file[7..7_000_007]);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(memchr::memmem::find(&rest, &file[1_000_000..6_000_000]).is_some());
    assert!(rest.ends_with(&file[file.len() - 100_000..]));
}

#[test]
fn a_large_file_over_tcp_and_unix_sockets() {
    let server = Fixture::new(SERVERS);
    let file = bytes();
    fs::write(server.folder.path().join("large"), &file).unwrap();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let stream = TcpStream::connect(server.address()).unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                check(stream, &file);
            });
        }
        let stream = UnixStream::connect(server.folder.path().join("socket")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        check(stream, &file);
    });
}

#[test]
fn a_file_that_shrinks_on_its_way_ends_the_connection() {
    let server = Fixture::new(SERVERS);
    let path = server.folder.path().join("large");
    fs::write(&path, bytes()).unwrap();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request("").as_bytes()).unwrap();
    stream.read_exact(&mut [0]).unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1000).unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.len() < 8_000_000, "{}", rest.len());
}
