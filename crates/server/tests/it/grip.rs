//! GRIP: protocol truth, with applications that do as they are told.

use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use outpour_testkit::{Connection, Deadline, Frame, Opcode, Request, ServerProcess};

use crate::upstream::Upstream;

const CONFIGURATION: &str = r#"
worker_processes 1;
pid {{dir}}/logs/pid;
error_log {{dir}}/logs/error.log info;
http {
    push_stream_shared_memory_size 64m;
    access_log {{dir}}/logs/access.log;
    server {
        listen 127.0.0.1:{{port}};
        location /publish { push_stream_grip_publisher; }
        location = /pub { push_stream_publisher admin; push_stream_channels_path $arg_id; }
        location ~ ^/sub/(.*)$ { push_stream_subscriber; push_stream_channels_path $1; }
        location ~ ^/lp/(.*)$ { push_stream_subscriber long-polling; push_stream_channels_path $1; }
        location = /page { return 200 PAGE; }
        location / { proxy_pass http://{{upstream}}; push_stream_grip on; push_stream_grip_key k iss=me; }
        location /plain { proxy_pass http://{{upstream}}; push_stream_grip http;
            proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }
    }
}
"#;

fn soon() -> Deadline {
    Instant::now() + Duration::from_secs(20)
}

/// An application that says what `answer` makes of a request, and what it was asked.
fn application(
    answer: impl Fn(usize, &str, &[u8]) -> String + Send + Sync + 'static,
) -> (Upstream, Receiver<String>) {
    let (told, asked) = mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let upstream = Upstream::new(move |number, mut peer| {
        let Some((head, body)) = peer.request() else {
            return;
        };
        let text = String::from_utf8_lossy(&body).into_owned();
        told.lock().unwrap().send(format!("{head}{text}")).unwrap();
        peer.say(answer(number, &head, &body).as_bytes());
    });
    (upstream, asked)
}

fn said(headers: &str, body: &str) -> String {
    with_status("200 OK", headers, body)
}

fn with_status(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

const EVENTS: &str =
    "Content-Type: application/websocket-events\r\nSec-WebSocket-Extensions: grip\r\n";

fn text(content: &str) -> String {
    format!("TEXT {:x}\r\n{content}\r\n", content.len())
}

fn start(upstream: &Upstream) -> ServerProcess {
    let configuration = CONFIGURATION.replace("{{upstream}}", &upstream.address.to_string());
    ServerProcess::start(&configuration, &[]).unwrap()
}

fn open(server: &ServerProcess, bytes: impl AsRef<[u8]>) -> Connection {
    let mut connection = Connection::open(server.address()).unwrap();
    connection.send(bytes.as_ref()).unwrap();
    connection
}

fn until(connection: &mut Connection, end: &str) -> String {
    let bytes = connection.take_until(end.as_bytes(), soon()).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn get(path: &str) -> Vec<u8> {
    Request::new("GET", path).bytes()
}

fn next(asked: &Receiver<String>) -> String {
    asked.recv_timeout(Duration::from_secs(20)).unwrap()
}

/// Publishes an item, which is JSON without its braces.
fn publish(server: &ServerProcess, item: &str) {
    let body = format!("{{\"items\": [{{{item}}}]}}");
    let request = Request::new("POST", "/publish/").body(body).bytes();
    let answer = until(&mut open(server, request), "Published\n");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn websocket(server: &ServerProcess, path: &str) -> Connection {
    let request = Request::new("GET", path)
        .header("Connection: Upgrade")
        .header("Upgrade: websocket")
        .header("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
        .header("Sec-WebSocket-Version: 13")
        .header("Grip-Sig: forged")
        .header("Meta-User: forged")
        .header("X-Own: mine");
    open(server, request.bytes())
}

fn frame(connection: &mut Connection) -> (Opcode, String) {
    let frame = Frame::read(connection, soon()).unwrap();
    (frame.opcode, String::from_utf8_lossy(&frame.payload).into_owned())
}

#[test]
fn a_held_response_is_answered_and_the_connection_goes_on() {
    let (upstream, asked) = application(|_, _, _| {
        said("Grip-Hold: response\r\nGrip-Channel: a, b\r\nGrip-Status: 204\r\nX-A: 1\r\n", "")
    });
    let server = start(&upstream);
    let request =
        Request::new("GET", "/x").header("Grip-Last: forged").header("Accept-Encoding: gzip");
    let mut client = open(&server, [request.bytes(), get("/page")].concat());
    let request = next(&asked);
    assert!(
        request.contains("Grip-Sig: ey") && request.contains("Grip-Feature: status, "),
        "{request}"
    );
    assert!(!request.contains("forged") && !request.contains("gzip"), "{request}");
    // Nothing for this kind of hold.
    publish(&server, r#""channel": "b", "http-stream": {"content": "x"}"#);
    publish(
        &server,
        r#""channel": "b", "http-response": {"code": 404, "reason": "No", "headers": {"X-B": "2"}, "body-bin": "aGk="}"#,
    );
    let answer = until(&mut client, "PAGE");
    assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("X-B: 2\r\n"), "{answer}");
    assert!(answer.contains("\r\n\r\nhiHTTP/1.1 200"), "{answer}");
    assert!(!answer.to_lowercase().contains("grip") && !answer.contains("X-A"), "{answer}");
    // A message of the other kind.
    let mut client = open(&server, get("/x"));
    next(&asked);
    until(&mut open(&server, Request::new("POST", "/pub?id=a").body("text").bytes()), "\r\n\r\n");
    assert!(until(&mut client, "text").starts_with("HTTP/1.1 200"));
}

#[test]
fn what_is_no_instruct_is_a_bad_gateway() {
    let (upstream, _asked) = application(|_, head, _| match () {
        _ if head.starts_with("GET /json") => {
            said("Content-Type: application/grip-instruct\r\n", "{")
        }
        _ if head.starts_with("GET /none") => said("Grip-Hold: stream\r\n", ""),
        _ if head.starts_with("GET /large") => {
            said("Grip-Hold: stream\r\nGrip-Channel: a\r\n", &"x".repeat((1 << 20) + 1))
        }
        _ => said("Grip-Hold: never\r\n", ""),
    });
    let server = start(&upstream);
    for path in ["/json", "/none", "/large", "/other"] {
        let answer = until(&mut open(&server, get(path)), "\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 502"), "{path}: {answer}");
    }
    let log = server.logs();
    for what in [
        "the body is no instruct",
        "a hold has no channel",
        "larger than 1 MiB",
        "Grip-Hold is none",
    ] {
        assert!(log.contains("GRIP of location \"/\": ") && log.contains(what), "{what}: {log}");
    }
}

#[test]
fn a_body_may_be_the_instruct() {
    let (upstream, _asked) = application(|_, _, _| {
        said(
            "Content-Type: application/grip-instruct\r\nX-A: 1\r\n",
            r#"{"hold": {"mode": "stream", "channels": [{"name": "a"}]},
                "response": {"code": 201, "headers": {"X-B": "2"}, "body": "begin;"}}"#,
        )
    });
    let server = start(&upstream);
    let mut client = open(&server, get("/x"));
    let head = until(&mut client, "begin;");
    assert!(head.starts_with("HTTP/1.1 201") && head.contains("X-B: 2"), "{head}");
    assert!(head.contains("chunked") && !head.contains("X-A"), "{head}");
    let mut old = open(&server, b"GET /x HTTP/1.0\r\n\r\n");
    let head = until(&mut old, "begin;");
    assert!(!head.contains("chunked") && head.ends_with("\r\n\r\nbegin;"), "{head}");
    publish(&server, r#""channel": "a", "http-stream": {"content": "one;"}"#);
    publish(&server, r#""channel": "a", "http-stream": {"action": "close"}"#);
    assert!(until(&mut client, "0\r\n\r\n").contains("one;"));
    assert_eq!(old.take_to_end(soon()).unwrap(), b"one;");
}

#[test]
fn items_reach_the_other_kind_and_actions_do_not() {
    let (upstream, _asked) = application(|_, _, _| said("", ""));
    let server = start(&upstream);
    let mut stream = open(&server, get("/sub/a"));
    until(&mut stream, "\r\n\r\n");
    let mut poll = open(&server, get("/lp/a"));
    let stats = |count: &str| {
        let deadline = soon();
        loop {
            let answer = until(&mut open(&server, get("/pub?id=a")), "}");
            if answer.contains(count) {
                return;
            }
            assert!(Instant::now() < deadline, "{answer}");
        }
    };
    stats("\"subscribers\": 2");
    publish(&server, r#""channel": "a", "http-stream": {"action": "close"}"#);
    publish(&server, r#""channel": "a", "http-response": {"body": "text"}, "id": "7""#);
    publish(&server, r#""channel": "a", "http-response": {"body": "twice"}, "id": "7""#);
    publish(&server, r#""channel": "a", "ws-message": {"content": "last"}"#);
    let all = until(&mut stream, "last");
    assert!(all.contains("text") && !all.contains("twice"), "{all}");
    let answer = until(&mut poll, "text");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn what_was_missed_is_asked_for_again() {
    let (upstream, asked) = application(|_, head, _| match () {
        _ if head.starts_with("GET /wait") && head.contains("Grip-Last: a; last-id=1\r\n") => {
            said("", "missed")
        }
        _ if head.starts_with("GET /wait") => {
            said("Grip-Hold: response\r\nGrip-Channel: a; prev-id=1\r\n", "")
        }
        _ if head.starts_with("GET /next?a=b") => said(
            "Grip-Hold: stream\r\nGrip-Channel: a; prev-id=2\r\nGrip-Link: </next?a=b>; rel=next\r\n",
            "two;",
        ),
        _ => said(
            "Grip-Hold: stream\r\nGrip-Channel: a; prev-id=1\r\nGrip-Link: </next?a=b>; rel=next\r\n",
            "one;",
        ),
    });
    let server = start(&upstream);
    // The channel has to live: somebody listens.
    let mut other = open(&server, get("/sub/a"));
    until(&mut other, "\r\n\r\n");
    publish(&server, r#""channel": "a", "id": "2", "http-stream": {"content": "x"}"#);
    let answer = until(&mut open(&server, get("/wait")), "missed");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!next(&asked).contains("Grip-Last"));
    assert!(next(&asked).contains("Grip-Last: a; last-id=1\r\n"));
    publish(&server, r#""channel": "a", "id": "3", "http-stream": {"content": "x"}"#);
    let mut client = open(&server, get("/stream"));
    let all = until(&mut client, "two;");
    assert!(all.contains("one;"), "{all}");
    next(&asked);
    let request = next(&asked);
    assert!(request.starts_with("GET /next?a=b ") && request.contains("last-id=1"), "{request}");
    // A hint has the link followed.
    publish(&server, r#""channel": "a", "http-stream": {"action": "hint"}"#);
    assert!(next(&asked).starts_with("GET /next?a=b "));
    until(&mut client, "two;");
}

#[test]
fn pages_follow_each_other_to_the_end() {
    let (upstream, asked) = application(|_, head, _| match () {
        _ if head.starts_with("GET /2") => said("Grip-Link: </3>; rel=next\r\n", "two;"),
        _ if head.starts_with("GET /3") => said("", "three;"),
        _ => said("Grip-Link: </2>; rel=next\r\n", "one;"),
    });
    let server = start(&upstream);
    let mut client = open(&server, [get("/1"), get("/page")].concat());
    let all = until(&mut client, "PAGE");
    assert!(all.contains("one;") && all.contains("two;") && all.contains("three;"), "{all}");
    assert_eq!(asked.try_iter().count(), 3);
}

#[test]
fn links_are_told_when_the_client_has_left() {
    let (upstream, asked) = application(|_, _, _| {
        said("Grip-Hold: stream\r\nGrip-Channel: a\r\nGrip-Link: </gone?x>; rel=gone\r\n", "one;")
    });
    let server = start(&upstream);
    let mut client = open(&server, get("/1"));
    until(&mut client, "one;");
    next(&asked);
    drop(client);
    assert!(next(&asked).starts_with("GET /gone?x "));
}

#[test]
fn sockets_are_requests() {
    let (upstream, asked) = application(|_, head, body| match body {
        b"OPEN\r\n" if head.starts_with("POST /no") => with_status("401 No", "X-Why: a\r\n", "no"),
        b"OPEN\r\n" => {
            let control = text("c:{\"type\": \"subscribe\", \"channel\": \"a\"}");
            let headers = format!("{EVENTS}Set-Meta-User: u\r\nSec-WebSocket-Protocol: chat\r\n");
            said(&headers, &format!("OPEN\r\n{control}{}{}", text("m:hello"), text("lost")))
        }
        b"TEXT 1\r\n1\r\n" => said(EVENTS, &format!("BINARY 3\r\nm:x\r\n{}", text("m:one"))),
        b"TEXT 1\r\n9\r\n" => said(EVENTS, "CLOSE 5\r\n\x0f\x78bye\r\n"),
        _ => said(EVENTS, ""),
    });
    let server = start(&upstream);
    let answer = until(&mut websocket(&server, "/no"), "no");
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("X-Why: a"), "{answer}");
    next(&asked);
    let mut client = websocket(&server, "/ws?x=1");
    let head = until(&mut client, "\r\n\r\n");
    assert!(
        head.starts_with("HTTP/1.1 101") && head.contains("Sec-WebSocket-Protocol: chat"),
        "{head}"
    );
    assert!(!head.contains("Set-Meta") && !head.contains("Extensions"), "{head}");
    assert_eq!(frame(&mut client), (Opcode::TEXT, "hello".to_owned()));
    let request = next(&asked);
    assert!(
        request.starts_with("POST /ws?x=1 HTTP/1.0\r\n") && request.ends_with("\r\n\r\nOPEN\r\n")
    );
    assert!(request.contains("X-Own: mine\r\n") && !request.contains("forged"), "{request}");
    assert!(!request.contains("Upgrade"), "{request}");
    let id = |request: &str| {
        let mut lines = request.lines();
        lines.find_map(|line| line.strip_prefix("Connection-Id: ").map(str::to_owned)).unwrap()
    };
    client.send(&Frame::masked(Opcode::TEXT, "1").bytes()).unwrap();
    let second = next(&asked);
    assert_eq!(id(&request), id(&second));
    assert!(second.contains("Meta-User: u\r\n"), "{second}");
    assert_eq!(frame(&mut client), (Opcode::BINARY, "x".to_owned()));
    assert_eq!(frame(&mut client), (Opcode::TEXT, "one".to_owned()));
    publish(&server, r#""channel": "a", "ws-message": {"content": "pushed"}"#);
    assert_eq!(frame(&mut client), (Opcode::TEXT, "pushed".to_owned()));
    client.send(&Frame::masked(Opcode::TEXT, "9").bytes()).unwrap();
    assert_eq!(frame(&mut client), (Opcode::CLOSE, "\u{f}xbye".to_owned()));
    assert!(next(&asked).ends_with("TEXT 1\r\n9\r\n"));
}

#[test]
fn events_wait_for_each_other_and_go_together() {
    let (upstream, asked) = application(|_, _, body| match body {
        b"OPEN\r\n" => said(EVENTS, "OPEN\r\n"),
        _ => said(EVENTS, ""),
    });
    let server = start(&upstream);
    let mut client = websocket(&server, "/ws");
    until(&mut client, "\r\n\r\n");
    next(&asked);
    let frames =
        (0..50).flat_map(|_| Frame::masked(Opcode::TEXT, "x").bytes()).collect::<Vec<u8>>();
    client.send(&frames).unwrap();
    let (mut heard, mut requests) = (0, 0);
    while heard < 50 {
        let request = next(&asked);
        heard += request.matches("TEXT 1\r\nx\r\n").count();
        requests += 1;
    }
    assert_eq!(heard, 50);
    assert!(requests < 50, "{requests}");
    // Gone without a word.
    drop(client);
    assert!(next(&asked).ends_with("\r\n\r\nDISCONNECT\r\n"));
}

#[test]
fn garbage_ends_one_socket_and_nobody_else_notices() {
    let (upstream, _asked) = application(|_, _, body| match body {
        b"OPEN\r\n" => said(EVENTS, "OPEN\r\n"),
        b"TEXT 3\r\nbad\r\n" => said(EVENTS, "TEXT 99\r\nx"),
        b"TEXT 4\r\nbad2\r\n" => with_status("500 Oops", "", ""),
        b"TEXT 4\r\nping\r\n" => said(EVENTS, &text("m:pong")),
        _ => said(EVENTS, ""),
    });
    let server = start(&upstream);
    let mut good = websocket(&server, "/ws");
    until(&mut good, "\r\n\r\n");
    for word in ["bad", "bad2"] {
        let mut client = websocket(&server, "/ws");
        until(&mut client, "\r\n\r\n");
        client.send(&Frame::masked(Opcode::TEXT, word).bytes()).unwrap();
        assert_eq!(frame(&mut client), (Opcode::CLOSE, "\u{3}\u{fffd}".to_owned()));
    }
    good.send(&Frame::masked(Opcode::TEXT, "ping").bytes()).unwrap();
    assert_eq!(frame(&mut good), (Opcode::TEXT, "pong".to_owned()));
    let log = server.logs();
    assert!(
        log.contains("GRIP of location \"/\": no answer to WebSocket events (status 500)"),
        "{log}"
    );
}

#[test]
fn the_servers_end_is_told() {
    let (upstream, asked) = application(|_, _, body| match body {
        b"OPEN\r\n" => said(EVENTS, "OPEN\r\n"),
        b"" => said("Grip-Hold: response\r\nGrip-Channel: a\r\n", "nothing"),
        _ => said(EVENTS, ""),
    });
    let server = start(&upstream);
    let mut client = websocket(&server, "/ws");
    until(&mut client, "\r\n\r\n");
    let mut waiting = open(&server, get("/wait"));
    next(&asked);
    next(&asked);
    let held = until(&mut open(&server, get("/pub?id=a")), "}");
    drop(held);
    server.signal("QUIT").unwrap();
    assert_eq!(frame(&mut client), (Opcode::CLOSE, "\u{3}\u{fffd}".to_owned()));
    assert!(until(&mut waiting, "nothing").starts_with("HTTP/1.1 200"));
    assert!(next(&asked).ends_with("\r\n\r\nDISCONNECT\r\n"));
}

#[test]
fn without_websockets_over_http_they_are_handed_on() {
    let (upstream, asked) = application(|_, _, _| with_status("400 No", "", "no"));
    let server = start(&upstream);
    let answer = until(&mut websocket(&server, "/plain"), "no");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let request = next(&asked);
    assert!(
        request.starts_with("GET /plain ") && request.contains("Upgrade: websocket"),
        "{request}"
    );
    assert!(request.contains("Grip-Sig: ") && !request.contains("forged\r\nMeta"), "{request}");
}
