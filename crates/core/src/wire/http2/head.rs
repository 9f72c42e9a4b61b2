//! The head of an answer, taken apart again.

/// Headers that speak about a connection of HTTP/1 (RFC 9113 8.2.2).
const OF_THE_CONNECTION: [&[u8]; 6] =
    [b"connection", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade"];

/// The head of an answer as [`crate::wire::http1::encode`] wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    /// The status code.
    pub status: u16,
    /// Header lines, the last CR LF included.
    lines: &'a [u8],
}

/// The head at the beginning of `bytes` and its length with the empty line; `None` if it is not
/// complete. What is no head of ours counts as one with the status 500.
#[must_use]
pub fn split_head(bytes: &[u8]) -> Option<(Head<'_>, usize)> {
    let end = memchr::memmem::find(bytes, b"\r\n\r\n")? + 4;
    let line = memchr::memchr(b'\n', bytes).map_or(end, |at| at + 1);
    let digits = bytes.get(9..12).and_then(|digits| str::from_utf8(digits).ok());
    let status = digits.and_then(|digits| digits.parse().ok()).unwrap_or(500);
    let lines = bytes.get(line..end - 2).unwrap_or_default();
    Some((Head { status, lines }, end))
}

impl<'a> Head<'a> {
    /// Names and values in order, without those that only mean something to HTTP/1.
    pub fn headers(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let lines = self.lines.split(|b| *b == b'\n').filter_map(|line| line.strip_suffix(b"\r"));
        let fields = lines.filter_map(|line| {
            let colon = memchr::memchr(b':', line)?;
            Some((&line[..colon], line[colon + 1..].trim_ascii()))
        });
        fields.filter(|(name, _)| !OF_THE_CONNECTION.iter().any(|of| of.eq_ignore_ascii_case(name)))
    }

    /// `Content-Length`, if there is one.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        let (_, value) = self.headers().find(|(n, _)| n.eq_ignore_ascii_case(b"content-length"))?;
        str::from_utf8(value).ok()?.parse().ok()
    }

    /// Whether there can be no body, whatever the request was.
    #[must_use]
    pub fn is_bodiless(&self) -> bool {
        matches!(self.status, 204 | 304) || self.content_length() == Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Answer, Body};
    use crate::request::Version;
    use crate::wire::http1::{Context, encode};

    const CONTEXT: Context<'static> = Context {
        version: Version::Http2,
        keep_alive: false,
        keepalive_header: None,
        head_only: false,
        date: b"Sun, 06 Nov 1994 08:49:37 GMT",
        server: "outpour",
    };

    /// Status, headers behind `Server` and `Date`, and body of the answer.
    fn check(answer: &Answer, status: u16, headers: &[(&str, &str)], body: &str) {
        let mut bytes = Vec::new();
        encode(answer, &CONTEXT, &mut bytes);
        let (head, len) = split_head(&bytes).unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let found: Vec<_> = head.headers().skip(2).map(|(n, v)| (text(n), text(v))).collect();
        let headers: Vec<_> = headers.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        assert_eq!((head.status, found), (status, headers));
        assert_eq!(text(&bytes[len..]), body);
    }

    #[test]
    fn answers_come_back_as_they_were() {
        let answer =
            Answer::new(200).body(&b"text/plain"[..], &b"hi"[..]).with("ETag", &b"\"a:b\""[..]);
        let headers =
            [("Content-Type", "text/plain"), ("Content-Length", "2"), ("ETag", "\"a:b\"")];
        check(&answer, 200, &headers, "hi");
        check(&Answer::new(404), 404, &[("Content-Length", "0")], "");
        check(&Answer::new(204), 204, &[], "");
    }

    #[test]
    fn bodies_have_no_chunks() {
        let parts = Body::Parts(vec![b"a".to_vec(), b"b".to_vec()]);
        check(&Answer { body: parts, ..Answer::new(200) }, 200, &[], "ab");
        check(&Answer { body: Body::Stream, ..Answer::new(200) }, 200, &[], "");
    }

    #[test]
    fn nothing_of_http1_is_left() {
        let bytes = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nA: b\r\n\
                      Keep-Alive: timeout=5\r\nTransfer-Encoding: chunked\r\n\r\n";
        let (head, _) = split_head(bytes).unwrap();
        assert_eq!(head.headers().collect::<Vec<_>>(), [(&b"A"[..], &b"b"[..])]);
    }

    #[test]
    fn heads_may_be_cut() {
        let bytes = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
        for len in 0..bytes.len() {
            assert_eq!(split_head(&bytes[..len]), None);
        }
        assert_eq!(split_head(bytes).map(|(_, len)| len), Some(bytes.len()));
        assert_eq!(split_head(b"\r\n\r\n").map(|(head, _)| head.status), Some(500));
    }
}
