//! Answers whose body comes in pieces.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use outpour::{Body, Reply, Request, Response, Server};
use outpour_testkit::{Body as Reader, Connection, Framing};

use super::peer::{address, ask, soon};

fn server(pulled: Arc<AtomicUsize>) -> Server {
    let application = move |request: &Request| -> Reply {
        let pieces = |count: usize| (0..count).map(|n| n.to_string().into_bytes());
        match &*request.path() {
            "/pieces" => Response::new(200).body(Body::pieces(pieces(12))).into(),
            "/known" => Response::new(200)
                .header("Content-Length", "4")
                .body(Body::pieces(pieces(9)))
                .into(),
            "/short" => Response::new(200)
                .header("Content-Length", "40")
                .body(Body::pieces(pieces(9)))
                .into(),
            "/broken" => {
                let failing = pieces(3).map(Ok).chain([Err(io::Error::other("no"))]);
                Response::new(200).body(Body::Pieces(Box::new(failing))).into()
            }
            "/endless" => {
                let pulled = Arc::clone(&pulled);
                let count = move |_| {
                    pulled.fetch_add(1, Ordering::Relaxed);
                    vec![b'x'; 64 * 1024]
                };
                Response::new(200).body(Body::pieces((0..).map(count))).into()
            }
            "/written" => {
                let (mut writer, body) = Body::channel();
                thread::spawn(move || {
                    for _ in 0..100 {
                        writer.write_all(&[b'x'; 10_000]).unwrap();
                    }
                });
                Response::new(200).body(body).into()
            }
            "/aborted" => {
                let (mut writer, body) = Body::channel();
                assert_eq!(writer.try_write(b"half").unwrap(), 4);
                writer.abort();
                Response::new(200).body(body).into()
            }
            _ => {
                let (writer, body) = Body::channel();
                let pulled = Arc::clone(&pulled);
                thread::spawn(move || {
                    let gone = |error: io::Error| error.kind() == io::ErrorKind::BrokenPipe;
                    let mut writer = writer;
                    while !writer.write(&[0; 1000]).is_err_and(gone) {}
                    pulled.fetch_add(1, Ordering::Relaxed);
                });
                Response::new(200).body(body).into()
            }
        }
    };
    let builder = super::peer::quiet(1);
    builder.application(application).start().unwrap()
}

/// What an answer comes to; the connection serves another one afterwards.
fn check(server: &Server, path: &str, framing: Framing, expected: &[u8]) {
    let mut connection = Connection::open(address(server)).unwrap();
    for _ in 0..2 {
        let head = ask(&mut connection, &format!("GET {path} HTTP/1.1"), "");
        let mut body = Reader::of(&head).unwrap();
        assert_eq!(body.framing, framing);
        assert!(body.rest(&mut connection, soon()).unwrap() == expected, "{path}");
    }
}

#[test]
fn pieces_arrive_in_order() {
    let server = server(Arc::default());
    check(&server, "/pieces", Framing::Chunked, b"01234567891011");
    check(&server, "/known", Framing::Length(4), b"0123");
    check(&server, "/written", Framing::Chunked, &vec![b'x'; 1_000_000]);
}

#[test]
fn without_chunks_the_close_ends_a_body() {
    let server = server(Arc::default());
    let mut connection = Connection::open(address(&server)).unwrap();
    let head = ask(&mut connection, "GET /pieces HTTP/1.0", "Connection: keep-alive\r\n");
    assert_eq!(head.header("Connection"), Some("close"));
    let body = Reader::of(&head).unwrap().rest(&mut connection, soon()).unwrap();
    assert_eq!(body, b"01234567891011");
    let mut connection = Connection::open(address(&server)).unwrap();
    let head = ask(&mut connection, "HEAD /known HTTP/1.1", "");
    assert_eq!(head.header("Content-Length"), Some("4"));
    assert_eq!(ask(&mut connection, "HEAD /pieces HTTP/1.1", "").status, 200);
}

#[test]
fn what_breaks_off_is_seen_to() {
    let server = server(Arc::default());
    for path in ["/broken", "/short", "/aborted"] {
        let mut connection = Connection::open(address(&server)).unwrap();
        let head = ask(&mut connection, &format!("GET {path} HTTP/1.1"), "");
        let body = Reader::of(&head).unwrap().rest(&mut connection, soon());
        assert!(body.is_err(), "{path}");
    }
}

#[test]
fn no_more_is_asked_for_than_the_client_takes() {
    let pulled = Arc::new(AtomicUsize::new(0));
    let server = server(Arc::clone(&pulled));
    let mut connection = Connection::open(address(&server)).unwrap();
    ask(&mut connection, "GET /endless HTTP/1.1", "");
    let mut other = Connection::open(address(&server)).unwrap();
    let mut before = usize::MAX;
    // It stands still when the socket's buffers are full.
    while before != pulled.load(Ordering::Relaxed) {
        before = pulled.load(Ordering::Relaxed);
        assert_eq!(ask(&mut other, "HEAD /pieces HTTP/1.1", "").status, 200);
        thread::sleep(Duration::from_millis(50));
    }
    assert!((1..2000).contains(&before), "{before}");
}

#[test]
fn a_writer_learns_that_its_client_has_gone() {
    let gone = Arc::new(AtomicUsize::new(0));
    let server = server(Arc::clone(&gone));
    let mut connection = Connection::open(address(&server)).unwrap();
    ask(&mut connection, "GET /forever HTTP/1.1", "");
    drop(connection);
    let deadline = Instant::now() + Duration::from_secs(10);
    while gone.load(Ordering::Relaxed) == 0 {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(5));
    }
}
