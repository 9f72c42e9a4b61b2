//! Headers that a location adds to its answers: `add_header` and `expires`.

use std::borrow::Cow;

use crate::answer::{Answer, Header};
use crate::settings::{Expires, LocationSettings};
use crate::variables::Scope;
use crate::wire::http_date;

/// Ten years, as `expires max` says to caches.
const TEN_YEARS: i64 = 315_360_000;

/// What `add_header` and `expires` add to `answer`; headers that it brings are left alone.
#[must_use]
pub fn extra_headers(
    settings: &LocationSettings,
    scope: &Scope<'_>,
    answer: &Answer,
) -> Vec<Header> {
    let mut headers = Vec::new();
    if is_usual(answer.status) && answer.header("expires").is_none() {
        expires(&settings.expires, scope, &mut headers);
    }
    for add in &settings.add_headers {
        if !add.always && !is_usual(answer.status) {
            continue;
        }
        let value = add.value.evaluate(scope);
        if !value.is_empty() {
            headers.push((Cow::Owned(add.name.to_string()), Cow::Owned(value.into_owned())));
        }
    }
    headers
}

/// Statuses that nginx decorates without `always`.
fn is_usual(status: u16) -> bool {
    matches!(status, 200 | 201 | 204 | 206 | 301 | 302 | 303 | 304 | 307 | 308)
}

fn expires(expires: &Expires, scope: &Scope<'_>, headers: &mut Vec<Header>) {
    let now = i64::try_from(scope.now.unix).unwrap_or(0);
    let (at, control) = match expires {
        Expires::Off => return,
        Expires::Epoch => (1, Cow::Borrowed("no-cache")),
        Expires::Max => (2_145_916_555, Cow::Owned(format!("max-age={TEN_YEARS}"))),
        Expires::After(seconds) if *seconds < 0 => (now + seconds, Cow::Borrowed("no-cache")),
        Expires::After(seconds) => (now + seconds, Cow::Owned(format!("max-age={seconds}"))),
        Expires::TimeOfDay(second) => {
            let ahead = (i64::from(*second) - now % 86_400).rem_euclid(86_400);
            (now + ahead, Cow::Owned(format!("max-age={ahead}")))
        }
        Expires::Dynamic(value) => match Expires::parse(&value.evaluate(scope)) {
            Some(Expires::Dynamic(_)) | None => return,
            Some(fixed) => return self::expires(&fixed, scope, headers),
        },
    };
    let date = http_date::format(u64::try_from(at).unwrap_or(0));
    headers.push(("Expires".into(), date.to_vec().into()));
    headers.push(("Cache-Control".into(), control.into_owned().into_bytes().into()));
}
