//! `push_stream_dashboard` and `push_stream_playground` as bytes on a socket.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::fixture::Fixture;

const SERVERS: &str = "
    server { listen 127.0.0.1:{{port}}; {{locations}}
        location = / { push_stream_playground; }
        location /look { push_stream_dashboard; }
        location /admin { push_stream_dashboard admin; }
        location /guarded { push_stream_dashboard admin; auth_basic who; auth_basic_user_file {{dir}}/users; }
        location /short { push_stream_dashboard; push_stream_subscriber_connection_ttl 1s; }
    }";

/// What the dashboard's own page sends along.
const OURS: &str = "X-Outpour-Dashboard: 1\r\n";

struct Connection {
    socket: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    fn new(server: &Fixture) -> Self {
        let socket = TcpStream::connect(server.address()).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self { socket, read: Vec::new() }
    }

    fn send(&mut self, request_line: &str, headers: &str, body: &str) {
        let length = body.len();
        let head = format!(
            "{request_line} HTTP/1.1\r\nHost: here\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        self.socket.write_all([head.as_bytes(), body.as_bytes()].concat().as_slice()).unwrap();
    }

    /// Reads up to the end of `text`.
    fn until(&mut self, text: &str) -> String {
        let mut buffer = [0; 16 * 1024];
        loop {
            if let Some(at) = memchr::memmem::find(&self.read, text.as_bytes()) {
                let rest = self.read.split_off(at + text.len());
                let found = std::mem::replace(&mut self.read, rest);
                return String::from_utf8(found).unwrap();
            }
            let taken = self.socket.read(&mut buffer).unwrap();
            assert!(taken > 0, "ended: {}", String::from_utf8_lossy(&self.read));
            self.read.extend_from_slice(&buffer[..taken]);
        }
    }

    /// The next sample of a feed.
    fn sample(&mut self) -> Value {
        self.until("data: ");
        serde_json::from_str(self.until("\n\n").trim()).unwrap()
    }

    /// The first sample that is as it should be.
    fn sample_with(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let sample = self.sample();
            if wanted(&sample) {
                return sample;
            }
        }
    }
}

/// A whole answer.
fn ask(server: &Fixture, request_line: &str, headers: &str, body: &str) -> String {
    let mut connection = Connection::new(server);
    connection.send(request_line, &format!("Connection: close\r\n{headers}"), body);
    let mut answer = Vec::new();
    connection.socket.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

/// The status of an answer.
fn status(server: &Fixture, request_line: &str, headers: &str, body: &str) -> u16 {
    ask(server, request_line, headers, body)[9..12].parse().unwrap()
}

fn publish(server: &Fixture, channel: &str, text: &str) {
    assert_eq!(status(server, &format!("POST /pub?id={channel}"), "", text), 200);
}

#[test]
fn pages_come_with_a_policy_and_only_by_get() {
    let server = Fixture::new(SERVERS);
    for path in ["/", "/look", "/admin"] {
        let page = ask(&server, &format!("GET {path}"), "", "");
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.ends_with("</html>\n"), "{path}");
        for header in [
            "\r\nContent-Type: text/html; charset=utf-8\r\n",
            "\r\nContent-Security-Policy: default-src 'none'; script-src 'sha256-",
            "frame-ancestors 'none'\r\n",
            "\r\nX-Content-Type-Options: nosniff\r\n",
            "\r\nCache-Control: no-cache, no-store, must-revalidate\r\n",
        ] {
            assert!(page.contains(header), "{path}: {header}");
        }
        let head = ask(&server, &format!("HEAD {path}"), "", "");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
        assert_eq!(status(&server, &format!("PUT {path}"), OURS, "x"), 405);
    }
    assert!(ask(&server, "GET /look", "", "").contains("data-mode=\"read-only\""));
    assert!(ask(&server, "GET /admin", "", "").contains("data-mode=\"admin\""));
    assert_eq!(status(&server, "GET /look?feed=other", "", ""), 404);
}

#[test]
fn the_feed_shows_what_happens() {
    let server = Fixture::new(SERVERS);
    let mut feed = Connection::new(&server);
    feed.send("GET /look?feed=overview", "", "");
    let head = feed.until("\r\n\r\n");
    assert!(head.contains("\r\nContent-Type: text/event-stream; charset=utf-8\r\n"), "{head}");
    let first = feed.sample();
    assert_eq!((&first["published"], &first["subscribers"]["eventsource"]), (&0.into(), &1.into()));
    assert_eq!(first["workers"].as_array().unwrap().len(), 2);
    let mut subscriber = Connection::new(&server);
    subscriber.send("GET /sub/a%22b", "", "");
    subscriber.until("\r\n\r\n");
    publish(&server, "a%22b", "some text");
    publish(&server, "other", "some text");
    let sample = feed.sample_with(|s| s["top"]["rate"].as_array().unwrap().len() == 2);
    assert_eq!(sample["published"], 2);
    assert_eq!(sample["subscribers"]["streaming"], 1);
    let top = &sample["top"]["subscribers"][0];
    assert_eq!(
        (&top["id"], &top["subscribers"], &top["stored"]),
        (&"a\"b".into(), &1.into(), &1.into())
    );
    drop(subscriber);
    let gone = |s: &Value| {
        let events = s["events"].as_array().unwrap();
        events.iter().any(|e| e["type"] == "client_unsubscribed" && e["channel"] == "a\"b")
    };
    let sample = feed.sample_with(gone);
    let words: Vec<_> =
        sample["events"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(
        words,
        ["channel_created", "client_subscribed", "channel_created", "client_unsubscribed"]
    );
}

#[test]
fn viewers_of_all_workers_get_every_sample_once() {
    let server = Fixture::new(SERVERS);
    let mut feeds: Vec<_> = (0..6).map(|_| Connection::new(&server)).collect();
    feeds.iter_mut().for_each(|feed| feed.send("GET /look?feed=overview", "", ""));
    for feed in &mut feeds {
        let times: Vec<_> = (0..3).map(|_| feed.sample()["at"].as_u64().unwrap()).collect();
        assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
        assert!(times[2] - times[0] < 10_000, "{times:?}");
    }
}

#[test]
fn a_feed_ends_at_its_time_and_its_connection_serves_on() {
    let server = Fixture::new(SERVERS);
    let mut feed = Connection::new(&server);
    feed.send("GET /short?feed=overview", "", "");
    feed.sample();
    feed.until("0\r\n\r\n");
    feed.send("GET /sub/plain", "", "");
    let head = feed.until("\r\n\r\n");
    assert!(head.contains("\r\nContent-Type: text/plain\r\n"), "{head}");
    let mut other = Connection::new(&server);
    other.send("GET /look?feed=overview", "", "");
    for _ in 0..2 {
        other.sample();
    }
    publish(&server, "plain", "first");
    let got = feed.until("first");
    assert!(!got.contains("data:"), "a sample in somebody else's stream: {got}");
}

#[test]
fn a_channel_s_messages_come_byte_for_byte() {
    let server = Fixture::new(SERVERS);
    assert_eq!(status(&server, "GET /look?feed=channel&id=none", "", ""), 404);
    assert_eq!(status(&server, "GET /stats?id=none", "", ""), 404, "looking made a channel");
    assert_eq!(status(&server, "GET /look?feed=channel", "", ""), 400);
    publish(&server, "a%2Fb.b5", "not this one");
    publish(&server, "ch", "one\ntwo\tthree\n");
    let mut tail = Connection::new(&server);
    tail.send("GET /look?feed=channel&id=ch", "", "");
    tail.until("\r\n\r\n");
    assert!(tail.until("\t14\t").contains("1\t"));
    tail.until(" GMT\none\ntwo\tthree\n\n");
    publish(&server, "ch", "live");
    tail.until("\nlive\n");
    let info = ask(&server, "GET /look?feed=info&id=ch", "", "");
    assert!(info.ends_with("{\"published\":2,\"stored\":2,\"subscribers\":1}"), "{info}");
    assert_eq!(status(&server, "GET /look?feed=info&id=none", "", ""), 404);
}

#[test]
fn only_an_admin_s_own_page_changes_anything() {
    let server = Fixture::new(SERVERS);
    let check = |path: &str, headers: &str, expected: u16| {
        let post = format!("POST {path}?id=ch");
        assert_eq!(status(&server, &post, headers, "text"), expected, "{post} {headers}");
    };
    check("/look", OURS, 405);
    check("/admin", "", 403);
    let ours = |more: &str| format!("{OURS}{more}\r\n");
    check("/admin", &ours("Origin: http://evil.test"), 403);
    check("/admin", &ours("Origin: null"), 403);
    check("/admin", &ours("Sec-Fetch-Site: cross-site"), 403);
    check("/admin", &ours("Sec-Fetch-Site: same-site\r\nOrigin: http://here"), 403);
    check("/admin", "Origin: http://here\r\nSec-Fetch-Site: same-origin\r\n", 403);
    assert_eq!(status(&server, "GET /stats?id=ch", "", ""), 404, "something was published");
    check("/admin", OURS, 200);
    check("/admin", &ours("Origin: http://here"), 200);
    check("/admin", &ours("Origin: https://proxied.test\r\nSec-Fetch-Site: same-origin"), 200);
    assert_eq!(status(&server, "POST /admin?id=ch", OURS, ""), 400);
    assert_eq!(status(&server, "POST /admin?id=ALL", OURS, "x"), 403);
    assert_eq!(status(&server, "POST /admin", OURS, "x"), 400);
    assert!(ask(&server, "GET /admin?feed=info&id=ch", "", "").contains("\"published\":3"));
    assert_eq!(status(&server, "DELETE /look?id=ch", OURS, ""), 405);
    assert_eq!(status(&server, "DELETE /admin?id=ch", "", ""), 403);
    assert_eq!(status(&server, "DELETE /admin?id=ch", OURS, ""), 200);
    assert_eq!(status(&server, "DELETE /admin?id=ch", OURS, ""), 404);
}

#[test]
fn a_password_guards_the_page_its_feeds_and_its_actions() {
    let server = Fixture::new(SERVERS);
    fs::write(server.folder.path().join("users"), "ann:{PLAIN}secret\n").unwrap();
    let password = "Authorization: Basic YW5uOnNlY3JldA==\r\n";
    for path in ["/guarded", "/guarded?feed=info&id=x", "/guarded?feed=overview"] {
        assert_eq!(status(&server, &format!("GET {path}"), "", ""), 401, "{path}");
    }
    assert_eq!(status(&server, "POST /guarded?id=x", OURS, "text"), 401);
    assert_eq!(status(&server, "GET /guarded", password, ""), 200);
    assert_eq!(status(&server, "POST /guarded?id=x", &format!("{OURS}{password}"), "text"), 200);
    let mut feed = Connection::new(&server);
    feed.send("GET /guarded?feed=overview", password, "");
    assert_eq!(feed.sample()["published"], 1);
}

#[test]
fn who_does_not_read_is_named() {
    let server = Fixture::new(SERVERS);
    let mut feed = Connection::new(&server);
    feed.send("GET /look?feed=overview", "", "");
    assert_eq!(feed.sample()["slow"], Value::Array(Vec::new()));
    let mut subscriber = Connection::new(&server);
    subscriber.send("GET /sub/big", "", "");
    subscriber.until("\r\n\r\n");
    // More than both sockets' buffers take; less waits than ends the connection.
    publish(&server, "big", &"x".repeat(7_000_000));
    publish(&server, "big", &"y".repeat(1000));
    let sample = feed.sample_with(|s| !s["slow"].as_array().unwrap().is_empty());
    let slow = &sample["slow"][0];
    assert_eq!(slow["client"], subscriber.socket.local_addr().unwrap().to_string());
    assert_eq!(
        (&slow["location"], &slow["transport"]),
        (&"~ ^/sub/(.*)".into(), &"streaming".into())
    );
    drop(subscriber);
    feed.sample_with(|s| s["slow"].as_array().unwrap().is_empty());
}
