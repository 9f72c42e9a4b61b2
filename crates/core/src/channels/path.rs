//! A channel path: the value of `push_stream_channels_path`, cut into entries.

use crate::wire::percent;

/// One piece of a channel path. Entries are never merged: a channel that is named twice is
/// validated, subscribed, published to and reported twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name of the channel; any bytes, maybe none.
    pub id: Box<[u8]>,
    /// How many of the last stored messages the subscriber asks for; 0: it does not.
    pub backtrack: u64,
}

/// The entries of an evaluated path, in order.
///
/// Percent escapes are decoded once (see [`percent::decode`]), then the value is cut at every `/`; pieces may be empty, but
/// behind a final `/` there is no further one. `.b` and digits at the end of a piece are its
/// backtrack, at most `u64::MAX`. No entry: no channel was named.
#[must_use]
pub fn parse_path(value: &[u8]) -> Vec<Entry> {
    let decoded = percent::decode(value);
    let path = decoded.strip_suffix(b"/").unwrap_or(&decoded);
    if decoded.is_empty() {
        return Vec::new();
    }
    if memchr::memchr(b'/', path).is_none() {
        return vec![parse_entry(path)];
    }
    path.split(|byte| *byte == b'/').map(parse_entry).collect()
}

/// The entries of a path from `set $push_stream_channel_id`: the whole value is one id, not
/// decoded, not cut, without backtrack, as in the module's releases before 0.4.0.
#[must_use]
pub fn whole_id(value: &[u8]) -> Vec<Entry> {
    if value.is_empty() { Vec::new() } else { vec![Entry { id: value.into(), backtrack: 0 }] }
}

fn parse_entry(piece: &[u8]) -> Entry {
    let digits = piece.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (front, number) = piece.split_at(piece.len() - digits);
    match front.strip_suffix(b".b") {
        Some(id) if digits > 0 => Entry { id: id.into(), backtrack: saturating_number(number) },
        _ => Entry { id: piece.into(), backtrack: 0 },
    }
}

/// The value of decimal `digits`, at most `u64::MAX`.
pub(super) fn saturating_number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number: u64, digit| {
        number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;

    fn check(value: &str, expected: &[(&str, u64)]) {
        let entries = parse_path(value.as_bytes());
        let found: Vec<_> =
            entries.iter().map(|e| (String::from_utf8_lossy(&e.id), e.backtrack)).collect();
        let expected: Vec<_> = expected.iter().map(|(id, n)| (Cow::Borrowed(*id), *n)).collect();
        assert_eq!(found, expected, "{value:?}");
    }

    #[test]
    fn cuts_at_slashes() {
        check("", &[]);
        check("a", &[("a", 0)]);
        check("a/", &[("a", 0)]);
        check("/", &[("", 0)]);
        check("//", &[("", 0), ("", 0)]);
        check("/a", &[("", 0), ("a", 0)]);
        check("a//b", &[("a", 0), ("", 0), ("b", 0)]);
        check("a/a", &[("a", 0), ("a", 0)]);
    }

    #[test]
    fn takes_the_last_backtrack() {
        check("ch1.b3/ch2", &[("ch1", 3), ("ch2", 0)]);
        check("room.b18.beautiful.b3", &[("room.b18.beautiful", 3)]);
        check("x.b/x.B3/.b5/b3", &[("x.b", 0), ("x.B3", 0), ("", 5), ("b3", 0)]);
        check("a.b1.b2/a.b0/a.b007", &[("a.b1", 2), ("a", 0), ("a", 7)]);
        check("a.b99999999999999999999999", &[("a", u64::MAX)]);
    }

    #[test]
    fn decodes_once_and_before_cutting() {
        check("a%2Fb", &[("a", 0), ("b", 0)]);
        check("a%2fb%2Eb2", &[("a", 0), ("b", 2)]);
        check("a%252Fb", &[("a%2Fb", 0)]);
        check("a%3Fb?c+d", &[("a?b?c+d", 0)]);
    }

    #[test]
    fn drops_broken_escapes() {
        check("a%zb", &[("azb", 0)]);
        check("a%4zb", &[("ab", 0)]);
        check("a%%41", &[("a%41", 0)]);
        check("a%", &[("a", 0)]);
        check("a%4", &[("a", 0)]);
        check("%", &[]);
    }

    #[test]
    fn keeps_an_old_id_whole() {
        assert_eq!(whole_id(b"a/b%20.b3"), [Entry { id: (*b"a/b%20.b3").into(), backtrack: 0 }]);
        assert_eq!(whole_id(b""), []);
    }

    proptest! {
        #[test]
        fn escaped_bytes_come_back(ids in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..8), 1..5)) {
            let slash = |id: &Vec<u8>| id.contains(&b'/');
            prop_assume!(!ids.iter().any(slash));
            let escaped: Vec<String> = ids
                .iter()
                .map(|id| id.iter().map(|b| format!("%{b:02x}")).collect::<String>() + ".b7")
                .collect();
            let entries = parse_path(escaped.join("/").as_bytes());
            let expected: Vec<_> =
                ids.iter().map(|id| Entry { id: id.as_slice().into(), backtrack: 7 }).collect();
            prop_assert_eq!(entries, expected);
        }
    }
}
