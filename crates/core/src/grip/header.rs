//! Values of GRIP's headers: lists, parameters, quotes.

/// The pieces between separators that stand outside of quotes and of `<` `>`, without blanks around
/// them; empty ones are left out.
pub(super) fn split(value: &[u8], separator: u8) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let (mut start, mut quoted, mut escaped, mut angled) = (0, false, false, false);
    for (at, byte) in value.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'<' => angled = true,
            b'>' => angled = false,
            byte if *byte == separator && !angled => {
                pieces.push(value[start..at].trim_ascii());
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(value[start..].trim_ascii());
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Name, lower case, and value of a parameter; quotes are taken off.
pub(super) fn parameter(piece: &[u8]) -> Option<(String, String)> {
    let equals = memchr::memchr(b'=', piece)?;
    let name = str::from_utf8(piece[..equals].trim_ascii()).ok()?;
    Some((name.to_ascii_lowercase(), unquoted(piece[equals + 1..].trim_ascii())?))
}

/// A value without its quotes and what is escaped in them.
pub(super) fn unquoted(value: &[u8]) -> Option<String> {
    let text = str::from_utf8(value).ok()?;
    let Some(inner) = text.strip_prefix('"') else { return Some(text.to_owned()) };
    let mut out = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    loop {
        match characters.next()? {
            '"' => return characters.next().is_none().then_some(out),
            '\\' => out.push(characters.next()?),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_quotes_are_none() {
        let check = |value: &str, separator: u8, expected: &[&str]| {
            let found = split(value.as_bytes(), separator);
            let found: Vec<_> = found.iter().map(|piece| str::from_utf8(piece).unwrap()).collect();
            assert_eq!(found, expected, "{value}");
        };
        check("a; b=1, c", b',', &["a; b=1", "c"]);
        check("a=\"x,\\\"y\", b", b',', &["a=\"x,\\\"y\"", "b"]);
        check("</a?b;c,d>; rel=next", b';', &["</a?b;c,d>", "rel=next"]);
        check(" ,, ", b',', &[]);
        check("a\\;b", b';', &["a\\", "b"]);
    }

    #[test]
    fn parameters_lose_their_quotes() {
        let check = |piece: &str, expected: Option<(&str, &str)>| {
            let expected = expected.map(|(n, v)| (n.to_owned(), v.to_owned()));
            assert_eq!(parameter(piece.as_bytes()), expected, "{piece}");
        };
        check("Prev-ID = 7", Some(("prev-id", "7")));
        check("a=\"x \\\"y\\\\\"", Some(("a", "x \"y\\")));
        check("a=\"x", None);
        check("a=\"x\"y", None);
        check("a", None);
    }
}
