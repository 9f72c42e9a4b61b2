//! Other people's clients: curl and openssl.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::fixture::Fixture;

/// What a tool printed; `None` where it is not installed.
fn run(program: &str, arguments: &[&str], input: &[u8]) -> Option<String> {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.ok()?;
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input).unwrap();
    if !input.is_empty() {
        drop(stdin);
    }
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    Some(String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn curl_with_two_names_and_versions() {
    let server = Fixture::new(
        "server { listen 127.0.0.1:{{port}} ssl; server_name a.test; ssl_certificate
            {{dir}}/a.pem; ssl_certificate_key {{dir}}/a.key; {{locations}} }
         server { listen 127.0.0.1:{{port}} ssl; server_name b.test; ssl_protocols TLSv1.2;
            ssl_certificate {{dir}}/b.pem; ssl_certificate_key {{dir}}/b.key; {{locations}} }",
    );
    let authority = server.folder.path().join("ca.pem").display().to_string();
    for (name, version) in [("a.test", "TLSv1.3"), ("b.test", "TLSv1.2")] {
        let resolve = format!("{name}:{}:127.0.0.1", server.port);
        let url = format!("https://{name}:{}/vars", server.port);
        let arguments = ["-sS", "-m", "20", "--cacert", &authority, "--resolve", &resolve, &url];
        let Some(said) = run("curl", &arguments, b"") else { return };
        assert!(said.contains(&format!("https on {version} {name} NONE")), "{said}");
    }
}

#[test]
fn openssl_speaks_http_and_learns_the_protocol() {
    let server = Fixture::simple("");
    let address = server.address().to_string();
    let authority = server.folder.path().join("ca.pem").display().to_string();
    let check = |version: &str, expected: &str| {
        let arguments = [
            "s_client",
            "-connect",
            &address,
            "-servername",
            "a.test",
            "-CAfile",
            &authority,
            "-alpn",
            "h2,http/1.1",
            "-ign_eof",
            version,
        ];
        let request = b"GET /vars HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
        let Some(said) = run("openssl", &arguments, request) else { return };
        for text in ["Verify return code: 0 (ok)", "ALPN protocol: http/1.1", expected] {
            assert!(said.contains(text), "{said}");
        }
    };
    check("-tls1_3", "https on TLSv1.3 a.test");
    check("-tls1_2", "https on TLSv1.2 a.test");
}

#[test]
fn the_kind_of_key_follows_the_client() {
    let server = Fixture::simple("");
    let folder = server.folder.path().display().to_string();
    let (key, pem) = (format!("{folder}/rsa.key"), format!("{folder}/rsa.pem"));
    let arguments = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        &key,
        "-out",
        &pem,
        "-subj",
        "/CN=rsa.test",
    ];
    let Some(said) = run("openssl", &arguments, b"") else { return };
    assert!(server.folder.path().join("rsa.pem").exists(), "{said}");
    let server = server
        .with_directives("ssl_certificate {{dir}}/rsa.pem; ssl_certificate_key {{dir}}/rsa.key;");
    let address = server.address().to_string();
    for (schemes, name) in
        [("ecdsa_secp256r1_sha256", "a.test"), ("rsa_pss_rsae_sha256", "rsa.test")]
    {
        let arguments = ["s_client", "-connect", &address, "-ign_eof", "-sigalgs", schemes];
        let said = run("openssl", &arguments, b"GET /vars HTTP/1.0\r\n\r\n").unwrap();
        let subject = said.lines().find(|line| line.starts_with("subject=")).unwrap_or_default();
        assert!(subject.ends_with(&format!("CN = {name}")), "{said}");
    }
}
