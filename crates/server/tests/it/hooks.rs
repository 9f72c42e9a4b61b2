//! Hooks: what an application is asked and told, and what becomes of its answers.

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
    access_log off;
    proxy_set_header X-Channel $nchan_channel_id;
    proxy_set_header X-Subscriber $push_stream_hook_subscriber;
    proxy_set_header X-Publisher $push_stream_hook_publisher;
    proxy_read_timeout 300ms;
    server {
        listen 127.0.0.1:{{port}};
        location ~ ^/sub/(.*) { push_stream_subscriber eventsource; push_stream_channels_path $1;
            push_stream_authorize_request /hook/authorize; push_stream_subscribe_request /hook/subscribe;
            push_stream_unsubscribe_request /hook/unsubscribe; }
        location ~ ^/ws/(.*) { push_stream_subscriber websocket; push_stream_channels_path $1;
            push_stream_websocket_allow_publish on; nchan_publisher_upstream_request /hook/publish;
            nchan_authorize_request /hook/authorize; nchan_unsubscribe_request /hook/unsubscribe; }
        location ~ ^/lp/(.*) { push_stream_subscriber long-polling; push_stream_channels_path $1;
            nchan_subscribe_request /hook/subscribe; nchan_unsubscribe_request /hook/unsubscribe; }
        location ~ ^/plain/(.*) { push_stream_subscriber; push_stream_channels_path $1; }
        location /pub { push_stream_publisher; push_stream_channels_path $arg_id;
            push_stream_publisher_upstream_request /hook/publish; }
        location /guarded { push_stream_publisher; push_stream_channels_path $arg_id;
            push_stream_authorize_request /hook/authorize; }
        location /both { push_stream_publisher; push_stream_channels_path $arg_id;
            auth_request /hook/first; push_stream_authorize_request /hook/authorize;
            push_stream_publisher_upstream_request $arg_hook; }
        location /dead { push_stream_publisher; push_stream_channels_path $arg_id;
            push_stream_authorize_request /hook/dead; }
        location = /hook/dead { internal; proxy_pass http://127.0.0.1:1; }
        location /own { push_stream_publisher; push_stream_channels_path $arg_id;
            push_stream_publisher_upstream_request /hook/own; }
        location = /hook/own { internal; return 200 "OWN $push_stream_hook_channel"; }
        location /hook/ { internal; proxy_pass http://{{upstream}}; }
    }
}
"#;

fn soon() -> Deadline {
    Instant::now() + Duration::from_secs(20)
}

/// An application that says what `answer` makes of a request's line, head and body; and what it
/// was asked.
fn application(
    answer: impl Fn(&str, &str, &[u8]) -> Option<String> + Send + Sync + 'static,
) -> (Upstream, Receiver<String>) {
    let (told, asked) = mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let upstream = Upstream::new(move |_, mut peer| {
        let Some((head, body)) = peer.request() else {
            return;
        };
        let line = head.lines().next().unwrap_or_default().to_owned();
        let text = String::from_utf8_lossy(&body).into_owned();
        told.lock().unwrap().send(format!("{head}{text}")).unwrap();
        match answer(&line, &head, &body) {
            Some(answer) => peer.say(answer.as_bytes()),
            None => {
                // Time-outs are the server's business.
                peer.is_left();
            }
        }
    });
    (upstream, asked)
}

fn said(status: &str, headers: &str, body: &str) -> Option<String> {
    let length = body.len();
    Some(format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    ))
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

fn post(path: &str, body: &str) -> Vec<u8> {
    Request::new("POST", path).body(body).bytes()
}

/// Status line and headers of the answer to a publication, whatever follows.
fn published(server: &ServerProcess, path: &str, body: &str) -> String {
    until(&mut open(server, post(path, body)), "\r\n\r\n")
}

fn websocket(server: &ServerProcess, path: &str) -> Connection {
    let request = Request::new("GET", path)
        .header("Connection: Upgrade")
        .header("Upgrade: websocket")
        .header("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
        .header("Sec-WebSocket-Version: 13");
    open(server, request.bytes())
}

/// Waits until the channel has so many subscribers.
fn subscribers(server: &ServerProcess, channel: &str, count: usize) {
    let wanted = format!("\"subscribers\": {count}");
    loop {
        let answer = until(&mut open(server, get(&format!("/guarded?id={channel}&look"))), "}");
        if answer.contains(&wanted) {
            return;
        }
        assert!(Instant::now() < soon(), "{answer}");
        std::thread::yield_now();
    }
}

#[test]
fn the_application_decides_who_subscribes() {
    let (upstream, asked) = application(|line, head, _| match () {
        _ if !line.contains("/authorize") => said("200 OK", "", ""),
        _ if head.contains("Cookie: good") => said("299 Yes", "X-More: 1\r\n", "ignored"),
        _ => said(
            "418 Teapot",
            "X-Why: tea\r\nContent-Type: text/x\r\nServer: mine\r\n",
            "no coffee",
        ),
    });
    let server = start(&upstream);
    let mut refused = open(&server, get("/sub/a/b"));
    let answer = until(&mut refused, "no coffee");
    assert!(answer.starts_with("HTTP/1.1 418"), "{answer}");
    assert!(answer.contains("X-Why: tea\r\n") && answer.contains("Content-Type: text/x\r\n"));
    assert!(!answer.contains("Server: mine"), "{answer}");
    let request = asked.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(request.starts_with("GET /hook/authorize HTTP/1.0\r\n"), "{request}");
    assert!(request.contains("X-Channel: a/b\r\nX-Subscriber: eventsource\r\n"), "{request}");
    assert!(!request.contains("X-Publisher"), "{request}");
    let mut welcome = open(&server, Request::new("GET", "/sub/a").header("Cookie: good").bytes());
    until(&mut welcome, "Content-Type: text/event-stream");
    let mut shut = websocket(&server, "/ws/a");
    assert!(until(&mut shut, "no coffee").starts_with("HTTP/1.1 418"));
    server.stop().unwrap();
}

#[test]
fn publishers_are_refused_without_a_word() {
    let (upstream, asked) = application(|_, head, _| match head.contains("Cookie: good") {
        true => said("204 No Content", "", ""),
        false => said("401 No", "WWW-Authenticate: Basic\r\n", "secret"),
    });
    let server = start(&upstream);
    let answer = published(&server, "/guarded?id=a", "x");
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(!answer.contains("WWW-Authenticate"), "{answer}");
    let request = asked.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(request.contains("X-Publisher: http\r\n"), "{request}");
    assert!(request.starts_with("GET ") && !request.contains("Content-Length"), "{request}");
    let good = Request::new("POST", "/guarded?id=a").header("Cookie: good").body("x").bytes();
    assert!(until(&mut open(&server, good), "\r\n\r\n").starts_with("HTTP/1.1 200"));
    let dead = published(&server, "/dead?id=a", "x");
    assert!(dead.starts_with("HTTP/1.1 502"), "{dead}");
    let log = server.logs();
    assert!(log.contains("authorize request of location \"/dead\": there is no answer"), "{log}");
}

#[test]
fn both_checks_ask_once_each() {
    let (upstream, asked) = application(|_, _, _| said("200 OK", "", "changed"));
    let server = start(&upstream);
    let answer = published(&server, "/both?id=a&hook=/hook/publish", "x");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let lines: Vec<String> =
        asked.try_iter().map(|a| a.lines().next().unwrap().to_owned()).collect();
    assert_eq!(
        lines,
        [
            "GET /hook/first HTTP/1.0",
            "GET /hook/authorize HTTP/1.0",
            "POST /hook/publish?id=a&hook=/hook/publish HTTP/1.0",
        ]
    );
    let answer = published(&server, "/both?id=a&hook=nowhere", "x");
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    let log = server.logs();
    let text = "publisher upstream request of location \"/both\": its address is none";
    assert!(log.contains(text), "{log}");
}

#[test]
fn the_application_says_what_is_published() {
    let (upstream, asked) = application(|_, _, body| match body {
        b"change" => said("201 Created", "Content-Type: text/x\r\n", "changed"),
        b"keep" => said("304 Not Modified", "", ""),
        b"drop" => said("204 No Content", "", ""),
        b"empty" => said("200 OK", "", ""),
        b"slow" => None,
        _ => said("500 Oops", "", "oops"),
    });
    let server = start(&upstream);
    let mut subscriber = open(&server, get("/plain/a"));
    until(&mut subscriber, "\r\n\r\n");
    let check = |body: &str, expected: &str| {
        let answer = published(&server, "/pub?id=a&x=1", body);
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{body}: {answer}");
    };
    check("change", "200");
    let request = asked.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(request.starts_with("POST /hook/publish?id=a&x=1 HTTP/1.0\r\n"), "{request}");
    assert!(request.contains("Content-Length: 6\r\n") && request.ends_with("\r\n\r\nchange"));
    check("drop", "204");
    check("bad", "403");
    check("empty", "400");
    check("slow", "500");
    check("keep", "200");
    let stream = until(&mut subscriber, "keep");
    assert!(stream.contains("changed"), "{stream}");
    for dropped in ["drop", "bad", "empty", "slow", "oops"] {
        assert!(!stream.contains(dropped), "{stream}");
    }
    assert!(published(&server, "/own?id=a", "x").starts_with("HTTP/1.1 200"));
    until(&mut subscriber, "OWN a");
    let log = server.logs();
    let text = "publisher upstream request of location \"/pub\": there is no answer";
    assert!(log.contains(text) && log.contains("upstream timed out"), "{log}");
}

#[test]
fn websocket_messages_are_judged_in_their_order() {
    let (upstream, _asked) = application(|line, _, body| match body {
        _ if !line.contains("/publish") => said("200 OK", "", ""),
        b"drop" => said("204 No Content", "", ""),
        b"keep" => said("304 Not Modified", "", ""),
        b"bad" => said("409 Conflict", "", ""),
        b"slow" => None,
        body => said("200 OK", "", &format!("[{}]", String::from_utf8_lossy(body))),
    });
    let server = start(&upstream);
    let mut other = open(&server, get("/plain/a"));
    until(&mut other, "\r\n\r\n");
    let mut socket = websocket(&server, "/ws/a");
    until(&mut socket, "\r\n\r\n");
    let texts = ["1", "drop", "2", "keep", "3"];
    let frames = texts.iter().flat_map(|text| Frame::masked(Opcode::TEXT, *text).bytes());
    socket.send(&frames.collect::<Vec<u8>>()).unwrap();
    for expected in ["[1]", "[2]", "keep", "[3]"] {
        let frame = Frame::read(&mut socket, soon()).unwrap();
        assert_eq!(String::from_utf8_lossy(&frame.payload), expected);
    }
    // What was said before the end is heard.
    let last =
        [Frame::masked(Opcode::TEXT, "last").bytes(), Frame::masked(Opcode::CLOSE, "").bytes()];
    socket.send(&last.concat()).unwrap();
    until(&mut other, "[last]");
    assert_eq!(Frame::read(&mut socket, soon()).unwrap().opcode, Opcode::CLOSE);
    for (text, code, why) in
        [("bad", 1008_u16, "403 Forbidden"), ("slow", 1011, "500 Internal Server Error")]
    {
        let mut socket = websocket(&server, "/ws/a");
        until(&mut socket, "\r\n\r\n");
        socket.send(&Frame::masked(Opcode::TEXT, text).bytes()).unwrap();
        let frame = Frame::read(&mut socket, soon()).unwrap();
        assert_eq!(frame.opcode, Opcode::CLOSE);
        assert_eq!(frame.payload, [&code.to_be_bytes(), why.as_bytes()].concat());
    }
    server.stop().unwrap();
}

#[test]
fn the_application_hears_who_comes_and_goes() {
    let (upstream, asked) = application(|_, _, _| said("200 OK", "", ""));
    let server = start(&upstream);
    let next = |line: &str| -> String {
        let request = asked.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(request.starts_with(line), "{request}");
        request
    };
    let mut stream = open(&server, get("/sub/a"));
    until(&mut stream, "\r\n\r\n");
    next("GET /hook/authorize ");
    let request = next("GET /hook/subscribe ");
    assert!(request.contains("X-Channel: a\r\nX-Subscriber: eventsource\r\n"), "{request}");
    drop(stream);
    let request = next("GET /hook/unsubscribe ");
    assert!(request.contains("X-Channel: a\r\nX-Subscriber: eventsource\r\n"), "{request}");
    let mut socket = websocket(&server, "/ws/b");
    until(&mut socket, "\r\n\r\n");
    next("GET /hook/authorize ");
    socket.send(&Frame::masked(Opcode::CLOSE, "").bytes()).unwrap();
    let request = next("GET /hook/unsubscribe ");
    assert!(request.contains("X-Channel: b\r\nX-Subscriber: websocket\r\n"), "{request}");
    // Whoever polls neither comes nor goes.
    let poll = open(&server, get("/lp/c"));
    subscribers(&server, "c", 1);
    drop(poll);
    // The server's end is one for its subscribers, too.
    let mut stream = open(&server, get("/sub/z"));
    until(&mut stream, "\r\n\r\n");
    let rest: Vec<String> = std::iter::from_fn(|| asked.recv_timeout(Duration::from_secs(20)).ok())
        .take_while(|request| !request.starts_with("GET /hook/subscribe "))
        .collect();
    assert!(rest.iter().all(|request| request.starts_with("GET /hook/authorize ")), "{rest:?}");
    server.signal("QUIT").unwrap();
    next("GET /hook/unsubscribe ");
}

#[test]
fn departures_are_told_again_until_somebody_hears() {
    let heard = std::sync::atomic::AtomicUsize::new(0);
    let (upstream, asked) = application(move |line, _, _| {
        let deaf = line.contains("/unsubscribe")
            && heard.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        (!deaf).then(|| said("200 OK", "", "")).flatten()
    });
    let server = start(&upstream);
    let mut stream = open(&server, get("/sub/a"));
    until(&mut stream, "\r\n\r\n");
    drop(stream);
    let mut times = 0;
    while times < 2 {
        let request = asked.recv_timeout(Duration::from_secs(20)).unwrap();
        times += usize::from(request.starts_with("GET /hook/unsubscribe "));
    }
    let log = server.logs();
    let text = "unsubscribe request of location \"~ ^/sub/(.*)\": there is no answer";
    assert!(log.contains(text), "{log}");
}
