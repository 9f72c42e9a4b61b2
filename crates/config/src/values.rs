//! Numbers, sizes and times as nginx reads them.

use std::time::Duration;

/// An unsigned decimal number.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    i64::try_from(number).is_ok().then_some(number)
}

/// A size in bytes: digits and `k`, `K`, `m` or `M`.
pub(crate) fn size(text: &[u8]) -> Option<u64> {
    scaled(text, false)
}

/// As [`size`], with `g` and `G`: nginx's directives that bound files and bodies know it.
pub(crate) fn offset(text: &[u8]) -> Option<u64> {
    scaled(text, true)
}

fn scaled(text: &[u8], giga: bool) -> Option<u64> {
    let (digits, shift) = match text.split_last()? {
        (b'k' | b'K', rest) => (rest, 10),
        (b'm' | b'M', rest) => (rest, 20),
        (b'g' | b'G', rest) if giga => (rest, 30),
        _ => (text, 0),
    };
    let bytes = number(digits)?.checked_mul(1 << shift)?;
    i64::try_from(bytes).is_ok().then_some(bytes)
}

/// A time for directives that count milliseconds.
pub(crate) fn milliseconds(text: &[u8]) -> Option<Duration> {
    time(text, true).map(Duration::from_millis)
}

/// A time for directives that count seconds; `ms` is refused.
pub(crate) fn seconds(text: &[u8]) -> Option<Duration> {
    time(text, false).map(Duration::from_millis)
}

/// nginx's `ngx_parse_time`: units from the greatest to the smallest, each once; the number
/// without unit counts seconds and comes last. In milliseconds.
fn time(text: &[u8], with_milliseconds: bool) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    let mut previous = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
        let value = number(&rest[..digits])?;
        rest = &rest[digits..];
        let (rank, scale, length) = unit(rest)?;
        if rank <= previous || (scale == 1 && !with_milliseconds) {
            return None;
        }
        previous = rank;
        rest = rest[length..].trim_ascii_start();
        total = total.checked_add(value.checked_mul(scale)?)?;
    }
    i64::try_from(total).is_ok().then_some(total)
}

/// Rank among the units, milliseconds and length of the unit at the beginning of `rest`.
fn unit(rest: &[u8]) -> Option<(u8, u64, usize)> {
    const SECOND: u64 = 1000;
    const DAY: u64 = 24 * 60 * 60 * SECOND;
    Some(match rest {
        [] => (9, SECOND, 0),
        [b' ', ..] => (8, SECOND, 1),
        [b'y', ..] => (1, 365 * DAY, 1),
        [b'M', ..] => (2, 30 * DAY, 1),
        [b'w', ..] => (3, 7 * DAY, 1),
        [b'd', ..] => (4, DAY, 1),
        [b'h', ..] => (5, 60 * 60 * SECOND, 1),
        [b'm', b's', ..] => (10, 1, 2),
        [b'm', ..] => (6, 60 * SECOND, 1),
        [b's', ..] => (7, SECOND, 1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, milliseconds_expected: Option<u64>, seconds_expected: Option<u64>) {
        let millis = |d: Duration| u64::try_from(d.as_millis()).unwrap();
        assert_eq!(milliseconds(text.as_bytes()).map(millis), milliseconds_expected, "{text}");
        assert_eq!(seconds(text.as_bytes()).map(|d| d.as_secs()), seconds_expected, "{text}");
    }

    #[test]
    fn times() {
        check("0", Some(0), Some(0));
        check("30", Some(30_000), Some(30));
        check("30s", Some(30_000), Some(30));
        check("1m30s", Some(90_000), Some(90));
        check("1m30", Some(90_000), Some(90));
        check("1h 5m", Some(3_900_000), Some(3900));
        check("500ms", Some(500), None);
        check("1s500ms", Some(1500), None);
        check("1d", Some(86_400_000), Some(86_400));
        check("1w", Some(604_800_000), Some(604_800));
        check("1M", Some(2_592_000_000), Some(2_592_000));
        check("1y", Some(31_536_000_000), Some(31_536_000));
        check("", None, None);
        check("s", None, None);
        check("1x", None, None);
        check("-1", None, None);
        check("1s1m", None, None);
        check("1s1s", None, None);
        check("99999999999999999999", None, None);
        check("9999999999999999y", None, None);
    }

    #[test]
    fn sizes() {
        assert_eq!(size(b"10m"), Some(10 << 20));
        assert_eq!(size(b"10K"), Some(10 << 10));
        assert_eq!(size(b"7"), Some(7));
        assert_eq!(size(b"1g"), None);
        assert_eq!(offset(b"1g"), Some(1 << 30));
        assert_eq!(size(b"m"), None);
        assert_eq!(size(b""), None);
        assert_eq!(size(b"9999999999999999999m"), None);
        assert_eq!(number(b"+1"), None);
        assert_eq!(number(b"12"), Some(12));
    }
}
