//! `map $source $variable { ... }`.

use std::borrow::Cow;

use super::{Expression, Networks, Pattern, Scope, State};

/// What an entry of a `map` is compared with.
#[derive(Clone, Debug)]
pub enum MapKey {
    /// The whole value, compared without regard to ASCII letter case; stored in lower case.
    Exact(Box<[u8]>),
    /// With `hostnames`: `*.example.com`, stored as the suffix with its dot.
    Suffix(Box<[u8]>),
    /// With `hostnames`: `mail.*`, stored as the prefix with its dot.
    Prefix(Box<[u8]>),
    /// `~regex`, `~*regex`
    Regex(Pattern),
    /// Of `split_clients`: values whose hash is below it, and that no earlier entry took.
    Share(u32),
}

/// A `map` table.
#[derive(Clone, Debug, Default)]
pub struct Map {
    /// The value that is looked up.
    pub source: Expression,
    /// Entries in the order of the file. Exact ones win over suffixes (longest first), these over
    /// prefixes (longest first), these over expressions (in order).
    pub entries: Vec<(MapKey, Expression)>,
    /// `default`; empty if not given.
    pub default: Expression,
    /// Of `geo`, which has no other entries.
    pub networks: Networks,
    /// It is a `geo`: the value is taken for an address.
    pub is_geo: bool,
}

impl Map {
    /// The value for this request. In an entry with a regular expression, `$1` and named captures
    /// are those of the match; elsewhere they stay what they were.
    #[must_use]
    pub fn evaluate<'a>(&'a self, scope: &Scope<'a>) -> Cow<'a, [u8]> {
        self.evaluate_at(scope, 1)
    }

    /// [`Map::evaluate`], itself being the `depth`th map in a chain.
    pub(super) fn evaluate_at<'a>(&'a self, scope: &Scope<'a>, depth: usize) -> Cow<'a, [u8]> {
        let source = self.source.evaluate_at(scope, depth);
        if self.is_geo {
            return self.geo(&source).evaluate_at(scope, depth);
        }
        let subject = self.subject(&source);
        if let Some(value) = self.plain(subject) {
            return value.evaluate_at(scope, depth);
        }
        let patterns = self.entries.iter().filter_map(|(key, value)| match key {
            MapKey::Regex(pattern) => Some((pattern, value)),
            MapKey::Exact(_) | MapKey::Suffix(_) | MapKey::Prefix(_) | MapKey::Share(_) => None,
        });
        // An empty value matches no expression, as in nginx.
        for (pattern, value) in patterns.filter(|_| !subject.is_empty()) {
            if !pattern.regex.is_match(subject) {
                continue;
            }
            if value.as_literal().is_some() {
                return value.evaluate_at(scope, depth);
            }
            let mut state = State { captures: Vec::new(), ..scope.state.clone() };
            pattern.capture(subject, &mut state);
            return Cow::Owned(value.evaluate_at(&scope.with(&state), depth).into_owned());
        }
        self.default.evaluate_at(scope, depth)
    }

    /// What is no address has the default, as nobody's address has it.
    fn geo(&self, text: &[u8]) -> &Expression {
        let address = str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        address.and_then(|address| self.networks.find(address)).unwrap_or(&self.default)
    }

    /// With `hostnames` the dot at the end of a name does not count.
    fn subject<'s>(&self, source: &'s [u8]) -> &'s [u8] {
        let hostnames = |key: &MapKey| matches!(key, MapKey::Suffix(_) | MapKey::Prefix(_));
        match source.strip_suffix(b".") {
            Some(name) if self.entries.iter().any(|(key, _)| hostnames(key)) => name,
            _ => source,
        }
    }

    /// The value of the best entry that is not a regular expression.
    fn plain(&self, subject: &[u8]) -> Option<&Expression> {
        let mut best = (Rank::None, None);
        for (key, value) in &self.entries {
            let rank = Rank::of(key, subject);
            if rank == Rank::Exact {
                return Some(value);
            }
            if rank > best.0 {
                best = (rank, Some(value));
            }
        }
        best.1
    }
}

/// How well an entry fits; the greatest wins.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    None,
    Prefix(usize),
    Suffix(usize),
    Exact,
}

impl Rank {
    fn of(key: &MapKey, subject: &[u8]) -> Self {
        match key {
            MapKey::Share(bound) if murmur2(subject) < *bound => Self::Exact,
            MapKey::Exact(text) if text.eq_ignore_ascii_case(subject) => Self::Exact,
            MapKey::Suffix(text) if ends_with(subject, text) => Self::Suffix(text.len()),
            MapKey::Prefix(text) if starts_with(subject, text) => Self::Prefix(text.len()),
            MapKey::Exact(_)
            | MapKey::Suffix(_)
            | MapKey::Prefix(_)
            | MapKey::Regex(_)
            | MapKey::Share(_) => Self::None,
        }
    }
}

/// Whether `name` is `suffix` with something before it.
fn ends_with(name: &[u8], suffix: &[u8]) -> bool {
    name.len() > suffix.len() && name[name.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
}

/// Whether `name` is `prefix` with something behind it.
fn starts_with(name: &[u8], prefix: &[u8]) -> bool {
    name.len() > prefix.len() && name[..prefix.len()].eq_ignore_ascii_case(prefix)
}

/// MurmurHash2 with seed 0: by it nginx divides clients.
fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k = (k ^ (k >> 24)).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    for (place, byte) in rest.iter().enumerate().rev() {
        hash ^= u32::from(*byte) << (8 * place);
    }
    if !rest.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}
