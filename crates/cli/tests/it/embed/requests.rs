//! Requests and their answers.

use std::sync::Arc;
use std::thread;

use outpour::{Reply, Request, Response, Server};
use outpour_testkit::{Body, Connection};

use super::basics::Echo;
use super::peer::{UPGRADE, WebSocket, address, ask, get, soon};

fn application(request: &Request) -> Reply {
    match &*request.path() {
        "/later" => {
            let (responder, reply) = request.defer();
            let request = request.clone();
            thread::spawn(move || {
                let query = String::from_utf8_lossy(request.query()).into_owned();
                responder.respond(Response::text(query));
            });
            reply
        }
        "/dropped" => request.defer().1,
        "/panic" => panic!("as the test wants"),
        "/body" => Response::new(201).body(request.body()).into(),
        "/framing" => Response::new(200)
            .header("Content-Length", "7")
            .header("Transfer-Encoding", "chunked")
            .header("Connection", "upgrade")
            .header("X-One", "a\r\nX-Two: b")
            .body("ok")
            .into(),
        "/denied" => Response::new(401).header("WWW-Authenticate", "Basic").body("no").into(),
        "/forced" => Reply::upgrade(Arc::new(Echo)).into(),
        "/status" => Response::new(7).into(),
        "/listen" => match request.upgrade() {
            Some(_) => Reply::upgrade(Arc::new(Echo))
                .header("Sec-WebSocket-Protocol", "chat")
                .header("Set-Cookie", "a=1")
                .header("Set-Cookie", "b=2")
                .header("Content-Length", "0")
                .header("Sec-WebSocket-Accept", "no")
                .header("rack.something", "no")
                .into(),
            None => Response::new(404).into(),
        },
        _ => {
            let facts = format!(
                "{} {:?} {} {:?} {:?}",
                request.method(),
                str::from_utf8(request.target()),
                request.protocol(),
                request.argument("a").map(|a| String::from_utf8_lossy(&a).into_owned()),
                request.header("x-test").map(String::from_utf8_lossy),
            );
            Response::text(facts).into()
        }
    }
}

fn server() -> Server {
    let builder = super::peer::quiet(1);
    builder.application(application).start().unwrap()
}

#[test]
fn a_request_tells_what_was_sent() {
    let server = server();
    let mut connection = Connection::open(address(&server)).unwrap();
    let head = ask(&mut connection, "PATCH /x%20y?a=b%20c HTTP/1.1", "X-Test: 1\r\n");
    let body = Body::of(&head).unwrap().rest(&mut connection, soon()).unwrap();
    let expected = r#"PATCH Ok("/x%20y?a=b%20c") HTTP/1.1 Some("b c") Some("1")"#;
    assert_eq!(String::from_utf8(body).unwrap(), expected);
}

#[test]
fn an_answer_may_come_later() {
    let server = server();
    assert_eq!(get(&server, "/later?x"), (200, "x".into()));
    assert_eq!(get(&server, "/dropped").0, 500);
}

#[test]
fn a_panic_is_a_500_and_nobody_else_notices() {
    let server = server();
    let mut connection = Connection::open(address(&server)).unwrap();
    for _ in 0..3 {
        let head = ask(&mut connection, "GET /panic HTTP/1.1", "");
        assert_eq!(head.status, 500);
        Body::of(&head).unwrap().rest(&mut connection, soon()).unwrap();
    }
    assert_eq!(get(&server, "/status").0, 500);
    assert_eq!(get(&server, "/later?y"), (200, "y".into()));
}

#[test]
fn framing_is_the_servers() {
    let server = server();
    let mut connection = Connection::open(address(&server)).unwrap();
    let head = ask(&mut connection, "GET /framing HTTP/1.1", "");
    assert_eq!(head.all("Content-Length").collect::<Vec<_>>(), ["2"]);
    assert_eq!(head.all("Connection").collect::<Vec<_>>(), ["keep-alive"]);
    assert_eq!(head.header("Transfer-Encoding"), None);
    assert_eq!((head.header("X-One"), head.header("X-Two")), (Some("a  X-Two: b"), None));
}

#[test]
fn bodies_come_whole() {
    let server = server();
    let mut connection = Connection::open(address(&server)).unwrap();
    connection.send(b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab").unwrap();
    connection.send(b"cdeGET /later?z HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let head = outpour_testkit::Head::read(&mut connection, soon()).unwrap();
    let body = Body::of(&head).unwrap().rest(&mut connection, soon()).unwrap();
    assert_eq!((head.status, &*body), (201, &b"abcde"[..]));
    let head = outpour_testkit::Head::read(&mut connection, soon()).unwrap();
    let body = Body::of(&head).unwrap().rest(&mut connection, soon()).unwrap();
    assert_eq!((head.status, &*body), (200, &b"z"[..]));
}

/// Status of a request on a connection that serves another one afterwards.
fn check(server: &Server, line: &str, headers: &str, status: u16) {
    let mut connection = Connection::open(address(server)).unwrap();
    let head = ask(&mut connection, line, headers);
    assert_eq!(head.status, status, "{line} {headers}");
    Body::of(&head).unwrap().rest(&mut connection, soon()).unwrap();
    let head = ask(&mut connection, "GET /later HTTP/1.1", "");
    assert_eq!(head.status, 200);
}

#[test]
fn upgrades_are_what_the_request_says() {
    let server = server();
    let events = "Accept: text/event-stream, */*\r\n";
    check(&server, "GET /listen HTTP/1.1", "", 404);
    check(&server, "GET /listen HTTP/1.1", "Accept: */*\r\n", 404);
    check(&server, "POST /listen HTTP/1.1", events, 404);
    check(&server, "POST /listen HTTP/1.1", UPGRADE, 404);
    check(&server, "GET /listen HTTP/1.1", &UPGRADE.replace("13", "8"), 426);
    check(&server, "GET /denied HTTP/1.1", UPGRADE, 401);
    check(&server, "GET /denied HTTP/1.1", events, 401);
    check(&server, "GET /forced HTTP/1.1", "", 426);
    check(&server, "GET /panic HTTP/1.1", UPGRADE, 500);
}

#[test]
fn the_application_adds_headers_to_the_handshake() {
    let server = server();
    let offer = "Sec-WebSocket-Protocol: a, chat\r\n";
    let socket = WebSocket::open_with(&server, "/listen", offer);
    let head = &socket.head;
    assert_eq!(head.all("Sec-WebSocket-Protocol").collect::<Vec<_>>(), ["chat"]);
    assert_eq!(head.all("Set-Cookie").collect::<Vec<_>>(), ["a=1", "b=2"]);
    let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    assert_eq!(head.all("Sec-WebSocket-Accept").collect::<Vec<_>>(), [accept]);
    assert_eq!((head.header("Content-Length"), head.header("rack.something")), (None, None));
}
