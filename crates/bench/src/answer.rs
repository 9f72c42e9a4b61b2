//! Answers of the server, as far as a generator needs to understand them.

use std::{
    io::{Read, Write},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use rustls::StreamOwned;

use crate::{endpoint::Endpoint, socket};

/// A complete answer at the start of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status code.
    pub status: u16,
    /// Bytes of head and body together.
    pub length: usize,
    /// The header lines that the next request has to carry to get what comes after this answer.
    pub validators: Vec<u8>,
    /// Whether the server closes the connection behind it.
    pub closes: bool,
}

/// How the body of an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyEnd {
    Length(usize),
    Chunked,
    Close,
}

impl Answer {
    /// Takes the answer at the start of `bytes`; `None` if something is missing.
    ///
    /// `closed` tells that nothing more will come. An answer whose end is the close is complete
    /// only then.
    ///
    /// # Errors
    /// If it is not an HTTP answer, or it is cut off.
    pub(crate) fn parse(bytes: &[u8], closed: bool) -> Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(head) = response.parse(bytes)? else {
            return incomplete(closed);
        };
        let status = response.code.unwrap_or_default();
        let rest = bytes.get(head..).unwrap_or_default();
        let body = match body_end(status, response.headers)? {
            BodyEnd::Length(length) => (rest.len() >= length).then_some(length),
            BodyEnd::Chunked => chunks_end(rest)?,
            BodyEnd::Close => closed.then_some(rest.len()),
        };
        let Some(body) = body else { return incomplete(closed) };
        let closes = value(response.headers, "connection")
            .is_some_and(|value| value.eq_ignore_ascii_case(b"close"));
        let validators = validators(response.headers);
        Ok(Some(Self { status, length: head + body, validators, closes }))
    }

    /// Whether the status is one of success.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// What an incomplete answer means.
fn incomplete(closed: bool) -> Result<Option<Answer>> {
    if closed {
        bail!("the server closed the connection within an answer");
    }
    Ok(None)
}

/// The value of a header.
fn value<'a>(headers: &[httparse::Header<'a>], name: &str) -> Option<&'a [u8]> {
    let found = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    found.map(|header| header.value)
}

/// How the body ends behind these headers.
fn body_end(status: u16, headers: &[httparse::Header<'_>]) -> Result<BodyEnd> {
    if matches!(status, 100..200 | 204 | 304) {
        return Ok(BodyEnd::Length(0));
    }
    let coding = value(headers, "transfer-encoding");
    if coding.is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked")) {
        return Ok(BodyEnd::Chunked);
    }
    let Some(length) = value(headers, "content-length") else { return Ok(BodyEnd::Close) };
    let length = std::str::from_utf8(length).ok().and_then(|length| length.parse().ok());
    Ok(BodyEnd::Length(length.context("an answer has a bad content-length")?))
}

/// `Last-Modified` and `Etag`, turned into the request headers that ask for newer messages.
fn validators(headers: &[httparse::Header<'_>]) -> Vec<u8> {
    let mut lines = Vec::new();
    for (answered, asked) in [("last-modified", "If-Modified-Since: "), ("etag", "If-None-Match: ")]
    {
        if let Some(value) = value(headers, answered) {
            lines.extend([asked.as_bytes(), value, b"\r\n"].concat());
        }
    }
    lines
}

/// Bytes up to the end of the last chunk; `None` if it is missing. Trailers are not expected.
fn chunks_end(bytes: &[u8]) -> Result<Option<usize>> {
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let parsed = httparse::parse_chunk_size(rest);
        let parsed = parsed.ok().context("an answer has a bad chunk size")?;
        let httparse::Status::Complete((start, size)) = parsed else { return Ok(None) };
        let size = usize::try_from(size).ok().filter(|&size| size <= 1 << 40);
        let end = at + start + size.context("a chunk is too large")? + 2;
        if end > bytes.len() {
            return Ok(None);
        }
        if size == Some(0) {
            return Ok(Some(end));
        }
        at = end;
    }
}

/// Sends `request` on a connection of its own and waits for the answer; its status.
///
/// # Errors
/// If the connection fails or there is no complete answer within `patience`.
pub(crate) fn exchange(target: &Endpoint, request: &[u8], patience: Duration) -> Result<u16> {
    let stream = socket::connect_patient(target.address, patience)?;
    match target.session()? {
        None => exchange_over(stream, request),
        Some(session) => exchange_over(StreamOwned::new(session, stream), request),
    }
}

/// Sends `request` and reads up to the end of the answer; its status.
fn exchange_over(mut stream: impl Read + Write, request: &[u8]) -> Result<u16> {
    stream.write_all(request)?;
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = stream.read(&mut buffer).context("no answer in time")?;
        bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
        if let Some(answer) = Answer::parse(&bytes, count == 0)? {
            return Ok(answer.status);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Some((status, length))` is a complete answer, `None` an incomplete one.
    fn check(bytes: &str, closed: bool, expected: Option<(u16, usize)>) {
        let answer = Answer::parse(bytes.as_bytes(), closed).unwrap();
        assert_eq!(answer.map(|answer| (answer.status, answer.length)), expected, "{bytes}");
    }

    #[test]
    fn answers() {
        let length = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
        check("HTTP/1.1 200 OK\r\nContent-", false, None);
        check(length, false, None);
        check(&format!("{length}ab"), false, Some((200, 40)));
        check(&format!("{length}abHTTP/1.1"), false, Some((200, 40)));
        check("HTTP/1.1 304 Not Modified\r\n\r\n", false, Some((304, 29)));
        check("HTTP/1.0 404 Not Found\r\n\r\nab", false, None);
        check("HTTP/1.0 404 Not Found\r\n\r\nab", true, Some((404, 28)));
    }

    #[test]
    fn chunks() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        check(&format!("{head}2\r\nab\r\n1"), false, None);
        check(&format!("{head}2\r\nab"), false, None);
        check(&format!("{head}2\r\nab\r\n1\r\nc\r\n0\r\n"), false, None);
        check(&format!("{head}2\r\nab\r\n0\r\n\r\nHTTP"), false, Some((200, head.len() + 12)));
    }

    #[test]
    fn next_requests() {
        let bytes = b"HTTP/1.1 200 OK\r\nEtag: 3\r\nLast-Modified: then\r\nConnection: close\r\n\
                      Content-Length: 0\r\n\r\n";
        let answer = Answer::parse(bytes, false).unwrap().unwrap();
        assert_eq!(answer.validators, b"If-Modified-Since: then\r\nIf-None-Match: 3\r\n");
        assert!(answer.closes && answer.is_success());
    }

    #[test]
    fn errors() {
        let check = |bytes: &str, closed| {
            assert!(Answer::parse(bytes.as_bytes(), closed).is_err(), "{bytes}");
        };
        check("", true);
        check("SSH-2.0\r\n\r\n", false);
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", true);
        check("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n", false);
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", false);
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", false);
    }
}
