//! Patterns of channel names, and who watches channels by them.

use smallvec::SmallVec;

use super::{Channels, WorkerId};

/// A glob as Redis has it: `*` any bytes, `?` one, `[abc]`, `[a-z]`, `[^a]` one of a set, and `\`
/// takes the next byte as it is. Bytes are compared as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Box<[u8]>);

impl Pattern {
    /// Any bytes are a pattern.
    #[must_use]
    pub fn new(text: &[u8]) -> Self {
        Self(text.into())
    }

    /// Whether `name` matches. Takes as many steps as both have bytes, multiplied, at most.
    #[must_use]
    pub fn matches(&self, name: &[u8]) -> bool {
        let (mut pattern, mut rest) = (&*self.0, name);
        // Where to go on if what stands behind the last star does not fit: one byte further.
        let mut star: Option<(&[u8], &[u8])> = None;
        loop {
            if let [b'*', behind @ ..] = pattern {
                star = Some((behind, rest));
                pattern = behind;
                continue;
            }
            if let Some((byte, after)) = rest.split_first()
                && let Some(behind) = one(pattern, *byte)
            {
                (pattern, rest) = (behind, after);
                continue;
            }
            if pattern.is_empty() && rest.is_empty() {
                return true;
            }
            let Some((behind, [_, after @ ..])) = star else { return false };
            star = Some((behind, after));
            (pattern, rest) = (behind, after);
        }
    }
}

/// What is left of the pattern behind the piece that takes `byte`; `None` if it does not.
fn one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    match pattern {
        [b'?', behind @ ..] => Some(behind),
        [b'\\', literal, behind @ ..] => (*literal == byte).then_some(behind),
        [b'[', set @ ..] => {
            let (found, behind) = in_set(set, byte);
            found.then_some(behind)
        }
        [literal, behind @ ..] => (*literal == byte).then_some(behind),
        [] => None,
    }
}

/// Whether the set, which begins behind its bracket, has `byte`, and what follows it. A set that
/// does not end goes to the end of the pattern.
fn in_set(set: &[u8], byte: u8) -> (bool, &[u8]) {
    let (not, mut rest) = match set {
        [b'^', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut found = false;
    loop {
        rest = match rest {
            [] => return (found != not, rest),
            [b']', behind @ ..] => return (found != not, behind),
            [b'\\', literal, behind @ ..] => {
                found |= *literal == byte;
                behind
            }
            [first, b'-', last, behind @ ..] => {
                let (low, high) = (first.min(last), first.max(last));
                found |= (low..=high).contains(&&byte);
                behind
            }
            [literal, behind @ ..] => {
                found |= *literal == byte;
                behind
            }
        };
    }
}

/// Who watches channels by pattern.
#[derive(Debug, Default)]
pub(super) struct Watchers(Vec<(WorkerId, Pattern)>);

impl Watchers {
    /// Adds those to `workers` who watch the channel `id`.
    pub(super) fn join(&self, id: &[u8], workers: &mut SmallVec<[WorkerId; 4]>) {
        for (worker, pattern) in &self.0 {
            if !workers.contains(worker) && pattern.matches(id) {
                workers.push(*worker);
            }
        }
    }
}

impl Channels {
    /// `worker` gets what is published to channels that match `pattern`, whoever subscribes to them.
    /// A watcher is no subscriber: it keeps no channel alive and is not counted.
    pub fn watch(&mut self, worker: WorkerId, pattern: Pattern) {
        self.watchers.0.push((worker, pattern));
    }

    /// Ends one such watch.
    pub fn unwatch(&mut self, worker: WorkerId, pattern: &Pattern) {
        let place = self.watchers.0.iter().position(|(w, p)| *w == worker && p == pattern);
        if let Some(place) = place {
            self.watchers.0.swap_remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(pattern: &str, matching: &[&str], others: &[&str]) {
        let compiled = Pattern::new(pattern.as_bytes());
        for name in matching {
            assert!(compiled.matches(name.as_bytes()), "{pattern} {name}");
        }
        for name in others {
            assert!(!compiled.matches(name.as_bytes()), "{pattern} {name}");
        }
    }

    #[test]
    fn globs() {
        check("news", &["news"], &["new", "newss", ""]);
        check("", &[""], &["a"]);
        check("*", &["", "a", "a.b"], &[]);
        check("news.*", &["news.", "news.a", "news.a.b"], &["news", "old.news.a"]);
        check("*.a*b", &[".ab", "x.aab", "x.a.b"], &["x.a", "ab"]);
        check("h?llo", &["hello", "hallo"], &["hllo", "heello"]);
        check("h[ae]llo", &["hello", "hallo"], &["hillo"]);
        check("h[^e]llo", &["hallo"], &["hello"]);
        check("h[a-c]llo", &["hbllo"], &["hdllo"]);
        check("h[c-a]", &["hb"], &["hd"]);
        check("\\*a", &["*a"], &["xa"]);
        check("[\\]]", &["]"], &["\\"]);
        check("[ab", &["a", "b"], &["[ab", "c"]);
        check("a\\", &["a\\"], &["a"]);
    }

    proptest! {
        #[test]
        fn a_name_without_signs_matches_itself_alone(name in "[a-z.]{0,12}", other in "[a-z.]{0,12}") {
            let pattern = Pattern::new(name.as_bytes());
            prop_assert!(pattern.matches(name.as_bytes()));
            prop_assert_eq!(pattern.matches(other.as_bytes()), name == other);
        }

        #[test]
        fn any_bytes_are_a_pattern(pattern: Vec<u8>, name: Vec<u8>) {
            let _ = Pattern::new(&pattern).matches(&name);
            let starred = [&b"*"[..], &pattern, b"*"].concat();
            if Pattern::new(&pattern).matches(&name) && !pattern.ends_with(b"\\") && !pattern.contains(&b'[') {
                prop_assert!(Pattern::new(&starred).matches(&name));
            }
        }
    }
}
