//! Escapes of addresses and texts, byte by byte as nginx makes them.

/// Escapes a path for an address: what may not stand in one becomes `%XX`, `?` and `%` among it.
#[must_use]
pub fn path(text: &[u8]) -> Vec<u8> {
    percent(text, |byte| is_unprintable(byte) || b" \"#%<>?\\^`{|}".contains(&byte))
}

/// Escapes a value for the query of an address.
#[must_use]
pub fn argument(text: &[u8]) -> Vec<u8> {
    percent(text, |byte| is_unprintable(byte) || b" \"#%&+;<>?\\^`{|}".contains(&byte))
}

/// Escapes everything but letters, digits and `-._~`.
#[must_use]
pub fn component(text: &[u8]) -> Vec<u8> {
    percent(text, |byte| !byte.is_ascii_alphanumeric() && !b"-._~".contains(&byte))
}

fn is_unprintable(byte: u8) -> bool {
    !(0x20..0x7f).contains(&byte)
}

fn percent(text: &[u8], escaped: impl Fn(u8) -> bool) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if escaped(byte) {
            let digit = |nibble: u8| DIGITS[usize::from(nibble & 15)];
            out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte)]);
        } else {
            out.push(byte);
        }
    }
    out
}

/// Undoes escapes in the path of a redirect's address, as far as the byte needs none, up to `?`.
#[must_use]
pub fn redirect(text: &[u8]) -> Vec<u8> {
    let end = memchr::memchr(b'?', text).unwrap_or(text.len());
    let mut out = Vec::with_capacity(text.len());
    let mut rest = &text[..end];
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if let (b'%', [high, low, behind @ ..]) = (byte, tail)
            && let (Some(h), Some(l)) =
                (super::percent::hex_digit(*high), super::percent::hex_digit(*low))
        {
            let plain = h << 4 | l;
            match plain {
                b'&'..=b'~' if plain != b'?' => out.push(plain),
                _ => out.extend_from_slice(&[b'%', *high, *low]),
            }
            rest = behind;
            continue;
        }
        out.push(byte);
    }
    out.extend_from_slice(&text[end..]);
    out
}

/// Escapes `<`, `>`, `&` and `"` for a text of HTML.
#[must_use]
pub fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            byte => out.push(byte),
        }
    }
    out
}

/// Escapes quotes, backslashes and control characters for a text of JSON.
#[must_use]
pub fn json(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            8 => out.extend_from_slice(b"\\b"),
            12 => out.extend_from_slice(b"\\f"),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04X}").as_bytes()),
            byte => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(escape: fn(&[u8]) -> Vec<u8>, text: &str, expected: &str) {
        assert_eq!(String::from_utf8_lossy(&escape(text.as_bytes())), expected, "{text}");
    }

    #[test]
    fn addresses() {
        check(path, "/a b/é?#%", "/a%20b/%C3%A9%3F%23%25");
        check(path, "/a&b+c;d=e:@~'", "/a&b+c;d=e:@~'");
        check(argument, "a b&c+d=e/f", "a%20b%26c%2Bd=e/f");
        check(component, "a b/c&.~", "a%20b%2Fc%26.~");
    }

    #[test]
    fn redirects_keep_what_needs_an_escape() {
        check(redirect, "/a%2Fb%20c%41?x=%41", "/a/b%20cA?x=%41");
        check(redirect, "/a%3fb%zz%", "/a%3fb%zz%");
    }

    #[test]
    fn texts() {
        check(html, "<a href=\"&\">", "&lt;a href=&quot;&amp;&quot;&gt;");
        check(json, "a\"\\\n\u{1}", "a\\\"\\\\\\n\\u0001");
    }
}
