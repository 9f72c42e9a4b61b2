//! Encrypted connections: handshakes, transports, reload.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustls::HandshakeKind;

use crate::client::{Client, config};
use crate::fixture::{Fixture, settings};

const TWO: &str = "
    server { listen 127.0.0.1:{{port}} ssl; server_name a.test; ssl_certificate {{dir}}/a.pem;
        ssl_certificate_key {{dir}}/a.key; {{locations}} }
    server { listen 127.0.0.1:{{port}} ssl; server_name b.test; ssl_certificate {{dir}}/b.pem;
        ssl_certificate_key {{dir}}/b.key; {{locations}} }
    server { listen 127.0.0.1:{{port}} ssl; server_name closed.test; ssl_reject_handshake on; }";

#[test]
fn names_choose_certificates() {
    let server = Fixture::new(TWO);
    for name in ["a.test", "b.test"] {
        let mut client = server.client(name);
        assert!(client.shows(name));
        client.send(format!("GET /vars HTTP/1.1\r\nHost: {name}\r\n\r\n").as_bytes());
        let answer = client.read_until(&format!("|{name}"));
        assert!(answer.contains(&format!("https on TLSv1.3 {name} NONE . ||{name}")), "{answer}");
    }
    let closed = Client::connect(server.address(), "closed.test", config(&server.authority, None));
    let error = closed.err().unwrap().to_string();
    assert!(error.contains("UnrecognizedName") || error.contains("UnrecognisedName"), "{error}");
}

#[test]
fn a_session_is_taken_up_again() {
    for more in ["", "ssl_session_tickets off; ssl_session_cache shared:x:1m;"] {
        let server = Fixture::simple(more);
        let config = config(&server.authority, None);
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let mut client = Client::connect(server.address(), "a.test", config.clone()).unwrap();
            client.get("/vars");
            client.read_until("|a.test");
            kinds.push(client.stream.conn.handshake_kind().unwrap());
        }
        assert_eq!(kinds, [HandshakeKind::Full, HandshakeKind::Resumed], "{more}");
    }
    let server = Fixture::simple("ssl_session_tickets off;");
    let config = config(&server.authority, None);
    for _ in 0..2 {
        let mut client = Client::connect(server.address(), "a.test", config.clone()).unwrap();
        client.get("/vars");
        client.read_until("|a.test");
        assert_eq!(client.stream.conn.handshake_kind(), Some(HandshakeKind::Full));
    }
}

#[test]
fn every_transport() {
    let server = Fixture::simple("");
    let mut stream = server.client("a.test");
    stream.get("/sub/x");
    stream.read_until("\r\n\r\n");
    let mut events = server.client("a.test");
    events.get("/ev/x");
    events.read_until("\r\n\r\n");
    let mut poll = server.client("a.test");
    poll.get("/lp/x");
    let mut socket = server.client("a.test");
    socket.send(
        b"GET /ws/x HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    socket.read_until("\r\n\r\n");
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let mut statistics = server.client("a.test");
        statistics.get("/stats?id=x");
        let answer = statistics.read_until("}\r\n");
        if answer.contains("\"subscribers\": 4}") {
            break;
        }
        assert!(Instant::now() < deadline, "{answer}");
    }
    server.publish("x", b"first");
    stream.read_until("first");
    events.read_until("data: first");
    assert!(poll.read_until("first").contains("HTTP/1.1 200 OK"));
    socket.read_until("first");
    // The client's turn: a masked frame "second" (mask of zeros).
    socket.send(b"\x81\x86\0\0\0\0second");
    stream.read_until("second");
    events.read_until("second");
    poll.get("/poll/x");
    poll.read_until("HTTP/1.1 304 Not Modified");
    socket.send(b"\x88\x80\0\0\0\0");
    assert!(socket.read_to_end().len() <= 64);
}

#[test]
fn a_slow_reader_gets_large_messages() {
    let server = Fixture::simple("push_stream_subscriber_buffer_size 64m;");
    let mut slow = server.client("a.test");
    slow.get("/sub/big");
    slow.read_until("\r\n\r\n");
    let text: String = (0..6_000_000 / 16).map(|n| format!("{n:015} ")).collect();
    server.publish("big", text.as_bytes());
    server.publish("big", b"the end of it");
    server.client("a.test").get("/vars");
    let all = slow.read_until("the end of it");
    let plain: String = unchunked(&all);
    assert!(plain.contains(&text), "{} of {}", all.len(), text.len());
}

/// The content of a chunked body, as far as it came.
fn unchunked(body: &str) -> String {
    let (mut rest, mut out) = (body, String::new());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        out.push_str(&after[..size.min(after.len())]);
        rest = after.get(size + 2..).unwrap_or("");
    }
    out
}

#[test]
fn a_large_body_arrives() {
    let server = Fixture::simple("");
    let mut subscriber = server.client("a.test");
    subscriber.get("/sub/up");
    subscriber.read_until("\r\n\r\n");
    let text = vec![b'u'; 3_000_000];
    server.publish("up", &text);
    server.publish("up", b"behind");
    let all = unchunked(&subscriber.read_until("behind"));
    assert_eq!(all.matches('u').count(), text.len());
}

#[test]
fn pipelined_requests_in_one_record() {
    let server = Fixture::simple("");
    let mut client = server.client("a.test");
    client.send("GET /vars HTTP/1.1\r\nHost: a.test\r\n\r\n".repeat(500).as_bytes());
    for _ in 0..500 {
        client.read_until("|a.test");
    }
}

#[test]
fn a_request_byte_by_byte() {
    let server = Fixture::simple("");
    let mut client = server.client("a.test");
    for byte in b"GET /vars HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n" {
        client.send(&[*byte]);
    }
    assert!(client.read_to_end().contains("https on"));
}

#[test]
fn many_at_once() {
    let server = Fixture::simple("");
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                let mut client = server.client("a.test");
                client.get("/vars");
                client.read_until("|a.test");
            });
        }
    });
}

#[test]
fn a_record_that_was_tampered_with_ends_the_connection() {
    let server = Fixture::simple("");
    let mut client = server.client("a.test");
    client.get("/vars");
    client.read_until("|a.test");
    client.stream.sock.write_all(b"\x17\x03\x03\0\x20this is not what any key encrypts").unwrap();
    let error = client.stream.read_to_end(&mut Vec::new()).err().unwrap().to_string();
    assert!(error.contains("BadRecordMac"), "{error}");
}

#[test]
fn http_without_tls_is_told_so() {
    let server = Fixture::simple("");
    let mut plain = TcpStream::connect(server.address()).unwrap();
    plain.write_all(b"GET /vars HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    let mut answer = String::new();
    plain.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert!(answer.contains("<center>The plain HTTP request was sent to HTTPS port</center>"));
    assert!(answer.contains("Connection: close"));
}

#[test]
fn garbage_and_silence_harm_nobody() {
    let server = Fixture::simple("client_header_timeout 300ms;");
    let mut subscriber = server.client("a.test");
    subscriber.get("/sub/x");
    subscriber.read_until("\r\n\r\n");
    let garbage: [&[u8]; 6] = [
        b"\x16\x03\x01\xff\xff\0\0\0\0",
        b"\x16garbage that is no hello at all",
        b"\x80\x2e\x01\x03\x01\0\x15\0\0\0\x10",
        b"\x16\x03\x01\0\x05\x01\0\0\x01\0",
        b"\x16",
        b"",
    ];
    for bytes in garbage {
        let mut socket = TcpStream::connect(server.address()).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        socket.write_all(bytes).unwrap();
        // An alert, or nothing: in any case the end, by the time limit at the latest.
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer);
        assert!(answer.len() <= 64, "{answer:?}");
    }
    server.publish("x", b"unharmed");
    subscriber.read_until("unharmed");
    let log = fs::read_to_string(server.folder.path().join("error.log")).unwrap();
    assert!(log.contains("SSL_do_handshake() failed"), "{log}");
    assert!(log.contains("client timed out while SSL handshaking"), "{log}");
}

#[test]
fn a_handshake_that_drips_in_runs_out_of_time() {
    let server = Fixture::simple("client_header_timeout 300ms;");
    let mut socket = TcpStream::connect(server.address()).unwrap();
    // The pace of the drops, too.
    socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    socket.write_all(b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03").unwrap();
    let begin = Instant::now();
    let mut answer = [0; 16];
    loop {
        if socket.write_all(b"\0").is_err() || matches!(socket.read(&mut answer), Ok(0)) {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(9), "500 drops would be a whole hello");
    }
}

#[test]
fn a_reload_shows_the_new_certificate_and_keeps_subscribers() {
    let server = Fixture::simple("");
    let mut subscriber = server.client("a.test");
    subscriber.get("/sub/x");
    subscriber.read_until("\r\n\r\n");
    let serial = |client: &Client| client.stream.conn.peer_certificates().unwrap()[0].to_vec();
    let before = serial(&subscriber);
    server.authority.write(server.folder.path(), "a.test", "a");
    server.reload().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while serial(&server.client("a.test")) == before {
        assert!(Instant::now() < deadline);
    }
    server.publish("x", b"still there");
    subscriber.read_until("still there");

    fs::write(server.folder.path().join("a.pem"), "nothing").unwrap();
    let error = server.reload().err().unwrap().to_string();
    assert!(error.contains("/a.pem\": PEM_read_bio_X509_AUX() failed"), "{error}");
    server.publish("x", b"as before");
    subscriber.read_until("as before");
}

#[test]
fn files_that_cannot_be_used() {
    let server = Fixture::simple("");
    let check = |directives: &str, expected: &str| {
        let text = format!("server {{ listen 127.0.0.1:{{{{port}}}} ssl; {directives} }}");
        let settings = settings(&text, server.port, &server.folder);
        let error = outpour_server::check_certificates(&settings).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let folder = server.folder.path();
    fs::write(folder.join("none.pem"), "").unwrap();
    check(
        "ssl_certificate {{dir}}/no.pem; ssl_certificate_key {{dir}}/a.key;",
        "no.pem\": BIO_new_file() failed (SSL: error:80000002:system library::No such file or \
         directory:calling fopen(",
    );
    check(
        "ssl_certificate {{dir}}/a.pem; ssl_certificate_key {{dir}}/no.key;",
        "cannot load certificate key \"",
    );
    check(
        "ssl_certificate {{dir}}/a.pem; ssl_certificate_key {{dir}}/b.key;",
        "b.key\") failed (SSL: error:05800074:x509 certificate routines::key values mismatch)",
    );
    check(
        "ssl_certificate {{dir}}/none.pem; ssl_certificate_key {{dir}}/a.key;",
        "PEM_read_bio_X509_AUX() failed (SSL: error:0480006C:PEM routines::no start line",
    );
    check(
        "ssl_certificate {{dir}}/a.pem; ssl_certificate_key {{dir}}/a.key; ssl_verify_client on; \
         ssl_client_certificate {{dir}}/none.pem;",
        "SSL_CTX_load_verify_locations(\"",
    );
    let pair = "ssl_certificate {{dir}}/a.pem; ssl_certificate_key {{dir}}/a.key;";
    let verify = "ssl_verify_client on; ssl_client_certificate {{dir}}/ca.pem;";
    for file in ["none.pem", "a.pem", "no.pem"] {
        let text = format!("{pair} {verify} ssl_crl {{{{dir}}}}/{file};");
        check(&text, &format!("/{file}\") failed ("));
    }
    fs::write(folder.join("locked.key"), ENCRYPTED).unwrap();
    fs::write(folder.join("passwords"), "\nwrong\r\nsecret\r\n").unwrap();
    let locked = "ssl_certificate {{dir}}/a.pem; ssl_certificate_key {{dir}}/locked.key;";
    check(locked, "locked.key\": PEM_read_bio_PrivateKey() failed (the key is encrypted, and");
    let with = |file: &str| format!("{locked} ssl_password_file {{{{dir}}}}/{file};");
    check(&with("no"), "/no\" failed (2: No such file or directory)");
    check(&with("a.pem"), "no password of ssl_password_file opens the key: bad decrypt");
    // It is opened; only then can be seen that it is another certificate's.
    check(&with("passwords"), "routines::key values mismatch");
}

/// A key with the password "secret".
const ENCRYPTED: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhIUtmP4+uguQICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEIwPhqLNz2wRPpZKcs7dussEgZC5
59W0tTJetMZnYmkNVIcJy14hun/aFWEjrvTdkmMM4OuvFEIxJod8QghI5SUODAsC
w1aJDY7noQ6e1v5gOnOL76S5LvLk9q8Mt5UvBgKzFWoAjAHVcXV5h1wVRqsaqcMC
sgxiu5BtGDjmoolFCVFt83gqwUogRHQprqIr3zFMrS8amxxF7jMw3q7zS1qklqc=
-----END ENCRYPTED PRIVATE KEY-----
";
