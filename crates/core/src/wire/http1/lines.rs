//! The lines of a request head: where they end, and whether they stay within their bounds.

use super::Rejection;
use crate::settings::ServerSettings;

/// Empty lines that may stand before a request: clumsy clients send one behind a body.
const EMPTY_LINES_MAX: usize = 8;

/// Headers of one request.
pub(in crate::wire) const HEADERS_MAX: usize = 100;

/// Where the parts of a head stand, as far as they have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lines {
    /// The first byte of the request line.
    pub start: usize,
    /// Behind the request line, without its CR LF.
    pub line_end: Option<usize>,
    /// Behind the empty line that ends the head.
    pub end: Option<usize>,
    /// Header lines, whatever they contain.
    pub headers: usize,
}

/// Finds the lines of a head.
///
/// Every line must end in CR LF. Bounds hold for what is there so far, so that an endless head is
/// refused as soon as it is too long.
pub(super) fn find(bytes: &[u8], limits: &ServerSettings) -> Result<Lines, Rejection> {
    let bounds = Bounds::of(limits);
    let start = skip_empty_lines(bytes)?;
    let mut lines = Lines { start, line_end: None, end: None, headers: 0 };
    let mut line_start = start;
    for lf in memchr::memchr_iter(b'\n', &bytes[start..]).map(|at| start + at) {
        if lf == line_start || bytes[lf - 1] != b'\r' {
            return Err(Rejection::bad("client sent a line that does not end in CR LF"));
        }
        let end = lf + 1;
        bounds.check(end - line_start, end - start, &lines)?;
        if lines.line_end.is_none() {
            lines.line_end = Some(lf - 1);
        } else if end - line_start == 2 {
            lines.end = Some(end);
            return Ok(lines);
        } else {
            lines.headers += 1;
        }
        if lines.headers > HEADERS_MAX {
            return Err(Rejection::with(431, "client sent too many header lines"));
        }
        line_start = end;
    }
    bounds.check(bytes.len() - line_start, bytes.len() - start, &lines)?;
    Ok(lines)
}

/// Where the request begins, behind empty lines.
fn skip_empty_lines(bytes: &[u8]) -> Result<usize, Rejection> {
    let empty = bytes.chunks_exact(2).take_while(|pair| *pair == b"\r\n").count();
    if empty > EMPTY_LINES_MAX {
        return Err(Rejection::bad("client sent too many empty lines before its request"));
    }
    Ok(empty * 2)
}

/// Bounds of a head, in bytes.
struct Bounds {
    line: usize,
    head: usize,
}

impl Bounds {
    fn of(limits: &ServerSettings) -> Self {
        let (number, size) = limits.large_client_header_buffers;
        let first = limits.client_header_buffer_size;
        Self { line: size.max(first), head: number.saturating_mul(size).max(first) }
    }

    /// Refuses a line of `line` bytes or a head of `head` bytes, complete or not, if too long.
    fn check(&self, line: usize, head: usize, lines: &Lines) -> Result<(), Rejection> {
        if line > self.line && lines.line_end.is_none() {
            return Err(Rejection::with(414, "client sent too long URI"));
        }
        if line > self.line {
            return Err(Rejection::with(431, "client sent too long header line"));
        }
        if head > self.head {
            return Err(Rejection::with(431, "client sent too large request"));
        }
        Ok(())
    }
}
