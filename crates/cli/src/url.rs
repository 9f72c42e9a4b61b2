//! The addresses of `outpour pub` and `outpour sub`.

use anyhow::{Result, bail, ensure};

/// An `http://` address, in the parts that a request needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// `host:port`, to connect to.
    pub(crate) authority: String,
    /// Host as the `Host` header has it.
    pub(crate) host: String,
    /// Path and query.
    pub(crate) target: String,
}

impl Url {
    /// Takes an absolute address; the port defaults to 80, the path to `/`.
    ///
    /// # Errors
    /// A sentence on what is missing or not understood.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let Some(rest) = text.strip_prefix("http://") else {
            bail!("outpour: {text:?} is not an address that begins with http://");
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, target) = rest.split_at(end);
        ensure!(!host.is_empty(), "outpour: {text:?} names no host");
        let plain = |byte: u8| byte.is_ascii_graphic();
        ensure!(rest.bytes().all(plain), "outpour: {text:?} has characters to be escaped with %");
        let target = match target.as_bytes().first() {
            Some(b'/') => target.to_owned(),
            _ => format!("/{target}"),
        };
        let has_port = host.rsplit(']').next().is_some_and(|tail| tail.contains(':'));
        let authority = if has_port { host.to_owned() } else { format!("{host}:80") };
        Ok(Self { authority, host: host.to_owned(), target })
    }
}

/// Escapes what may not stand in a channel's part of a path or query.
///
/// A `/` stays: it separates channels.
pub(crate) fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'*' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_parts() {
        let check = |text: &str, authority: &str, host: &str, target: &str| {
            let url = Url::parse(text).unwrap();
            assert_eq!([&*url.authority, &url.host, &url.target], [authority, host, target]);
        };
        check("http://a", "a:80", "a", "/");
        check("http://a:9080/pub?id=x", "a:9080", "a:9080", "/pub?id=x");
        check("http://a?id=x", "a:80", "a", "/?id=x");
        check("http://[::1]/sub", "[::1]:80", "[::1]", "/sub");
        check("http://[::1]:9080", "[::1]:9080", "[::1]:9080", "/");
        for text in ["", "a", "https://a/", "http://", "http:///x", "http://a/b c", "http://a/ä"] {
            assert!(Url::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn channels_are_escaped() {
        assert_eq!(escape("a/b.b3 ä&c"), "a/b.b3%20%C3%A4%26c");
    }
}
