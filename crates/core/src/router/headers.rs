//! Headers that the configuration adds to an answer.

use std::borrow::Cow;

use super::expires;
use crate::answer::{Answer, Header};
use crate::settings::{AddHeader, LocationSettings};
use crate::variables::Scope;
use crate::wire::http_date;

/// `expires` and `add_header` for `answer`, in the order in which nginx sends them.
///
/// `expires` is passed over where the answer brings its own. Control characters in
/// a value, which variables may carry in from a request, become spaces: nginx sends them, and with
/// them whatever header a client made up.
#[must_use]
pub fn extra_headers(
    settings: &LocationSettings,
    scope: &Scope<'_>,
    answer: &Answer,
) -> Vec<Header> {
    let common = is_common(answer.status);
    let mut headers = match common && answer.header("expires").is_none() {
        true => expires::headers(&settings.expires, scope, modified(answer)),
        false => Vec::new(),
    };
    let wanted = settings.add_headers.iter().filter(|header| common || header.always);
    headers.extend(wanted.filter_map(|header| added(header, scope)));
    headers
}

fn modified(answer: &Answer) -> Option<i64> {
    http_date::parse(answer.header("last-modified")?).and_then(|at| i64::try_from(at).ok())
}

/// The codes to which `add_header` without `always`, and `expires`, apply.
fn is_common(status: u16) -> bool {
    matches!(status, 200 | 201 | 204 | 206 | 301 | 302 | 303 | 304 | 307 | 308)
}

fn added(header: &AddHeader, scope: &Scope<'_>) -> Option<Header> {
    let mut value = header.value.evaluate(scope).into_owned();
    for byte in value.iter_mut().filter(|byte| byte.is_ascii_control() && **byte != b'\t') {
        *byte = b' ';
    }
    (!value.is_empty()).then(|| (Cow::Owned(header.name.to_string()), Cow::Owned(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::tests::settings;
    use crate::settings::Expires;
    use crate::variables::tests::Fixture;
    use crate::variables::{Expression, Variable};

    fn check(answer: &Answer, expected: &[&str]) {
        let add = |name: &str, value, always| AddHeader { name: name.into(), value, always };
        let argument = |name| Expression::variable(Variable::parse(name).unwrap());
        let settings = LocationSettings {
            expires: Expires::Epoch,
            add_headers: vec![
                add("X-A", Expression::literal(*b"a"), false),
                add("X-Empty", argument("arg_none"), true),
                add("X-Id", argument("arg_id"), true),
                add("X-Path", argument("uri"), false),
            ],
            ..settings("")
        };
        let mut fixture = Fixture::new("GET /?id=1 HTTP/1.1\n\n");
        fixture.request.path = b"/a\r\nSet-Cookie: b\0".to_vec();
        let headers = extra_headers(&settings, &fixture.scope(), answer);
        let lines: Vec<_> =
            headers.iter().map(|(n, v)| format!("{n}: {}", String::from_utf8_lossy(v))).collect();
        assert_eq!(lines, expected, "{answer:?}");
    }

    const EXPIRES: &str = "Expires: Thu, 01 Jan 1970 00:00:01 GMT";
    const CACHE: &str = "Cache-Control: no-cache";
    const PATH: &str = "X-Path: /a  Set-Cookie: b ";

    #[test]
    fn codes_decide() {
        for status in [200, 201, 204, 206, 301, 302, 303, 304, 307, 308] {
            check(&Answer::new(status), &[EXPIRES, CACHE, "X-A: a", "X-Id: 1", PATH]);
        }
        for status in [101, 202, 400, 403, 404, 500] {
            check(&Answer::new(status), &["X-Id: 1"]);
        }
    }

    #[test]
    fn an_answer_with_its_own_expires_keeps_it() {
        check(&Answer::new(200).uncached(), &["X-A: a", "X-Id: 1", PATH]);
    }
}
