//! Answers of the server, as far as a closed loop needs to understand them.

use std::ops::Range;

use anyhow::{Context, Result, bail};

/// The head of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// The status code.
    pub status: u16,
    /// Bytes of the head, the empty line included.
    pub length: usize,
    /// How the body ends.
    pub body: BodyEnd,
}

/// How the body of an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyEnd {
    /// After that many bytes.
    Length(usize),
    /// With the last chunk.
    Chunked,
    /// With the connection.
    Close,
}

impl Head {
    /// Reads the head at the start of `bytes`; `None` if it is not complete.
    ///
    /// # Errors
    /// If it is not the head of an HTTP answer.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(length) = response.parse(bytes)? else { return Ok(None) };
        let status = response.code.unwrap_or_default();
        Ok(Some(Self { status, length, body: body_end(response.headers)? }))
    }
}

/// How the body ends behind these headers.
fn body_end(headers: &[httparse::Header<'_>]) -> Result<BodyEnd> {
    let value = |name: &str| {
        let found = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8_lossy(header.value))
    };
    if value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return Ok(BodyEnd::Chunked);
    }
    let Some(length) = value("content-length") else { return Ok(BodyEnd::Close) };
    Ok(BodyEnd::Length(length.parse().with_context(|| format!("content-length is {length:?}"))?))
}

/// A complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status code.
    pub status: u16,
    /// The body, without its chunks.
    pub body: Vec<u8>,
}

impl Answer {
    /// Takes a complete answer from the start of `bytes`; `None` if something is missing.
    ///
    /// `closed` tells that nothing more will come. An answer whose end is the close is complete
    /// only then.
    ///
    /// # Errors
    /// If it is not an HTTP answer, or it is cut off.
    pub(crate) fn parse(bytes: &[u8], closed: bool) -> Result<Option<Self>> {
        let Some(head) = Head::parse(bytes)? else { return incomplete(closed) };
        let rest = bytes.get(head.length..).unwrap_or_default();
        let body = match head.body {
            BodyEnd::Length(length) => rest.get(..length).map(<[u8]>::to_vec),
            BodyEnd::Chunked => join_chunks(rest)?,
            BodyEnd::Close => closed.then(|| rest.to_vec()),
        };
        match body {
            Some(body) => Ok(Some(Self { status: head.status, body })),
            None => incomplete(closed),
        }
    }

    /// The answer, if its status is 200.
    ///
    /// # Errors
    /// If it is another, named with `what` was asked.
    pub(crate) fn expect_ok(self, what: &str) -> Result<Self> {
        if self.status != 200 {
            bail!("{what} was answered {}: {}", self.status, String::from_utf8_lossy(&self.body));
        }
        Ok(self)
    }
}

/// What an incomplete answer means.
fn incomplete(closed: bool) -> Result<Option<Answer>> {
    if closed {
        bail!("the server closed the connection within an answer");
    }
    Ok(None)
}

/// The data of all chunks; `None` if the last one is missing.
fn join_chunks(bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut joined = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        let Some(data) = next_chunk(rest)? else { return Ok(None) };
        if data.is_empty() {
            return Ok(Some(joined));
        }
        let Some(behind) = rest.get(data.end + 2..) else { return Ok(None) };
        joined.extend_from_slice(rest.get(data).unwrap_or_default());
        rest = behind;
    }
}

/// Where the data of the first chunk lies; `None` if its size line is not complete.
fn next_chunk(bytes: &[u8]) -> Result<Option<Range<usize>>> {
    let parsed = httparse::parse_chunk_size(bytes);
    let parsed = parsed.ok().context("the answer has a bad chunk size")?;
    let httparse::Status::Complete((start, size)) = parsed else { return Ok(None) };
    let end = usize::try_from(size).ok().and_then(|size| start.checked_add(size));
    let end = end.filter(|end| *end < usize::MAX - 2).context("a chunk is too large")?;
    Ok(Some(start..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Some((status, body))` is a complete answer, `None` an incomplete one.
    fn check(bytes: &str, closed: bool, expected: Option<(u16, &str)>) {
        let answer = Answer::parse(bytes.as_bytes(), closed).unwrap();
        let expected =
            expected.map(|(status, body)| Answer { status, body: body.as_bytes().to_vec() });
        assert_eq!(answer, expected, "{bytes}");
    }

    #[test]
    fn answers() {
        let length = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
        check("HTTP/1.1 200 OK\r\nContent-", false, None);
        check(length, false, None);
        check(&format!("{length}ab"), false, Some((200, "ab")));
        check(&format!("{length}abHTTP/1.1"), false, Some((200, "ab")));
        check("HTTP/1.0 404 Not Found\r\n\r\nab", false, None);
        check("HTTP/1.0 404 Not Found\r\n\r\nab", true, Some((404, "ab")));
    }

    #[test]
    fn chunks() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        check(&format!("{head}2\r\nab\r\n1"), false, None);
        check(&format!("{head}2\r\nab"), false, None);
        check(&format!("{head}2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"), false, Some((200, "abc")));
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
