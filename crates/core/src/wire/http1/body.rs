//! The body of a request, read.

use super::Rejection;
use crate::request::BodyLength;
use crate::wire::percent::hex_digit;

/// Bytes of one chunk's size line, extensions included.
const SIZE_LINE_MAX: usize = 1024;

/// Bytes of all chunk extensions of a body.
const EXTENSIONS_MAX: usize = 16 * 1024;

/// Bytes of the trailers of a body.
const TRAILERS_MAX: usize = 8 * 1024;

/// Reads a body as it arrives, however the bytes are cut.
///
/// ```text
/// Known ── all bytes ──────────────────────────────────────────────▶ Done
/// Size ── CR LF ─▶ Data ── all bytes ─▶ DataEnd ── CR LF ─▶ Size
///   └── size 0 ─▶ Trailer ── empty line ──────────────────────────▶ Done
/// ```
#[derive(Clone, Debug)]
pub struct BodyReader {
    state: State,
    /// Bytes of body so far, those announced by the current chunk included.
    total: u64,
    limit: Option<u64>,
    keep: bool,
    extensions: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Known {
        left: u64,
    },
    /// In a size line: what it says so far, and how long it is.
    Size {
        size: u64,
        len: usize,
        part: SizePart,
    },
    Data {
        left: u64,
    },
    /// Behind the data of a chunk.
    DataEnd {
        cr: bool,
    },
    /// In the trailers: length of the current line, whether its CR was seen, bytes of all lines.
    Trailer {
        line: usize,
        cr: bool,
        total: usize,
    },
    Done,
}

/// The part of a size line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SizePart {
    Digits,
    Extension,
    Cr,
}

/// What [`BodyReader::feed`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyStep {
    /// Bytes of the input that belong to the body; all of them unless it is done.
    pub consumed: usize,
    /// Whether the body is complete. What was not consumed is the next request.
    pub done: bool,
}

impl BodyReader {
    /// A reader for a body of at most `limit` bytes (`client_max_body_size`; `None`: any).
    ///
    /// # Errors
    ///
    /// 413 if the length is known to be above the limit.
    pub fn new(length: BodyLength, limit: Option<u64>) -> Result<Self, Rejection> {
        let reader = Self { limit, keep: true, ..Self::discarding(length) };
        match length {
            BodyLength::Known(length) if limit.is_some_and(|limit| length > limit) => {
                Err(TOO_LARGE)
            }
            BodyLength::Known(_) | BodyLength::None | BodyLength::Chunked => Ok(reader),
        }
    }

    /// A reader that drops what it reads: for the body of a refused request on a connection that
    /// goes on. It has no limit; the caller has a time-out.
    #[must_use]
    pub fn discarding(length: BodyLength) -> Self {
        let state = match length {
            BodyLength::None | BodyLength::Known(0) => State::Done,
            BodyLength::Known(left) => State::Known { left },
            BodyLength::Chunked => SIZE,
        };
        Self { state, total: 0, limit: None, keep: false, extensions: 0 }
    }

    /// Whether the body is complete: from the beginning, if there is none.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Reads from `input` up to the end of the body and appends its data, without framing, to
    /// `out`. Linear in `input`.
    ///
    /// # Errors
    ///
    /// 400 for chunks that contradict RFC 9112 7.1 or whose extensions or trailers are beyond all
    /// reason, 413 as soon as a chunk announces more than the limit. The reader must not be used
    /// afterwards, and the connection has no next request.
    pub fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<BodyStep, Rejection> {
        let mut consumed = 0;
        while consumed < input.len() && !self.is_done() {
            let (used, data) = self.piece(&input[consumed..])?;
            consumed += used;
            if self.keep {
                out.extend_from_slice(data);
            }
        }
        Ok(BodyStep { consumed, done: self.is_done() })
    }

    /// Reads from `input` up to the end of its first run of data: how many bytes were used up, and
    /// the data, which stands at their end. The latter is empty only if all is used up or the body
    /// is done. For those who pass data on without keeping it.
    ///
    /// # Errors
    ///
    /// As [`BodyReader::feed`].
    pub fn piece<'a>(&mut self, input: &'a [u8]) -> Result<(usize, &'a [u8]), Rejection> {
        let mut rest = input;
        while let (Some((&byte, tail)), false) = (rest.split_first(), self.is_done()) {
            self.state = match self.state {
                State::Known { left } => {
                    let (left, data, rest) = take(left, rest);
                    self.state = if left > 0 { State::Known { left } } else { State::Done };
                    return Ok((input.len() - rest.len(), data));
                }
                State::Data { left } => {
                    let (left, data, rest) = take(left, rest);
                    let end = State::DataEnd { cr: false };
                    self.state = if left > 0 { State::Data { left } } else { end };
                    return Ok((input.len() - rest.len(), data));
                }
                State::Size { size, len, part } => self.size(byte, size, len, part)?,
                State::DataEnd { cr } => data_end(byte, cr)?,
                State::Trailer { line, cr, total } => trailer(byte, line, cr, total)?,
                State::Done => State::Done,
            };
            rest = tail;
        }
        Ok((input.len() - rest.len(), &[]))
    }

    /// From here on what is read is dropped.
    pub fn discard(&mut self) {
        self.keep = false;
        self.limit = None;
    }

    /// The next byte of a size line.
    fn size(
        &mut self,
        byte: u8,
        size: u64,
        len: usize,
        part: SizePart,
    ) -> Result<State, Rejection> {
        let next = |size, part| State::Size { size, len: len + 1, part };
        if len >= SIZE_LINE_MAX {
            return Err(Rejection::bad("client sent too long chunk size line"));
        }
        match (part, byte) {
            (SizePart::Digits, byte) if hex_digit(byte).is_some() => {
                let digit = u64::from(hex_digit(byte).unwrap_or(0));
                let size = size.checked_mul(16).ok_or(BAD_CHUNK)?;
                Ok(next(size | digit, part))
            }
            (SizePart::Digits | SizePart::Extension, b'\r') if len > 0 => {
                self.announce(size)?;
                Ok(next(size, SizePart::Cr))
            }
            // Blanks behind the size come from old servers' habits; nginx lets them pass, too.
            (SizePart::Digits, b';' | b' ' | b'\t') if len > 0 => {
                self.extension()?;
                Ok(next(size, SizePart::Extension))
            }
            (SizePart::Extension, byte) if !byte.is_ascii_control() || byte == b'\t' => {
                self.extension()?;
                Ok(next(size, part))
            }
            (SizePart::Cr, b'\n') if size == 0 => {
                Ok(State::Trailer { line: 0, cr: false, total: 0 })
            }
            (SizePart::Cr, b'\n') => Ok(State::Data { left: size }),
            _ => Err(BAD_CHUNK),
        }
    }

    /// Counts a chunk of `size` bytes against the limit before any of them has come.
    fn announce(&mut self, size: u64) -> Result<(), Rejection> {
        self.total = self.total.checked_add(size).ok_or(BAD_CHUNK)?;
        if self.limit.is_some_and(|limit| self.total > limit) { Err(TOO_LARGE) } else { Ok(()) }
    }

    /// Counts a byte of an extension. Many small chunks with long extensions cost much and bring
    /// nothing.
    fn extension(&mut self) -> Result<(), Rejection> {
        self.extensions += 1;
        if self.extensions > EXTENSIONS_MAX {
            return Err(Rejection::bad("client sent too long chunk extensions"));
        }
        Ok(())
    }
}

const SIZE: State = State::Size { size: 0, len: 0, part: SizePart::Digits };
const BAD_CHUNK: Rejection = Rejection::bad("client sent invalid chunked body");
const TOO_LARGE: Rejection = Rejection::with(413, "client intended to send too large body");

/// Takes up to `left` bytes of data: how many are left, the data, and what is behind it.
fn take(left: u64, input: &[u8]) -> (u64, &[u8], &[u8]) {
    let len = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
    let (data, rest) = input.split_at(len);
    (left - data.len() as u64, data, rest)
}

fn data_end(byte: u8, cr: bool) -> Result<State, Rejection> {
    match (cr, byte) {
        (false, b'\r') => Ok(State::DataEnd { cr: true }),
        (true, b'\n') => Ok(SIZE),
        _ => Err(BAD_CHUNK),
    }
}

/// The next byte of the trailers, which are not looked at.
fn trailer(byte: u8, line: usize, cr: bool, total: usize) -> Result<State, Rejection> {
    if total >= TRAILERS_MAX {
        return Err(Rejection::bad("client sent too long trailers"));
    }
    let total = total + 1;
    match (cr, byte) {
        (true, b'\n') if line == 0 => Ok(State::Done),
        (true, b'\n') => Ok(State::Trailer { line: 0, cr: false, total }),
        (false, b'\r') => Ok(State::Trailer { line, cr: true, total }),
        (false, byte) if byte == b'\t' || !byte.is_ascii_control() => {
            Ok(State::Trailer { line: line + 1, cr, total })
        }
        _ => Err(BAD_CHUNK),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::chunked;

    /// The body and what is left behind it, or the status of the refusal.
    fn read(
        length: BodyLength,
        limit: Option<u64>,
        input: &[u8],
        step: usize,
    ) -> Result<(Vec<u8>, usize, bool), u16> {
        let mut reader = BodyReader::new(length, limit).map_err(|r| r.status)?;
        let (mut out, mut consumed) = (Vec::new(), 0);
        for part in input.chunks(step.max(1)) {
            let done = reader.feed(part, &mut out).map_err(|r| r.status)?;
            consumed += done.consumed;
            if done.done {
                break;
            }
        }
        Ok((out, consumed, reader.is_done()))
    }

    /// Body and rest of a complete chunked body, the status of a refusal, or 0 for more to come;
    /// however the input is cut.
    fn check(input: &str, expected: Result<(&str, &str), u16>) {
        for step in 1..=input.len().max(1) {
            let found = match read(BodyLength::Chunked, Some(1000), input.as_bytes(), step) {
                Ok((_, _, false)) => Err(0),
                Ok((out, consumed, true)) => {
                    Ok((String::from_utf8(out).unwrap(), &input[consumed..]))
                }
                Err(status) => Err(status),
            };
            let found = found.as_ref().map(|(out, rest)| (out.as_str(), *rest)).map_err(|s| *s);
            assert_eq!(found, expected, "{input:?} in steps of {step}");
        }
    }

    #[test]
    fn chunks_are_joined() {
        check("0\r\n\r\n", Ok(("", "")));
        check("3\r\nabc\r\n0\r\n\r\nGET /", Ok(("abc", "GET /")));
        check("1\r\na\r\nA\r\n0123456789\r\n00\r\n\r\n", Ok(("a0123456789", "")));
        check("0003;x=\"y\"\r\nabc\r\n0;last\r\n\r\n", Ok(("abc", "")));
        check("3 ;x\r\nabc\r\n0 \t\r\n\r\n", Ok(("abc", "")));
        check("2\r\n\r\n\r\n0\r\n\r\n", Ok(("\r\n", "")));
        check("1\r\na\r\n0\r\nX: y\r\nZ:\t\u{e9}\r\n\r\nrest", Ok(("a", "rest")));
    }

    #[test]
    fn more_is_to_come() {
        for part in ["", "3", "3\r", "3\r\n", "3\r\nab", "3\r\nabc\r", "0\r\n", "0\r\nX: y\r\n"] {
            check(part, Err(0));
        }
    }

    #[test]
    fn what_is_no_chunk() {
        for bad in [
            "\r\n",
            "\n",
            "x\r\n",
            ";x\r\n",
            " 3\r\nabc\r\n",
            "0x3\r\nabc\r\n",
            "+3\r\nabc\r\n",
            "-3\r\nabc\r\n",
            "3\nabc\r\n",
            "3\r\r\nabc\r\n",
            "3;x\ny\r\nabc\r\n",
            "3;x\ry\r\nabc\r\n",
            "3;\0\r\nabc\r\n",
            "3\r\nabcd\r\n",
            "3\r\nabc\n",
            "3\r\nabc0\r\n\r\n",
            "10000000000000000\r\n",
            "ffffffffffffffffff\r\n",
            "0\r\n\n",
            "0\r\nX: y\n",
            "0\r\nX: \0\r\n",
            "0\r\n\r\r\n",
        ] {
            check(bad, Err(400));
        }
    }

    #[test]
    fn chunks_are_limited() {
        check("3e8\r\n", Err(0));
        check("3e9\r\n", Err(413));
        check("1\r\na\r\n3e8\r\n", Err(413));
        check("ffffffffffffffff\r\n", Err(413));
        let overflow = b"1\r\na\r\nffffffffffffffff\r\n";
        assert_eq!(read(BodyLength::Chunked, None, overflow, 99).err(), Some(400));
    }

    #[test]
    fn overhead_is_bounded() {
        let status = |input: String| read(BodyLength::Chunked, None, input.as_bytes(), 4096).err();
        assert_eq!(status("0".repeat(1023)), None);
        assert_eq!(status("0".repeat(1025)), Some(400));
        assert_eq!(status(format!("1;{}\r\na\r\n", "x".repeat(1000)).repeat(16)), None);
        assert_eq!(status(format!("1;{}\r\na\r\n", "x".repeat(1000)).repeat(17)), Some(400));
        assert_eq!(status(format!("0\r\n{}", "X: y\r\n".repeat(1365))), None);
        assert_eq!(status(format!("0\r\n{}", "X: y\r\n".repeat(1366))), Some(400));
    }

    #[test]
    fn known_lengths() {
        let known = |length, limit| read(BodyLength::Known(length), limit, b"abcdef", 4);
        assert_eq!(known(5, Some(5)), Ok((b"abcde".to_vec(), 5, true)));
        assert_eq!(known(5, Some(4)), Err(413));
        assert_eq!(known(7, None), Ok((b"abcdef".to_vec(), 6, false)));
        assert_eq!(known(u64::MAX, None), Ok((b"abcdef".to_vec(), 6, false)));
        assert_eq!(known(0, Some(0)), Ok((Vec::new(), 0, true)));
        assert_eq!(read(BodyLength::None, Some(0), b"abc", 4), Ok((Vec::new(), 0, true)));
    }

    #[test]
    fn refused_bodies_are_dropped() {
        let mut out = Vec::new();
        let mut reader = BodyReader::discarding(BodyLength::Known(3));
        assert_eq!(reader.feed(b"abcd", &mut out), Ok(BodyStep { consumed: 3, done: true }));
        let mut reader = BodyReader::discarding(BodyLength::Chunked);
        let step = reader.feed(b"fffff\r\nabc", &mut out);
        assert_eq!(step, Ok(BodyStep { consumed: 10, done: false }));
        assert!(BodyReader::discarding(BodyLength::None).is_done());
        assert!(out.is_empty());
    }

    proptest! {
        #[test]
        fn written_chunks_are_read(parts: Vec<Vec<u8>>, step in 1..50_usize, rest: Vec<u8>) {
            let mut input = Vec::new();
            parts.iter().for_each(|part| chunked::chunk(part, &mut input));
            input.extend_from_slice(chunked::LAST);
            let len = input.len();
            input.extend_from_slice(&rest);
            prop_assert_eq!(
                read(BodyLength::Chunked, None, &input, step),
                Ok((parts.concat(), len, true))
            );
        }

        #[test]
        fn cuts_change_nothing(input in "[0-3a;\r\n x]{0,40}", step in 1..9_usize) {
            let whole = read(BodyLength::Chunked, Some(20), input.as_bytes(), usize::MAX);
            prop_assert_eq!(read(BodyLength::Chunked, Some(20), input.as_bytes(), step), whole);
        }
    }
}
