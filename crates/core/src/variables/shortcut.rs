//! What can be told about a regular expression's match without running it.

use std::ops::Range;

/// The plain beginning of an expression, and its end if that is one simple group.
///
/// Locations of push servers look like `^/sub/(.*)$`: the path is asked to begin with a text, and
/// the rest is the channel. Such an expression needs no engine; one that only begins so is at least
/// told apart by its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shortcut {
    /// What every subject that matches begins with.
    begin: Box<[u8]>,
    tail: Option<Tail>,
}

/// A group behind the beginning that takes everything up to a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tail {
    stop: u8,
    /// At least so many bytes.
    min: usize,
    /// Nothing may follow.
    ends: bool,
}

/// What a shortcut knows about a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It does not match.
    No,
    /// It matches from its beginning to the end of this range, which is the first group.
    Group(Range<usize>),
    /// The expression has to be run.
    Unknown,
}

impl Shortcut {
    /// The shortcut for an expression, if it is known to have one.
    pub(super) fn of(regex: &str) -> Option<Self> {
        let rest = regex.strip_prefix('^')?.as_bytes();
        if has_alternatives(rest) {
            return None;
        }
        let (begin, rest) = literal(rest);
        Some(Self { begin: begin.into(), tail: Tail::parse(rest) })
    }

    pub(super) fn tell(&self, subject: &[u8]) -> Told {
        let Some(rest) = subject.strip_prefix(&*self.begin) else { return Told::No };
        let Some(tail) = self.tail else { return Told::Unknown };
        let taken = memchr::memchr(tail.stop, rest).unwrap_or(rest.len());
        if taken < tail.min || (tail.ends && taken < rest.len()) {
            return Told::No;
        }
        Told::Group(self.begin.len()..self.begin.len() + taken)
    }
}

impl Tail {
    /// Reads `(.*)$` and its likes: named or not, `+` or `*`, with `[^X]` for the dot.
    fn parse(text: &[u8]) -> Option<Self> {
        let text = text.strip_prefix(b"(")?;
        let text = match text.strip_prefix(b"?") {
            None => text,
            Some(name) => {
                let name = name.strip_prefix(b"P").unwrap_or(name).strip_prefix(b"<")?;
                &name[memchr::memchr(b'>', name)? + 1..]
            }
        };
        let (stop, text) = match text {
            [b'.', rest @ ..] => (b'\n', rest),
            [b'[', b'^', stop, b']', rest @ ..] if stop.is_ascii() && *stop != b'\\' => {
                (*stop, rest)
            }
            _ => return None,
        };
        let (min, text) = match text {
            [b'*', b')', rest @ ..] => (0, rest),
            [b'+', b')', rest @ ..] => (1, rest),
            _ => return None,
        };
        match text {
            b"$" => Some(Self { stop, min, ends: true }),
            b"" => Some(Self { stop, min, ends: false }),
            _ => None,
        }
    }
}

/// Whether there may be a `|` outside of every group, which would make the beginning one of several.
fn has_alternatives(regex: &[u8]) -> bool {
    let mut depth = 0_i32;
    let mut bytes = regex.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'|' if depth <= 0 => return true,
            // Parentheses in a class are none: what follows them is not counted on.
            b'[' if memchr::memchr(b'|', regex).is_some() => return true,
            _ => {}
        }
    }
    false
}

/// The bytes at the beginning that stand for themselves, and the rest of the expression.
fn literal(regex: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut begin = Vec::new();
    let mut rest = regex;
    loop {
        let (byte, behind) = match rest {
            [b'\\', byte, behind @ ..] if byte.is_ascii_punctuation() => (*byte, behind),
            [byte, behind @ ..] if is_plain(*byte) => (*byte, behind),
            _ => return (begin, rest),
        };
        if matches!(behind.first(), Some(b'*' | b'+' | b'?' | b'{')) {
            return (begin, rest);
        }
        begin.push(byte);
        rest = behind;
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-_=,:;@~%!&'\"".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(regex: &str, begin: &str, tail: Option<(u8, usize, bool)>) {
        let tail = tail.map(|(stop, min, ends)| Tail { stop, min, ends });
        let expected = Shortcut { begin: begin.as_bytes().into(), tail };
        assert_eq!(Shortcut::of(regex), Some(expected), "{regex}");
    }

    #[test]
    fn beginnings_are_found() {
        check("^/sub/(.*)$", "/sub/", Some((b'\n', 0, true)));
        check("^/sub/(?<channel>[^/]+)", "/sub/", Some((b'/', 1, false)));
        check("^/sub/(?P<id>.+)$", "/sub/", Some((b'\n', 1, true)));
        check(r"^/a\.b\-c/(a|b)", "/a.b-c/", None);
        check("^/subs?/(.*)", "/sub", None);
        check("^/(.*)/(.*)$", "/", None);
        check("^$", "", None);
        check(r"^/\d+", "/", None);
    }

    #[test]
    fn others_have_none() {
        for regex in ["/sub/(.*)", "^/a|/b", "^/(a)|b", "^/[(]|b", "(?i)^/a"] {
            assert_eq!(Shortcut::of(regex), None, "{regex}");
        }
    }

    proptest! {
        #[test]
        fn the_engine_agrees(regex in prop::sample::select(vec![
            "^/a/(.*)$", "^/a/(.+)$", "^/a/([^/]+)$", "^/a/([^/]*)", "^/a/(.*)", "^/aa?/(.*)$",
            r"^/a\.(.*)$", "^/a/(b|a)$", "^/a{2}", "^(.*)$", "^/a(/(.*))?$", "^/a/(.*?)$", "^/[^a]",
        ]), subject in "[/ab.\n]{0,6}") {
            let engine = regex::bytes::RegexBuilder::new(regex).unicode(false).build().unwrap();
            let found = engine.captures(subject.as_bytes());
            match Shortcut::of(regex).unwrap().tell(subject.as_bytes()) {
                Told::Unknown => {}
                Told::No => prop_assert!(found.is_none()),
                Told::Group(range) => {
                    let found = found.unwrap();
                    prop_assert_eq!(found.get(0).unwrap().range(), 0..range.end);
                    prop_assert_eq!(found.get(1).unwrap().range(), range);
                }
            }
        }
    }
}
