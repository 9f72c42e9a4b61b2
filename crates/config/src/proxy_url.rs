//! Addresses of upstreams: `http://host:port/path`, and `host:port` alone.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;

use outpour_core::settings::PeerAddress;

use crate::syntax::bytes_to_path;

/// Longest path that fits into a unix socket address, with its closing zero.
pub(crate) const UNIX_PATH_MAX: usize = 107;

/// The argument of a `proxy_pass` without variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// `https://`
    pub(crate) tls: bool,
    /// Who.
    pub(crate) authority: Authority,
    /// What follows; empty if nothing does, else it begins with a slash.
    pub(crate) path: Box<[u8]>,
    /// As written.
    pub(crate) text: Box<[u8]>,
}

/// Who is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Authority {
    /// A name or an address as written (an IPv6 address in brackets), and the port if there is one.
    Host { host: Box<str>, port: Option<u16> },
    /// `unix:PATH`
    Unix(PathBuf),
}

/// nginx's words about what does not parse.
pub(crate) const INVALID_PREFIX: &str = "invalid URL prefix";

impl Url {
    /// # Errors
    ///
    /// [`INVALID_PREFIX`], or what nginx says `in upstream "..."`.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, &'static str> {
        let scheme = |scheme: &str| {
            let (own, rest) = text.split_at_checked(scheme.len())?;
            own.eq_ignore_ascii_case(scheme.as_bytes()).then_some(rest)
        };
        let (tls, rest) = match (scheme("http://"), scheme("https://")) {
            (Some(rest), _) => (false, rest),
            (None, Some(rest)) => (true, rest),
            (None, None) => return Err(INVALID_PREFIX),
        };
        let (authority, path) = Authority::parse(rest)?;
        let path = match path {
            [b'?', ..] => [b"/", path].concat().into(),
            path => path.into(),
        };
        Ok(Self { tls, authority, path, text: text.into() })
    }

    /// The scheme's own port.
    pub(crate) fn default_port(&self) -> u16 {
        if self.tls { 443 } else { 80 }
    }

    /// `$proxy_host`
    pub(crate) fn host(&self) -> Box<[u8]> {
        match &self.authority {
            Authority::Host { host, port: Some(port) } if *port != self.default_port() => {
                format!("{host}:{port}").into_bytes().into()
            }
            Authority::Host { host, .. } => host.as_bytes().into(),
            Authority::Unix(_) => Box::from(*b"localhost"),
        }
    }

    /// `$proxy_port`
    pub(crate) fn port(&self) -> Box<[u8]> {
        match &self.authority {
            Authority::Host { port, .. } => {
                port.unwrap_or(self.default_port()).to_string().into_bytes().into()
            }
            Authority::Unix(_) => Box::from([]),
        }
    }
}

impl Authority {
    /// The authority at the beginning of `text`, and what follows it: a path or arguments.
    ///
    /// # Errors
    ///
    /// What nginx says `in upstream "..."`.
    pub(crate) fn parse(text: &[u8]) -> Result<(Self, &[u8]), &'static str> {
        if let Some(rest) = text.strip_prefix(b"unix:") {
            let end = rest.iter().position(|b| *b == b':');
            let (path, uri) = end.map_or((rest, &[][..]), |at| (&rest[..at], &rest[at + 1..]));
            return match path.len() {
                0 => Err("no path in the unix domain socket"),
                1..=UNIX_PATH_MAX => Ok((Self::Unix(bytes_to_path(path)), uri)),
                _ => Err("too long path in the unix domain socket"),
            };
        }
        let end = text.iter().position(|b| matches!(b, b'/' | b'?')).unwrap_or(text.len());
        let (authority, rest) = text.split_at(end);
        let authority = std::str::from_utf8(authority).map_err(|_| "invalid host")?;
        let (host, port) = split(authority)?;
        if host.is_empty() {
            return Err("no host");
        }
        let port = port.map(parse_port).transpose()?;
        Ok((Self::Host { host: host.into(), port }, rest))
    }

    /// All addresses, `port` where none is written.
    ///
    /// # Errors
    ///
    /// What nginx says `in upstream "..."`.
    pub(crate) fn resolve(&self, port: u16) -> Result<Vec<PeerAddress>, &'static str> {
        match self {
            Self::Unix(path) => Ok(vec![PeerAddress::Unix(path.clone())]),
            Self::Host { host, port: own } => {
                let found = resolve(host, own.unwrap_or(port))?;
                Ok(found.into_iter().map(PeerAddress::Tcp).collect())
            }
        }
    }
}

/// Host, in brackets if it is an IPv6 address, and port.
fn split(text: &str) -> Result<(&str, Option<&str>), &'static str> {
    let host = match text.strip_prefix('[') {
        Some(rest) => rest.find(']').ok_or("invalid host")? + 2,
        None => text.find(':').unwrap_or(text.len()),
    };
    let (host, rest) = text.split_at(host);
    match (rest, rest.strip_prefix(':')) {
        ("", _) => Ok((host, None)),
        (_, Some(port)) => Ok((host, Some(port))),
        (_, None) => Err("invalid host"),
    }
}

fn parse_port(text: &str) -> Result<u16, &'static str> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let port = if digits { text.parse().ok() } else { None };
    port.filter(|port| *port > 0).ok_or("invalid port")
}

/// Addresses of a name, each once; an IPv6 address may stand in brackets.
///
/// # Errors
///
/// nginx's words.
pub(crate) fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, &'static str> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if let Some(bare) = bare {
        let address = bare.parse().map_err(|_| "invalid IPv6 address")?;
        return Ok(vec![SocketAddr::new(IpAddr::V6(address), port)]);
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found = (host, port).to_socket_addrs().map_err(|_| "host not found")?;
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err("host not found") } else { Ok(addresses) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(&str, &str, &str), &str>) {
        let found = Url::parse(text.as_bytes());
        let found = found.map(|url| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (text(&url.host()), text(&url.port()), text(&url.path))
        });
        let expected =
            expected.map(|(host, port, path)| (host.to_owned(), port.to_owned(), path.to_owned()));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn forms() {
        check("http://app", Ok(("app", "80", "")));
        check("HTTP://App:80/", Ok(("App", "80", "/")));
        check("http://app:8080/a?b", Ok(("app:8080", "8080", "/a?b")));
        check("http://app?b=/c", Ok(("app", "80", "/?b=/c")));
        check("https://app", Ok(("app", "443", "")));
        check("https://app:443", Ok(("app", "443", "")));
        check("https://app:80", Ok(("app:80", "80", "")));
        check("http://[::1]:8080/x", Ok(("[::1]:8080", "8080", "/x")));
        check("http://[::1]", Ok(("[::1]", "80", "")));
        check("http://unix:/run/a.sock", Ok(("localhost", "", "")));
        check("http://unix:/run/a.sock:/x", Ok(("localhost", "", "/x")));
    }

    #[test]
    fn other_forms_are_refused() {
        check("app:8080", Err(INVALID_PREFIX));
        check("ftp://app", Err(INVALID_PREFIX));
        check("http:/app", Err(INVALID_PREFIX));
        check("http://", Err("no host"));
        check("http://:80", Err("no host"));
        check("http:///x", Err("no host"));
        check("http://app:", Err("invalid port"));
        check("http://app:0", Err("invalid port"));
        check("http://app:65536", Err("invalid port"));
        check("http://app:8o", Err("invalid port"));
        check("http://[::1", Err("invalid host"));
        check("http://[::1]x", Err("invalid host"));
        check("http://unix:", Err("no path in the unix domain socket"));
        let long = format!("http://unix:/{}", "a".repeat(107));
        check(&long, Err("too long path in the unix domain socket"));
    }

    #[test]
    fn names_are_resolved() {
        let found = |text: &str, port| {
            let (authority, _) = Authority::parse(text.as_bytes()).unwrap();
            authority.resolve(port)
        };
        let tcp = |text: &str| Ok(vec![PeerAddress::Tcp(text.parse().unwrap())]);
        assert_eq!(found("192.0.2.1", 80), tcp("192.0.2.1:80"));
        assert_eq!(found("192.0.2.1:81", 80), tcp("192.0.2.1:81"));
        assert_eq!(found("[::1]:81", 80), tcp("[::1]:81"));
        assert_eq!(found("[::x]", 80), Err("invalid IPv6 address"));
        assert_eq!(found("unix:/a", 80), Ok(vec![PeerAddress::Unix("/a".into())]));
        // A label may not be empty: nobody has to be asked.
        assert_eq!(found("no..such", 80), Err("host not found"));
        assert!(found("localhost", 80).is_ok_and(|addresses| !addresses.is_empty()));
    }
}
