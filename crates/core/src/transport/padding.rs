//! Padding for clients that hold short pieces back (`push_stream_padding_by_user_agent`).

use crate::settings::Padding;

/// The sizes, in bytes, that pad one client's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PaddingSizes {
    /// Shorter header templates are padded.
    pub header_min: usize,
    /// Shorter messages are padded.
    pub message_min: usize,
    /// The greatest minimum, for header or message, anywhere in the configuration.
    pub max: usize,
}

/// What padding is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filler {
    /// The end of an endless row of CR LF.
    LineEnds,
    /// An event source comment of `:` characters.
    Comment,
}

/// Padding grows in steps of this many bytes.
const STEP: usize = 100;

impl PaddingSizes {
    /// The sizes of the first group that matches the client string; `None` if none matches or
    /// the group never pads.
    #[must_use]
    pub fn choose(groups: &[Padding], max: usize, client: &[u8]) -> Option<Self> {
        let group = groups.iter().find(|group| group.user_agent.is_match(client))?;
        let (header_min, message_min) = (group.header_min, group.message_min);
        (header_min > 0 || message_min > 0).then_some(Self { header_min, message_min, max })
    }

    pub(super) fn after_header(&self, len: usize) -> usize {
        self.size(self.header_min, len)
    }

    pub(super) fn after_message(&self, len: usize) -> usize {
        self.size(self.message_min, len)
    }

    /// How much follows `len` bytes where `min` are wanted, as nginx-push-stream-module reckons:
    /// it keeps paddings of 100, 200... bytes and one of the greatest size ready.
    fn size(&self, min: usize, len: usize) -> usize {
        if min <= len {
            return 0;
        }
        let steps = (min - len) / STEP;
        if steps == self.max / STEP { self.max } else { (steps + 1) * STEP }
    }
}

/// Appends `size` bytes of padding.
pub(super) fn append(filler: Filler, size: usize, out: &mut Vec<u8>) {
    match filler {
        _ if size == 0 => {}
        Filler::LineEnds => {
            out.extend(b"\n\r".iter().cycle().skip((size + 1) % 2).take(size));
        }
        Filler::Comment => {
            out.resize(out.len() + size - 1, b':');
            out.push(b'\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn check(min: usize, len: usize, max: usize, expected: usize) {
        let sizes = PaddingSizes { header_min: min, message_min: min, max };
        assert_eq!(sizes.after_header(len), expected);
        assert_eq!(sizes.after_message(len), expected);
    }

    #[test]
    fn sizes_are_those_of_the_module() {
        check(1024, 10, 4097, 1100);
        check(4097, 10, 4097, 4097);
        check(508, 10, 508, 500);
        check(545, 1, 545, 545);
        check(545, 105, 545, 500);
        check(545, 221, 545, 400);
        check(545, 331, 545, 300);
        check(545, 435, 545, 200);
        check(545, 502, 545, 100);
        check(545, 545, 545, 0);
        check(545, 550, 545, 0);
        check(0, 0, 545, 0);
        check(50, 10, 50, 50);
    }

    fn check_filler(filler: Filler, size: usize, expected: &str) {
        let mut out = b">".to_vec();
        append(filler, size, &mut out);
        assert_eq!(str::from_utf8(&out[1..]).unwrap(), expected);
    }

    #[test]
    fn padding_ends_with_a_line_end() {
        check_filler(Filler::LineEnds, 0, "");
        check_filler(Filler::LineEnds, 1, "\n");
        check_filler(Filler::LineEnds, 4, "\r\n\r\n");
        check_filler(Filler::LineEnds, 5, "\n\r\n\r\n");
        check_filler(Filler::Comment, 0, "");
        check_filler(Filler::Comment, 1, "\n");
        check_filler(Filler::Comment, 5, "::::\n");
    }

    fn group(user_agent: &str, header_min: usize, message_min: usize) -> Padding {
        let user_agent = Arc::new(regex::bytes::Regex::new(user_agent).unwrap());
        Padding { user_agent, header_min, message_min }
    }

    #[test]
    fn the_first_matching_group_counts() {
        let groups =
            [group("[T|t]est 1", 1024, 508), group("[T|t]est 2", 4097, 0), group("none", 0, 0)];
        let choose = |client: &[u8]| {
            PaddingSizes::choose(&groups, 4097, client).map(|s| (s.header_min, s.message_min))
        };
        assert_eq!(choose(b"a Test 1 b"), Some((1024, 508)));
        assert_eq!(choose(b"test 2"), Some((4097, 0)));
        assert_eq!(choose(b"TEST 2"), None);
        assert_eq!(choose(b"none"), None);
    }
}
