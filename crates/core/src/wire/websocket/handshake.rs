//! The opening handshake.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use crate::answer::{Answer, Body};
use crate::request::{Method, Request};

/// What RFC 6455 4.2.2 puts behind the client's key.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// `Sec-WebSocket-Accept` for the value of `Sec-WebSocket-Key`, which may be any text.
#[must_use]
pub fn accept_key(key: &[u8]) -> [u8; 28] {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut accept = [b'='; 28];
    STANDARD.encode_slice(digest, &mut accept).expect("20 bytes become 28 of base64");
    accept
}

/// The 101 for a request to a WebSocket location.
///
/// As nginx-push-stream-module does, only the presence of `Connection`, `Upgrade` and
/// `Sec-WebSocket-Key` is looked at, HTTP/1.0 is accepted, and there are no sub-protocols. An
/// extension that is to be used has to be added, see [`super::accept_deflate`].
///
/// Over HTTP/2 (RFC 8441) the frames of the stream do what the headers do in HTTP/1: only the
/// version is looked at, and the answer is a 200.
///
/// # Errors
///
/// The answer that refuses the request: 405 for other methods than GET, after which the connection
/// closes; 400 for a missing header or a version that is neither 8 nor 13.
#[expect(clippy::result_large_err, reason = "both are answers and go the same way")]
pub fn handshake(request: &Request) -> Result<Answer, Answer> {
    if request.is_extended_connect() {
        return extended(request);
    }
    if request.method != Method::Get {
        let answer = Answer::new(405).with("Allow", &b"GET"[..]);
        return Err(Answer { close: true, ..answer });
    }
    let [Some(_), Some(_), Some(key), Some(version)] =
        ["Connection", "Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version"]
            .map(|name| request.header(name))
    else {
        return Err(Answer::refusal(
            400,
            "Don't have at least one of the mandatory headers: Connection, Upgrade, \
             Sec-WebSocket-Key and Sec-WebSocket-Version",
        ));
    };
    if !matches!(version, b"8" | b"13") {
        return Err(unsupported());
    }
    let answer = Answer::new(101)
        .uncached()
        .with("Upgrade", &b"WebSocket"[..])
        .with("Connection", &b"Upgrade"[..])
        .with("Sec-WebSocket-Accept", accept_key(key).to_vec());
    Ok(Answer { body: Body::Upgrade, ..answer })
}

#[expect(clippy::result_large_err, reason = "both are answers and go the same way")]
fn extended(request: &Request) -> Result<Answer, Answer> {
    match request.header("Sec-WebSocket-Version") {
        Some(b"8" | b"13") | None => {
            Ok(Answer { body: Body::Stream, ..Answer::new(200).uncached() })
        }
        Some(_) => Err(unsupported()),
    }
}

fn unsupported() -> Answer {
    let explain = "Version not supported. Supported versions: 8, 13";
    Answer::refusal(400, explain).with("Sec-WebSocket-Version", &b"8, 13"[..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ServerSettings;
    use crate::wire::http1::{Parsed, parse_head};
    use crate::wire::http2;

    const GOOD: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n\
                        Sec-WebSocket-Key: /mQoZf6pRiv8+6o72GncLQ==\r\nSec-WebSocket-Version: 13\r\n";

    fn answer(line: &str, headers: &str) -> Answer {
        let head = format!("{line}\r\nHost: a\r\n{headers}\r\n");
        let Ok(Parsed::Complete { request, .. }) =
            parse_head(head.as_bytes(), &ServerSettings::default())
        else {
            panic!("not a request: {head}");
        };
        handshake(&request).unwrap_or_else(|refusal| refusal)
    }

    fn check(line: &str, headers: &str, status: u16, header: (&str, &str)) {
        let answer = answer(line, headers);
        assert_eq!(answer.status, status, "{headers}");
        assert_eq!(answer.header(header.0), Some(header.1.as_bytes()), "{headers}");
    }

    #[test]
    fn keys_are_answered() {
        assert_eq!(&accept_key(b"/mQoZf6pRiv8+6o72GncLQ=="), b"RaIOIcQ6CBoc74B9EKdH0avYZnw=");
        assert_eq!(&accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn good_requests_are_upgraded() {
        let accept = ("Sec-WebSocket-Accept", "RaIOIcQ6CBoc74B9EKdH0avYZnw=");
        check("GET /ws/a HTTP/1.1", GOOD, 101, accept);
        check("GET /ws/a HTTP/1.0", GOOD, 101, accept);
        check("GET /ws/a HTTP/1.1", &GOOD.replace("13", "8"), 101, accept);
        let loose = GOOD.replace(": Upgrade", ": x").replace(": websocket", ": y");
        check("GET /ws/a HTTP/1.1", &loose, 101, accept);
        let names: Vec<_> = answer("GET /ws/a HTTP/1.1", GOOD)
            .headers
            .into_iter()
            .map(|(name, _)| name.into_owned())
            .collect();
        assert_eq!(
            names,
            ["Expires", "Cache-Control", "Upgrade", "Connection", "Sec-WebSocket-Accept"]
        );
    }

    /// What a WebSocket over HTTP/2 that names `version` is answered.
    fn check_extended(version: Option<&str>, status: u16) {
        let list = http2::HeaderList {
            method: b"CONNECT",
            authority: Some(b"a"),
            path: b"/ws/a",
            protocol: Some(b"websocket"),
            headers: version
                .iter()
                .map(|v| (&b"sec-websocket-version"[..], v.as_bytes()))
                .collect(),
            ends: false,
        };
        let request = http2::request(&list, &ServerSettings::default()).unwrap();
        let answer = handshake(&request).unwrap_or_else(|refusal| refusal);
        assert_eq!((answer.status, answer.header("Upgrade")), (status, None));
    }

    #[test]
    fn streams_of_http2_become_websockets() {
        check_extended(Some("13"), 200);
        check_extended(None, 200);
        check_extended(Some("14"), 400);
    }

    #[test]
    fn other_requests_are_refused() {
        check("POST /ws/a HTTP/1.1", GOOD, 405, ("Allow", "GET"));
        assert!(answer("POST /ws/a HTTP/1.1", GOOD).close);
        assert_eq!(answer("HEAD /ws/a HTTP/1.1", GOOD).header("Expires"), None);
        let explain = "Don't have at least one of the mandatory headers: Connection, Upgrade, \
                       Sec-WebSocket-Key and Sec-WebSocket-Version";
        for line in GOOD.split_inclusive("\r\n") {
            let without = GOOD.replace(line, "");
            check("GET /ws/a HTTP/1.1", &without, 400, ("X-Nginx-PushStream-Explain", explain));
        }
        for version in ["7", "14", "x", "", "13, 8", "013"] {
            let other = GOOD.replace("13", version);
            check("GET /ws/a HTTP/1.1", &other, 400, ("Sec-WebSocket-Version", "8, 13"));
            let explain = "Version not supported. Supported versions: 8, 13";
            check("GET /ws/a HTTP/1.1", &other, 400, ("X-Nginx-PushStream-Explain", explain));
        }
    }
}
