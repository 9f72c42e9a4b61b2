//! An upstream's answer as the client gets it, and what it tells the server.

use std::borrow::Cow;

use super::request::{is_hop, is_named};
use super::rewrite;
use crate::answer::{Answer, Body, Header};
use crate::settings::ProxyAnswer;
use crate::variables::Scope;
use crate::wire::http1::response::{Response, ResponseBody};

/// What an answer tells the server (`X-Accel-...`), as far as it may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    /// `X-Accel-Redirect`: the request is to be served under this address, or by this named
    /// location.
    pub redirect: Option<Vec<u8>>,
    /// `X-Accel-Buffering`: whether to read ahead of the client.
    pub buffering: Option<bool>,
}

/// What `response` tells the server.
#[must_use]
pub fn orders(settings: &ProxyAnswer, response: &Response) -> Orders {
    let redirect = response.header("x-accel-redirect").filter(|_| !settings.ignored.redirect);
    let buffering = response.header("x-accel-buffering").filter(|_| !settings.ignored.buffering);
    Orders {
        redirect: redirect.filter(|to| !to.is_empty()).map(<[u8]>::to_vec),
        buffering: buffering.and_then(|text| {
            let is = |word: &[u8]| text.eq_ignore_ascii_case(word);
            is(b"yes").then_some(true).or(is(b"no").then_some(false))
        }),
    }
}

/// The answer for the client: status and headers of `response` without those that are hidden or
/// concern the upstream's connection. Its body comes later and is framed anew.
#[must_use]
pub fn answer(settings: &ProxyAnswer, response: &Response, scope: &Scope<'_>) -> Answer {
    let mut answer = Answer::new(response.status);
    let connection = response.header("connection").unwrap_or_default();
    let upgraded = response.status == 101;
    for (name, value) in response.headers() {
        let lower = name.to_ascii_lowercase();
        let passed = lower != b"content-length"
            && !is_hop(&lower)
            && (upgraded || !is_named(connection, &lower))
            && settings.hidden.binary_search_by(|hidden| (**hidden).cmp(&lower)).is_err();
        if passed {
            answer.headers.push(header(settings, (name, &lower), value, scope));
        }
    }
    if settings.charset(response) {
        charset(&mut answer, response);
    }
    if upgraded {
        answer = answer.with("Connection", &b"upgrade"[..]);
    }
    answer.body = match (response.body, response.content_length) {
        _ if matches!(response.status, 101 | 204 | 304) => Body::Upgrade,
        // What `HEAD` is told of.
        (ResponseBody::None | ResponseBody::Known(_), Some(length)) => Body::Announced(length),
        (ResponseBody::Known(length), None) => Body::Announced(length),
        (ResponseBody::None | ResponseBody::Chunked | ResponseBody::UntilClose, _) => Body::Stream,
    };
    answer
}

fn header(
    settings: &ProxyAnswer,
    (name, lower): (&[u8], &[u8]),
    value: &[u8],
    scope: &Scope<'_>,
) -> Header {
    let rewritten = match lower {
        b"location" => rewrite::location(settings, value, scope),
        b"refresh" => rewrite::refresh(settings, value, scope),
        b"set-cookie" => rewrite::cookie(settings, value, scope),
        _ => None,
    };
    let name = String::from_utf8_lossy(name).into_owned();
    (Cow::Owned(name), Cow::Owned(rewritten.unwrap_or_else(|| value.to_vec())))
}

impl ProxyAnswer {
    fn charset(&self, response: &Response) -> bool {
        !self.ignored.charset && response.header("x-accel-charset").is_some()
    }
}

/// `X-Accel-Charset`: the character set of a content type that names none.
fn charset(answer: &mut Answer, response: &Response) {
    let charset = response.header("x-accel-charset").unwrap_or_default();
    if let Some((_, value)) =
        answer.headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        && memchr::memmem::find(&value.to_ascii_lowercase(), b"charset=").is_none()
    {
        *value = [&**value, b"; charset=", charset].concat().into();
    }
}

/// The headers of an answer that stay with a request when `X-Accel-Redirect` sends it elsewhere.
#[must_use]
pub fn kept_on_redirect(answer: Answer) -> Vec<Header> {
    const KEPT: [&str; 5] =
        ["Content-Type", "Set-Cookie", "Content-Disposition", "Cache-Control", "Expires"];
    let kept = |(name, _): &Header| KEPT.iter().any(|kept| kept.eq_ignore_ascii_case(name));
    answer.headers.into_iter().filter(kept).collect()
}

#[cfg(test)]
mod tests;
