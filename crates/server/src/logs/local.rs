//! Local time.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tz::TimeZone;

/// The time zone of the process; `None` where it cannot be read.
static ZONE: LazyLock<Option<TimeZone>> =
    LazyLock::new(|| zone(std::env::var("TZ").ok().as_deref()));

/// Zones change their offset at quarters of an hour: within one it is looked up once.
const QUARTER: u64 = 900;

/// The last quarter that was asked for (40 bits) and its offset (24 bits, biased).
static LAST: AtomicU64 = AtomicU64::new(u64::MAX);

/// Makes offsets positive: they are less than 2 days.
const BIAS: i32 = 1 << 20;

/// Seconds that local time is ahead of UTC at `unix`, as `TZ`, else `/etc/localtime`, says; 0
/// where neither can be read. The zone is read once; its rules for daylight saving time are obeyed.
#[must_use]
pub fn utc_offset(unix: u64) -> i32 {
    let quarter = unix / QUARTER;
    let last = LAST.load(Ordering::Relaxed);
    if last >> 24 == quarter {
        return i32::try_from(last & 0xff_ffff).unwrap_or(BIAS) - BIAS;
    }
    let offset = ZONE.as_ref().and_then(|zone| offset_in(zone, unix)).unwrap_or(0);
    if let Ok(biased) = u64::try_from(offset + BIAS) {
        LAST.store(quarter << 24 | biased & 0xff_ffff, Ordering::Relaxed);
    }
    offset
}

/// An empty `TZ` means UTC, as in the C library.
fn zone(name: Option<&str>) -> Option<TimeZone> {
    match name {
        None => TimeZone::local().ok(),
        Some("") => Some(TimeZone::utc()),
        Some(name) => TimeZone::from_posix_tz(name).ok(),
    }
}

fn offset_in(zone: &TimeZone, unix: u64) -> Option<i32> {
    let unix = i64::try_from(unix).ok()?;
    Some(zone.find_local_time_type(unix).ok()?.ut_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, unix: u64, expected: Option<i32>) {
        let found = zone(Some(name)).and_then(|zone| offset_in(&zone, unix));
        assert_eq!(found, expected, "{name} {unix}");
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

    #[test]
    fn daylight_saving_time_begins_at_its_second() {
        let begin = 1_774_746_000;
        check("CET-1CEST,M3.5.0,M10.5.0/3", begin - 1, Some(3600));
        check("CET-1CEST,M3.5.0,M10.5.0/3", begin, Some(7200));
    }

    #[test]
    fn what_is_remembered_is_what_would_be_found() {
        let found = |unix| ZONE.as_ref().and_then(|zone| offset_in(zone, unix)).unwrap_or(0);
        for unix in [1_768_000_000, 1_768_000_001, 1_784_000_000, 1_774_745_999, 1_774_746_000] {
            assert_eq!(utc_offset(unix), found(unix), "{unix}");
        }
    }
}
