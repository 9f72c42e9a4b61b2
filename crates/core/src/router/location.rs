//! Which location takes a path.

use crate::settings::{Location, Matcher};
use crate::variables::State;

/// The location for `path` among `locations` (of one server), nested ones included.
///
/// As nginx: an exact match ends the search; else the locations inside the longest prefix are
/// searched by the same rules, and unless they end the search or that prefix (not one inside it)
/// is `^~`, the regular expressions of the level are tried in the order of the file, the innermost
/// level first. Locations inside the winning expression are searched, too. Captures of the winning
/// expression are left in `state`.
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
        if matches!(prefix.matcher, Matcher::Prefix { no_regex: true, .. }) {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::fixture::{pattern, settings};

    /// A location from its words: `= /x`, `^~ /x`, `~ x`, `@x` or `/x`.
    fn location<const N: usize>(words: &str, nested: [Location; N]) -> Location {
        let boxed = |text: &str| Box::from(text.as_bytes());
        let matcher = match words.split_once(' ') {
            Some(("=", path)) => Matcher::Exact(boxed(path)),
            Some(("^~", path)) => Matcher::Prefix { path: boxed(path), no_regex: true },
            Some(("~", regex)) => Matcher::Regex(pattern(regex)),
            Some(other) => panic!("{other:?}"),
            None => match words.strip_prefix('@') {
                Some(name) => Matcher::Named(boxed(name)),
                None => Matcher::Prefix { path: boxed(words), no_regex: false },
            },
        };
        let settings = Arc::new(settings(words));
        Location { matcher, settings, script: Vec::new(), locations: nested.into() }
    }

    fn leaf(words: &str) -> Location {
        location(words, [])
    }

    /// Each path with the words of the location that takes it; empty: none does.
    fn check<const N: usize>(locations: &[Location], expected: [(&str, &str); N]) {
        for (path, words) in expected {
            let found = find_location(locations, path.as_bytes(), &mut State::new(4));
            assert_eq!(found.map_or("", |location| &location.settings.name), words, "{path}");
        }
    }

    #[test]
    fn exact_then_expression_then_longest_prefix() {
        let locations = [
            leaf("/"),
            leaf("/a"),
            leaf("~ \\.b$"),
            leaf("~ ^/a/.*b$"),
            leaf("= /a"),
            leaf("/a/long"),
        ];
        check(
            &locations,
            [
                ("/", "/"),
                ("/a", "= /a"),
                ("/ab", "/a"),
                ("/a/long/x", "/a/long"),
                ("/a/lon", "/a"),
                ("/x.b", "~ \\.b$"),
                ("/a/x.b", "~ \\.b$"),
                ("/a/xb", "~ ^/a/.*b$"),
            ],
        );
    }

    #[test]
    fn a_path_may_have_no_location() {
        check(&[leaf("/a"), leaf("= /b"), leaf("@c")], [("/", ""), ("/bc", ""), ("@c", "")]);
        check(&[], [("/", "")]);
    }

    #[test]
    fn a_preferred_prefix_keeps_expressions_of_its_level_away() {
        let locations = [leaf("^~ /a"), leaf("/a/b"), leaf("~ x")];
        check(&locations, [("/a/x", "^~ /a"), ("/a/b/x", "~ x"), ("/x", "~ x"), ("/a/b", "/a/b")]);
    }

    #[test]
    fn nested_locations_are_searched_by_the_same_rules() {
        let nested = [leaf("/a/b"), leaf("= /a/b"), leaf("~ x"), leaf("~ ^/a/y")];
        let locations = [location("/a", nested), leaf("~ z"), leaf("~ ^/b")];
        check(
            &locations,
            [
                ("/a", "/a"),
                ("/a/b", "= /a/b"),
                ("/a/bc", "/a/b"),
                ("/a/b/x", "~ x"),
                ("/a/y", "~ ^/a/y"),
                ("/a/xz", "~ x"),
                ("/a/z", "~ z"),
                ("/a/b/z", "~ z"),
                ("/x", ""),
                ("/b", "~ ^/b"),
            ],
        );
    }

    /// nginx asks the location that was found on a level about that level's expressions, not the
    /// innermost one.
    #[test]
    fn preference_counts_on_the_level_of_its_location_alone() {
        let outer = [location("^~ /a", [leaf("/a/b")]), leaf("~ x")];
        check(&outer, [("/a/x", "^~ /a"), ("/a/b/x", "/a/b")]);
        let inner = [location("/a", [leaf("^~ /a/b"), leaf("~ y")]), leaf("~ x")];
        check(&inner, [("/a/b/y", "^~ /a/b"), ("/a/b/x", "~ x"), ("/a/y", "~ y")]);
        let within = [location("^~ /a", [leaf("~ x")]), leaf("~ y")];
        check(&within, [("/a/x", "~ x"), ("/a/y", "^~ /a")]);
    }

    #[test]
    fn an_expression_has_nested_locations_too() {
        let within = [leaf("~ ^/v1/ch1"), leaf("= /v1/ch2"), leaf("/v1/ch3")];
        let locations = [leaf("/"), location("~ ^/v\\d", within), leaf("~ ch")];
        check(
            &locations,
            [
                ("/v1/ch1", "~ ^/v1/ch1"),
                ("/v1/ch2", "= /v1/ch2"),
                ("/v1/ch3/x", "/v1/ch3"),
                ("/v1/ch9", "~ ^/v\\d"),
                ("/ch9", "~ ch"),
            ],
        );
    }

    #[test]
    fn captures_of_the_expression_that_won_stay() {
        let locations = [leaf("~ ^/a/(\\d+)$"), location("~ ^/b/(.*)$", [leaf("~ (?<rest>c.*)")])];
        let check = |path: &str, captures: &[&str], named: Option<&str>| {
            let mut state = State::new(4);
            assert!(find_location(&locations, path.as_bytes(), &mut state).is_some());
            let found: Vec<_> = state
                .captures
                .iter()
                .map(|c| str::from_utf8(c.as_deref().unwrap()).unwrap())
                .collect();
            assert_eq!(found, captures, "{path}");
            assert_eq!(state.sets[0].as_deref(), named.map(str::as_bytes), "{path}");
        };
        check("/a/17", &["/a/17", "17"], None);
        check("/b/x", &["/b/x", "x"], None);
        check("/b/xcy", &["cy", "cy"], Some("cy"));
    }

    #[test]
    fn named_locations_are_found_by_name_only() {
        let locations = [leaf("/"), leaf("@one"), leaf("@two")];
        let find = |name: &str| find_named(&locations, name.as_bytes()).map(|l| &*l.settings.name);
        assert_eq!(find("two"), Some("@two"));
        assert_eq!(find("/"), None);
        assert_eq!(find("three"), None);
    }
}
