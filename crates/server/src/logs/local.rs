//! Local time.

use tz::TimeZone;

/// Seconds that local time was ahead of UTC at `unix`, as `TZ`, else `/etc/localtime`, says; 0
/// where neither can be read.
#[must_use]
pub fn utc_offset(unix: u64) -> i32 {
    let name = std::env::var("TZ").ok();
    offset_in(name.as_deref(), unix).unwrap_or(0)
}

/// An empty `TZ` means UTC, as in the C library.
fn offset_in(name: Option<&str>, unix: u64) -> Option<i32> {
    let zone = match name {
        None => TimeZone::local().ok()?,
        Some("") => return Some(0),
        Some(name) => TimeZone::from_posix_tz(name).ok()?,
    };
    let unix = i64::try_from(unix).ok()?;
    Some(zone.find_local_time_type(unix).ok()?.ut_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, unix: u64, expected: Option<i32>) {
        assert_eq!(offset_in(Some(name), unix), expected, "{name} {unix}");
    }

    #[test]
    fn rules_are_obeyed() {
        let (winter, summer) = (1_768_000_000, 1_784_000_000);
        check("", winter, Some(0));
        check("UTC0", winter, Some(0));
        check("CET-1CEST,M3.5.0,M10.5.0/3", winter, Some(3600));
        check("CET-1CEST,M3.5.0,M10.5.0/3", summer, Some(7200));
        check("EST5EDT,M3.2.0,M11.1.0", winter, Some(-18_000));
        check("<-03>3", summer, Some(-10_800));
        check("NST3:30", winter, Some(-12_600));
        check("no such zone", winter, None);
    }
}
