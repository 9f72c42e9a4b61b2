//! The path of a request: decoded and resolved as nginx's `$uri`.

use std::ops::Range;

use super::Rejection;
use crate::wire::percent::hex_digit;

/// Path and query of a target in origin form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::wire) struct Uri {
    /// Percent-decoded, `.` and `..` resolved; begins with `/` (or is `*`).
    pub path: Vec<u8>,
    /// Where the query stands in the target, without `?`; without fragment.
    pub args: Range<usize>,
}

/// Takes a target apart. A fragment, which no client should send, is cut off.
pub(in crate::wire) fn parse(target: &[u8], merge_slashes: bool) -> Result<Uri, Rejection> {
    let path_end = memchr::memchr2(b'?', b'#', target).unwrap_or(target.len());
    let args = match target.get(path_end) {
        Some(b'?') => {
            let rest = &target[path_end + 1..];
            let len = memchr::memchr(b'#', rest).unwrap_or(rest.len());
            path_end + 1..path_end + 1 + len
        }
        _ => path_end..path_end,
    };
    Ok(Uri { path: normalize(&target[..path_end], merge_slashes)?, args })
}

/// The path of an address that an application names for use inside the server, decoded and
/// resolved as a client's; `None` if it is none or leads above the root.
#[must_use]
pub fn inside_path(path: &[u8]) -> Option<Vec<u8>> {
    if path.first() != Some(&b'/') {
        return None;
    }
    normalize(path, true).ok()
}

/// Decodes first and resolves then, so that `%2e%2E` is `..` and `%2F` is a slash, as in nginx.
fn normalize(raw: &[u8], merge_slashes: bool) -> Result<Vec<u8>, Rejection> {
    if raw.is_empty() {
        return Ok(b"/".to_vec());
    }
    let decoded = decode(raw)?;
    if is_plain(&decoded) { Ok(decoded) } else { resolve(&decoded, merge_slashes) }
}

/// Translates `%XX`; broken sequences and NUL are refused.
fn decode(raw: &[u8]) -> Result<Vec<u8>, Rejection> {
    if memchr::memchr(b'%', raw).is_none() {
        return Ok(raw.to_vec());
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let (byte, tail) = escape(tail)
            .ok_or(Rejection::bad("client sent invalid percent-encoding in its target"))?;
        if byte == 0 {
            return Err(Rejection::bad("client sent a NUL byte in its target"));
        }
        out.push(byte);
        rest = tail;
    }
    Ok(out)
}

/// The byte of the two digits behind `%`, and what follows them.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let [high, low, tail @ ..] = text else { return None };
    Some((hex_digit(*high)? << 4 | hex_digit(*low)?, tail))
}

/// Whether nothing is to be merged or resolved.
fn is_plain(path: &[u8]) -> bool {
    memchr::memchr_iter(b'/', path).all(|at| !matches!(path.get(at + 1), Some(b'/' | b'.')))
}

/// Merges slashes and resolves `.` and `..`; an empty segment counts as one for `..`.
fn resolve(path: &[u8], merge_slashes: bool) -> Result<Vec<u8>, Rejection> {
    let mut out = Vec::with_capacity(path.len());
    out.push(b'/');
    let mut segments = path.split(|b| *b == b'/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            b"." => {}
            b".." => leave(&mut out)?,
            b"" if merge_slashes && !last => {}
            _ => {
                out.extend_from_slice(segment);
                if !last {
                    out.push(b'/');
                }
            }
        }
    }
    Ok(out)
}

/// Drops the last segment of `out`, which ends in `/`.
fn leave(out: &mut Vec<u8>) -> Result<(), Rejection> {
    out.pop();
    let parent =
        memchr::memrchr(b'/', out).ok_or(Rejection::bad("client sent a target above the root"))?;
    out.truncate(parent + 1);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(target: &str, expected: Option<(&str, &str)>) {
        check_with(target, true, expected);
    }

    fn check_with(target: &str, merge_slashes: bool, expected: Option<(&str, &str)>) {
        let uri = parse(target.as_bytes(), merge_slashes).ok();
        let found = uri.as_ref().map(|u| (u.path.as_slice(), &target[u.args.clone()]));
        assert_eq!(found, expected.map(|(p, a)| (p.as_bytes(), a)), "{target}");
    }

    #[test]
    fn path_and_query_part() {
        check("/", Some(("/", "")));
        check("", Some(("/", "")));
        check("*", Some(("*", "")));
        check("/sub/ch1.b3/ch2", Some(("/sub/ch1.b3/ch2", "")));
        check("/pub?id=ch1&x=%zz", Some(("/pub", "id=ch1&x=%zz")));
        check("/pub?", Some(("/pub", "")));
        check("?a", Some(("/", "a")));
        check("/a??b", Some(("/a", "?b")));
        check("/a?b#c?d", Some(("/a", "b")));
        check("/a#b?c", Some(("/a", "")));
        check("/a?b/../c//", Some(("/a", "b/../c//")));
    }

    #[test]
    fn escapes() {
        check("/a%2fb%20c+d", Some(("/a/b c+d", "")));
        check("/a%3Fb%23c", Some(("/a?b#c", "")));
        check("/%2541", Some(("/%41", "")));
        check("/%c3%A9", Some(("/é", "")));
        check("/%0d%0a", Some(("/\r\n", "")));
        for bad in ["/%", "/%4", "/%zz", "/%4z", "/%%41", "/a%?b", "/%00", "/a%00b"] {
            check(bad, None);
        }
        assert_eq!(parse(b"/%ff\xfe", true).map(|u| u.path), Ok(b"/\xff\xfe".to_vec()));
    }

    #[test]
    fn dots_and_slashes() {
        check("/a/./b", Some(("/a/b", "")));
        check("/a/.", Some(("/a/", "")));
        check("/a/../b", Some(("/b", "")));
        check("/a/b/..", Some(("/a/", "")));
        check("/a/..", Some(("/", "")));
        check("/a/%2e%2E/b", Some(("/b", "")));
        check("/a%2f..%2fb", Some(("/b", "")));
        check("/a//b///c//", Some(("/a/b/c/", "")));
        check("//", Some(("/", "")));
        check("//a", Some(("/a", "")));
        check("/a//../b", Some(("/b", "")));
        check("/.a/..b/c../...", Some(("/.a/..b/c../...", "")));
        check("/..", None);
        check("/../a", None);
        check("/a/../..", None);
        check("/./..", None);
    }

    #[test]
    fn slashes_may_stay() {
        check_with("/a//b", false, Some(("/a//b", "")));
        check_with("//", false, Some(("//", "")));
        check_with("/a//../b", false, Some(("/a/b", "")));
        check_with("//..", false, Some(("/", "")));
        check_with("//../..", false, None);
        check_with("/a/./b//", false, Some(("/a/b//", "")));
    }

    proptest! {
        #[test]
        fn paths_are_absolute_and_resolved(target in "/([a./%2fFeE?#]|%2e|%2f){0,40}", merge: bool) {
            if let Ok(uri) = parse(target.as_bytes(), merge) {
                prop_assert_eq!(uri.path[0], b'/');
                let segments: Vec<_> = uri.path.split(|b| *b == b'/').collect();
                prop_assert!(!segments.iter().any(|s| *s == b".." || *s == b"."));
                prop_assert!(!merge || !segments[1..].iter().rev().skip(1).any(|s| s.is_empty()));
            }
        }

        #[test]
        fn encoding_everything_changes_nothing(path in "/[a-z/.]{0,20}") {
            let encoded: String = path.bytes().map(|b| format!("%{b:02x}")).collect();
            let plain = parse(path.as_bytes(), true).map(|u| u.path);
            // The first byte has to be a slash for the form of the target.
            prop_assert_eq!(parse(format!("/{encoded}").as_bytes(), true).map(|u| u.path), plain);
        }
    }
}
