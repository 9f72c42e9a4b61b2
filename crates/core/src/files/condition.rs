//! Conditional requests: `If-Modified-Since`, `If-None-Match`, `If-Match`, `If-Unmodified-Since`.

use crate::request::Request;
use crate::settings::IfModifiedSince;
use crate::wire::http_date;

/// What identifies a file's present state.
#[derive(Clone, Copy, Debug)]
pub struct Validators<'a> {
    /// Modification time, seconds since the epoch.
    pub modified: u64,
    /// The entity tag with its quotes; `None` with `etag off`.
    pub etag: Option<&'a [u8]>,
}

/// What the conditions of a request come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// The file is sent.
    Holds,
    /// The client has it: 304.
    NotModified,
    /// 412.
    Failed,
}

/// The entity tag of a file, as nginx makes it.
#[must_use]
pub fn etag(modified: i64, length: u64) -> String {
    format!("\"{modified:x}-{length:x}\"")
}

impl Precondition {
    /// Evaluates the conditions in nginx's order.
    #[must_use]
    pub fn of(request: &Request, file: Validators<'_>, mode: IfModifiedSince) -> Self {
        let date = |name| request.header(name).map(http_date::parse);
        if let Some(since) = date("if-unmodified-since")
            && since.is_none_or(|since| since < file.modified)
        {
            return Self::Failed;
        }
        if let Some(list) = request.header("if-match")
            && !listed(list, file.etag, false)
        {
            return Self::Failed;
        }
        let since = date("if-modified-since");
        let tags = request.header("if-none-match");
        let modified = since.is_some_and(|since| is_modified(since, file.modified, mode));
        let changed = tags.is_some_and(|list| !listed(list, file.etag, true));
        let asked = since.is_some() || tags.is_some();
        if asked && !modified && !changed { Self::NotModified } else { Self::Holds }
    }
}

fn is_modified(since: Option<u64>, modified: u64, mode: IfModifiedSince) -> bool {
    match (mode, since) {
        (IfModifiedSince::Off, _) | (_, None) => true,
        (IfModifiedSince::Exact, Some(since)) => since != modified,
        (IfModifiedSince::Before, Some(since)) => since < modified,
    }
}

/// Whether `etag` is in the list; `weakly`: a `W/` in front does not count.
fn listed(list: &[u8], etag: Option<&[u8]>, weakly: bool) -> bool {
    if list == b"*" {
        return true;
    }
    let Some(etag) = etag else { return false };
    let mut rest = list;
    while !rest.is_empty() {
        if weakly {
            rest = rest.strip_prefix(b"W/").unwrap_or(rest);
        }
        if let Some(behind) = rest.strip_prefix(etag)
            && matches!(behind.trim_ascii_start().first(), None | Some(b','))
        {
            return true;
        }
        let comma = memchr::memchr(b',', rest).unwrap_or(rest.len());
        let next = rest[comma..].iter().position(|b| !matches!(b, b' ' | b'\t' | b','));
        rest = next.map_or(&[], |next| &rest[comma + next..]);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variables::tests::request;

    /// For a file with the tag `"a-1"` of Sun, 06 Nov 1994 08:49:37 GMT.
    fn check_mode(headers: &str, mode: IfModifiedSince, expected: Precondition) {
        let request = request(&format!("GET / HTTP/1.1\n{headers}\n\n"));
        let file = Validators { modified: 784_111_777, etag: Some(b"\"a-1\"") };
        assert_eq!(Precondition::of(&request, file, mode), expected, "{headers}");
    }

    fn check(headers: &str, expected: Precondition) {
        check_mode(headers, IfModifiedSince::Exact, expected);
    }

    #[test]
    fn tags_are_those_of_nginx() {
        assert_eq!(etag(784_111_777, 255), "\"2ebc98a1-ff\"");
    }

    #[test]
    fn dates() {
        let same = "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT";
        let later = "If-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT";
        let earlier = "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT";
        check("X: y", Precondition::Holds);
        check(same, Precondition::NotModified);
        check(later, Precondition::Holds);
        check(earlier, Precondition::Holds);
        check("If-Modified-Since: x", Precondition::Holds);
        check_mode(later, IfModifiedSince::Before, Precondition::NotModified);
        check_mode(earlier, IfModifiedSince::Before, Precondition::Holds);
        check_mode(same, IfModifiedSince::Off, Precondition::Holds);
        check("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", Precondition::Holds);
        check("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT", Precondition::Failed);
        check("If-Unmodified-Since: x", Precondition::Failed);
    }

    #[test]
    fn tags() {
        check("If-None-Match: \"a-1\"", Precondition::NotModified);
        check("If-None-Match: W/\"a-1\"", Precondition::NotModified);
        check("If-None-Match: \"x\", \"a-1\"", Precondition::NotModified);
        check("If-None-Match: \"x\" ,, W/\"a-1\" , \"y\"", Precondition::NotModified);
        check("If-None-Match: *", Precondition::NotModified);
        check("If-None-Match: \"a-1\"x", Precondition::Holds);
        check("If-None-Match: \"a-2\"", Precondition::Holds);
        check("If-Match: \"a-1\"", Precondition::Holds);
        check("If-Match: W/\"a-1\"", Precondition::Failed);
        check("If-Match: *", Precondition::Holds);
        check("If-Match: \"x\"", Precondition::Failed);
    }

    #[test]
    fn both_must_agree() {
        let same = "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT";
        check(&format!("{same}\nIf-None-Match: \"a-1\""), Precondition::NotModified);
        check(&format!("{same}\nIf-None-Match: \"x\""), Precondition::Holds);
    }
}
