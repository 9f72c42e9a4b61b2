//! Times as nginx writes them: `1h30m`, `500ms`, `30`.

/// Milliseconds of a time, for directives that count in them; at most `i64::MAX`.
///
/// As nginx's `ngx_parse_time`: units (`y M w d h m s ms`) from the greatest to the smallest, each
/// once, blanks between them; a number without unit counts seconds and comes last.
#[must_use]
pub fn milliseconds(text: &[u8]) -> Option<u64> {
    parse(text, true)
}

/// Seconds of a time, for directives that count in them: as [`milliseconds`] without `ms`.
#[must_use]
pub fn seconds(text: &[u8]) -> Option<u64> {
    parse(text, false).map(|milliseconds| milliseconds / 1000)
}

/// In milliseconds.
fn parse(text: &[u8], with_milliseconds: bool) -> Option<u64> {
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

fn number(digits: &[u8]) -> Option<u64> {
    str::from_utf8(digits).ok()?.parse().ok()
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
        assert_eq!(milliseconds(text.as_bytes()), milliseconds_expected, "{text}");
        assert_eq!(seconds(text.as_bytes()), seconds_expected, "{text}");
    }

    #[test]
    fn units_come_in_their_order() {
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
    }

    #[test]
    fn everything_else_is_none() {
        let others = ["", "s", "1x", "-1", "+1", "1s1m", "1s1s", "99999999999999999999"];
        for text in others.into_iter().chain(["9999999999999999y", "9223372036854775807"]) {
            check(text, None, None);
        }
    }
}
