//! `Range` and what is sent for it.

use std::ops::Range;

use crate::wire::http_date;

/// What a `Range` header asks of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ranges {
    /// Nothing that is understood, or more than there is: the whole file is sent.
    Whole,
    /// Only bytes that do not exist: 416.
    Unsatisfiable,
    /// These bytes, in the order in which they were asked for; never empty.
    Parts(Vec<Range<u64>>),
}

impl Ranges {
    /// Reads the header for a file of `length` bytes; more than `max` ranges count as none, as
    /// `max_ranges` says. The rules are nginx's: syntax errors are unsatisfiable, ranges that add
    /// up to more than the file are passed over.
    #[must_use]
    pub fn parse(header: &[u8], length: u64, max: u64) -> Self {
        let is_bytes = header.get(..6).is_some_and(|unit| unit.eq_ignore_ascii_case(b"bytes="));
        if max == 0 || header.len() < 7 || !is_bytes {
            return Self::Whole;
        }
        let mut parts: Vec<Range<u64>> = Vec::new();
        let mut size: u64 = 0;
        for text in header[6..].split(|byte| *byte == b',') {
            let Some(range) = one(text, length) else { return Self::Unsatisfiable };
            if range.start < range.end {
                if parts.len() as u64 == max {
                    return Self::Whole;
                }
                size = size.saturating_add(range.end - range.start);
                parts.push(range);
            } else if range.start == 0 {
                return Self::Whole;
            }
        }
        match parts.is_empty() {
            true => Self::Unsatisfiable,
            false if size > length => Self::Whole,
            false => Self::Parts(parts),
        }
    }
}

/// One range, perhaps an empty one; `None` if it cannot be read.
fn one(text: &[u8], length: u64) -> Option<Range<u64>> {
    let dash = memchr::memchr(b'-', text)?;
    let (first, last) = (blanks_off(&text[..dash]), blanks_off(&text[dash + 1..]));
    if first.is_empty() {
        // Behind the dash of a suffix nginx allows no blank.
        let count = number(last).filter(|_| text.get(dash + 1) != Some(&b' '))?;
        return Some(length.saturating_sub(count)..length);
    }
    let start = number(first)?;
    let end = match last {
        [] => length,
        last => number(last)?.saturating_add(1).min(length),
    };
    Some(start..end)
}

fn blanks_off(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| *byte != b' ').unwrap_or(text.len());
    let end = text.iter().rposition(|byte| *byte != b' ').map_or(start, |at| at + 1);
    &text[start..end]
}

fn number(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = str::from_utf8(digits).ok()?.parse().ok()?;
    i64::try_from(number).is_ok().then_some(number)
}

/// Whether `If-Range` lets the ranges count: its entity tag, or its date, is the file's.
#[must_use]
pub fn if_range_holds(header: &[u8], modified: u64, etag: Option<&[u8]>) -> bool {
    match header {
        [_, .., b'"'] => etag == Some(header),
        date => http_date::parse(date) == Some(modified),
    }
}

/// What stands before a part of an answer of several ranges.
#[must_use]
pub fn boundary_head(
    boundary: &str,
    content_type: &[u8],
    range: &Range<u64>,
    length: u64,
) -> Vec<u8> {
    let mut head = format!("\r\n--{boundary}\r\n").into_bytes();
    if !content_type.is_empty() {
        head.extend_from_slice(b"Content-Type: ");
        head.extend_from_slice(content_type);
        head.extend_from_slice(b"\r\n");
    }
    let (start, last) = (range.start, range.end.saturating_sub(1));
    let bytes = format!("Content-Range: bytes {start}-{last}/{length}\r\n\r\n");
    head.extend_from_slice(bytes.as_bytes());
    head
}

/// What stands behind the last part.
#[must_use]
pub fn boundary_tail(boundary: &str) -> Vec<u8> {
    format!("\r\n--{boundary}--\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Of a file of 100 bytes, at most 4 ranges; `expected` is `whole`, `416` or the ranges.
    fn check(header: &str, expected: &str) {
        let found = match Ranges::parse(header.as_bytes(), 100, 4) {
            Ranges::Whole => "whole".into(),
            Ranges::Unsatisfiable => "416".into(),
            Ranges::Parts(parts) => {
                let show = |r: &Range<u64>| format!("{}..{}", r.start, r.end);
                parts.iter().map(show).collect::<Vec<_>>().join(" ")
            }
        };
        assert_eq!(found, expected, "{header}");
    }

    #[test]
    fn one_range() {
        check("bytes=0-0", "0..1");
        check("bytes=0-99", "0..100");
        check("bytes=0-1000", "0..100");
        check("BYTES=10-", "10..100");
        check("bytes=-10", "90..100");
        check("bytes=-1000", "0..100");
        check("bytes= 1 - 2 ", "1..3");
        check("bytes=99-", "99..100");
    }

    #[test]
    fn several_ranges() {
        check("bytes=0-1,5-6, -2", "0..2 5..7 98..100");
        check("bytes=5-6,0-1", "5..7 0..2");
        check("bytes=0-1,200-", "0..2");
        check("bytes=0-0,1-1,2-2,3-3", "0..1 1..2 2..3 3..4");
        check("bytes=0-0,1-1,2-2,3-3,4-4", "whole");
        check("bytes=0-,0-", "whole");
    }

    #[test]
    fn what_cannot_be_satisfied() {
        for header in ["bytes=100-", "bytes=-0", "bytes=5-2", "bytes=a-b", "bytes=1", "bytes=--1"] {
            check(header, "416");
        }
        check("bytes=0-1;", "416");
        check("bytes=0-1,", "416");
        check("bytes=99999999999999999999-", "416");
        check("bytes=0-9223372036854775808", "416");
    }

    #[test]
    fn what_is_no_range() {
        for header in ["", "bytes", "bytes=", "lines=0-1"] {
            check(header, "whole");
        }
        assert_eq!(Ranges::parse(b"bytes=0-1", 100, 0), Ranges::Whole);
        assert_eq!(Ranges::parse(b"bytes=0-", 0, 9), Ranges::Whole);
    }

    #[test]
    fn conditions_of_ranges() {
        let check = |header: &str, expected| {
            let found = if_range_holds(header.as_bytes(), 784_111_777, Some(b"\"a-1\""));
            assert_eq!(found, expected, "{header}");
        };
        check("\"a-1\"", true);
        check("\"a-2\"", false);
        check("W/\"a-1\"", false);
        check("Sun, 06 Nov 1994 08:49:37 GMT", true);
        check("Sun, 06 Nov 1994 08:49:38 GMT", false);
        check("x", false);
        check("", false);
    }

    proptest! {
        #[test]
        fn ranges_lie_in_the_file(header in "bytes=[0-9, -]{0,30}", length in 0..1000_u64) {
            if let Ranges::Parts(parts) = Ranges::parse(header.as_bytes(), length, 8) {
                prop_assert!(!parts.is_empty() && parts.len() <= 8);
                prop_assert!(parts.iter().all(|r| r.start < r.end && r.end <= length));
                prop_assert!(parts.iter().map(|r| r.end - r.start).sum::<u64>() <= length);
            }
        }
    }
}
