//! The calendar: seconds since 1970 as dates, and the texts that logs and reports make of them.

use std::fmt::Write as _;

/// The last second that four digits of a year can show: Fri, 31 Dec 9999 23:59:59 GMT.
pub const LAST: u64 = 253_402_300_799;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTH_DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

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
    /// The moment `unix` seconds after 1970-01-01T00:00:00Z in UTC, [`LAST`] at the latest: its
    /// year has four digits.
    #[must_use]
    pub fn utc(unix: u64) -> Self {
        Self::new(unix.min(LAST), 0)
    }

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

    /// `06-Nov-1994 08:49`, as in listings of directories.
    #[must_use]
    pub fn listing(&self) -> String {
        let Self { year, day, hour, minute, .. } = self;
        format!("{day:02}-{}-{year} {hour:02}:{minute:02}", self.month_name())
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
        let (sign, hours, minutes) = self.offset();
        let mut text = self.date_time();
        // Writing to a string does not fail.
        let _ = write!(text, "{sign}{hours:02}:{minutes:02}");
        text
    }

    /// `2026-11-21T01:16:32`, as reports on channels show the time.
    #[must_use]
    pub fn date_time(&self) -> String {
        let Self { year, month, day, hour, minute, second, .. } = self;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
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

    /// `Nov`
    #[must_use]
    pub fn month_name(&self) -> &'static str {
        MONTHS.get(usize::from(self.month).wrapping_sub(1)).copied().unwrap_or("Jan")
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

/// How many days `month` (1 to 12) of `year` has.
pub(crate) fn month_days(year: u64, month: u8) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match usize::from(month) {
        2 if leap => 29,
        month => MONTH_DAYS.get(month.wrapping_sub(1)).copied().unwrap_or(31),
    }
}

/// Days from 1970-01-01 to the first of `month` (1 to 12) of `year`, which is 1970 or later.
pub(crate) fn days_before(year: u64, month: u8) -> u64 {
    let past = year - 1;
    let leap_days = (past / 4 - past / 100 + past / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400);
    (year - 1970) * 365 + leap_days + (1..month).map(|m| month_days(year, m)).sum::<u64>()
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
    fn times_of_reports_end_with_the_year_9999() {
        let check = |unix, expected| assert_eq!(Civil::utc(unix).date_time(), expected);
        check(0, "1970-01-01T00:00:00");
        check(1_462_622_554, "2016-05-07T12:02:34");
        check(1_483_228_799, "2016-12-31T23:59:59");
        check(4_107_542_400, "2100-03-01T00:00:00");
        check(LAST, "9999-12-31T23:59:59");
        check(u64::MAX, "9999-12-31T23:59:59");
    }

    #[test]
    fn days_follow_each_other_and_lead_back() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..200_000 {
            let civil = Civil::utc(days * 86_400);
            assert_eq!((civil.year, civil.month, civil.day), (i64::from(year), month, day));
            assert_eq!(days_before(u64::from(year), month) + u64::from(day) - 1, days);
            day += 1;
            if u64::from(day) > month_days(year.into(), month) {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1_u32);
            }
        }
    }

    #[test]
    fn absurd_times_do_not_panic() {
        let _ = Civil::new(u64::MAX, i32::MAX).local();
        let _ = Civil::new(0, i32::MIN).iso8601();
    }
}
