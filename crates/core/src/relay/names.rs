//! From what a location calls its channels to their names in the store.

use crate::channels::Entry;

/// Most channels that one request may name.
const IDS_MAX: usize = 255;

/// The channels of a request: `values` as evaluated, each cut at `delimiter` if there is one,
/// shortened to `length_max` bytes, with the group and a slash put before it.
///
/// A value is used as it is, without decoding; empty ones name nothing. Without a group a channel
/// has the name that push_stream locations know it by.
#[must_use]
pub fn channel_ids<'v>(
    values: impl IntoIterator<Item = &'v [u8]>,
    delimiter: Option<&[u8]>,
    group: &[u8],
    length_max: usize,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    for value in values {
        match delimiter.filter(|delimiter| !delimiter.is_empty()) {
            None => push(value, group, length_max, &mut entries),
            Some(delimiter) => {
                let mut rest = value;
                while let Some(at) = memchr::memmem::find(rest, delimiter) {
                    push(&rest[..at], group, length_max, &mut entries);
                    rest = &rest[at + delimiter.len()..];
                }
                push(rest, group, length_max, &mut entries);
            }
        }
    }
    entries
}

fn push(id: &[u8], group: &[u8], length_max: usize, entries: &mut Vec<Entry>) {
    let id = &id[..id.len().min(length_max)];
    if id.is_empty() || entries.len() == IDS_MAX {
        return;
    }
    let id = if group.is_empty() { id.to_vec() } else { [group, b"/", id].concat() };
    if !entries.iter().any(|entry| *entry.id == *id) {
        entries.push(Entry { id: id.into(), backtrack: 0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[&str], delimiter: Option<&str>, group: &str, expected: &[&str]) {
        let entries = channel_ids(
            values.iter().map(|value| value.as_bytes()),
            delimiter.map(str::as_bytes),
            group.as_bytes(),
            5,
        );
        let found: Vec<_> = entries.iter().map(|e| String::from_utf8_lossy(&e.id)).collect();
        assert_eq!(found, expected, "{values:?}");
    }

    #[test]
    fn a_value_is_one_channel_as_it_stands() {
        check(&["a/b%2"], None, "", &["a/b%2"]);
        check(&["", ""], None, "", &[]);
        check(&["abcdefgh"], None, "", &["abcde"]);
        check(&["abcdefgh"], None, "group", &["group/abcde"]);
        check(&["a", "b", "a"], None, "", &["a", "b"]);
    }

    #[test]
    fn a_delimiter_cuts() {
        check(&["a,b,,c"], Some(","), "g", &["g/a", "g/b", "g/c"]);
        check(&["a--b-c"], Some("--"), "", &["a", "b-c"]);
        check(&["a,b"], Some(""), "", &["a,b"]);
    }

    #[test]
    fn the_number_of_channels_is_bounded() {
        let many: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
        let joined = many.join(",");
        let found = channel_ids([joined.as_bytes()], Some(b","), b"", 100);
        assert_eq!(found.len(), IDS_MAX);
    }
}
