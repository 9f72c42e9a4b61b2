//! `$http_NAME` and `$sent_http_NAME`.

use std::borrow::Cow;

use crate::request::Request;

/// Values of all headers of the request called `name`, joined as nginx joins them: cookies with
/// `; `, everything else with `, `. In `name`, and in the headers' names, `_` counts as `-`.
pub(super) fn received<'a>(request: &'a Request, name: &str) -> Option<Cow<'a, [u8]>> {
    let values = request
        .headers
        .iter()
        .filter(|(n, _)| same(&request.bytes[n.clone()], name))
        .map(|(_, v)| &request.bytes[v.clone()]);
    join(values, if name == "cookie" { b"; " } else { b", " })
}

/// The same for the head of an answer, as it was sent.
pub(super) fn sent<'a>(head: &'a [u8], name: &str) -> Option<Cow<'a, [u8]>> {
    join(fields(head, name), b", ")
}

/// The value that a head's first `Set-Cookie` for `name` gives it. Letter case is ignored, as nginx
/// does.
pub(super) fn set_cookie<'a>(head: &'a [u8], name: &[u8]) -> Option<Cow<'a, [u8]>> {
    fields(head, "set-cookie").find_map(|field| {
        let pair = field.split(|b| *b == b';').next()?;
        let equals = pair.iter().position(|b| *b == b'=')?;
        let (own, value) = (pair[..equals].trim_ascii(), pair[equals + 1..].trim_ascii());
        own.eq_ignore_ascii_case(name).then_some(Cow::Borrowed(value))
    })
}

/// Values of the fields of a head that are called `name`.
fn fields<'a>(head: &'a [u8], name: &str) -> impl Iterator<Item = &'a [u8]> {
    head.split(|b| *b == b'\n').skip(1).filter_map(move |line| {
        let colon = line.iter().position(|b| *b == b':')?;
        same(&line[..colon], name).then(|| line[colon + 1..].trim_ascii())
    })
}

fn same(header: &[u8], name: &str) -> bool {
    let normal = |b: &u8| if *b == b'_' { b'-' } else { b.to_ascii_lowercase() };
    header.len() == name.len() && header.iter().map(normal).eq(name.bytes())
}

fn join<'a>(mut values: impl Iterator<Item = &'a [u8]>, separator: &[u8]) -> Option<Cow<'a, [u8]>> {
    let mut joined = Cow::Borrowed(values.next()?);
    for value in values {
        let joined = joined.to_mut();
        joined.extend_from_slice(separator);
        joined.extend_from_slice(value);
    }
    Some(joined)
}
