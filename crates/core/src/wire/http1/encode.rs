//! An answer as bytes of HTTP/1.

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use smallvec::SmallVec;

use crate::answer::{Answer, Body, Header, reason};
use crate::request::Version;
use crate::wire::chunked;

/// What tells a client that waits with its body to send it.
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What an answer does not know about its connection.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The version of the request.
    pub version: Version,
    /// Whether client and server want the connection to go on.
    pub keep_alive: bool,
    /// The second value of `keepalive_timeout`: shown as `Keep-Alive: timeout=N`, whole seconds.
    pub keepalive_header: Option<Duration>,
    /// The request was `HEAD`: the body is announced but not sent.
    pub head_only: bool,
    /// The value of `Date`; see [`crate::wire::http_date::format()`].
    pub date: &'a [u8],
    /// The value of `Server`.
    pub server: &'a str,
}

/// How the end of a body is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    Close,
    /// No body and no header about it.
    Nothing,
}

pub(super) fn framing(answer: &Answer, version: Version) -> Framing {
    if answer.status < 200 || answer.status == 204 {
        return Framing::Nothing;
    }
    if answer.status == 304 && answer.body != Body::Upgrade {
        // RFC 9110 15.4.5: never a body; the module says so with a length of 0.
        return Framing::Length(0);
    }
    match &answer.body {
        Body::Upgrade => Framing::Nothing,
        Body::Empty => Framing::Length(0),
        Body::Bytes(bytes) => Framing::Length(bytes.len() as u64),
        Body::Announced(length) => Framing::Length(*length),
        Body::Parts(_) | Body::Stream if version == Version::Http11 => Framing::Chunked,
        Body::Parts(_) | Body::Stream => Framing::Close,
    }
}

/// Whether the connection has to be closed behind this answer: somebody wishes it, or only the
/// close tells the end of the body. Never so for 101, after which the connection is no HTTP.
#[must_use]
pub fn must_close(answer: &Answer, context: &Context<'_>) -> bool {
    if answer.status == 101 {
        return false;
    }
    answer.close || !context.keep_alive || framing(answer, context.version) == Framing::Close
}

/// Appends the head of `answer` to `out`, and its body as far as the answer contains it.
///
/// The status line says HTTP/1.1 to every client, as nginx does; so does the order of the headers.
/// [`Body::Stream`] announces chunks that the caller sends with [`chunked::chunk`] (plain bytes
/// for HTTP/1.0, whose end is the close). A 101 carries the answer's headers and no other. Headers
/// about framing within the answer are left out; CR, LF and NUL within a value become blanks, so
/// that no value begins another line.
pub fn encode(answer: &Answer, context: &Context<'_>, out: &mut Vec<u8>) {
    let framing = framing(answer, context.version);
    head(answer, context, framing, out);
    if !context.head_only {
        body(&answer.body, framing, out);
    }
}

/// Appends the head; where the digits of its length stand.
pub(super) fn head(
    answer: &Answer,
    context: &Context<'_>,
    framing: Framing,
    out: &mut Vec<u8>,
) -> Option<Range<usize>> {
    out.reserve(512);
    status_line(answer.status, out);
    if answer.status == 101 {
        answer.headers.iter().for_each(|h| header(h, out));
        out.extend_from_slice(b"\r\n");
        return None;
    }
    let mut digits = None;
    let headers = Placed::of(&answer.headers);
    headers.write_or(Place::Server, b"Server", context.server.as_bytes(), out);
    headers.write_or(Place::Date, b"Date", context.date, out);
    headers.write(Place::ContentType, out);
    if let Framing::Length(length) = framing {
        out.extend_from_slice(b"Content-Length: ");
        let begin = out.len();
        out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
        digits = Some(begin..out.len());
        out.extend_from_slice(b"\r\n");
    }
    headers.write(Place::LastModified, out);
    if framing == Framing::Chunked {
        out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
    }
    connection(answer, context, out);
    headers.write(Place::Free, out);
    out.extend_from_slice(b"\r\n");
    digits
}

fn status_line(status: u16, out: &mut Vec<u8>) {
    if status == 200 {
        return out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
    }
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(itoa::Buffer::new().format(status).as_bytes());
    out.push(b' ');
    out.extend_from_slice(reason(status).as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn connection(answer: &Answer, context: &Context<'_>, out: &mut Vec<u8>) {
    if must_close(answer, context) {
        out.extend_from_slice(b"Connection: close\r\n");
        return;
    }
    out.extend_from_slice(b"Connection: keep-alive\r\n");
    if let Some(timeout) = context.keepalive_header {
        out.extend_from_slice(b"Keep-Alive: timeout=");
        out.extend_from_slice(itoa::Buffer::new().format(timeout.as_secs()).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

pub(super) fn body(body: &Body, framing: Framing, out: &mut Vec<u8>) {
    match (body, framing) {
        (Body::Bytes(bytes), Framing::Length(length)) if length == bytes.len() as u64 => {
            out.extend_from_slice(bytes);
        }
        (Body::Parts(parts), Framing::Chunked) => {
            parts.iter().for_each(|part| chunked::chunk(part, out));
            out.extend_from_slice(chunked::LAST);
        }
        (Body::Parts(parts), Framing::Close) => {
            parts.iter().for_each(|part| out.extend_from_slice(part));
        }
        _ => {}
    }
}

/// Where a header of an answer stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Server,
    Date,
    ContentType,
    LastModified,
    /// Nowhere: only the wire writes it.
    Wire,
    /// Behind `Connection`.
    Free,
}

impl Place {
    fn of(name: &str) -> Self {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        match name.len() {
            4 if is("Date") => Self::Date,
            6 if is("Server") => Self::Server,
            10 if is("Connection") || is("Keep-Alive") => Self::Wire,
            12 if is("Content-Type") => Self::ContentType,
            13 if is("Last-Modified") => Self::LastModified,
            14 if is("Content-Length") => Self::Wire,
            17 if is("Transfer-Encoding") => Self::Wire,
            _ => Self::Free,
        }
    }
}

/// The headers of an answer, each with its place.
struct Placed<'a> {
    headers: &'a [Header],
    places: SmallVec<[Place; 16]>,
}

impl<'a> Placed<'a> {
    fn of(headers: &'a [Header]) -> Self {
        Self { headers, places: headers.iter().map(|(name, _)| Place::of(name)).collect() }
    }

    fn write(&self, place: Place, out: &mut Vec<u8>) {
        let wanted = self.headers.iter().zip(&self.places).filter(|(_, of)| **of == place);
        wanted.for_each(|(h, _)| header(h, out));
    }

    /// The answer's own header, where an upstream's goes before the server's, else `value`.
    fn write_or(&self, place: Place, name: &[u8], value: &[u8], out: &mut Vec<u8>) {
        if self.places.contains(&place) {
            self.write(place, out);
        } else {
            line(name, value, out);
        }
    }
}

fn header((name, value): &Header, out: &mut Vec<u8>) {
    match name {
        Cow::Borrowed(constant) => out.extend_from_slice(constant.as_bytes()),
        Cow::Owned(name) => harmless(name.as_bytes(), out),
    }
    out.extend_from_slice(b": ");
    match value {
        Cow::Borrowed(constant) => out.extend_from_slice(constant),
        Cow::Owned(value) => harmless(value, out),
    }
    out.extend_from_slice(b"\r\n");
}

/// A header of the wire's own.
fn line(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Appends the text with blanks for the bytes that would end a header line. Constants of ours need
/// no such look.
pub(crate) fn harmless(text: &[u8], out: &mut Vec<u8>) {
    let ends_line = |b: &u8| matches!(b, b'\r' | b'\n' | 0);
    let start = out.len();
    out.extend_from_slice(text);
    if text.iter().any(ends_line) {
        out[start..].iter_mut().filter(|b| ends_line(b)).for_each(|b| *b = b' ');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONTEXT: Context<'static> = Context {
        version: Version::Http11,
        keep_alive: true,
        keepalive_header: None,
        head_only: false,
        date: b"Sun, 06 Nov 1994 08:49:37 GMT",
        server: "outpour",
    };

    fn bytes(answer: &Answer, context: &Context<'_>) -> String {
        let mut out = Vec::new();
        encode(answer, context, &mut out);
        String::from_utf8(out).unwrap()
    }

    /// Compares without the lines `Server` and `Date`, which stand first; `|` is CR LF.
    fn check(answer: &Answer, context: &Context<'_>, expected: &str) {
        let found = bytes(answer, context)
            .replace("Server: outpour\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "");
        assert_eq!(found, expected.replace('|', "\r\n"));
    }

    const UNCACHED: &str = "Expires: Thu, 01 Jan 1970 00:00:01 GMT|\
                            Cache-Control: no-cache, no-store, must-revalidate|";

    #[test]
    fn a_publication() {
        let answer = Answer::new(200).uncached().body(&b"application/json"[..], &b"{}"[..]);
        let expected = format!(
            "HTTP/1.1 200 OK|Content-Type: application/json|Content-Length: 2|\
             Connection: keep-alive|{UNCACHED}|{{}}"
        );
        check(&answer, &CONTEXT, &expected);
        check(
            &answer,
            &Context { head_only: true, ..CONTEXT },
            expected.strip_suffix("{}").unwrap(),
        );
        let http10 = Context { version: Version::Http10, ..CONTEXT };
        check(&answer, &http10, &expected);
    }

    #[test]
    fn a_refusal() {
        let answer = Answer::refusal(400, "No channel id provided.");
        check(
            &answer,
            &CONTEXT,
            &format!(
                "HTTP/1.1 400 Bad Request|Content-Length: 0|Connection: keep-alive|{UNCACHED}\
                 X-Nginx-PushStream-Explain: No channel id provided.||"
            ),
        );
    }

    #[test]
    fn a_time_out() {
        let answer = Answer::new(304)
            .with("Etag", &b"W/0"[..])
            .with("Last-Modified", &b"Fri, 20 Nov 2026 23:01:11 GMT"[..])
            .with("Content-Type", &b"text/plain"[..]);
        let expected = "HTTP/1.1 304 Not Modified|Content-Type: text/plain|Content-Length: 0|\
                        Last-Modified: Fri, 20 Nov 2026 23:01:11 GMT|Connection: keep-alive|Etag: W/0||";
        check(&answer, &CONTEXT, expected);
        let with_body = Answer { body: Body::Bytes(Cow::Borrowed(b"no")), ..answer.clone() };
        check(&with_body, &CONTEXT, expected);
        check(&Answer { body: Body::Stream, ..answer }, &CONTEXT, expected);
    }

    #[test]
    fn parts_are_chunks() {
        let parts = vec![b"m".to_vec(), Vec::new(), b"m1".to_vec()];
        let mut answer = Answer::new(200)
            .with("Content-Type", &b"text/plain"[..])
            .with("Last-Modified", &b"x"[..])
            .with("Etag", &b"W/1"[..]);
        answer.body = Body::Parts(parts);
        check(
            &answer,
            &CONTEXT,
            "HTTP/1.1 200 OK|Content-Type: text/plain|Last-Modified: x|Transfer-Encoding: chunked|\
             Connection: keep-alive|Etag: W/1||1|m|2|m1|0||",
        );
        assert!(!must_close(&answer, &CONTEXT));
        let http10 = Context { version: Version::Http10, ..CONTEXT };
        check(
            &answer,
            &http10,
            "HTTP/1.1 200 OK|Content-Type: text/plain|Last-Modified: x|\
             Connection: close|Etag: W/1||mm1",
        );
        assert!(must_close(&answer, &http10));
    }

    #[test]
    fn streams_go_on() {
        let answer = Answer { body: Body::Stream, ..Answer::new(200) };
        check(
            &answer,
            &CONTEXT,
            "HTTP/1.1 200 OK|Transfer-Encoding: chunked|Connection: keep-alive||",
        );
        let http10 = Context { version: Version::Http10, ..CONTEXT };
        check(&answer, &http10, "HTTP/1.1 200 OK|Connection: close||");
    }

    #[test]
    fn upgrades_carry_their_own_headers() {
        let mut answer = Answer::new(101).with("Connection", &b"Upgrade"[..]);
        answer.body = Body::Upgrade;
        check(&answer, &CONTEXT, "HTTP/1.1 101 Switching Protocols|Connection: Upgrade||");
        assert!(!must_close(&answer, &Context { keep_alive: false, ..CONTEXT }));
        let no_content = Answer { body: Body::Upgrade, ..Answer::new(204) };
        check(&no_content, &CONTEXT, "HTTP/1.1 204 No Content|Connection: keep-alive||");
        check(&Answer::new(204), &CONTEXT, "HTTP/1.1 204 No Content|Connection: keep-alive||");
    }

    #[test]
    fn connections_end_by_either_side() {
        let answer = Answer::new(200);
        let closing = Answer { close: true, ..answer.clone() };
        check(&closing, &CONTEXT, "HTTP/1.1 200 OK|Content-Length: 0|Connection: close||");
        assert!(must_close(&closing, &CONTEXT));
        let context = Context { keep_alive: false, ..CONTEXT };
        check(&answer, &context, "HTTP/1.1 200 OK|Content-Length: 0|Connection: close||");
        assert!(must_close(&answer, &context));
        let shown = Context { keepalive_header: Some(Duration::from_secs(75)), ..CONTEXT };
        check(
            &answer,
            &shown,
            "HTTP/1.1 200 OK|Content-Length: 0|Connection: keep-alive|Keep-Alive: timeout=75||",
        );
        check(&closing, &shown, "HTTP/1.1 200 OK|Content-Length: 0|Connection: close||");
    }

    #[test]
    fn framing_is_the_wires() {
        let answer = Answer::new(200)
            .with("content-length", &b"5"[..])
            .with("Transfer-Encoding", &b"gzip"[..])
            .with("Connection", &b"x"[..]);
        check(&answer, &CONTEXT, "HTTP/1.1 200 OK|Content-Length: 0|Connection: keep-alive||");
    }

    #[test]
    fn values_begin_no_lines() {
        let answer =
            Answer::new(200).with("X\r\nY".to_owned(), b"a\r\nSet-Cookie: b\n\0c".to_vec());
        check(
            &answer,
            &CONTEXT,
            "HTTP/1.1 200 OK|Content-Length: 0|Connection: keep-alive|\
             X  Y: a  Set-Cookie: b  c||",
        );
    }

    #[test]
    fn unknown_statuses_have_no_phrase() {
        check(
            &Answer::new(299),
            &CONTEXT,
            "HTTP/1.1 299 |Content-Length: 0|Connection: keep-alive||",
        );
    }

    proptest! {
        #[test]
        fn heads_end_once(values: Vec<Vec<u8>>, status in 200..600_u16) {
            let mut answer = Answer::new(status);
            for value in &values {
                answer = answer.with("X-Value", value.clone());
            }
            let mut out = Vec::new();
            encode(&answer, &CONTEXT, &mut out);
            let ends = out.windows(4).filter(|w| w == b"\r\n\r\n").count();
            prop_assert_eq!(ends, 1);
            let lines = memchr::memchr_iter(b'\n', &out).count();
            let framed = usize::from(status != 204);
            prop_assert_eq!(lines, 5 + framed + values.len());
        }
    }
}
