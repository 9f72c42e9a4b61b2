//! Dates of HTTP: read in their three forms, written in one.

use crate::civil::{Civil, LAST, days_before, month_days};

/// Length in bytes of every date that [`format()`] writes.
pub const LEN: usize = 29;

const DAY: u64 = 86_400;
const WEEKDAYS: [&[u8; 3]; 7] = [b"Sun", b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat"];

/// How the parts of a date are arranged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    Rfc822,
    /// `Sunday, 06-Nov-94 08:49:37 GMT`
    Rfc850,
    /// `Sun Nov  6 08:49:37 1994`
    Asctime,
}

/// Seconds since 1970 of a date in one of HTTP's three forms; `None` for everything else.
///
/// As nginx reads dates: the weekday may be any text up to a comma (or, asctime, a blank), months
/// are told by the letters that differ, nothing behind the seconds (asctime: the year) is looked
/// at, two-digit years below 70 are in this century, second 60 does not exist. Dates before 1970
/// are `None`.
#[must_use]
pub fn parse(text: &[u8]) -> Option<u64> {
    let mut scan = Scan(text);
    let mut form = scan.weekday();
    let mut day = 0;
    if form != Form::Asctime {
        day = scan.digits(2)?;
        form = if scan.separator()? == b' ' { Form::Rfc822 } else { Form::Rfc850 };
    }
    let month = scan.month()?;
    let mut year = 0;
    match form {
        Form::Rfc822 => {
            scan.expect(b' ')?;
            year = scan.digits(4)?;
        }
        Form::Rfc850 => {
            scan.expect(b'-')?;
            year = century(scan.digits(2)?);
        }
        Form::Asctime => {
            scan.next()?;
            day = scan.padded_day()?;
        }
    }
    let seconds = scan.time_of_day()?;
    if form == Form::Asctime {
        scan.expect(b' ')?;
        year = scan.digits(4)?;
    }
    (year >= 1970 && day <= month_days(year, month)).then_some(())?;
    // Day 0 is, as nginx reckons, the day before the first.
    Some((days_before(year, month) + day).checked_sub(1)? * DAY + seconds)
}

/// The date of `unix` seconds since 1970 as `Sun, 06 Nov 1994 08:49:37 GMT`; years behind 9999
/// are shown as its last second.
#[must_use]
pub fn format(unix: u64) -> [u8; LEN] {
    let unix = unix.min(LAST);
    let civil = Civil::utc(unix);
    let mut out = *b"Thu, 01 Jan 1970 00:00:00 GMT";
    out[..3].copy_from_slice(WEEKDAYS[index((unix / DAY + 4) % 7)]);
    put_digits(&mut out[5..7], civil.day.into());
    out[8..11].copy_from_slice(civil.month_name().as_bytes());
    put_digits(&mut out[12..16], civil.year.unsigned_abs());
    put_digits(&mut out[17..19], civil.hour.into());
    put_digits(&mut out[20..22], civil.minute.into());
    put_digits(&mut out[23..25], civil.second.into());
    out
}

/// Appends what [`format()`] gives.
pub fn write(unix: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&format(unix));
}

/// The unread rest of a date.
struct Scan<'a>(&'a [u8]);

impl Scan<'_> {
    /// Passes the weekday, its comma and the blanks behind it.
    fn weekday(&mut self) -> Form {
        let end = self.0.iter().position(|b| matches!(b, b',' | b' ')).unwrap_or(self.0.len());
        let form = if self.0.get(end) == Some(&b' ') { Form::Asctime } else { Form::Rfc822 };
        self.0 = self.0.get(end + 1..).unwrap_or_default();
        while let [b' ', rest @ ..] = self.0 {
            self.0 = rest;
        }
        form
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn separator(&mut self) -> Option<u8> {
        self.next().filter(|b| matches!(b, b' ' | b'-'))
    }

    fn digits(&mut self, count: usize) -> Option<u64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits
            .iter()
            .try_fold(0, |value, b| b.is_ascii_digit().then(|| value * 10 + u64::from(b - b'0')))
    }

    /// The month from the letters that tell it apart, as nginx does; 1 is January.
    fn month(&mut self) -> Option<u8> {
        let (name, rest) = self.0.split_at_checked(3)?;
        self.0 = rest;
        Some(match (name[0], name[1], name[2]) {
            (b'J', b'a', _) => 1,
            (b'J', _, b'n') => 6,
            (b'J', ..) => 7,
            (b'F', ..) => 2,
            (b'M', _, b'r') => 3,
            (b'M', ..) => 5,
            (b'A', b'p', _) => 4,
            (b'A', ..) => 8,
            (b'S', ..) => 9,
            (b'O', ..) => 10,
            (b'N', ..) => 11,
            (b'D', ..) => 12,
            _ => return None,
        })
    }

    /// The day of asctime: two digits, or a blank and one digit, or one digit.
    fn padded_day(&mut self) -> Option<u64> {
        if self.0.first() == Some(&b' ') {
            self.next();
        }
        let day = self.digits(1)?;
        match self.0.first()? {
            b' ' => Some(day),
            _ => Some(day * 10 + self.digits(1)?),
        }
    }

    /// ` 08:49:37` as seconds of the day.
    fn time_of_day(&mut self) -> Option<u64> {
        self.expect(b' ')?;
        let hour = self.digits(2)?;
        self.expect(b':')?;
        let minute = self.digits(2)?;
        self.expect(b':')?;
        let second = self.digits(2)?;
        (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)
    }
}

fn century(two_digits: u64) -> u64 {
    if two_digits < 70 { 2000 + two_digits } else { 1900 + two_digits }
}

/// Fills `out` with the last decimal digits of `value`, zeros first.
fn put_digits(out: &mut [u8], mut value: u64) {
    for digit in out.iter_mut().rev() {
        *digit = b"0123456789"[index(value % 10)];
        value /= 10;
    }
}

/// A small number as an index.
fn index(value: u64) -> usize {
    usize::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(parse(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn three_forms_are_read() {
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777));
        check("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777));
        check("Sun Nov  6 08:49:37 1994", Some(784_111_777));
        check("Thu Nov 16 08:49:37 1994", Some(784_975_777));
        check("Thu, 01 Jan 1970 00:00:00 GMT", Some(0));
        check("Fri, 31 Dec 9999 23:59:59 GMT", Some(LAST));
        check("Wednesday, 01-Jan-69 00:00:00 GMT", Some(3_124_224_000));
    }

    #[test]
    fn weekday_and_tail_are_free() {
        check("Foo, 06 Nov 1994 08:49:37 GMT", Some(784_111_777));
        check(",06 Nov 1994 08:49:37", Some(784_111_777));
        check("x,     06 Nov 1994 08:49:37 +0500", Some(784_111_777));
        check("Sun Nov 6 08:49:37 1994; length=3", Some(784_111_777));
        check("Sun, 06 Nov 1994 08:49:37junk", Some(784_111_777));
    }

    #[test]
    fn other_text_is_no_date() {
        for text in [
            "",
            "null",
            ",",
            " ",
            "784111777",
            "06 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06/Nov/1994 08:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT",
            "Sun, 06 Xov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49",
            "Sun, 06 Nov 1994 08:49:60 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994  8:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 29 Feb 2100 08:49:37 GMT",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "Sun Nov  6 08:49:37",
            "Sun Nov  6 08:49:37 94",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn leap_days_count() {
        check("Tue, 29 Feb 2000 00:00:00 GMT", Some(951_782_400));
        check("Mon, 29 Feb 2016 12:00:00 GMT", Some(1_456_747_200));
        check("Mon, 29 Feb 2400 00:00:00 GMT", Some(13_574_563_200));
    }

    #[test]
    fn dates_are_written() {
        assert_eq!(&format(784_111_777), b"Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(&format(0), b"Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(&format(951_782_400), b"Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(&format(u64::MAX), b"Fri, 31 Dec 9999 23:59:59 GMT");
        let mut out = b"Date: ".to_vec();
        write(1, &mut out);
        assert_eq!(out, b"Date: Thu, 01 Jan 1970 00:00:01 GMT");
    }

    proptest! {
        #[test]
        fn written_dates_are_read_back(unix in 0..=LAST) {
            prop_assert_eq!(parse(&format(unix)), Some(unix));
        }

        #[test]
        fn any_bytes_are_safe(text: Vec<u8>) {
            let _ = parse(&text);
        }

        #[test]
        fn almost_dates_are_safe(text in "[A-Z][a-z]{2},? [0-9]{2}[ -][A-Z][a-z]{2}[ -][0-9 :]{0,20}") {
            let _ = parse(text.as_bytes());
        }
    }
}
