//! `expires`.

use std::borrow::Cow;

use crate::answer::Header;
use crate::settings::Expires;
use crate::variables::Scope;
use crate::wire::http_date;

const DAY: i64 = 86_400;

/// `Expires` and `Cache-Control` as the directive asks for them; none for `off`, and none for a
/// value with variables that says nothing intelligible.
pub(super) fn headers(expires: &Expires, scope: &Scope<'_>, modified: Option<i64>) -> Vec<Header> {
    let now = i64::try_from(scope.now.unix).unwrap_or(i64::MAX);
    let (at, cache) = match expires {
        Expires::Off => return Vec::new(),
        Expires::Epoch => (Cow::Borrowed("Thu, 01 Jan 1970 00:00:01 GMT"), "no-cache".into()),
        Expires::Max => (Cow::Borrowed("Thu, 31 Dec 2037 23:55:55 GMT"), max_age(315_360_000)),
        Expires::After(seconds) => (date(now.saturating_add(*seconds)), max_age(*seconds)),
        Expires::TimeOfDay(second) => {
            let offset = scope.environment.local_time.offset(scope.now.unix);
            let at = next(now, (*second).into(), offset.into());
            (date(at), max_age(at - now))
        }
        Expires::AfterModified(seconds) => {
            let at = modified.unwrap_or(now).saturating_add(*seconds);
            (date(at), max_age(at.saturating_sub(now)))
        }
        Expires::Dynamic(value) => match Expires::parse(&value.evaluate(scope)) {
            Ok(Expires::Dynamic(_)) | Err(_) => return Vec::new(),
            Ok(fixed) => return headers(&fixed, scope, modified),
        },
    };
    let bytes = |text: Cow<'static, str>| match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    };
    vec![("Expires".into(), bytes(at)), ("Cache-Control".into(), bytes(cache))]
}

fn max_age(seconds: i64) -> Cow<'static, str> {
    if seconds < 0 { "no-cache".into() } else { format!("max-age={seconds}").into() }
}

/// The next moment after `now` at which local clocks show `second` of the day.
fn next(now: i64, second: i64, utc_offset: i64) -> i64 {
    let midnight = (now + utc_offset).div_euclid(DAY) * DAY - utc_offset;
    let today = midnight + second;
    if today > now { today } else { today + DAY }
}

fn date(unix: i64) -> Cow<'static, str> {
    let date = http_date::format(u64::try_from(unix).unwrap_or(0));
    String::from_utf8_lossy(&date).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variables::tests::Fixture;
    use crate::variables::{Expression, Variable};

    /// At Sun, 06 Nov 1994 08:49:37 GMT, one hour ahead of UTC.
    fn check(expires: &Expires, expected: Option<[&str; 2]>) {
        let fixture = Fixture::new("GET /?e=5m&off=off&bad=x HTTP/1.1\n\n");
        let headers = headers(expires, &fixture.scope(), Some(784_111_000));
        let text = |at: usize| String::from_utf8_lossy(&headers[at].1).into_owned();
        let values = (!headers.is_empty()).then(|| [text(0), text(1)]);
        assert_eq!(values, expected.map(|e| e.map(str::to_owned)), "{expires:?}");
    }

    #[test]
    fn words_and_times() {
        check(&Expires::Off, None);
        check(&Expires::Epoch, Some(["Thu, 01 Jan 1970 00:00:01 GMT", "no-cache"]));
        check(&Expires::Max, Some(["Thu, 31 Dec 2037 23:55:55 GMT", "max-age=315360000"]));
        check(&Expires::After(0), Some(["Sun, 06 Nov 1994 08:49:37 GMT", "max-age=0"]));
        check(&Expires::After(60), Some(["Sun, 06 Nov 1994 08:50:37 GMT", "max-age=60"]));
        check(&Expires::After(-1), Some(["Sun, 06 Nov 1994 08:49:36 GMT", "no-cache"]));
        check(&Expires::AfterModified(800), Some(["Sun, 06 Nov 1994 08:50:00 GMT", "max-age=23"]));
        check(&Expires::After(i64::MAX), Some(["Fri, 31 Dec 9999 23:59:59 GMT", &max()]));
    }

    fn max() -> String {
        format!("max-age={}", i64::MAX)
    }

    #[test]
    fn times_of_day_are_local_and_ahead() {
        // 09:49:37 on the local clock.
        let at = |hour: u32, minute: u32| Expires::TimeOfDay(hour * 3600 + minute * 60);
        check(&at(15, 30), Some(["Sun, 06 Nov 1994 14:30:00 GMT", "max-age=20423"]));
        check(&at(9, 0), Some(["Mon, 07 Nov 1994 08:00:00 GMT", "max-age=83423"]));
    }

    #[test]
    fn values_with_variables() {
        let of = |name| Expires::Dynamic(Expression::variable(Variable::parse(name).unwrap()));
        check(&of("arg_e"), Some(["Sun, 06 Nov 1994 08:54:37 GMT", "max-age=300"]));
        check(&of("arg_off"), None);
        check(&of("arg_bad"), None);
        check(&of("arg_none"), None);
    }
}
