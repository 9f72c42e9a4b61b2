//! `proxy_pass`: protocol truth, with upstreams that do as they are told.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use outpour_testkit::{Closed, Connection, Deadline, ServerProcess};

use crate::upstream::Upstream;

const CONFIGURATION: &str = r#"
worker_processes 1;
pid {{dir}}/logs/pid;
error_log {{dir}}/logs/error.log info;
http {
    push_stream_shared_memory_size 64m;
    log_format up "$status $upstream_addr $upstream_status $upstream_http_x_name $body_bytes_sent $request_completion";
    access_log {{dir}}/logs/access.log up;
    {{http}}
    server {
        listen 127.0.0.1:{{port}};
        location /app/ { proxy_pass http://{{upstream}}; {{location}} }
        location /page { return 200 PAGE; }
        location = /error { return 200 SORRY; }
        location ~ ^/sub/(.*) { push_stream_subscriber; push_stream_channels_path $1;
            push_stream_header_template HELLO; }
        location /pub { push_stream_publisher; push_stream_channels_path $arg_id; }
        location /internal/ { internal; return 200 "INSIDE $uri $args"; }
        {{server}}
    }
}
"#;

/// A server that hands `/app/` on to `upstream`, with more directives.
fn start(upstream: &Upstream, location: &str, server: &str, http: &str) -> ServerProcess {
    let configuration = CONFIGURATION
        .replace("{{location}}", location)
        .replace("{{server}}", server)
        .replace("{{http}}", http)
        .replace("{{upstream}}", &upstream.address.to_string());
    ServerProcess::start(&configuration, &[]).unwrap()
}

const KEEPALIVE: &str = "proxy_http_version 1.1; proxy_set_header Connection \"\";";

fn soon() -> Deadline {
    Instant::now() + Duration::from_secs(20)
}

fn sending(server: &ServerProcess, bytes: &[u8]) -> Connection {
    let mut connection = Connection::open(server.address()).unwrap();
    connection.send(bytes).unwrap();
    connection
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()
}

fn until(connection: &mut Connection, end: &str) -> String {
    let bytes = connection.take_until(end.as_bytes(), soon()).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a client gets for `GET /app/` from an upstream with this answer, up to the end of the
/// page that follows on the same connection.
fn after(answer: &'static [u8], location: &str) -> String {
    let upstream = Upstream::saying(answer);
    let server = start(&upstream, location, "", "");
    let mut connection = sending(&server, &[get("/app/"), get("/page")].concat());
    let all = until(&mut connection, "PAGE");
    server.stop().unwrap();
    all
}

#[test]
fn requests_and_answers_pass() {
    let upstream = Upstream::new(|_, mut peer| {
        while let Some((head, body)) = peer.request() {
            let said = [head.as_bytes(), &body].concat();
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nX-Name: y\r\n\r\n", said.len());
            peer.say(&[head.as_bytes(), &said].concat());
        }
    });
    let server = start(&upstream, "", "", "");
    let request = b"POST /app/a%20b?x HTTP/1.1\r\nHost: me\r\nX-A: b\r\nConnection: keep-alive\r\n\
                    Content-Length: 3\r\n\r\nabc";
    let mut connection = sending(&server, &[&request[..], &get("/page")].concat());
    let all = until(&mut connection, "PAGE");
    let expected = format!(
        "POST /app/a%20b?x HTTP/1.0\r\nHost: {}\r\nConnection: close\r\nContent-Length: 3\r\n\
         X-A: b\r\n\r\nabc",
        upstream.address
    );
    assert!(all.contains(&expected), "{all}");
    assert!(all.starts_with("HTTP/1.1 200 OK\r\nServer: outpour"), "{all}");
    assert!(all.contains("X-Name: y\r\n"), "{all}");
    drop(connection);
    server.stop().unwrap();
}

#[test]
fn connections_are_kept_and_used_again() {
    let upstream = Upstream::saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let address = upstream.address;
    let server = start(
        &upstream,
        "",
        &format!("location /kept {{ proxy_pass http://kept; {KEEPALIVE} }}"),
        &format!("upstream kept {{ server {address}; keepalive 4; }}"),
    );
    for _ in 0..20 {
        let mut connection = sending(&server, &get("/kept"));
        until(&mut connection, "\r\n\r\nok");
    }
    assert_eq!(upstream.accepted(), 1);
    server.stop().unwrap();
}

#[test]
fn a_kept_connection_that_was_closed_is_replaced() {
    let upstream = Upstream::new(|_, mut peer| {
        peer.request();
        peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        // The next request is read, and no answer is given.
        peer.request();
    });
    let address = upstream.address;
    let server = start(
        &upstream,
        "",
        &format!("location /kept {{ proxy_pass http://kept; {KEEPALIVE} }}"),
        &format!("upstream kept {{ server {address}; keepalive 4; }}"),
    );
    for _ in 0..4 {
        let mut connection = sending(&server, &get("/kept"));
        until(&mut connection, "\r\n\r\nok");
    }
    server.stop().unwrap();
}

#[test]
fn bodies_are_framed_anew() {
    let chunked = after(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n",
        KEEPALIVE,
    );
    assert!(
        chunked.contains("Content-Length: 5\r\n") && chunked.contains("\r\n\r\nabcdeHTTP"),
        "{chunked}"
    );
    let none = after(b"HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", KEEPALIVE);
    assert!(!none.contains("Content-Length: 7"), "{none}");
    let interim = after(
        b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
        KEEPALIVE,
    );
    assert!(interim.starts_with("HTTP/1.1 200") && !interim.contains("Link"), "{interim}");
}

#[test]
fn a_body_that_ends_with_its_connection() {
    let upstream = Upstream::new(|_, mut peer| {
        peer.request();
        peer.say(b"HTTP/1.0 200 OK\r\n\r\nabc");
    });
    let server = start(&upstream, "", "", "");
    let mut connection = sending(&server, &[get("/app/"), get("/page")].concat());
    let all = until(&mut connection, "PAGE");
    assert!(all.contains("Transfer-Encoding: chunked\r\n"), "{all}");
    assert!(all.contains("3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 OK"), "{all}");
    let mut old = sending(&server, b"GET /app/ HTTP/1.0\r\n\r\n");
    let all = old.take_to_end(soon()).unwrap();
    assert!(all.ends_with(b"\r\n\r\nabc"));
    server.stop().unwrap();
}

#[test]
fn answers_that_could_be_understood_differently_are_bad_gateways() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n folded\r\n\r\nabc",
        b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
    ] {
        let all = after(answer, KEEPALIVE);
        let said = String::from_utf8_lossy(answer);
        assert!(all.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{said}: {all}");
        assert!(!all.contains("abc"), "{said}: {all}");
    }
}

#[test]
fn a_head_beyond_its_buffer_is_a_bad_gateway() {
    let upstream = Upstream::new(|_, mut peer| {
        peer.request();
        peer.say(b"HTTP/1.1 200 OK\r\n");
        for _ in 0..2000 {
            peer.say(b"X-Long: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n");
        }
    });
    let server = start(&upstream, "", "", "");
    let mut connection = sending(&server, &[get("/app/"), get("/page")].concat());
    assert!(until(&mut connection, "PAGE").starts_with("HTTP/1.1 502 "));
    let said = server.logs();
    assert!(
        said.contains("upstream sent too big header while reading response header from upstream"),
        "{said}"
    );
    server.stop().unwrap();
}

#[test]
fn what_comes_behind_an_answer_reaches_nobody() {
    let upstream = Upstream::saying(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nSECRET",
    );
    let address = upstream.address;
    let server = start(
        &upstream,
        "",
        &format!("location /kept {{ proxy_pass http://kept; {KEEPALIVE} }}"),
        &format!("upstream kept {{ server {address}; keepalive 4; }}"),
    );
    let mut connection = sending(&server, &[get("/kept"), get("/kept"), get("/page")].concat());
    let all = until(&mut connection, "PAGE");
    assert!(!all.contains("SECRET"), "{all}");
    assert_eq!(all.matches("\r\n\r\nok").count(), 2, "{all}");
    assert_eq!(upstream.accepted(), 2);
    server.stop().unwrap();
}

#[test]
fn upstreams_that_are_not_there_or_leave() {
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let upstream = Upstream::new(|number, mut peer| {
        peer.request();
        if number > 0 {
            peer.say(b"HTTP/1.1 200 OK\r\nContent-Len");
        }
    });
    let server =
        start(&upstream, "", &format!("location /dead {{ proxy_pass http://{dead}; }}"), "");
    let mut connection =
        sending(&server, &[get("/dead"), get("/app/"), get("/app/"), get("/page")].concat());
    let all = until(&mut connection, "PAGE");
    assert_eq!(all.matches("HTTP/1.1 502 Bad Gateway\r\n").count(), 3, "{all}");
    let said = server.logs();
    server.stop().unwrap();
    assert!(
        said.contains("connect() failed (111: Connection refused) while connecting to upstream"),
        "{said}"
    );
    let early =
        "upstream prematurely closed connection while reading response header from upstream";
    assert_eq!(said.matches(early).count(), 2, "{said}");
}

#[test]
fn an_answer_that_breaks_off_is_not_completed() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzzz\r\n",
    ] {
        let upstream = Upstream::new(move |_, mut peer| {
            peer.request();
            peer.say(answer);
        });
        let server = start(&upstream, KEEPALIVE, "", "");
        let mut connection = sending(&server, &[get("/app/"), get("/page")].concat());
        let all = String::from_utf8(connection.take_to_end(soon()).unwrap()).unwrap();
        assert!(
            all.contains("abc") && !all.contains("0\r\n\r\n") && !all.contains("PAGE"),
            "{all}"
        );
        server.stop().unwrap();
    }
}

#[test]
fn upstreams_that_hang_time_out() {
    let upstream = Upstream::new(|_, mut peer| {
        peer.request();
        while !peer.is_left() {}
    });
    let server = start(&upstream, "proxy_read_timeout 1s;", "", "");
    let mut connection = sending(&server, &[get("/app/"), get("/page")].concat());
    let all = until(&mut connection, "PAGE");
    assert!(all.starts_with("HTTP/1.1 504 Gateway Time-out\r\n"), "{all}");
    let said = server.logs();
    server.stop().unwrap();
    let text = "upstream timed out (110: Connection timed out) while reading response header";
    assert!(said.contains(text), "{said}");
}

#[test]
fn the_next_upstream_is_asked() {
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let alive = Upstream::saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let busy = Upstream::saying(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy");
    let http = format!(
        "upstream all {{ server {dead}; server {}; server {}; }}",
        busy.address, alive.address
    );
    let server = start(
        &alive,
        "",
        "location /all { proxy_pass http://all; proxy_next_upstream error http_503; }",
        &http,
    );
    for _ in 0..6 {
        let mut connection = sending(&server, &get("/all"));
        let all = until(&mut connection, "\r\n\r\nok");
        assert!(all.starts_with("HTTP/1.1 200 "), "{all}");
    }
    server.stop().unwrap();
}

#[test]
fn websockets_pass_as_they_are() {
    let upstream = Upstream::new(|_, mut peer| {
        let (head, _) = peer.request().unwrap();
        assert!(head.contains("Upgrade: websocket\r\n"), "{head}");
        peer.say(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nEARLY");
        let said = peer.exactly(5).unwrap();
        peer.say(&said);
        peer.exactly(3);
    });
    let location = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
                    proxy_set_header Connection upgrade;";
    let server = start(&upstream, location, "", "");
    let request =
        b"GET /app/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nFIR";
    let mut connection = sending(&server, request);
    let head = until(&mut connection, "EARLY");
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    assert!(head.contains("Upgrade: websocket\r\nConnection: upgrade\r\n\r\n"), "{head}");
    connection.send(b"ST").unwrap();
    assert_eq!(until(&mut connection, "FIRST"), "FIRST");
    connection.send(b"END").unwrap();
    assert_eq!(connection.expect_closed(soon()).unwrap(), Closed::Orderly);
    server.stop().unwrap();
}

#[test]
fn x_accel_redirect_leads_to_the_push() {
    let upstream = Upstream::new(|_, mut peer| {
        while let Some((head, _)) = peer.request() {
            let to = head.split(' ').nth(1).unwrap().trim_start_matches("/app").to_owned();
            peer.say(
                format!(
                    "HTTP/1.1 200 OK\r\nX-Accel-Redirect: {to}\r\nSet-Cookie: seen=1\r\n\
                     X-Own: 1\r\nContent-Length: 6\r\n\r\nunseen"
                )
                .as_bytes(),
            );
        }
    });
    let server = start(&upstream, KEEPALIVE, "", "");
    let mut connection = sending(&server, &get("/app/internal/a%20b?x=1"));
    let all = until(&mut connection, "INSIDE /internal/a b x=1");
    assert!(all.contains("Set-Cookie: seen=1\r\n") && !all.contains("X-Own"), "{all}");
    let mut stream = sending(&server, &get("/app/sub/news"));
    let head = until(&mut stream, "HELLO");
    assert!(head.contains("Set-Cookie: seen=1\r\n") && !head.contains("unseen"), "{head}");
    let mut publisher =
        sending(&server, b"POST /pub?id=news HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\ntext");
    until(&mut publisher, "\r\n\r\n");
    until(&mut stream, "text");
    let mut bad = sending(&server, &get("/app/../app/x"));
    assert!(until(&mut bad, "\r\n\r\n").starts_with("HTTP/1.1 404 "));
    server.stop().unwrap();
}

#[test]
fn errors_go_to_their_pages() {
    let upstream = Upstream::saying(b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops");
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = start(
        &upstream,
        "proxy_intercept_errors on; error_page 500 /error;",
        &format!("location /dead {{ proxy_pass http://{dead}; error_page 502 =200 /error; }}"),
        "",
    );
    let mut connection = sending(&server, &[get("/app/"), get("/dead")].concat());
    let first = until(&mut connection, "SORRY");
    assert!(first.starts_with("HTTP/1.1 500 ") && !first.contains("oops"), "{first}");
    assert!(until(&mut connection, "SORRY").starts_with("HTTP/1.1 200 "));
    server.stop().unwrap();
}

#[test]
fn a_client_that_leaves_ends_the_upstreams_work() {
    let (left, gone) = mpsc::channel();
    let upstream = Upstream::new(move |_, mut peer| {
        peer.request();
        while !peer.is_left() {}
        left.send(()).unwrap();
    });
    let server = start(&upstream, "", "", "");
    let connection = sending(&server, &get("/app/"));
    let deadline = soon();
    while upstream.accepted() == 0 {
        assert!(Instant::now() < deadline, "the upstream is not asked");
        std::thread::yield_now();
    }
    drop(connection);
    gone.recv_timeout(Duration::from_secs(20)).unwrap();
    server.stop().unwrap();
}

#[test]
fn heads_alone_pass() {
    let all = {
        let upstream = Upstream::saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        let server = start(&upstream, KEEPALIVE, "", "");
        let head = b"HEAD /app/ HTTP/1.1\r\nHost: x\r\n\r\n";
        let mut connection = sending(&server, &[&head[..], &get("/page")].concat());
        let all = until(&mut connection, "PAGE");
        server.stop().unwrap();
        all
    };
    assert!(all.contains("Content-Length: 5\r\n"), "{all}");
    assert!(all.contains("\r\n\r\nHTTP/1.1 200 OK\r\n"), "{all}");
}

#[test]
fn an_early_answer_ends_a_long_request() {
    let upstream = Upstream::new(|_, mut peer| {
        peer.until(b"\r\n\r\n");
        peer.say(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
        while !peer.is_left() {}
    });
    let server = start(&upstream, "client_max_body_size 0; proxy_request_buffering off;", "", "");
    let head = b"POST /app/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\nabc";
    let mut connection = sending(&server, head);
    let all = until(&mut connection, "big");
    assert!(all.starts_with("HTTP/1.1 413 ") && all.contains("Connection: close\r\n"), "{all}");
    server.stop().unwrap();
}

#[test]
fn chunked_requests_pass() {
    let upstream = Upstream::new(|_, mut peer| {
        while let Some((head, body)) = peer.request() {
            let said = [head.lines().next().unwrap().as_bytes(), b"|", &body].concat();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", said.len());
            peer.say(&[head.as_bytes(), &said].concat());
        }
    });
    let server = start(
        &upstream,
        "",
        &format!(
            "location /live/ {{ proxy_pass http://{}/; proxy_request_buffering off; }}",
            upstream.address
        ),
        "",
    );
    let chunks = "HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let mut connection = sending(&server, format!("POST /app/ {chunks}").as_bytes());
    // Small ones are collected, and have a length.
    until(&mut connection, "POST /app/ HTTP/1.0|abc");
    connection.send(format!("POST /live/a {chunks}").as_bytes()).unwrap();
    until(&mut connection, "POST /a HTTP/1.1|3\r\nabc\r\n0\r\n\r\n");
    server.stop().unwrap();
}

#[test]
fn upstreams_are_logged() {
    let upstream = Upstream::saying(b"HTTP/1.1 201 OK\r\nX-Name: n\r\nContent-Length: 2\r\n\r\nok");
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server =
        start(&upstream, KEEPALIVE, &format!("location /dead {{ proxy_pass http://{dead}; }}"), "");
    let mut connection = sending(&server, &[get("/app/"), get("/dead?x"), get("/page")].concat());
    until(&mut connection, "PAGE");
    let access = std::fs::read_to_string(server.folder().join("logs/access.log")).unwrap();
    let expected = format!("201 {} 201 n 2 OK\n502 {dead} 502 - ", upstream.address);
    assert!(access.starts_with(&expected), "{access}");
    let said = server.logs();
    let line = format!("request: \"GET /dead?x HTTP/1.1\", upstream: \"http://{dead}/dead?x\"");
    assert!(said.contains(&line), "{said}");
    server.stop().unwrap();
}

#[test]
fn a_client_that_does_not_read_stops_its_upstream() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    const SIZE: usize = 64 << 20;
    let written = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&written);
    let upstream = Upstream::new(move |_, mut peer| {
        peer.request();
        peer.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n").as_bytes());
        for _ in 0..SIZE / (64 << 10) {
            peer.say(&[b'x'; 64 << 10]);
            count.fetch_add(64 << 10, Ordering::SeqCst);
        }
    });
    let server = start(&upstream, "", "", "");
    let mut lazy = sending(&server, &get("/app/"));
    // Others are served all the while, and longer than the upstream would take.
    let mut other = sending(&server, b"");
    let deadline = soon();
    let mut before = usize::MAX;
    while before != written.load(Ordering::SeqCst) || before == 0 {
        assert!(Instant::now() < deadline, "{before} bytes and no end");
        before = written.load(Ordering::SeqCst);
        for _ in 0..200 {
            other.send(&get("/page")).unwrap();
            until(&mut other, "PAGE");
        }
    }
    assert!(before < SIZE, "the upstream was read to its end");
    assert!(server.peak_memory().unwrap() < 40 << 20);
    until(&mut lazy, "\r\n\r\n");
    for _ in 0..SIZE / (1 << 20) {
        lazy.take_exactly(1 << 20, soon()).unwrap();
    }
    server.stop().unwrap();
}

#[test]
fn large_bodies_pass_both_ways() {
    const SIZE: usize = 100 << 20;
    let upstream = Upstream::new(|_, mut peer| {
        peer.until(b"\r\n\r\n").unwrap();
        for _ in 0..SIZE / (1 << 20) {
            peer.exactly(1 << 20).unwrap();
        }
        peer.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n").as_bytes());
        let piece = vec![b'x'; 1 << 20];
        for _ in 0..SIZE / (1 << 20) {
            peer.say(&piece);
        }
    });
    let server = start(&upstream, "client_max_body_size 0;", "", "");
    let head = format!("POST /app/ HTTP/1.1\r\nHost: x\r\nContent-Length: {SIZE}\r\n\r\n");
    let mut connection = sending(&server, head.as_bytes());
    let piece = vec![b'y'; 1 << 20];
    for _ in 0..SIZE / (1 << 20) {
        connection.send(&piece).unwrap();
    }
    let head = until(&mut connection, "\r\n\r\n");
    assert!(head.contains(&format!("Content-Length: {SIZE}\r\n")), "{head}");
    for _ in 0..SIZE / (1 << 20) {
        assert_eq!(connection.take_exactly(1 << 20, soon()).unwrap().len(), 1 << 20);
    }
    let peak = server.peak_memory().unwrap();
    assert!(peak < 48 << 20, "{peak} bytes");
    server.stop().unwrap();
}
