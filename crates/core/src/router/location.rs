//! Which location takes a path.

use crate::settings::{Location, Matcher};
use crate::variables::State;

/// The location for `path` among `locations` (of one server), nested ones included.
///
/// As nginx: an exact match ends the search; else the longest prefix is remembered, its nested
/// locations are searched, and unless it is `^~` the regular expressions are tried in the order of
/// the file. Captures of the winning expression are left in `state`.
#[must_use]
pub fn find_location<'a>(
    locations: &'a [Location],
    path: &[u8],
    state: &mut State,
) -> Option<&'a Location> {
    search(locations, path, state).map(|found| match found {
        Found::Final(location) | Found::Prefix(location) => location,
    })
}

/// How sure a find is.
enum Found<'a> {
    /// An exact match or a regular expression: nothing outweighs it.
    Final(&'a Location),
    /// A prefix: an expression of an enclosing level may still outweigh it.
    Prefix(&'a Location),
}

fn search<'a>(locations: &'a [Location], path: &[u8], state: &mut State) -> Option<Found<'a>> {
    if let Some(exact) = locations.iter().find(|l| is_exact(l, path)) {
        return Some(Found::Final(exact));
    }
    let prefix = longest_prefix(locations, path);
    let mut found = prefix.map(Found::Prefix);
    if let Some(prefix) = prefix {
        match search(&prefix.locations, path, state) {
            Some(Found::Final(nested)) => return Some(Found::Final(nested)),
            Some(Found::Prefix(nested)) => found = Some(Found::Prefix(nested)),
            None => {}
        }
        let innermost = match &found {
            Some(Found::Prefix(location) | Found::Final(location)) => location,
            None => prefix,
        };
        if matches!(innermost.matcher, Matcher::Prefix { no_regex: true, .. }) {
            return found;
        }
    }
    for location in locations {
        if let Matcher::Regex(pattern) = &location.matcher
            && pattern.capture(path, state)
        {
            return Some(Found::Final(match search(&location.locations, path, state) {
                Some(Found::Final(nested) | Found::Prefix(nested)) => nested,
                None => location,
            }));
        }
    }
    found
}

fn is_exact(location: &Location, path: &[u8]) -> bool {
    matches!(&location.matcher, Matcher::Exact(exact) if **exact == *path)
}

fn longest_prefix<'a>(locations: &'a [Location], path: &[u8]) -> Option<&'a Location> {
    let length = |location: &Location| match &location.matcher {
        Matcher::Prefix { path: prefix, .. } if path.starts_with(prefix) => Some(prefix.len()),
        Matcher::Prefix { .. } | Matcher::Exact(_) | Matcher::Regex(_) | Matcher::Named(_) => None,
    };
    locations.iter().filter(|l| length(l).is_some()).max_by_key(|l| length(l))
}

/// The named location `name` (without `@`).
#[must_use]
pub fn find_named<'a>(locations: &'a [Location], name: &[u8]) -> Option<&'a Location> {
    locations.iter().find(|l| matches!(&l.matcher, Matcher::Named(named) if **named == *name))
}
