//! The time of a report.

/// The last second of the year 9999, the last that has four digits.
const LAST: u64 = 253_402_300_799;

/// Wall clock `unix` as `YYYY-MM-DDTHH:MM:SS` in UTC, until the end of the year 9999.
pub(super) fn iso_time(unix: u64) -> String {
    let unix = unix.min(LAST);
    let (year, month, day) = civil(unix / 86_400);
    let (hour, minute, second) = (unix / 3600 % 24, unix / 60 % 60, unix % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// Year, month and day of the day numbered `days` since 1970-01-01.
///
/// Counted in eras of 400 years from 0000-03-01, so that the leap day ends the year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(unix: u64, expected: &str) {
        assert_eq!(iso_time(unix), expected);
    }

    #[test]
    fn dates() {
        check(0, "1970-01-01T00:00:00");
        check(784_111_777, "1994-11-06T08:49:37");
        check(951_782_400, "2000-02-29T00:00:00");
        check(1_462_622_554, "2016-05-07T12:02:34");
        check(1_483_228_799, "2016-12-31T23:59:59");
        check(4_107_542_400, "2100-03-01T00:00:00");
        check(u64::MAX, "9999-12-31T23:59:59");
    }

    #[test]
    fn days_follow_each_other() {
        let mut last = civil(0);
        for days in 1..200_000 {
            let (year, month, day) = civil(days);
            let (y, m, d) = last;
            let next = day == d + 1 || day == 1 && d >= 28;
            let turned = if day == 1 { month == m % 12 + 1 } else { month == m };
            assert!(next && turned && year == y + u64::from(day == 1 && month == 1), "{days}");
            last = (year, month, day);
        }
    }
}
