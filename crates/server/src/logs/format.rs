//! How values stand in a line.

use outpour_core::settings::Escape;

const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// Appends `value` as a `log_format` with `escape` shows it; `None` is a variable without value.
pub(super) fn value(escape: Escape, value: Option<&[u8]>, out: &mut Vec<u8>) {
    match (escape, value) {
        (Escape::Default, None) => out.push(b'-'),
        (Escape::Json | Escape::None, None) => {}
        (Escape::Default, Some(value)) => default(value, out),
        (Escape::Json, Some(value)) => json(value, out),
        (Escape::None, Some(value)) => out.extend_from_slice(value),
    }
}

/// `"`, `\` and everything that is not printable ASCII as `\xXX`.
fn default(value: &[u8], out: &mut Vec<u8>) {
    for byte in value {
        match byte {
            b'"' | b'\\' | 0..=31 | 127.. => hexadecimal(b"\\x", *byte, out),
            _ => out.push(*byte),
        }
    }
}

/// The escapes of a JSON string; what is beyond ASCII stays as it is.
fn json(value: &[u8], out: &mut Vec<u8>) {
    for byte in value {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', *byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            8 => out.extend(b"\\b"),
            12 => out.extend(b"\\f"),
            0..=31 => hexadecimal(b"\\u00", *byte, out),
            _ => out.push(*byte),
        }
    }
}

/// Appends text of a client to an error log's line: control characters do not reach the terminal
/// of whoever reads it.
pub(super) fn printable(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            0..=31 | 127 => hexadecimal(b"\\x", *byte, out),
            _ => out.push(*byte),
        }
    }
}

fn hexadecimal(prefix: &[u8], byte: u8, out: &mut Vec<u8>) {
    out.extend(prefix);
    out.extend([UPPER[usize::from(byte >> 4)], UPPER[usize::from(byte & 15)]]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(escape: Escape, given: Option<&[u8]>, expected: &[u8]) {
        let mut out = Vec::new();
        value(escape, given, &mut out);
        assert_eq!(out, expected, "{escape:?} {given:?}");
    }

    #[test]
    fn values_are_escaped_as_in_nginx() {
        check(Escape::Default, None, b"-");
        check(Escape::Default, Some(b""), b"");
        check(Escape::Default, Some(b"a\"b\\c\n\x7f\xff~ "), b"a\\x22b\\x5Cc\\x0A\\x7F\\xFF~ ");
        check(Escape::Json, None, b"");
        check(
            Escape::Json,
            Some(b"\"\\/\n\r\t\x08\x0c\x01\x1f\x7f\xc3\xa4"),
            b"\\\"\\\\/\\n\\r\\t\\b\\f\\u0001\\u001F\x7f\xc3\xa4",
        );
        check(Escape::None, None, b"");
        check(Escape::None, Some(b"\"\n\xff"), b"\"\n\xff");
    }
}
