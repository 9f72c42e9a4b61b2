//! The head of an upstream's answer.

use std::ops::Range;

use super::{Defect, ResponseBody};
use crate::request::Version;
use crate::wire::http1::fields;
use crate::wire::http1::lines::HEADERS_MAX;

/// What the answer is an answer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Bytes that the head may have (`proxy_buffer_size`).
    pub head_max: usize,
    /// The request was `HEAD`: there is no body.
    pub head_only: bool,
    /// The request asked for another protocol: 101 is an answer.
    pub upgrade: bool,
}

/// How far the head of an answer has come.
#[derive(Debug)]
pub enum ParsedResponse {
    /// More bytes are needed.
    Partial,
    /// An answer that only says that another one follows (1xx); so many bytes.
    Interim(usize),
    /// The head is complete.
    Complete {
        /// The answer.
        response: Response,
        /// How many of the bytes belong to the head.
        consumed: usize,
    },
}

/// The head of an upstream's answer: one allocation for its bytes, headers as ranges into them.
#[derive(Clone, Debug)]
pub struct Response {
    /// The head as received, status line first.
    pub bytes: Vec<u8>,
    /// The status: 101, or 200 to 999.
    pub status: u16,
    /// The version.
    pub version: Version,
    /// Name and value ranges of each header, in order, values trimmed.
    pub headers: Vec<(Range<usize>, Range<usize>)>,
    /// How the body ends.
    pub body: ResponseBody,
    /// `Content-Length`, also where there is no body: after `HEAD`, in a 304.
    pub content_length: Option<u64>,
    /// Whether the upstream lets its connection be used again (version and `Connection`).
    pub keep_alive: bool,
}

impl Response {
    /// Name and value of each header, in order.
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.headers.iter().map(|(n, v)| (&self.bytes[n.clone()], &self.bytes[v.clone()]))
    }

    /// First value of the header `name`; letter case is ignored.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let mut headers = self.headers();
        headers.find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }
}

/// Reads the head of an answer from the bytes received so far.
///
/// Linear in the head; two allocations.
///
/// # Errors
///
/// A [`Defect`] for what contradicts HTTP/1 or could be understood in two ways, and for heads above
/// `head_max`. Bounds hold while the head is partial, too.
pub fn parse_response(bytes: &[u8], expected: Expected) -> Result<ParsedResponse, Defect> {
    let Some(lines) = find(bytes, expected.head_max)? else { return Ok(ParsedResponse::Partial) };
    let (version, status) = status_line(&bytes[..lines.status - 2])?;
    if (100..200).contains(&status) && status != 101 {
        return Ok(ParsedResponse::Interim(lines.end));
    }
    if status == 101 && !expected.upgrade {
        return Err(Defect::new("upstream sent unexpected 101 response"));
    }
    let bytes = bytes[..lines.end].to_vec();
    let headers = fields::split(&bytes, lines.status).map_err(defect)?;
    let mut framing = Framing::default();
    for (name, value) in &headers {
        framing.take(&bytes[name.clone()], &bytes[value.clone()])?;
    }
    let body = framing.body(version, status, expected)?;
    let keep_alive = status != 101
        && !framing.close
        && body != ResponseBody::UntilClose
        && (version == Version::Http11 || framing.keep_alive);
    let content_length = framing.content_length;
    let consumed = lines.end;
    let response = Response { bytes, status, version, headers, body, content_length, keep_alive };
    Ok(ParsedResponse::Complete { response, consumed })
}

fn defect(error: httparse::Error) -> Defect {
    Defect::new(match error {
        httparse::Error::TooManyHeaders => "upstream sent too many headers",
        httparse::Error::HeaderName => "upstream sent invalid header name",
        httparse::Error::HeaderValue => "upstream sent invalid header value",
        httparse::Error::NewLine
        | httparse::Error::Status
        | httparse::Error::Token
        | httparse::Error::Version => "upstream sent invalid header line",
    })
}

/// Where the parts of a complete head end.
struct Lines {
    /// Behind the status line.
    status: usize,
    /// Behind the empty line.
    end: usize,
}

/// Finds the lines of a head, all of which must end in CR LF; `None` if it is not complete.
fn find(bytes: &[u8], head_max: usize) -> Result<Option<Lines>, Defect> {
    const TOO_BIG: Defect = Defect::new("upstream sent too big header");
    let (mut status, mut line_start, mut count) = (None, 0, 0);
    for lf in memchr::memchr_iter(b'\n', bytes) {
        if lf == line_start || bytes[lf - 1] != b'\r' {
            return Err(Defect::new("upstream sent a header line that does not end in CR LF"));
        }
        let end = lf + 1;
        if end > head_max {
            return Err(TOO_BIG);
        }
        match status {
            None => {
                check_beginning(&bytes[..lf])?;
                status = Some(end);
            }
            Some(status) if end - line_start == 2 => return Ok(Some(Lines { status, end })),
            Some(_) => count += 1,
        }
        if count > HEADERS_MAX {
            return Err(Defect::new("upstream sent too many headers"));
        }
        line_start = end;
    }
    if status.is_none() {
        check_beginning(bytes)?;
    }
    if bytes.len() > head_max { Err(TOO_BIG) } else { Ok(None) }
}

const NO_STATUS: Defect = Defect::new("upstream sent no valid HTTP/1.0 header");

/// Refuses what cannot become a status line before all of it has come.
fn check_beginning(part: &[u8]) -> Result<(), Defect> {
    const BEGINNING: &[u8] = b"HTTP/1.";
    let len = part.len().min(BEGINNING.len());
    if part[..len] == BEGINNING[..len] { Ok(()) } else { Err(NO_STATUS) }
}

/// Version and status of a line without its CR LF. The reason phrase may be missing, with the
/// blank before it.
fn status_line(line: &[u8]) -> Result<(Version, u16), Defect> {
    let Some((b"HTTP/1.", [minor @ b'0'..=b'9', b' ', a, b, c, reason @ ..])) =
        line.split_at_checked(7)
    else {
        return Err(NO_STATUS);
    };
    let digits = [a, b, c];
    let behind = matches!(reason, [] | [b' ', ..]);
    let clean = reason.iter().all(|b| !b.is_ascii_control() || *b == b'\t');
    if !behind || !clean || !digits.iter().all(|b| b.is_ascii_digit()) || *a == b'0' {
        return Err(NO_STATUS);
    }
    let status = digits.iter().fold(0, |status, b| status * 10 + u16::from(**b - b'0'));
    let version = if *minor == b'0' { Version::Http10 } else { Version::Http11 };
    Ok((version, status))
}

/// What the headers say about framing.
#[derive(Debug, Default)]
struct Framing {
    content_length: Option<u64>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
}

impl Framing {
    fn take(&mut self, name: &[u8], value: &[u8]) -> Result<(), Defect> {
        match name.len() {
            10 if name.eq_ignore_ascii_case(b"connection") => {
                for option in value.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
                    self.close |= option.eq_ignore_ascii_case(b"close");
                    self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                }
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                let length = fields::length(value)
                    .ok_or(Defect::new("upstream sent invalid \"Content-Length\" header"))?;
                if self.content_length.replace(length).is_some() {
                    let text = "upstream sent duplicate header line: \"Content-Length\"";
                    return Err(Defect::new(text));
                }
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                if std::mem::replace(&mut self.chunked, true) {
                    let text = "upstream sent duplicate header line: \"Transfer-Encoding\"";
                    return Err(Defect::new(text));
                }
                if !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(Defect::new("upstream sent unknown \"Transfer-Encoding\""));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// How the body ends. Two ways at once are refused: readers differ in which one wins.
    fn body(
        &self,
        version: Version,
        status: u16,
        expected: Expected,
    ) -> Result<ResponseBody, Defect> {
        if self.chunked && self.content_length.is_some() {
            return Err(Defect::new(
                "upstream sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same \
                 time",
            ));
        }
        if self.chunked && version == Version::Http10 {
            return Err(Defect::new("upstream sent HTTP/1.0 response with \"Transfer-Encoding\""));
        }
        Ok(match self.content_length {
            _ if expected.head_only || matches!(status, 101 | 204 | 304) => ResponseBody::None,
            Some(length) => ResponseBody::Known(length),
            None if self.chunked => ResponseBody::Chunked,
            None => ResponseBody::UntilClose,
        })
    }
}
