//! The authority of a request: `Host`, or that of an absolute target.

use super::Rejection;

const INVALID: Rejection = Rejection::bad("client sent invalid host header");

/// The host of `host[:port]`: in lower case, without port and without a dot at the end.
///
/// As nginx, an empty host and two dots in a row are refused; beyond nginx, also bytes that no
/// host contains (a comma, for one, comes from two `Host`s joined into one) and ports that are no
/// numbers.
pub(super) fn parse(authority: &[u8]) -> Result<Vec<u8>, Rejection> {
    let host = match authority {
        [b'[', ..] => literal(authority)?.to_ascii_lowercase(),
        _ => name(authority)?,
    };
    if host.is_empty() { Err(INVALID) } else { Ok(host) }
}

/// `[::1]`, brackets included, behind which only a port may follow.
fn literal(authority: &[u8]) -> Result<&[u8], Rejection> {
    let end = memchr::memchr(b']', authority).ok_or(INVALID)?;
    let (host, rest) = authority.split_at(end + 1);
    let address = &host[1..end];
    let good = address.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'));
    let port = rest.is_empty() || rest.strip_prefix(b":").is_some_and(is_port);
    if good && port && address.len() > 1 { Ok(host) } else { Err(INVALID) }
}

/// A name, checked and put into lower case in one go: every request has one.
fn name(authority: &[u8]) -> Result<Vec<u8>, Rejection> {
    let mut host = Vec::with_capacity(authority.len());
    for (at, byte) in authority.iter().enumerate() {
        match byte {
            b':' if is_port(&authority[at + 1..]) => break,
            b'.' if host.last() == Some(&b'.') => return Err(INVALID),
            byte if IS_NAME_BYTE[usize::from(*byte)] => host.push(byte.to_ascii_lowercase()),
            _ => return Err(INVALID),
        }
    }
    host.pop_if(|last| *last == b'.');
    Ok(host)
}

fn is_port(text: &[u8]) -> bool {
    text.len() <= 5 && text.iter().all(u8::is_ascii_digit)
}

/// What stands in a host name: RFC 3986's `reg-name` without the comma, and bytes of other
/// alphabets, as nginx lets them pass.
/// Letters, digits, what is not ASCII, and the punctuation of registered names.
const IS_NAME_BYTE: [bool; 256] = {
    let mut table = [true; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        let punctuation = matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b'%'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b';'
                | b'='
        );
        table[byte as usize] = byte.is_ascii_alphanumeric() || punctuation;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn check(authority: &str, expected: Option<&str>) {
        let found = parse(authority.as_bytes()).ok();
        assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{authority}");
    }

    #[test]
    fn hosts_lose_their_port() {
        check("localhost", Some("localhost"));
        check("LocalHost:9080", Some("localhost"));
        check("example.com.", Some("example.com"));
        check("example.com.:80", Some("example.com"));
        check("a_b.example:", Some("a_b.example"));
        check("127.0.0.1:65535", Some("127.0.0.1"));
        check("[::1]", Some("[::1]"));
        check("[2001:DB8::1]:80", Some("[2001:db8::1]"));
        check("[::ffff:1.2.3.4]:", Some("[::ffff:1.2.3.4]"));
        check("münchen.example", Some("münchen.example"));
    }

    #[test]
    fn what_is_no_host() {
        for text in [
            "", ":", ":80", ".", "a..b", "a b", "a,b", "a/b", "a\\b", "u@h", "a?b", "a#b", "a\tb",
            "a:b", "a:1:2", "a:-1", "a:123456", "::1", "[", "[]", "[:", "[::1", "[::1]x",
            "[::1]:x", "[g::1]", "a[::1]", "<a>", "a\"", "\x7f",
        ] {
            check(text, None);
        }
    }
}
