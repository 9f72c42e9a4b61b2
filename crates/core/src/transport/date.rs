//! Dates as HTTP writes them.

use std::io::Write as _;
use std::time::{Duration, UNIX_EPOCH};

/// Fri, 31 Dec 9999: the last second that the four-digit form can say.
const UNIX_MAX: u64 = 253_402_300_799;

/// Appends `Sun, 06 Nov 1994 08:49:37 GMT`, always 29 bytes; times past the year 9999 become its
/// last second.
pub(super) fn append(unix: u64, out: &mut Vec<u8>) {
    let time = UNIX_EPOCH + Duration::from_secs(unix.min(UNIX_MAX));
    write!(out, "{}", httpdate::HttpDate::from(time)).expect("writing to a Vec does not fail");
}

/// The same as a header's value.
pub(super) fn value(unix: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(29);
    append(unix, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(unix: u64, expected: &str) {
        assert_eq!(String::from_utf8(value(unix)).unwrap(), expected);
        assert_eq!(expected.len(), 29);
    }

    #[test]
    fn dates_have_29_bytes() {
        check(0, "Thu, 01 Jan 1970 00:00:00 GMT");
        check(784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT");
        check(UNIX_MAX, "Fri, 31 Dec 9999 23:59:59 GMT");
        check(u64::MAX, "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
