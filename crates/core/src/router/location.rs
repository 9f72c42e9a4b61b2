//! Which location takes a path.

use crate::settings::{Location, Matcher};
use crate::variables::State;

use super::watch::{Fit, Watch};

/// What is found for a path.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// This location takes it.
    Location(&'a Location),
    /// It lacks the slash at its end: a redirect leads to this location, which hands requests on,
    /// as nginx has it.
    Slash(&'a Location),
}

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
) -> Option<Place<'a>> {
    watch_location(locations, path, state, &mut ())
}

/// [`find_location`], watched.
pub fn watch_location<'a>(
    locations: &'a [Location],
    path: &[u8],
    state: &mut State,
    watch: &mut impl Watch,
) -> Option<Place<'a>> {
    match search(locations, path, state, watch) {
        Found::Final(location) | Found::Prefix(location) => Some(Place::Location(location)),
        Found::Slash(location) => Some(Place::Slash(location)),
        Found::Nothing => None,
    }
}

/// The named location `name` (without `@`). Only a server has such.
#[must_use]
pub fn find_named<'a>(locations: &'a [Location], name: &[u8]) -> Option<&'a Location> {
    locations.iter().find(|l| matches!(&l.matcher, Matcher::Named(n) if **n == *name))
}

/// What one level of locations, with those inside, has for a path.
enum Found<'a> {
    /// An exact match or a regular expression: no level around it looks further.
    Final(&'a Location),
    /// A prefix: a regular expression of a level around it would win.
    Prefix(&'a Location),
    /// See [`Place::Slash`]; no level around it looks further.
    Slash(&'a Location),
    Nothing,
}

fn search<'a>(
    locations: &'a [Location],
    path: &[u8],
    state: &mut State,
    watch: &mut impl Watch,
) -> Found<'a> {
    let mut found = Found::Nothing;
    let mut regexes = true;
    match best_static(locations, path, watch) {
        Some((location, Static::Exact)) => return Found::Final(location),
        Some((location, Static::Slash)) => return Found::Slash(location),
        Some((location, Static::Prefix { no_regex, .. } | Static::Whole { no_regex })) => {
            regexes = !no_regex;
            found = match search(&location.locations, path, state, watch) {
                inner @ (Found::Final(_) | Found::Slash(_)) => return inner,
                inner @ Found::Prefix(_) => inner,
                Found::Nothing => Found::Prefix(location),
            };
        }
        None => {}
    }
    let by_regex = if regexes { first_regex(locations, path, state, watch) } else { None };
    match by_regex {
        Some(location) => match search(&location.locations, path, state, watch) {
            Found::Final(inner) | Found::Prefix(inner) => Found::Final(inner),
            slash @ Found::Slash(_) => slash,
            Found::Nothing => Found::Final(location),
        },
        None => found,
    }
}

/// How a location without regular expression fits; the greatest is the best.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Static {
    Prefix { length: usize, no_regex: bool },
    Slash,
    Whole { no_regex: bool },
    Exact,
}

impl Static {
    fn told(&self) -> Fit {
        match self {
            Self::Exact => Fit::Exact,
            Self::Slash => Fit::Slash,
            Self::Prefix { .. } | Self::Whole { .. } => Fit::Prefix,
        }
    }
}

fn best_static<'a>(
    locations: &'a [Location],
    path: &[u8],
    watch: &mut impl Watch,
) -> Option<(&'a Location, Static)> {
    let fits = locations.iter().filter_map(|location| {
        let fit = match &location.matcher {
            Matcher::Exact(exact) if **exact == *path => Static::Exact,
            Matcher::Prefix { path: prefix, no_regex } if path.starts_with(prefix) => {
                match prefix.len() == path.len() {
                    true => Static::Whole { no_regex: *no_regex },
                    false => Static::Prefix { length: prefix.len(), no_regex: *no_regex },
                }
            }
            Matcher::Exact(whole) | Matcher::Prefix { path: whole, .. }
                if lacks_slash(path, whole) && location.settings.proxy.is_some() =>
            {
                Static::Slash
            }
            Matcher::Exact(_) | Matcher::Prefix { .. } | Matcher::Regex(_) | Matcher::Named(_) => {
                return None;
            }
        };
        Some((location, fit))
    });
    fits.inspect(|(location, fit)| watch.location(location, fit.told()))
        .max_by(|a, b| a.1.cmp(&b.1))
}

/// Whether a slash behind `path` makes it `whole`.
fn lacks_slash(path: &[u8], whole: &[u8]) -> bool {
    whole.len() == path.len() + 1 && whole.ends_with(b"/") && whole.starts_with(path)
}

fn first_regex<'a>(
    locations: &'a [Location],
    path: &[u8],
    state: &mut State,
    watch: &mut impl Watch,
) -> Option<&'a Location> {
    locations.iter().find(|location| match &location.matcher {
        Matcher::Regex(pattern) => {
            let matches = pattern.capture(path, state);
            watch.location(location, if matches { Fit::Regex } else { Fit::Not });
            matches
        }
        Matcher::Exact(_) | Matcher::Prefix { .. } | Matcher::Named(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::tests::{location, proxied};

    fn check(locations: &[Location], path: &str, expected: &str) {
        let found = match find_location(locations, path.as_bytes(), &mut State::default()) {
            None => "none".to_owned(),
            Some(Place::Location(location)) => location.settings.name.to_string(),
            Some(Place::Slash(location)) => format!("301 {}", location.settings.name),
        };
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn one_level() {
        let locations = [
            location("= /", []),
            location("/", []),
            location("/documents/", []),
            location("^~ /images/", []),
            location("~ \\.(gif|jpg)$", []),
            location("~ \\.gif$", []),
            location("= /images/exact.gif", []),
            location("@named", []),
        ];
        check(&locations, "/", "= /");
        check(&locations, "/index.html", "/");
        check(&locations, "/documents/a.html", "/documents/");
        check(&locations, "/documents/a.gif", "~ \\.(gif|jpg)$");
        check(&locations, "/images/a.gif", "^~ /images/");
        check(&locations, "/images/exact.gif", "= /images/exact.gif");
        check(&locations, "/@named", "/");
        check(&locations[2..4], "/other", "none");
        check(&[], "/", "none");
    }

    #[test]
    fn the_order_of_expressions_is_the_files() {
        check(&[location("~ a", []), location("~ ab", [])], "/ab", "~ a");
        check(&[location("~ ab", []), location("~ a", [])], "/ab", "~ ab");
    }

    #[test]
    fn the_longest_prefix_is_remembered_wherever_it_stands() {
        let locations = [location("/a/b", []), location("/a", []), location("/a/b/c", [])];
        check(&locations, "/a", "/a");
        check(&locations, "/a/b", "/a/b");
        check(&locations, "/a/bc", "/a/b");
        check(&locations, "/a/b/c/d", "/a/b/c");
    }

    #[test]
    fn nested_matches_of_rank_end_the_search() {
        let locations = [
            location("/a/", [location("= /a/exact.js", []), location("~ nested", [])]),
            location("~ \\.js$", []),
        ];
        check(&locations, "/a/exact.js", "= /a/exact.js");
        check(&locations, "/a/nested.js", "~ nested");
        check(&locations, "/a/other.js", "~ \\.js$");
        check(&locations, "/a/other", "/a/");
    }

    #[test]
    fn nested_prefixes_yield_to_outer_expressions() {
        let locations = [location("/a/", [location("/a/b/", [])]), location("~ \\.js$", [])];
        check(&locations, "/a/b/c", "/a/b/");
        check(&locations, "/a/b/c.js", "~ \\.js$");
    }

    #[test]
    fn no_regex_counts_on_its_own_level() {
        let outer = [location("^~ /a/", [location("/a/b/", [])]), location("~ \\.js$", [])];
        check(&outer, "/a/b/c.js", "/a/b/");
        let inner = [location("/a/", [location("^~ /a/b/", [])]), location("~ \\.js$", [])];
        check(&inner, "/a/b/c.js", "~ \\.js$");
        let level = [location("/a/", [location("^~ /a/b/", []), location("~ \\.js$", [])])];
        check(&level, "/a/b/c.js", "^~ /a/b/");
    }

    #[test]
    fn expressions_have_nested_locations_too() {
        let locations = [
            location("~ ^/sub/", [location("~ \\.json$", []), location("/sub/x", [])]),
            location("~ \\.json$", []),
        ];
        check(&locations, "/sub/a", "~ ^/sub/");
        check(&locations, "/sub/a.json", "~ \\.json$");
        check(&locations, "/sub/x", "/sub/x");
    }

    #[test]
    fn a_slash_is_missed_where_requests_are_handed_on() {
        let locations = [
            location("/", []),
            proxied("/app/", [location("~ x$", [])]),
            proxied("= /only/", []),
            location("/files/", []),
            proxied("/both/", []),
            location("= /both", []),
            proxied("/two/", []),
            location("/two", []),
            location("/outer", [proxied("/outer/inner/", [])]),
            location("~ app", []),
        ];
        check(&locations, "/app", "301 /app/");
        check(&locations, "/app/", "~ app");
        check(&locations, "/app/x", "~ x$");
        check(&locations, "/ap", "/");
        check(&locations, "/only", "301 = /only/");
        check(&locations, "/files", "/");
        check(&locations, "/both", "= /both");
        check(&locations, "/two", "/two");
        check(&locations, "/outer/inner", "301 /outer/inner/");
    }

    #[test]
    fn captures_are_the_winners() {
        let captured = |locations: &[Location], path: &str| {
            let mut state = State::default();
            let _ = find_location(locations, path.as_bytes(), &mut state);
            let group = state.captures.get(1).cloned().flatten();
            group.map(|g| String::from_utf8_lossy(&g).into_owned())
        };
        let locations = [
            location("~ ^/(a)", [location("~ (b+)$", [])]),
            location("/c", []),
            location("~ ^/(d)", []),
        ];
        assert_eq!(captured(&locations, "/abb").as_deref(), Some("bb"));
        assert_eq!(captured(&locations, "/a").as_deref(), Some("a"));
        assert_eq!(captured(&locations, "/d").as_deref(), Some("d"));
        assert_eq!(captured(&locations, "/c"), None);
    }

    #[test]
    fn named_locations_are_found_by_name_alone() {
        let locations = [location("/", []), location("@a", []), location("@b", [])];
        let name = |name: &[u8]| find_named(&locations, name).map(|l| &*l.settings.name);
        assert_eq!(name(b"b"), Some("@b"));
        assert_eq!(name(b"c"), None);
    }
}
