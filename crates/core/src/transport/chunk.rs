//! Chunks of `Transfer-Encoding: chunked`.

use std::io::Write as _;

/// The chunk that ends an answer, without trailers.
pub(super) const LAST: &[u8] = b"0\r\n\r\n";

/// Appends `data` as one chunk; nothing if it is empty, because that would end the answer.
pub(super) fn append(data: &[u8], out: &mut Vec<u8>) {
    if data.is_empty() {
        return;
    }
    out.reserve(data.len() + 20);
    write!(out, "{:x}\r\n", data.len()).expect("writing to a Vec does not fail");
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(data: &[u8], expected: &[u8]) {
        let mut out = Vec::new();
        append(data, &mut out);
        assert_eq!(out, expected);
    }

    #[test]
    fn lengths_are_lower_case_hexadecimal() {
        check(b"", b"");
        check(b"m", b"1\r\nm\r\n");
        check(b"message to be sent 001", b"16\r\nmessage to be sent 001\r\n");
        check(&[b'x'; 255], &[b"ff\r\n", &[b'x'; 255][..], b"\r\n"].concat());
    }
}
