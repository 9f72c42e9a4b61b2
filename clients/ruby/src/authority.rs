//! The name and port that a client believes to talk to.

use std::borrow::Cow;

use outpour_server::application::Request;

/// What `SERVER_NAME` and `SERVER_PORT` are made of; neither is ever empty.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Authority<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) port: Cow<'a, str>,
}

impl<'a> Authority<'a> {
    pub(crate) fn of(request: &'a Request) -> Self {
        let host = request.header("host").unwrap_or_default();
        let scheme = if request.is_encrypted() { "443" } else { "80" };
        let local = request.local().map(|local| local.port().to_string());
        Self::parse(host, scheme, local)
    }

    /// The port of `host`; without one that of the scheme, as browsers leave it out; without a host
    /// the one that was connected to.
    fn parse(host: &'a [u8], scheme: &'a str, local: Option<String>) -> Self {
        let name_end = match host {
            [b'[', ..] => host.iter().position(|b| *b == b']').map_or(host.len(), |at| at + 1),
            _ => host.iter().position(|b| *b == b':').unwrap_or(host.len()),
        };
        let (name, port) = host.split_at(name_end);
        let digits = port.strip_prefix(b":").unwrap_or_default();
        let is_port =
            !digits.is_empty() && digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit);
        let port = match str::from_utf8(digits) {
            Ok(digits) if is_port => Cow::Borrowed(digits),
            _ if name.is_empty() => local.map_or(Cow::Borrowed(scheme), Cow::Owned),
            _ => Cow::Borrowed(scheme),
        };
        Self { name: if name.is_empty() { b"localhost" } else { name }, port }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: &str, name: &str, port: &str) {
        let authority = Authority::parse(host.as_bytes(), "80", Some("9292".to_owned()));
        assert_eq!((authority.name, &*authority.port), (name.as_bytes(), port), "{host}");
    }

    #[test]
    fn neither_part_is_empty() {
        check("a.test", "a.test", "80");
        check("a.test:81", "a.test", "81");
        check("a.test:", "a.test", "80");
        check("a.test:x", "a.test", "80");
        check("[::1]:81", "[::1]", "81");
        check("[::1]", "[::1]", "80");
        check("", "localhost", "9292");
        check(":81", "localhost", "81");
    }
}
