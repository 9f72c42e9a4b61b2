//! `map $source $variable { ... }`.

use super::{Expression, Pattern};

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
}

/// A `map` table.
#[derive(Clone, Debug)]
pub struct Map {
    /// The value that is looked up.
    pub source: Expression,
    /// Entries in the order of the file. Exact ones win over suffixes (longest first), these over
    /// prefixes (longest first), these over expressions (in order).
    pub entries: Vec<(MapKey, Expression)>,
    /// `default`; empty if not given.
    pub default: Expression,
}
