//! What a request has seen of upstreams: for variables and logs.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The upstreams that a request was handed to.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// `$proxy_host`
    pub host: Box<[u8]>,
    /// `$proxy_port`
    pub port: Box<[u8]>,
    /// The servers that were asked, in order.
    pub attempts: Vec<Attempt>,
    /// Head of the last answer as the server sent it, for `$upstream_http_NAME` and
    /// `$upstream_cookie_NAME`; may be empty.
    pub head: Vec<u8>,
}

/// One server that was asked. Times are milliseconds since the attempt began.
#[derive(Clone, Debug, Default)]
pub struct Attempt {
    /// Its address; the upstream's name if none of its servers could be asked.
    pub addr: Box<str>,
    /// It was asked because an answer had redirected the request inside the server.
    pub redirected: bool,
    /// What it answered; also 502 and 504 of ours for answers that it owed.
    pub status: Option<u16>,
    /// When the connection was there; at once where one was kept.
    pub connect: Option<u64>,
    /// When its head was there.
    pub header: Option<u64>,
    /// When its answer was there as a whole, or the attempt was given up.
    pub response: Option<u64>,
    /// Bytes sent to it.
    pub bytes_sent: u64,
    /// Bytes received from it, head included.
    pub bytes_received: u64,
    /// Bytes of its answer's body.
    pub length: u64,
}

impl Account {
    /// A value per attempt, joined as in nginx: `, ` between attempts, ` : ` where a redirect lies
    /// between them, `-` where there is no value. `None` if nobody was asked.
    pub(crate) fn each(
        &self,
        value: impl Fn(&mut String, &Attempt) -> Option<()>,
    ) -> Option<Cow<'static, [u8]>> {
        let mut out = String::new();
        for attempt in &self.attempts {
            out.push_str(match (out.is_empty(), attempt.redirected) {
                (true, _) => "",
                (false, true) => " : ",
                (false, false) => ", ",
            });
            if value(&mut out, attempt).is_none() {
                out.push('-');
            }
        }
        (!self.attempts.is_empty()).then(|| Cow::Owned(out.into_bytes()))
    }

    /// [`Account::each`] of a time, in seconds.
    pub(crate) fn times(
        &self,
        time: impl Fn(&Attempt) -> Option<u64>,
    ) -> Option<Cow<'static, [u8]>> {
        self.each(|out, attempt| {
            let millis = time(attempt)?;
            write!(out, "{}.{:03}", millis / 1000, millis % 1000).ok()
        })
    }

    /// [`Account::each`] of a number.
    pub(crate) fn numbers(
        &self,
        number: impl Fn(&Attempt) -> Option<u64>,
    ) -> Option<Cow<'static, [u8]>> {
        self.each(|out, attempt| write!(out, "{}", number(attempt)?).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_joined_by_attempt() {
        let attempt = |status, redirected| Attempt { status, redirected, ..Attempt::default() };
        let account = Account {
            attempts: vec![
                attempt(Some(502), false),
                attempt(None, false),
                attempt(Some(200), true),
            ],
            ..Account::default()
        };
        let joined = account.numbers(|a| a.status.map(u64::from)).unwrap();
        assert_eq!(*joined, *b"502, - : 200");
        assert_eq!(*account.times(|_| Some(1_002)).unwrap(), *b"1.002, 1.002 : 1.002");
        assert_eq!(Account::default().numbers(|_| Some(1)), None);
    }
}
