//! The head of a request as an upstream gets it.

use std::borrow::Cow;

use crate::settings::{ProxyRequest, ProxyVersion};
use crate::variables::Scope;
use crate::wire::http1::harmless;

/// What follows the head of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Nothing.
    None,
    /// So many bytes; 0 is said, too.
    Known(u64),
    /// Chunks. They are sent as HTTP/1.1, whatever `proxy_http_version` says.
    Chunked,
}

/// What the head told the upstream that matters for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Another protocol was asked for: 101 is an answer.
    pub upgrade: bool,
    /// The method was `HEAD`: there will be no body.
    pub head_only: bool,
    /// The method may not be sent twice (POST, LOCK, PATCH).
    pub unrepeatable: bool,
}

/// Headers that the server adds for an upstream, and with which others are not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtraHeaders {
    /// Names and values. Without any, nothing is left out either.
    pub lines: Vec<(Cow<'static, str>, Vec<u8>)>,
    /// The body is a row of WebSocket events.
    pub events: bool,
}

impl ExtraHeaders {
    /// Whether the client's header of that name is between it and the server.
    fn drops(&self, name: &[u8]) -> bool {
        let is = |known: &&str| name.eq_ignore_ascii_case(known.as_bytes());
        let begins = |b: &[u8]| name.get(..b.len()).is_some_and(|n| n.eq_ignore_ascii_case(b));
        const HTTP: [&str; 3] = ["accept-encoding", "content-encoding", "expect"];
        const EVENTS: [&str; 6] = [
            "accept",
            "connection-id",
            "content-type",
            "sec-websocket-extensions",
            "upgrade",
            "content-bytes-replayed",
        ];
        !self.lines.is_empty()
            && (begins(b"grip-")
                || HTTP.iter().any(is)
                || (self.events && (begins(b"meta-") || EVENTS.iter().any(is))))
    }

    /// Whether a header that the configuration sets would contradict the body.
    fn replaces(&self, name: &str) -> bool {
        const NAMES: [&str; 4] = ["connection", "upgrade", "accept", "content-type"];
        self.events && NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// Appends the head of the request that goes to an upstream under `target`.
///
/// First the headers that the configuration sets, then the client's without those that concern its
/// own connection (RFC 9110 7.6.1) or that the configuration sets. Framing is the server's
/// business: no header of anybody speaks of it. CR, LF and NUL in values become blanks.
pub fn request_head(
    settings: &ProxyRequest,
    scope: &Scope<'_>,
    target: &[u8],
    payload: Payload,
    extra: &ExtraHeaders,
    out: &mut Vec<u8>,
) -> Asked {
    out.reserve(scope.request.bytes.len() + 256);
    let method = method(settings, scope);
    out.extend_from_slice(&method);
    out.push(b' ');
    out.extend_from_slice(target);
    out.extend_from_slice(match (settings.version, payload) {
        (ProxyVersion::Http11, _) | (_, Payload::Chunked) => b" HTTP/1.1\r\n",
        (ProxyVersion::Http10, Payload::None | Payload::Known(_)) => b" HTTP/1.0\r\n",
    });
    let upgrade = own_headers(settings, scope, extra, out);
    for (name, value) in &extra.lines {
        line(name.as_bytes(), value, out);
    }
    match payload {
        Payload::None => {}
        Payload::Known(length) => {
            let mut digits = itoa::Buffer::new();
            line(b"Content-Length", digits.format(length).as_bytes(), out);
        }
        Payload::Chunked => line(b"Transfer-Encoding", b"chunked", out),
    }
    if settings.pass_headers {
        clients_headers(settings, scope, extra, out);
    }
    out.extend_from_slice(b"\r\n");
    Asked {
        upgrade,
        head_only: *method == *b"HEAD",
        unrepeatable: matches!(&*method, b"POST" | b"LOCK" | b"PATCH"),
    }
}

/// `proxy_method`, where that is one. A WebSocket is asked for with GET in HTTP/1.
fn method<'a>(settings: &'a ProxyRequest, scope: &Scope<'a>) -> Cow<'a, [u8]> {
    if scope.request.is_extended_connect() {
        return Cow::Borrowed(b"GET");
    }
    let is_token = |b: &u8| b.is_ascii_uppercase() || matches!(b, b'-' | b'_');
    let own = settings.method.as_ref().map(|method| method.evaluate(scope));
    own.filter(|method| !method.is_empty() && method.iter().all(is_token))
        .unwrap_or(Cow::Borrowed(scope.request.method_text()))
}

/// The headers that the configuration sets; whether another protocol is asked for.
fn own_headers(
    settings: &ProxyRequest,
    scope: &Scope<'_>,
    extra: &ExtraHeaders,
    out: &mut Vec<u8>,
) -> bool {
    let mut upgrade = false;
    for header in settings.headers.iter().filter(|header| !is_framing(header.name.as_bytes())) {
        if extra.replaces(&header.name) {
            continue;
        }
        let value = header.value.evaluate(scope);
        if !value.is_empty() {
            line(header.name.as_bytes(), &value, out);
            upgrade |= header.name.eq_ignore_ascii_case("upgrade");
        }
    }
    upgrade
}

fn clients_headers(
    settings: &ProxyRequest,
    scope: &Scope<'_>,
    extra: &ExtraHeaders,
    out: &mut Vec<u8>,
) {
    let request = scope.request;
    let connection = request.header("connection").unwrap_or_default();
    for (name, value) in &request.headers {
        let (name, value) = (&request.bytes[name.clone()], &request.bytes[value.clone()]);
        let replaced =
            || settings.headers.iter().any(|h| h.name.as_bytes().eq_ignore_ascii_case(name));
        if extra.drops(name) {
            continue;
        }
        if !is_framing(name) && !is_hop(name) && !is_named(connection, name) && !replaced() {
            line(name, value, out);
        }
    }
}

fn is_framing(name: &[u8]) -> bool {
    matches!(name.len(), 14 | 17)
        && (name.eq_ignore_ascii_case(b"content-length")
            || name.eq_ignore_ascii_case(b"transfer-encoding"))
}

/// Whether a header concerns nobody but the two ends of a connection. `Upgrade` is among the names
/// that the configuration sets, by default to nothing.
pub(super) fn is_hop(name: &[u8]) -> bool {
    match name.len() {
        2 => name.eq_ignore_ascii_case(b"te"),
        7 => name.eq_ignore_ascii_case(b"trailer"),
        10 => name.eq_ignore_ascii_case(b"connection") || name.eq_ignore_ascii_case(b"keep-alive"),
        16 => name.eq_ignore_ascii_case(b"proxy-connection"),
        17 => name.eq_ignore_ascii_case(b"transfer-encoding"),
        _ => false,
    }
}

/// Whether `Connection` with this value names the header.
pub(super) fn is_named(connection: &[u8], name: &[u8]) -> bool {
    !connection.is_empty()
        && connection.split(|b| *b == b',').any(|n| n.trim_ascii().eq_ignore_ascii_case(name))
}

fn line(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    harmless(value, out);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::ProxyHeader;
    use crate::variables::tests::Fixture;
    use crate::variables::{Expression, Variable};

    fn settings(version: ProxyVersion, headers: &[(&str, &str)]) -> ProxyRequest {
        let value = |text: &str| match text.strip_prefix('$') {
            Some(name) => Expression::variable(Variable::parse(name).unwrap()),
            None => Expression::literal(text.as_bytes()),
        };
        let headers =
            headers.iter().map(|(n, v)| ProxyHeader { name: (*n).into(), value: value(v) });
        ProxyRequest {
            version,
            method: None,
            headers: headers.collect(),
            pass_headers: true,
            pass_body: true,
            body: None,
            buffering: true,
        }
    }

    /// `|` is CR LF.
    fn check(settings: &ProxyRequest, request: &str, payload: Payload, expected: &str) -> Asked {
        let fixture = Fixture::new(request);
        let mut out = Vec::new();
        let asked = request_head(
            settings,
            &fixture.scope(),
            b"/t",
            payload,
            &ExtraHeaders::default(),
            &mut out,
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected.replace('|', "\r\n"));
        asked
    }

    const DEFAULTS: [(&str, &str); 6] = [
        ("Host", "app"),
        ("Connection", "close"),
        ("TE", ""),
        ("Keep-Alive", ""),
        ("Expect", ""),
        ("Upgrade", ""),
    ];

    #[test]
    fn the_clients_connection_is_its_own() {
        let settings = settings(ProxyVersion::Http10, &DEFAULTS);
        let request = "POST /x HTTP/1.1\nHost: me\nConnection: keep-alive, X-Secret\nKeep-Alive: 1\n\
                       TE: trailers\nExpect: 100-continue\nUpgrade: h2c\nX-Secret: s\nAccept: */*\n\
                       Content-Length: 3\nCookie: a=b\nProxy-Connection: close\nTrailer: X\n\n";
        let asked = check(
            &settings,
            request,
            Payload::Known(3),
            "POST /t HTTP/1.0|Host: app|Connection: close|Content-Length: 3|Accept: */*|\
             Cookie: a=b||",
        );
        assert_eq!(asked, Asked { upgrade: false, head_only: false, unrepeatable: true });
    }

    #[test]
    fn upgrades_are_asked_for_by_configuration() {
        let headers = [("Upgrade", "$http_upgrade"), ("Connection", "upgrade"), ("Host", "app")];
        let settings = settings(ProxyVersion::Http11, &headers);
        let request = "GET /x HTTP/1.1\nHost: me\nConnection: Upgrade\nUpgrade: websocket\n\
                       Sec-WebSocket-Key: k\n\n";
        let asked = check(
            &settings,
            request,
            Payload::None,
            "GET /t HTTP/1.1|Upgrade: websocket|Connection: upgrade|Host: app|\
             Sec-WebSocket-Key: k||",
        );
        assert!(asked.upgrade);
        let plain = "GET /x HTTP/1.1\nHost: me\n\n";
        let asked = check(
            &settings,
            plain,
            Payload::None,
            "GET /t HTTP/1.1|Connection: upgrade|Host: app||",
        );
        assert!(!asked.upgrade);
    }

    #[test]
    fn framing_is_nobody_elses_business() {
        let headers =
            [("Content-Length", "9"), ("transfer-encoding", "chunked"), ("Host", "a\r\nb")];
        let settings = settings(ProxyVersion::Http10, &headers);
        let request = "PUT /x HTTP/1.1\nHost: me\nTransfer-Encoding: chunked\n\n";
        check(
            &settings,
            request,
            Payload::Known(0),
            "PUT /t HTTP/1.0|Host: a  b|Content-Length: 0||",
        );
        check(
            &settings,
            request,
            Payload::Chunked,
            "PUT /t HTTP/1.1|Host: a  b|Transfer-Encoding: chunked||",
        );
    }

    #[test]
    fn added_headers_keep_others_back() {
        let headers = [("Connection", "upgrade"), ("Upgrade", "$http_upgrade"), ("X-Own", "o")];
        let settings = settings(ProxyVersion::Http11, &headers);
        let request = "GET /x HTTP/1.1\nHost: me\nGrip-Sig: forged\nAccept-Encoding: gzip\n\
                       Accept: */*\nMeta-User: forged\nUpgrade: websocket\nCookie: c\n\n";
        let fixture = Fixture::new(request);
        let head = |events: bool| {
            let lines = vec![("Grip-Sig".into(), b"s".to_vec())];
            let (extra, mut out) = (ExtraHeaders { lines, events }, Vec::new());
            let scope = fixture.scope();
            let asked = request_head(&settings, &scope, b"/t", Payload::None, &extra, &mut out);
            (String::from_utf8(out).unwrap().replace("\r\n", "|"), asked.upgrade)
        };
        let (http, upgrade) = head(false);
        assert_eq!(
            http,
            "GET /t HTTP/1.1|Connection: upgrade|Upgrade: websocket|X-Own: o|Grip-Sig: s|\
             Host: me|Accept: */*|Meta-User: forged|Cookie: c||"
        );
        assert!(upgrade);
        let expected = "GET /t HTTP/1.1|X-Own: o|Grip-Sig: s|Host: me|Cookie: c||";
        assert_eq!(head(true), (expected.to_owned(), false));
    }

    #[test]
    fn another_method_and_no_headers() {
        let mut settings = settings(ProxyVersion::Http11, &[]);
        settings.pass_headers = false;
        settings.method = Some(Expression::literal(*b"HEAD"));
        let asked =
            check(&settings, "GET /x HTTP/1.1\nHost: a\n\n", Payload::None, "HEAD /t HTTP/1.1||");
        assert!(asked.head_only);
        settings.method = Some(Expression::literal(*b"GET / HTTP/1.1"));
        check(&settings, "PUT /x HTTP/1.1\nHost: a\n\n", Payload::None, "PUT /t HTTP/1.1||");
    }
}
