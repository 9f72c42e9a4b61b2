//! Percent-decoding of channel paths and directive values.

use std::borrow::Cow;

/// Translates `%XX` to bytes, once; nothing else is translated.
///
/// Broken sequences as nginx-push-stream-module does: `%` before a byte that is no hexadecimal
/// digit is dropped alone (the byte stays, even if it is another `%`); `%`, one digit and a byte
/// that is none are dropped together; `%` and `%X` at the end are dropped. Linear; allocates only
/// if there is a `%`.
#[must_use]
pub fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memchr(b'%', text) {
        None => Cow::Borrowed(text),
        Some(first) => Cow::Owned(decode_from(text, first)),
    }
}

fn decode_from(text: &[u8], first: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    out.extend_from_slice(&text[..first]);
    let mut rest = text[first..].iter();
    while let Some(&byte) = rest.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let Some(&high) = rest.next() else { break };
        let Some(high_digit) = hex_digit(high) else {
            out.push(high);
            continue;
        };
        if let Some(low_digit) = rest.next().and_then(|low| hex_digit(*low)) {
            out.push(high_digit << 4 | low_digit);
        }
    }
    out
}

/// The value of one hexadecimal digit of either letter case.
pub(super) fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &[u8], expected: &[u8]) {
        assert_eq!(decode(text).as_ref(), expected, "{}", text.escape_ascii());
    }

    #[test]
    fn good_sequences_become_bytes() {
        check(b"", b"");
        check(b"ch1.b3/ch2", b"ch1.b3/ch2");
        check(b"a%2Fb%2fc", b"a/b/c");
        check(b"%00%fF", b"\x00\xff");
        check(b"a+b%2Bc", b"a+b+c");
        check(b"%3fx?y", b"?x?y");
    }

    #[test]
    fn nothing_is_decoded_twice() {
        check(b"%2541", b"%41");
        check(b"%%41", b"%41");
        check(b"%%%41", b"%A");
    }

    #[test]
    fn broken_sequences_are_dropped() {
        check(b"%zz", b"zz");
        check(b"a%/b", b"a/b");
        check(b"%4zz", b"z");
        check(b"%4%41", b"41");
        check(b"a%", b"a");
        check(b"a%4", b"a");
    }

    proptest! {
        #[test]
        fn encoded_text_comes_back(bytes: Vec<u8>, upper: bool) {
            let encoded: String = bytes
                .iter()
                .map(|b| if upper { format!("%{b:02X}") } else { format!("%{b:02x}") })
                .collect();
            prop_assert_eq!(decode(encoded.as_bytes()).into_owned(), bytes);
        }

        #[test]
        fn text_never_grows(bytes: Vec<u8>) {
            prop_assert!(decode(&bytes).len() <= bytes.len());
        }
    }
}
