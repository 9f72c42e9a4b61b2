//! Where a subscriber left off.

use super::path::saturating_number;

/// Where a subscriber left off, from the `last_*` directives or the headers they stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Since {
    /// Second of the last message received.
    pub time: Option<u64>,
    /// Its tag; without one, messages of that very second are passed over.
    pub tag: Option<u64>,
    /// Its event id, never empty.
    pub event_id: Option<Box<[u8]>>,
}

impl Since {
    /// Reads the control values of a request; `time` comes parsed.
    ///
    /// A tag is decimal digits, optionally behind `W/`; anything else counts as absent, and so
    /// does an empty event id.
    #[must_use]
    pub fn parse(time: Option<u64>, tag: Option<&[u8]>, event_id: Option<&[u8]>) -> Self {
        let event_id = event_id.filter(|id| !id.is_empty()).map(Box::from);
        Self { time, tag: tag.and_then(parse_tag), event_id }
    }
}

fn parse_tag(value: &[u8]) -> Option<u64> {
    let digits = value.strip_prefix(b"W/").unwrap_or(value);
    let decimal = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    decimal.then(|| saturating_number(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tag: &str, expected: Option<u64>) {
        assert_eq!(Since::parse(None, Some(tag.as_bytes()), None).tag, expected, "{tag:?}");
    }

    #[test]
    fn tags() {
        check("12", Some(12));
        check("W/12", Some(12));
        check("0", Some(0));
        check("99999999999999999999999", Some(u64::MAX));
        for absent in ["", "W/", "w/1", "\"1\"", "-1", "1 ", "null", "1a"] {
            check(absent, None);
        }
    }

    #[test]
    fn an_empty_event_id_is_absent() {
        assert_eq!(Since::parse(None, None, Some(b"")), Since::default());
        assert_eq!(Since::parse(None, None, Some(b"e")).event_id.as_deref(), Some(&b"e"[..]));
    }
}
