//! Dates as logs write them.

use std::fmt::Write as _;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment as date and time of day at some distance from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// The year of our era.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// Minutes ahead of UTC.
    pub offset_minutes: i32,
}

impl Civil {
    /// The moment `unix` seconds after 1970-01-01T00:00:00Z, `utc_offset` seconds ahead of UTC.
    #[must_use]
    pub fn new(unix: u64, utc_offset: i32) -> Self {
        let local = i64::try_from(unix).unwrap_or(i64::MAX / 2).saturating_add(utc_offset.into());
        let (year, month, day) = date(local.div_euclid(86_400));
        let second = local.rem_euclid(86_400);
        let part = |value: i64| u8::try_from(value).unwrap_or(0);
        Self {
            year,
            month,
            day,
            hour: part(second / 3600),
            minute: part(second / 60 % 60),
            second: part(second % 60),
            offset_minutes: utc_offset / 60,
        }
    }

    /// `21/Nov/2026:01:16:32 +0000`, as `$time_local`.
    #[must_use]
    pub fn local(&self) -> String {
        let Self { year, day, hour, minute, second, .. } = self;
        let (sign, hours, minutes) = self.offset();
        let month = self.month_name();
        format!(
            "{day:02}/{month}/{year}:{hour:02}:{minute:02}:{second:02} {sign}{hours:02}{minutes:02}"
        )
    }

    /// `2026-11-21T01:16:32+00:00`, as `$time_iso8601`.
    #[must_use]
    pub fn iso8601(&self) -> String {
        let Self { year, month, day, hour, minute, second, .. } = self;
        let (sign, hours, minutes) = self.offset();
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        // Writing to a string does not fail.
        let _ = write!(text, "{sign}{hours:02}:{minutes:02}");
        text
    }

    /// `2026/11/21 01:16:32`, as the error log begins its lines.
    #[must_use]
    pub fn error_log(&self) -> String {
        let Self { year, month, day, hour, minute, second, .. } = self;
        format!("{year:04}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}")
    }

    /// `Nov 21 01:16:32`, as RFC 3164 section 4.1.2 wants it.
    #[must_use]
    pub fn syslog(&self) -> String {
        let Self { day, hour, minute, second, .. } = self;
        format!("{} {day:2} {hour:02}:{minute:02}:{second:02}", self.month_name())
    }

    fn month_name(&self) -> &'static str {
        MONTHS.get(usize::from(self.month) - 1).copied().unwrap_or("Jan")
    }

    fn offset(&self) -> (char, i32, i32) {
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        let minutes = self.offset_minutes.abs();
        (sign, minutes / 60, minutes % 60)
    }
}

/// Year, month and day of the day `days` after 1970-01-01, in the Gregorian calendar: eras of 400
/// years that begin on a first of March, so that the leap day is a year's last.
fn date(days: i64) -> (i64, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let small = |value: i64| u8::try_from(value).unwrap_or(1);
    (year, small(month), small(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(unix: u64, utc_offset: i32, expected: [&str; 4]) {
        let civil = Civil::new(unix, utc_offset);
        let texts = [civil.local(), civil.iso8601(), civil.error_log(), civil.syslog()];
        assert_eq!(texts, expected);
    }

    #[test]
    fn texts() {
        check(
            1_795_223_792,
            0,
            [
                "21/Nov/2026:01:16:32 +0000",
                "2026-11-21T01:16:32+00:00",
                "2026/11/21 01:16:32",
                "Nov 21 01:16:32",
            ],
        );
        check(
            0,
            -34_200,
            [
                "31/Dec/1969:14:30:00 -0930",
                "1969-12-31T14:30:00-09:30",
                "1969/12/31 14:30:00",
                "Dec 31 14:30:00",
            ],
        );
        check(
            951_782_400,
            3600,
            [
                "29/Feb/2000:01:00:00 +0100",
                "2000-02-29T01:00:00+01:00",
                "2000/02/29 01:00:00",
                "Feb 29 01:00:00",
            ],
        );
    }

    #[test]
    fn single_digit_days_are_padded_with_a_space_for_syslog() {
        assert_eq!(Civil::new(784_111_777, 0).syslog(), "Nov  6 08:49:37");
    }

    #[test]
    fn absurd_times_do_not_panic() {
        let _ = Civil::new(u64::MAX, i32::MAX).local();
        let _ = Civil::new(0, i32::MIN).iso8601();
    }
}
