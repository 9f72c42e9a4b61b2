//! Headers that let pages of other origins in (`push_stream_allowed_origins`).

use std::borrow::Cow;

use crate::answer::Header;
use crate::settings::PublisherMode;

/// `Access-Control-Allow-Methods` of a subscriber location.
pub const SUBSCRIBER_METHODS: &str = "GET";

/// `Access-Control-Allow-Methods` of a publisher location, and its `Allow`.
#[must_use]
pub fn publisher_methods(mode: PublisherMode) -> &'static str {
    match mode {
        PublisherMode::Normal => "GET, POST, PUT",
        PublisherMode::Admin => "GET, POST, PUT, DELETE",
    }
}

const ALLOWED_HEADERS: &[u8] =
    b"If-Modified-Since,If-None-Match,Etag,Event-Id,Event-Type,Last-Event-Id";

/// The three headers for an origin that is not empty.
///
/// The origin may come from the request, percent-decoded: line ends and NUL are left out, or it
/// could bring headers of its own.
#[must_use]
pub fn headers(origin: &[u8], methods: &'static str) -> [Header; 3] {
    let origin: Vec<u8> =
        origin.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n' | 0)).collect();
    [
        (Cow::Borrowed("Access-Control-Allow-Origin"), Cow::Owned(origin)),
        (Cow::Borrowed("Access-Control-Allow-Methods"), Cow::Borrowed(methods.as_bytes())),
        (Cow::Borrowed("Access-Control-Allow-Headers"), Cow::Borrowed(ALLOWED_HEADERS)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(origin: &str, methods: &'static str, expected: [&str; 3]) {
        let found = headers(origin.as_bytes(), methods)
            .map(|(name, value)| format!("{name}: {}", str::from_utf8(&value).unwrap()));
        assert_eq!(found, expected);
    }

    const HEADERS: &str = "Access-Control-Allow-Headers: \
        If-Modified-Since,If-None-Match,Etag,Event-Id,Event-Type,Last-Event-Id";

    #[test]
    fn methods_are_those_of_the_role() {
        check(
            "*",
            SUBSCRIBER_METHODS,
            ["Access-Control-Allow-Origin: *", "Access-Control-Allow-Methods: GET", HEADERS],
        );
        check(
            "http://a.b",
            publisher_methods(PublisherMode::Normal),
            [
                "Access-Control-Allow-Origin: http://a.b",
                "Access-Control-Allow-Methods: GET, POST, PUT",
                HEADERS,
            ],
        );
        check(
            "x\r\nSet-Cookie: y",
            publisher_methods(PublisherMode::Admin),
            [
                "Access-Control-Allow-Origin: xSet-Cookie: y",
                "Access-Control-Allow-Methods: GET, POST, PUT, DELETE",
                HEADERS,
            ],
        );
    }
}
