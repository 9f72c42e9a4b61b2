//! Texts of the cases as bytes.

/// The bytes that a text of a case stands for: `\r`, `\n`, `\t`, `\\` and `\xHH` are translated, for
/// texts in TOML's literal quotes; everything else stays.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let (byte, length) = if *first == b'\\' { escape(behind) } else { (*first, 1) };
        bytes.push(byte);
        rest = &rest[length..];
    }
    bytes
}

/// The byte behind a backslash and the length of the whole sequence.
fn escape(behind: &[u8]) -> (u8, usize) {
    match behind {
        [b'r', ..] => (b'\r', 2),
        [b'n', ..] => (b'\n', 2),
        [b't', ..] => (b'\t', 2),
        [b'\\', ..] => (b'\\', 2),
        [b'x', high, low, ..] => match (digit(*high), digit(*low)) {
            (Some(high), Some(low)) => (high << 4 | low, 4),
            _ => (b'\\', 1),
        },
        _ => (b'\\', 1),
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Bytes for a person to read: escaped, and shortened when there are very many.
pub(crate) fn shown(bytes: &[u8]) -> String {
    const SHOWN_MAX: usize = 1500;
    let start = &bytes[..bytes.len().min(SHOWN_MAX)];
    let more = bytes.len().saturating_sub(SHOWN_MAX);
    let more = if more > 0 { format!(" and {more} bytes more") } else { String::new() };
    format!("\"{}\"{more}", start.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[u8]) {
        assert_eq!(bytes(text), expected);
    }

    #[test]
    fn translates_escapes() {
        check(r"a\r\n", b"a\r\n");
        check(r"\x81\x04HEAD", b"\x81\x04HEAD");
        check(r"\\n", b"\\n");
        check(r"\d\x4", b"\\d\\x4");
        check("\u{e9}\\", b"\xc3\xa9\\");
    }
}
