//! From the path of a request to the name of a file.

use std::borrow::Cow;

use crate::settings::{Root, RootKind};
use crate::variables::Scope;

impl Root {
    /// The directory (or the alias) for this request, absolute if the prefix is.
    #[must_use]
    pub fn evaluate<'a>(&'a self, scope: &Scope<'a>) -> Cow<'a, [u8]> {
        let path = self.path.evaluate(scope);
        if path.starts_with(b"/") {
            return path;
        }
        let slash: &[u8] = if self.prefix.ends_with(b"/") { b"" } else { b"/" };
        Cow::Owned([&self.prefix, slash, &path].concat())
    }

    /// What of `path` stands behind the root: all of it, or what is behind the location's prefix.
    #[must_use]
    pub fn rest<'p>(&self, path: &'p [u8], alias_with_uri: bool) -> &'p [u8] {
        match self.kind {
            RootKind::Root => path,
            RootKind::Alias(prefix) => path.get(prefix..).unwrap_or_default(),
            RootKind::Whole if alias_with_uri => path,
            RootKind::Whole => &[],
        }
    }
}

/// The file that `path` names for this request, as nginx's `$request_filename`.
#[must_use]
pub fn map(root: &Root, path: &[u8], scope: &Scope<'_>) -> Vec<u8> {
    let mut whole = root.evaluate(scope).into_owned();
    whole.extend_from_slice(root.rest(path, scope.state.rewrite.alias_with_uri));
    whole
}

/// Whether what stands behind a root stays below it: no segment is `..`, no byte is NUL.
///
/// The path of a request is resolved already, but what is left of it behind the prefix of an
/// `alias` without slash, and what variables put together, is not.
#[must_use]
pub fn is_safe(rest: &[u8]) -> bool {
    !rest.contains(&0) && rest.split(|byte| *byte == b'/').all(|segment| segment != b"..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variables::Expression;
    use crate::variables::tests::Fixture;

    fn check(directory: &str, kind: RootKind, path: &str, expected: &str) {
        let root = Root {
            path: Expression::literal(directory.as_bytes()),
            prefix: Box::from(*b"/prefix"),
            kind,
        };
        let fixture = Fixture::new("GET / HTTP/1.1\n\n");
        let found = map(&root, path.as_bytes(), &fixture.scope());
        assert_eq!(String::from_utf8_lossy(&found), expected);
    }

    #[test]
    fn roots_and_aliases() {
        check("/www", RootKind::Root, "/a/b", "/www/a/b");
        check("html", RootKind::Root, "/a", "/prefix/html/a");
        check("", RootKind::Root, "/a", "/prefix//a");
        check("/data/", RootKind::Alias(7), "/files/a", "/data/a");
        check("/data", RootKind::Alias(6), "/files/a", "/data/a");
        check("/data", RootKind::Alias(9), "/files/", "/data");
        check("/data/x", RootKind::Whole, "/files/a", "/data/x");
    }

    #[test]
    fn nothing_leaves_its_root() {
        let check = |rest: &str, expected| assert_eq!(is_safe(rest.as_bytes()), expected, "{rest}");
        check("/a/b", true);
        check("", true);
        check("/..a/b../...", true);
        check("/a/../b", false);
        check("../b", false);
        check("/a/..", false);
        check("/a\0b", false);
    }
}
