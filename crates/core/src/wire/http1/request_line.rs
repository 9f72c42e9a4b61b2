//! The first line of a request: method, target, version.

use std::ops::Range;

use super::{Rejection, host};
use crate::request::{Method, Version};

/// A request line; ranges count from the beginning of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestLine {
    pub method: Method,
    pub method_text: Range<usize>,
    /// Path and query as received; without scheme and authority.
    pub target: Range<usize>,
    /// `host[:port]` of a target in absolute form.
    pub authority: Option<Range<usize>>,
    pub version: Version,
}

/// Takes a line without its CR LF apart.
///
/// One blank between the parts, as RFC 9112 3 has it: more of them are read differently by
/// different servers.
pub(super) fn parse(line: &[u8]) -> Result<RequestLine, Rejection> {
    let method_end = memchr::memchr(b' ', line).ok_or(INVALID)?;
    let method = method(&line[..method_end])?;
    let target_start = method_end + 1;
    let target_len = memchr::memchr(b' ', &line[target_start..]).ok_or(INVALID)?;
    let target_end = target_start + target_len;
    let version = version(&line[target_end + 1..])?;
    check_method(&line[..method_end])?;
    let (authority, target) = split_target(line, target_start..target_end, method)?;
    Ok(RequestLine { method, method_text: 0..method_end, target, authority, version })
}

/// Refuses the beginning of a line that cannot become a request, TLS on a plain port for one.
pub(super) fn check_beginning(part: &[u8]) -> Result<(), Rejection> {
    let token = part.split(|b| *b == b' ').next().unwrap_or_default();
    // A CR may be the first half of an empty line.
    if part == b"\r" || token.iter().all(|b| is_method_byte(*b)) {
        return Ok(());
    }
    Err(Rejection::bad("client sent invalid method"))
}

const INVALID: Rejection = Rejection::bad("client sent invalid request line");

/// Methods consist of upper case letters, `-` and `_`, as in nginx.
pub(in crate::wire) fn method(token: &[u8]) -> Result<Method, Rejection> {
    Ok(match token {
        b"GET" => Method::Get,
        b"HEAD" => Method::Head,
        b"POST" => Method::Post,
        b"PUT" => Method::Put,
        b"DELETE" => Method::Delete,
        b"OPTIONS" => Method::Options,
        b"" => return Err(Rejection::bad("client sent invalid method")),
        other if other.iter().all(|b| is_method_byte(*b)) => Method::Other,
        _ => return Err(Rejection::bad("client sent invalid method")),
    })
}

fn is_method_byte(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'-' | b'_')
}

/// Refuses what only proxies and diagnosis need, as nginx does.
pub(in crate::wire) fn check_method(token: &[u8]) -> Result<(), Rejection> {
    match token {
        b"CONNECT" => Err(Rejection::with(405, "client sent CONNECT method")),
        b"TRACE" => Err(Rejection::with(405, "client sent TRACE method")),
        _ => Ok(()),
    }
}

/// `HTTP/1.0`, or `HTTP/1.1` and later ones of major version 1.
fn version(text: &[u8]) -> Result<Version, Rejection> {
    let number = text.strip_prefix(b"HTTP/").ok_or(INVALID)?;
    match number {
        b"1.1" => Ok(Version::Http11),
        b"1.0" => Ok(Version::Http10),
        [b'1', b'.', b'2'..=b'9'] => Ok(Version::Http11),
        [b'2'..=b'9', b'.', b'0'..=b'9'] => {
            Err(Rejection::with(505, "client sent invalid version of HTTP"))
        }
        _ => Err(Rejection::bad("client sent invalid version of HTTP")),
    }
}

/// The authority (absolute form only) and the rest of the target.
fn split_target(
    line: &[u8],
    at: Range<usize>,
    method: Method,
) -> Result<(Option<Range<usize>>, Range<usize>), Rejection> {
    let target = &line[at.clone()];
    // Looks at every byte, so that many are looked at at once.
    if target.iter().fold(false, |found, b| found | (*b <= 0x20) | (*b == 0x7f)) {
        return Err(Rejection::bad("client sent control characters in its target"));
    }
    match target {
        [b'/', ..] => Ok((None, at)),
        b"*" if method == Method::Options => Ok((None, at)),
        _ => {
            let scheme = scheme_len(target).ok_or(INVALID)?;
            let rest = &target[scheme..];
            let len = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#'));
            let authority = &rest[..len.unwrap_or(rest.len())];
            host::parse(authority)?;
            let start = at.start + scheme;
            let end = start + authority.len();
            Ok((Some(start..end), end..at.end))
        }
    }
}

/// Length of `http://` or `https://` at the beginning.
fn scheme_len(target: &[u8]) -> Option<usize> {
    let schemes = [&b"http://"[..], b"https://"];
    schemes
        .iter()
        .map(|s| s.len())
        .zip(schemes)
        .find_map(|(len, scheme)| target.get(..len)?.eq_ignore_ascii_case(scheme).then_some(len))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<(Method, &str, Option<&str>, Version), u16>) {
        let parsed = parse(line.as_bytes());
        let found = parsed.as_ref().map_err(|r| r.status).map(|l| {
            (l.method, &line[l.target.clone()], l.authority.clone().map(|a| &line[a]), l.version)
        });
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn methods_and_versions() {
        check("GET / HTTP/1.1", Ok((Method::Get, "/", None, Version::Http11)));
        check("HEAD /a?b HTTP/1.0", Ok((Method::Head, "/a?b", None, Version::Http10)));
        check("POST /p HTTP/1.9", Ok((Method::Post, "/p", None, Version::Http11)));
        check("M-SEARCH /p HTTP/1.1", Ok((Method::Other, "/p", None, Version::Http11)));
        check("MOVE_IT /p HTTP/1.1", Ok((Method::Other, "/p", None, Version::Http11)));
        check("PUT /é HTTP/1.1", Ok((Method::Put, "/é", None, Version::Http11)));
        check(
            "DELETE /\"<>|{}` HTTP/1.1",
            Ok((Method::Delete, "/\"<>|{}`", None, Version::Http11)),
        );
    }

    #[test]
    fn absolute_targets() {
        let http11 = Version::Http11;
        check(
            "POST http://localhost/pub?id=ch1 HTTP/1.1",
            Ok((Method::Post, "/pub?id=ch1", Some("localhost"), http11)),
        );
        check("GET HTTPS://a:8443/x HTTP/1.1", Ok((Method::Get, "/x", Some("a:8443"), http11)));
        check("GET http://[::1]:80 HTTP/1.1", Ok((Method::Get, "", Some("[::1]:80"), http11)));
        check("GET http://a?x HTTP/1.1", Ok((Method::Get, "?x", Some("a"), http11)));
        check("GET http:// HTTP/1.1", Err(400));
        check("GET http:///x HTTP/1.1", Err(400));
        check("GET http://u@h/ HTTP/1.1", Err(400));
        check("GET ftp://h/ HTTP/1.1", Err(400));
        check("GET a/b HTTP/1.1", Err(400));
    }

    #[test]
    fn star_and_connect() {
        check("OPTIONS * HTTP/1.1", Ok((Method::Options, "*", None, Version::Http11)));
        check("GET * HTTP/1.1", Err(400));
        check("OPTIONS *a HTTP/1.1", Err(400));
        check("CONNECT a:443 HTTP/1.1", Err(405));
        check("TRACE / HTTP/1.1", Err(405));
    }

    #[test]
    fn lines_that_are_refused() {
        for line in [
            "",
            " ",
            "GET",
            "GET /",
            "GET / ",
            "GET  / HTTP/1.1",
            "GET /  HTTP/1.1",
            "GET / HTTP/1.1 ",
            " GET / HTTP/1.1",
            "GET\t/ HTTP/1.1",
            "GET /a b HTTP/1.1",
            "GET /a\tb HTTP/1.1",
            "GET /a\0b HTTP/1.1",
            "GET /a\x7fb HTTP/1.1",
            "GET /a\rb HTTP/1.1",
            "get / HTTP/1.1",
            "G(T / HTTP/1.1",
            "GÉT / HTTP/1.1",
            "GET / http/1.1",
            "GET / HTTP/1",
            "GET / HTTP/1.",
            "GET / HTTP/1.10",
            "GET / HTTP/01.1",
            "GET / HTTP/0.9",
            "GET / HTTP/x.y",
            "GET / HTTPS/1.1",
        ] {
            check(line, Err(400));
        }
        check("GET / HTTP/2.0", Err(505));
        check("PRI * HTTP/2.0", Err(505));
        check("GET / HTTP/3.1", Err(505));
    }
}
