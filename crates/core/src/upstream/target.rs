//! Under which address an upstream gets a request.

use crate::settings::ProxyUri;
use crate::variables::Scope;
use crate::wire::escape;

/// What became of a request's address before it was handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// It is as it came.
    Received,
    /// A script or a redirection inside the server changed it.
    Changed,
    /// A `rewrite ... break` changed it within its location, whose prefix counts no more.
    Broken,
}

/// The target for an upstream, as nginx makes it.
///
/// Without a path in `proxy_pass` an address that nothing has changed goes on byte for byte. Bytes
/// that would end the request line are escaped wherever they come from: nginx sends them, and with
/// them whatever request a client made up.
#[must_use]
pub fn target(uri: &ProxyUri, address: Address, scope: &Scope<'_>) -> Vec<u8> {
    let path = scope.path();
    let mut target = match (uri, address) {
        (ProxyUri::Kept, Address::Received) => {
            let target = scope.request.target();
            return match target.first() {
                Some(b'/' | b'*') => safe(target.to_vec()),
                // Of an absolute address that has no path.
                _ => safe([b"/", target].concat()),
            };
        }
        (ProxyUri::Kept, Address::Changed | Address::Broken)
        | (ProxyUri::Replaced { .. }, Address::Broken) => escape::path(path),
        (ProxyUri::Replaced { path: begin, prefix }, Address::Received | Address::Changed) => {
            let rest = path.get(*prefix..).unwrap_or_default();
            [&**begin, &*escape::path(rest)].concat()
        }
    };
    if !scope.args().is_empty() {
        target.push(b'?');
        target.extend_from_slice(scope.args());
    }
    safe(target)
}

/// The target with escapes for blanks and control characters.
#[must_use]
pub fn safe(target: Vec<u8>) -> Vec<u8> {
    let breaks = |b: &u8| *b <= b' ' || *b == 0x7f;
    if !target.iter().any(breaks) {
        return target;
    }
    let mut out = Vec::with_capacity(target.len() + 8);
    for byte in target {
        match breaks(&byte) {
            true => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            false => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variables::tests::Fixture;

    fn check(line: &str, uri: &ProxyUri, address: Address, expected: &str) {
        let mut fixture = Fixture::new(&format!("{line} HTTP/1.1\n\n"));
        if address != Address::Received {
            fixture.request.path = b"/new path".to_vec();
        } else {
            fixture.request.path = crate::wire::percent::decode(&fixture.request.path).into_owned();
        }
        let found = target(uri, address, &fixture.scope());
        assert_eq!(String::from_utf8(found).unwrap(), expected, "{line} {uri:?} {address:?}");
    }

    fn replaced(path: &str, prefix: usize) -> ProxyUri {
        ProxyUri::Replaced { path: path.as_bytes().into(), prefix }
    }

    #[test]
    fn kept_addresses() {
        let kept = ProxyUri::Kept;
        check("GET /a%2fb/../c?x=%20", &kept, Address::Received, "/a%2fb/../c?x=%20");
        check("GET /a?x=1", &kept, Address::Changed, "/new%20path?x=1");
        check("GET /a", &kept, Address::Broken, "/new%20path");
        check("GET ?x", &kept, Address::Received, "/?x");
    }

    #[test]
    fn replaced_prefixes() {
        check("GET /app/a%20b?x=1", &replaced("/", 5), Address::Received, "/a%20b?x=1");
        check("GET /app", &replaced("/", 5), Address::Received, "/");
        check("GET /app/x", &replaced("/v2", 4), Address::Received, "/v2/x");
        check("GET /app/x", &replaced("/", 5), Address::Changed, "/path");
        check("GET /app/x?y", &replaced("/v2/", 5), Address::Broken, "/new%20path?y");
    }

    #[test]
    fn nothing_breaks_the_request_line() {
        assert_eq!(safe(b"/a b\r\nX: y\0\x7f".to_vec()), b"/a%20b%0D%0AX:%20y%00%7F");
    }
}
