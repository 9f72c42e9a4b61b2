//! The opening handshake as RFC 6455 has it, for applications.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::accept_key;
use crate::answer::{Answer, Body};
use crate::request::{Method, Request, Version};

/// Whether a request wants to become a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It does not.
    None,
    /// It does.
    Upgrade,
    /// It does, with another version than 13: to be answered with 426.
    OtherVersion,
}

/// What `request` wishes.
///
/// A `GET` of HTTP/1.1 whose `Connection` has the token `upgrade` and whose `Upgrade` has
/// `websocket`, with a key of 16 bytes; or an extended `CONNECT` of HTTP/2 (RFC 8441). Unlike
/// [`super::handshake`], which takes what nginx-push-stream-module takes.
#[must_use]
pub fn wish(request: &Request) -> Wish {
    let version = request.header("sec-websocket-version");
    if request.is_extended_connect() {
        return if matches!(version, Some(b"13") | None) {
            Wish::Upgrade
        } else {
            Wish::OtherVersion
        };
    }
    let asks = request.method == Method::Get
        && request.version == Version::Http11
        && has_token(request, "connection", b"upgrade")
        && has_token(request, "upgrade", b"websocket");
    match (asks, version) {
        (false, _) => Wish::None,
        (true, Some(b"13")) if request.header("sec-websocket-key").is_some_and(is_key) => {
            Wish::Upgrade
        }
        (true, Some(b"13")) => Wish::None,
        (true, _) => Wish::OtherVersion,
    }
}

/// The head of the answer that makes `request`, which wishes it, a WebSocket.
#[must_use]
pub fn accepted(request: &Request) -> Answer {
    if request.is_extended_connect() {
        return Answer { body: Body::Stream, ..Answer::new(200) };
    }
    let key = request.header("sec-websocket-key").unwrap_or_default();
    let answer = Answer::new(101)
        .with("Upgrade", &b"websocket"[..])
        .with("Connection", &b"Upgrade"[..])
        .with("Sec-WebSocket-Accept", accept_key(key).to_vec());
    Answer { body: Body::Upgrade, ..answer }
}

fn has_token(request: &Request, header: &str, token: &[u8]) -> bool {
    let tokens = request.header_values(header).flat_map(|value| value.split(|b| *b == b','));
    tokens.map(<[u8]>::trim_ascii).any(|found| found.eq_ignore_ascii_case(token))
}

fn is_key(key: &[u8]) -> bool {
    let mut bytes = [0; 18];
    key.len() == 24 && STANDARD.decode_slice(key, &mut bytes).is_ok_and(|length| length == 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ServerSettings;
    use crate::wire::http1::{Parsed, parse_head};

    const GOOD: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
                        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

    fn check(line: &str, headers: &str, expected: Wish) {
        let head = format!("{line}\r\nHost: a\r\n{headers}\r\n");
        let Ok(Parsed::Complete { request, .. }) =
            parse_head(head.as_bytes(), &ServerSettings::default())
        else {
            panic!("not a request: {head}");
        };
        assert_eq!(wish(&request), expected, "{line} {headers}");
        if expected == Wish::Upgrade {
            let accept = &b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="[..];
            assert_eq!(accepted(&request).header("sec-websocket-accept"), Some(accept));
        }
    }

    #[test]
    fn the_handshake_is_the_one_of_the_rfc() {
        check("GET / HTTP/1.1", GOOD, Wish::Upgrade);
        check("GET / HTTP/1.1", &GOOD.replace(", Upgrade", ", upgrade"), Wish::Upgrade);
        check("POST / HTTP/1.1", GOOD, Wish::None);
        check("HEAD / HTTP/1.1", GOOD, Wish::None);
        check("GET / HTTP/1.0", GOOD, Wish::None);
        check("GET / HTTP/1.1", "", Wish::None);
        check("GET / HTTP/1.1", &GOOD.replace(", Upgrade", ""), Wish::None);
        check("GET / HTTP/1.1", &GOOD.replace("WebSocket\r", "h2c\r"), Wish::None);
        check("GET / HTTP/1.1", &GOOD.replace("dGhl", "dGh"), Wish::None);
        check("GET / HTTP/1.1", &GOOD.replace("dGhlIHNh", "dGhlIHN\u{e9}"), Wish::None);
        check("GET / HTTP/1.1", &GOOD.replace("13", "8"), Wish::OtherVersion);
        check("GET / HTTP/1.1", &GOOD.replace("Version: 13", "Other: 1"), Wish::OtherVersion);
    }
}
