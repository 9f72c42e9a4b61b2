//! Numbers, sizes and times as nginx reads them.

use std::time::Duration;

use outpour_core::settings::time;

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
    time::milliseconds(text).map(Duration::from_millis)
}

/// A time for directives that count seconds; `ms` is refused.
pub(crate) fn seconds(text: &[u8]) -> Option<Duration> {
    time::seconds(text).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

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
