//! Certificates of clients.

use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::authority::Authority;
use crate::client::{Client, Identity, config};
use crate::fixture::Fixture;

const VERIFY: &str = "
    server { listen 127.0.0.1:{{port}} ssl; server_name a.test; ssl_certificate {{dir}}/a.pem;
        ssl_certificate_key {{dir}}/a.key; {{locations}} }
    server { listen 127.0.0.1:{{port}} ssl; server_name b.test; ssl_certificate {{dir}}/b.pem;
        ssl_certificate_key {{dir}}/b.key; ssl_client_certificate {{dir}}/ca.pem;
        ssl_verify_client {{verify}}; {{locations}} }";

fn server(verify: &str) -> Fixture {
    Fixture::new(&VERIFY.replace("{{verify}}", verify))
}

/// The answer for `host` to a client that asked for `name` and shows `identity`.
fn answer(server: &Fixture, name: &str, host: &str, identity: Option<Identity>) -> String {
    let config = config(&server.authority, identity);
    let mut client = Client::connect(server.address(), name, config).unwrap();
    let head = format!("GET /vars HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    client.send(head.as_bytes());
    client.read_to_end()
}

fn check(answer: &str, status: &str, text: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    assert!(answer.contains(text), "{answer}");
}

#[test]
fn required() {
    let server = server("on");
    let good = || Some(server.authority.identity("client.test"));
    let bad = || Some(Authority::new("others").identity("client.test"));
    let served = "TLSv1.3 b.test SUCCESS . CN=client.test,O=A\\, B|CN=tests|";
    check(&answer(&server, "b.test", "b.test", good()), "200", served);
    let missing = "<center>No required SSL certificate was sent</center>";
    check(&answer(&server, "b.test", "b.test", None), "400", missing);
    let wrong = "<center>The SSL certificate error</center>";
    check(&answer(&server, "b.test", "b.test", bad()), "400", wrong);
    // The name in the handshake does not open another server's door.
    check(&answer(&server, "a.test", "b.test", good()), "421", "Misdirected");
    check(&answer(&server, "a.test", "a.test", None), "200", "NONE");
}

#[test]
fn optional() {
    let server = server("optional");
    let good = Some(server.authority.identity("client.test"));
    let bad = Some(Authority::new("others").identity("client.test"));
    check(&answer(&server, "b.test", "b.test", good), "200", "SUCCESS");
    check(&answer(&server, "b.test", "b.test", None), "200", "NONE");
    check(&answer(&server, "b.test", "b.test", bad), "400", "The SSL certificate error");
}

#[test]
fn authorities_between() {
    for (depth, status, text) in [
        ("", "200", "SUCCESS"),
        ("; ssl_verify_depth 1", "200", "SUCCESS"),
        ("; ssl_verify_depth 0", "400", "The SSL certificate error"),
    ] {
        let server = server(&format!("on{depth}"));
        let between = server.authority.subordinate("between");
        let (mut chain, key) = between.identity("client.test");
        chain.push(CertificateDer::from_pem_slice(between.pem.as_bytes()).unwrap());
        check(&answer(&server, "b.test", "b.test", Some((chain, key))), status, text);
    }
}

#[test]
fn authorities_that_clients_are_not_told() {
    let directives = VERIFY.replace("ssl_client_certificate", "ssl_trusted_certificate");
    let server = Fixture::new(&directives.replace("{{verify}}", "on"));
    let good = Some(server.authority.identity("client.test"));
    let bad = Some(Authority::new("others").identity("client.test"));
    check(&answer(&server, "b.test", "b.test", good), "200", "SUCCESS");
    check(&answer(&server, "b.test", "b.test", bad), "400", "The SSL certificate error");
}

#[test]
fn revoked() {
    let server = server("optional; ssl_crl {{dir}}/crl.pem");
    // The workers get the new list one after the other.
    let until = |list: String, expected: &str| {
        std::fs::write(server.folder.path().join("crl.pem"), list).unwrap();
        server.reload().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let good = Some(server.authority.identity("client.test"));
            let answer = answer(&server, "b.test", "b.test", good);
            let log = std::fs::read_to_string(server.folder.path().join("error.log")).unwrap();
            if answer.contains(expected) || log.contains(expected) {
                return;
            }
            assert!(Instant::now() < deadline, "{expected}: {answer} {log}");
        }
    };
    let list = |names: &[&str], outdated| server.authority.revocations(names, outdated);
    until(list(&["other.test"], false), "HTTP/1.1 200 OK");
    until(list(&["client.test"], false), "verify error: (certificate revoked)");
    until(list(&[], true), "verify error: (CRL has expired)");
    let others = Authority::new("others").revocations(&[], false);
    until(others, "verify error: (unable to get certificate CRL)");
    until(list(&[], false), "HTTP/1.1 200 OK");
}

#[test]
fn a_resumed_session_is_looked_at_again() {
    let server = server("on");
    let config = config(&server.authority, Some(server.authority.identity("client.test")));
    for reused in [".", "r"] {
        let mut client = Client::connect(server.address(), "b.test", config.clone()).unwrap();
        client.send(b"GET /vars HTTP/1.1\r\nHost: b.test\r\n\r\n");
        client.read_until(&format!("SUCCESS {reused} "));
        client.read_until("|b.test");
    }
}

#[test]
fn upstreams_are_asked_over_tls_and_unix_sockets() {
    let fixture = Fixture::new(
        "server { listen 127.0.0.1:{{port}} ssl; server_name a.test; ssl_certificate {{dir}}/a.pem; \
           ssl_certificate_key {{dir}}/a.key; {{locations}} } \
         upstream inner { server 127.0.0.1:{{port}}; keepalive 2; } \
         server { listen unix:{{dir}}/front; proxy_http_version 1.1; proxy_set_header Connection \"\"; \
           proxy_set_header Host a.test; proxy_ssl_server_name on; proxy_ssl_name a.test; \
           proxy_ssl_trusted_certificate {{dir}}/ca.pem; \
           location /good/ { proxy_pass https://inner/; proxy_ssl_verify on; } \
           location /bad/ { proxy_pass https://inner/; proxy_ssl_verify on; proxy_ssl_name b.test; } \
           location /any/ { proxy_pass https://inner/; proxy_ssl_name b.test; proxy_ssl_server_name off; } } \
         server { listen unix:{{dir}}/outer; \
           location / { proxy_pass http://unix:{{dir}}/front:/good/; } }",
    );
    let ask = |socket: &str, path: &str| {
        use std::io::{Read, Write};
        let path = format!("GET {path} HTTP/1.0\r\n\r\n");
        let mut stream =
            std::os::unix::net::UnixStream::connect(fixture.folder.path().join(socket)).unwrap();
        stream.write_all(path.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    for _ in 0..3 {
        let answer = ask("front", "/good/vars");
        assert!(
            answer.starts_with("HTTP/1.1 200 ") && answer.contains("https on TLSv1.3 a.test"),
            "{answer}"
        );
    }
    assert!(ask("front", "/any/vars").contains("https on TLSv1.3  "), "any certificate");
    assert!(ask("front", "/bad/vars").starts_with("HTTP/1.1 502 "));
    assert!(ask("outer", "/vars").contains("https on TLSv1.3 a.test"));
    let log = std::fs::read_to_string(fixture.folder.path().join("error.log")).unwrap();
    assert!(log.contains("while SSL handshaking to upstream"), "{log}");
}
