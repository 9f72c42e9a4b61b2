//! The header lines of a request, and what the wire itself takes from them.

use std::ops::Range;

use super::lines::HEADERS_MAX;
use super::{Rejection, host};
use crate::request::{BodyLength, Version};
use crate::settings::ServerSettings;

/// Name and value of a header as ranges of the head.
pub(super) type Field = (Range<usize>, Range<usize>);

/// The header lines that count, and what the wire needs of them.
#[derive(Debug, Default)]
pub(in crate::wire) struct Fields {
    pub headers: Vec<Field>,
    /// `Host`, in lower case, without port.
    pub host: Option<Vec<u8>>,
    content_length: Option<u64>,
    transfer_encoding: Option<Range<usize>>,
    close: bool,
    keep_alive: bool,
    expects_continue: bool,
}

/// Reads the header lines of `head`, which begin at `block` and end with an empty line. Lines
/// with invalid names are taken out of `head` if they are to be ignored.
pub(super) fn parse(
    head: &mut Vec<u8>,
    block: usize,
    limits: &ServerSettings,
) -> Result<Fields, Rejection> {
    let found = match split(head, block) {
        Err(httparse::Error::HeaderName) if limits.ignore_invalid_headers => {
            *head = without_invalid_lines(head, block)?;
            split(head, block)
        }
        found => found,
    };
    let mut headers = found.map_err(rejection)?;
    let mut fields = Fields::default();
    let mut error = None;
    headers.retain(|field| match fields.take(head, field, limits) {
        Ok(valid) => valid,
        Err(rejection) => {
            error.get_or_insert(rejection);
            false
        }
    });
    fields.headers = headers;
    error.map_or(Ok(fields), Err)
}

fn rejection(error: httparse::Error) -> Rejection {
    match error {
        httparse::Error::TooManyHeaders => Rejection::with(431, "client sent too many headers"),
        httparse::Error::HeaderName => Rejection::bad("client sent invalid header name"),
        httparse::Error::HeaderValue => Rejection::bad("client sent invalid header value"),
        httparse::Error::NewLine
        | httparse::Error::Status
        | httparse::Error::Token
        | httparse::Error::Version => Rejection::bad("client sent invalid header line"),
    }
}

/// The ranges of all header lines. Few lines get by without clearing room for many.
pub(super) fn split(head: &[u8], block: usize) -> Result<Vec<Field>, httparse::Error> {
    match split_into(&mut [httparse::EMPTY_HEADER; 16], head, block) {
        Err(httparse::Error::TooManyHeaders) => {
            split_into(&mut [httparse::EMPTY_HEADER; HEADERS_MAX], head, block)
        }
        few => few,
    }
}

fn split_into<'h>(
    slots: &mut [httparse::Header<'h>],
    head: &'h [u8],
    block: usize,
) -> Result<Vec<Field>, httparse::Error> {
    let httparse::Status::Complete((_, headers)) = httparse::parse_headers(&head[block..], slots)?
    else {
        return Err(httparse::Error::NewLine);
    };
    let range = |part: &[u8]| {
        let start = part.as_ptr() as usize - head.as_ptr() as usize;
        start..start + part.len()
    };
    Ok(headers.iter().map(|h| (range(h.name.as_bytes()), range(h.value))).collect())
}

/// A copy of the head without the lines whose names contain bytes that no name has.
///
/// What could be read as another line, another header or another length stays an error: a line
/// without colon or name, blanks and control characters in the name, control characters in the
/// value.
fn without_invalid_lines(head: &[u8], block: usize) -> Result<Vec<u8>, Rejection> {
    let mut kept = head[..block].to_vec();
    for line in head[block..].split_inclusive(|b| *b == b'\n') {
        if line == b"\r\n" || has_valid_name(line)? {
            kept.extend_from_slice(line);
        }
    }
    Ok(kept)
}

fn has_valid_name(line: &[u8]) -> Result<bool, Rejection> {
    let colon =
        memchr::memchr(b':', line).ok_or(Rejection::bad("client sent invalid header line"))?;
    let (name, value) = (&line[..colon], line[colon..].trim_ascii_end());
    if name.is_empty() || name.iter().any(|b| *b <= b' ' || *b == 0x7f) {
        return Err(Rejection::bad("client sent invalid header name"));
    }
    if value.iter().any(|b| b.is_ascii_control() && *b != b'\t') {
        return Err(Rejection::bad("client sent invalid header value"));
    }
    Ok(name.iter().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b)))
}

impl Fields {
    /// Looks at one header; `false` if its name is invalid for nginx and the header ignored.
    pub(in crate::wire) fn take(
        &mut self,
        head: &[u8],
        (name, value): &Field,
        limits: &ServerSettings,
    ) -> Result<bool, Rejection> {
        let (name, text) = (&head[name.clone()], &head[value.clone()]);
        if !is_valid(name, limits.underscores_in_headers) {
            return if limits.ignore_invalid_headers {
                Ok(false)
            } else {
                Err(Rejection::bad("client sent invalid header name"))
            };
        }
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => self.take_host(text)?,
            6 if name.eq_ignore_ascii_case(b"expect") => {
                self.expects_continue |= text.eq_ignore_ascii_case(b"100-continue");
            }
            10 if name.eq_ignore_ascii_case(b"connection") => self.take_connection(text),
            14 if name.eq_ignore_ascii_case(b"content-length") => self.take_length(text)?,
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.take_encoding(value)?,
            _ => {}
        }
        Ok(true)
    }

    fn take_host(&mut self, text: &[u8]) -> Result<(), Rejection> {
        match self.host.replace(host::parse(text)?) {
            None => Ok(()),
            Some(_) => Err(Rejection::bad("client sent duplicate host header")),
        }
    }

    fn take_connection(&mut self, text: &[u8]) {
        for option in text.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    fn take_length(&mut self, text: &[u8]) -> Result<(), Rejection> {
        let length =
            length(text).ok_or(Rejection::bad("client sent invalid \"Content-Length\" header"))?;
        match self.content_length.replace(length) {
            None => Ok(()),
            Some(_) => Err(Rejection::bad("client sent duplicate \"Content-Length\" header")),
        }
    }

    fn take_encoding(&mut self, value: &Range<usize>) -> Result<(), Rejection> {
        match self.transfer_encoding.replace(value.clone()) {
            None => Ok(()),
            Some(_) => Err(Rejection::bad("client sent duplicate Transfer-Encoding header")),
        }
    }

    /// How the body is framed. Two ways at once are refused: servers differ in which one wins.
    pub(in crate::wire) fn body(
        &self,
        head: &[u8],
        version: Version,
    ) -> Result<BodyLength, Rejection> {
        let Some(encoding) = self.transfer_encoding.clone() else {
            return Ok(self.content_length.map_or(BodyLength::None, BodyLength::Known));
        };
        if version == Version::Http10 {
            return Err(Rejection::bad("client sent HTTP/1.0 request with Transfer-Encoding"));
        }
        if self.content_length.is_some() {
            return Err(Rejection::bad("client sent Content-Length and Transfer-Encoding"));
        }
        if !head[encoding].eq_ignore_ascii_case(b"chunked") {
            return Err(Rejection::with(501, "client sent unknown Transfer-Encoding"));
        }
        Ok(BodyLength::Chunked)
    }

    /// Whether the connection may be used again.
    pub(in crate::wire) fn keep_alive(&self, version: Version) -> bool {
        !self.close && (version == Version::Http11 || self.keep_alive)
    }

    /// Whether the client waits for `100 Continue`, which HTTP/1.0 does not know.
    pub(super) fn expects_continue(&self, version: Version) -> bool {
        self.expects_continue && version == Version::Http11
    }
}

/// Names that nginx accepts: letters, digits and `-`; `_` by its directive.
fn is_valid(name: &[u8], underscores: bool) -> bool {
    name.iter().all(|b| IS_NAME_BYTE[usize::from(*b)] || (underscores && *b == b'_'))
}

/// Letters, digits and `-`.
const IS_NAME_BYTE: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'-';
        byte += 1;
    }
    table
};

/// A length of decimal digits that fits a file offset, as in nginx.
pub(super) fn length(text: &[u8]) -> Option<u64> {
    let length = text.iter().try_fold(0_i64, |length, byte| {
        let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
        length.checked_mul(10)?.checked_add(digit)
    })?;
    u64::try_from(length).ok().filter(|_| !text.is_empty())
}
