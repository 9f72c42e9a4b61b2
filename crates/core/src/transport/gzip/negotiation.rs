//! Whether a client gets an answer compressed, by nginx's rules.

use crate::answer::Header;
use crate::request::{Request, Version};
use crate::settings::{Gzip, GzipDisable, GzipProxied};
use crate::wire::http_date;

/// What `gzip_proxied` looks at in an answer.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// Its headers.
    pub headers: &'a [Header],
    /// The time, seconds since 1970.
    pub unix: u64,
}

impl Told<'_> {
    /// An answer that says nothing about caches, or none that is known yet.
    pub const NOTHING: Self = Self { headers: &[], unix: 0 };

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let mine = self.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name));
        mine.map(|(_, value)| &**value)
    }

    fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }
}

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
    told: Told<'_>,
) -> Option<u32> {
    let wanted =
        eligible(settings, status, content_type, length) && acceptable(settings, request, told);
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

/// Whether a client takes compressed answers: its version, its name, `Via` and `Accept-Encoding`
/// allow it.
#[must_use]
pub fn acceptable(settings: &Gzip, request: &Request, told: Told<'_>) -> bool {
    (settings.http10 || request.version >= Version::Http11)
        && request.header("Accept-Encoding").is_some_and(accepted)
        && (request.header("Via").is_none()
            || settings.proxied.is_some_and(|words| through_proxy(words, request, told)))
        && settings.disable.as_ref().is_none_or(|disable| !disabled(disable, request))
}

/// What `gzip_proxied` says about an answer that goes through a proxy.
fn through_proxy(words: GzipProxied, request: &Request, told: Told<'_>) -> bool {
    if words.any || words.auth && request.header("Authorization").is_some() {
        return true;
    }
    if let Some(expires) = told.values("Expires").next() {
        return words.expired && http_date::parse(expires).is_some_and(|at| at < told.unix);
    }
    if told.has("Cache-Control") {
        let listed: [(bool, &[u8]); 3] = [
            (words.no_cache, b"no-cache"),
            (words.no_store, b"no-store"),
            (words.private, b"private"),
        ];
        let says = |word: &[u8]| {
            let mut parts =
                told.values("Cache-Control").flat_map(|value| value.split(|byte| *byte == b','));
            parts.any(|part| {
                part.trim_ascii().get(..word.len()).is_some_and(|p| p.eq_ignore_ascii_case(word))
            })
        };
        return listed.into_iter().any(|(wanted, word)| wanted && says(word));
    }
    !(words.no_last_modified && told.has("Last-Modified") || words.no_etag && told.has("ETag"))
}

fn disabled(disable: &GzipDisable, request: &Request) -> bool {
    let Some(agent) = request.header("User-Agent") else { return false };
    disable.msie6 && is_msie6(agent)
        || disable.patterns.iter().any(|pattern| pattern.regex.is_match(agent))
}

/// Internet Explorer 4, 5, and 6 before its second service pack.
fn is_msie6(agent: &[u8]) -> bool {
    let Some(at) = memchr::memmem::find(agent, b"MSIE ") else { return false };
    match agent.get(at + 5..) {
        Some([b'4' | b'5', b'.', ..]) => true,
        Some([b'6', b'.', rest @ ..]) => memchr::memmem::find(rest, b"SV1").is_none(),
        Some(_) | None => false,
    }
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
    use std::sync::Arc;

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
            proxied: None,
            disable: None,
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
        assert_eq!(level(&settings(), &modern, 200, html, None, Told::NOTHING), Some(4));
        assert_eq!(level(&settings(), &modern, 304, html, None, Told::NOTHING), None);
        assert_eq!(level(&settings(), &modern, 200, b"text/plain", None, Told::NOTHING), None);
        assert_eq!(level(&settings(), &modern, 200, html, Some(19), Told::NOTHING), None);
        assert_eq!(level(&settings(), &modern, 200, html, Some(20), Told::NOTHING), Some(4));
        assert_eq!(
            level(&Gzip { on: false, ..settings() }, &modern, 200, html, None, Told::NOTHING),
            None
        );
        let all = Gzip { types: vec![Box::from(*b"*")], ..settings() };
        assert_eq!(level(&all, &modern, 200, b"text/plain", None, Told::NOTHING), Some(4));
    }

    #[test]
    fn old_and_proxied_clients_want_a_directive() {
        let old = request(Version::Http10, "Accept-Encoding: gzip\n");
        assert_eq!(level(&settings(), &old, 200, b"text/html", None, Told::NOTHING), None);
        let http10 = Gzip { http10: true, ..settings() };
        assert_eq!(level(&http10, &old, 200, b"text/html", None, Told::NOTHING), Some(4));
        let via = request(Version::Http11, "Accept-Encoding: gzip\nVia: 1.1 proxy\n");
        assert_eq!(level(&settings(), &via, 200, b"text/html", None, Told::NOTHING), None);
        let any = Some(GzipProxied { any: true, ..GzipProxied::default() });
        let proxied = Gzip { proxied: any, ..settings() };
        assert_eq!(level(&proxied, &via, 200, b"text/html", None, Told::NOTHING), Some(4));
    }

    /// Whether an answer with `headers` at second 1,000,000,000 is compressed for a proxy.
    fn through(words: GzipProxied, from: &str, headers: &[(&'static str, &str)], expected: bool) {
        let request = request(Version::Http11, &format!("Accept-Encoding: gzip\nVia: p\n{from}"));
        let header = |(name, value): &(&'static str, &str)| {
            ((*name).into(), value.as_bytes().to_vec().into())
        };
        let answer: Vec<Header> = headers.iter().map(header).collect();
        let settings = Gzip { proxied: Some(words), ..settings() };
        let told = Told { headers: &answer, unix: 1_000_000_000 };
        assert_eq!(acceptable(&settings, &request, told), expected, "{words:?} {headers:?}");
    }

    #[test]
    fn proxies_get_what_their_words_allow() {
        let none = GzipProxied::default();
        let past = ("Expires", "Thu, 01 Jan 1970 00:00:01 GMT");
        let later = ("Expires", "Thu, 31 Dec 2037 23:55:55 GMT");
        through(GzipProxied { auth: true, ..none }, "Authorization: x\n", &[later], true);
        through(GzipProxied { auth: true, ..none }, "", &[later], false);
        through(GzipProxied { auth: true, ..none }, "", &[], true);
        through(GzipProxied { expired: true, ..none }, "", &[past], true);
        through(GzipProxied { expired: true, ..none }, "", &[later], false);
        through(GzipProxied { no_cache: true, ..none }, "", &[past], false);
        let cache = [("Cache-Control", "max-age=0, No-Store")];
        through(GzipProxied { no_store: true, ..none }, "", &cache, true);
        through(GzipProxied { private: true, no_cache: true, ..none }, "", &cache, false);
        through(GzipProxied { no_etag: true, ..none }, "", &[("ETag", "x")], false);
        through(GzipProxied { no_last_modified: true, ..none }, "", &[("ETag", "x")], true);
    }

    #[test]
    fn some_clients_get_nothing_compressed() {
        let check = |agent: &str, expected: bool| {
            let patterns = vec![crate::variables::tests::pattern("(?i)robot/\\d")];
            let disable = Some(Arc::new(GzipDisable { msie6: true, patterns }));
            let head = format!("Accept-Encoding: gzip\nUser-Agent: {agent}\n");
            let request = request(Version::Http11, &head);
            let settings = Gzip { disable, ..settings() };
            assert_eq!(acceptable(&settings, &request, Told::NOTHING), expected, "{agent}");
        };
        check("Mozilla/4.0 (compatible; MSIE 5.5; Windows)", false);
        check("Mozilla/4.0 (compatible; MSIE 6.0; Windows)", false);
        check("Mozilla/4.0 (compatible; MSIE 6.0; Windows SV1)", true);
        check("Mozilla/4.0 (compatible; MSIE 7.0; Windows)", true);
        check("a Robot/2", false);
        check("MSIE ", true);
    }
}
