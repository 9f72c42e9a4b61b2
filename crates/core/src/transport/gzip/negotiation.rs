//! Whether a client gets an answer compressed, by nginx's rules.

use crate::request::{Request, Version};
use crate::settings::Gzip;

/// The level at which an answer to `request` is compressed; `None` if it is sent as it is.
///
/// `content_type` is the answer's, with parameters; `length` the body's in bytes, where it is
/// known. Only 200, 403 and 404 are compressed, as in nginx.
#[must_use]
pub fn level(
    settings: &Gzip,
    request: &Request,
    status: u16,
    content_type: &[u8],
    length: Option<usize>,
) -> Option<u32> {
    let wanted = eligible(settings, status, content_type, length) && acceptable(settings, request);
    wanted.then_some(settings.level)
}

/// Whether an answer would be compressed for a client that takes it so; see [`level`].
#[must_use]
pub fn eligible(settings: &Gzip, status: u16, content_type: &[u8], length: Option<usize>) -> bool {
    settings.on
        && matches!(status, 200 | 403 | 404)
        && length.is_none_or(|length| length >= settings.min_length)
        && type_listed(settings, content_type)
}

/// Whether a client takes compressed answers: its version, `Via` and `Accept-Encoding` allow it.
#[must_use]
pub fn acceptable(settings: &Gzip, request: &Request) -> bool {
    (settings.http10 || request.version >= Version::Http11)
        && (settings.proxied || request.header("Via").is_none())
        && request.header("Accept-Encoding").is_some_and(accepted)
}

fn type_listed(settings: &Gzip, content_type: &[u8]) -> bool {
    let end = content_type.iter().position(|byte| *byte == b';').unwrap_or(content_type.len());
    let plain = content_type[..end].trim_ascii();
    settings.types.iter().any(|listed| **listed == *b"*" || listed.eq_ignore_ascii_case(plain))
}

/// Whether a value of `Accept-Encoding` takes gzip: it names gzip, and not with a weight of zero.
/// `*` does not count, as in nginx.
#[must_use]
pub fn accepted(accept_encoding: &[u8]) -> bool {
    accept_encoding.split(|byte| *byte == b',').any(|coding| {
        let mut words = coding.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let name = words.next().unwrap_or_default();
        name.eq_ignore_ascii_case(b"gzip") && !words.any(is_zero_weight)
    })
}

/// Whether a parameter is `q=0`, `q=0.000` or the like.
fn is_zero_weight(parameter: &[u8]) -> bool {
    let [b'q' | b'Q', b'=', weight @ ..] = parameter else { return false };
    weight.first() == Some(&b'0') && weight.iter().all(|byte| matches!(byte, b'0' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(accept_encoding: &str, expected: bool) {
        assert_eq!(accepted(accept_encoding.as_bytes()), expected, "{accept_encoding}");
    }

    #[test]
    fn gzip_must_be_named_and_weigh_something() {
        check("gzip", true);
        check("gzip, deflate, br", true);
        check("deflate,GZIP;q=0.5", true);
        check("br, gzip ; q=1", true);
        check("gzip;q=0", false);
        check("gzip; q=0.000", false);
        check("gzip;q=0.001", true);
        check("x-gzip", false);
        check("*", false);
        check("", false);
    }

    fn settings() -> Gzip {
        Gzip {
            on: true,
            types: vec![Box::from(*b"text/html")],
            min_length: 20,
            level: 4,
            http10: false,
            vary: false,
            proxied: false,
        }
    }

    fn request(version: Version, headers: &str) -> Request {
        let mut ranges = Vec::new();
        let mut at = 0;
        for line in headers.split_inclusive('\n') {
            let colon = at + line.find(": ").unwrap();
            ranges.push((at..colon, colon + 2..at + line.trim_end().len()));
            at += line.len();
        }
        Request {
            bytes: headers.into(),
            method: crate::request::Method::Get,
            method_text: 0..0,
            target: 0..0,
            args: 0..0,
            path: b"/".to_vec(),
            version,
            host: Vec::new(),
            headers: ranges,
            body: crate::request::BodyLength::None,
            keep_alive: true,
            expects_continue: false,
        }
    }

    #[test]
    fn settings_and_request_must_agree() {
        let html = b"text/html; charset=utf-8";
        let modern = request(Version::Http11, "Accept-Encoding: gzip\n");
        assert_eq!(level(&settings(), &modern, 200, html, None), Some(4));
        assert_eq!(level(&settings(), &modern, 304, html, None), None);
        assert_eq!(level(&settings(), &modern, 200, b"text/plain", None), None);
        assert_eq!(level(&settings(), &modern, 200, html, Some(19)), None);
        assert_eq!(level(&settings(), &modern, 200, html, Some(20)), Some(4));
        assert_eq!(level(&Gzip { on: false, ..settings() }, &modern, 200, html, None), None);
        let all = Gzip { types: vec![Box::from(*b"*")], ..settings() };
        assert_eq!(level(&all, &modern, 200, b"text/plain", None), Some(4));
    }

    #[test]
    fn old_and_proxied_clients_want_a_directive() {
        let old = request(Version::Http10, "Accept-Encoding: gzip\n");
        assert_eq!(level(&settings(), &old, 200, b"text/html", None), None);
        let http10 = Gzip { http10: true, ..settings() };
        assert_eq!(level(&http10, &old, 200, b"text/html", None), Some(4));
        let via = request(Version::Http11, "Accept-Encoding: gzip\nVia: 1.1 proxy\n");
        assert_eq!(level(&settings(), &via, 200, b"text/html", None), None);
        let proxied = Gzip { proxied: true, ..settings() };
        assert_eq!(level(&proxied, &via, 200, b"text/html", None), Some(4));
    }
}
