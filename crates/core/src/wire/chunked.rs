//! Chunks of HTTP/1.1, written. They are read by [`super::http1::BodyReader`].

/// What ends a chunked body.
pub const LAST: &[u8] = b"0\r\n\r\n";

/// What ends the data of one chunk.
pub const END: &[u8] = b"\r\n";

/// Appends the line in front of a chunk of `len` bytes. Behind the data comes [`END`].
///
/// `len` must not be 0: that line would be the end of the body.
pub fn begin(len: usize, out: &mut Vec<u8>) {
    debug_assert_ne!(len, 0, "an empty chunk ends the body");
    let digits = (usize::BITS - len.leading_zeros()).div_ceil(4).max(1);
    for place in (0..digits).rev() {
        out.push(b"0123456789abcdef"[len >> (4 * place) & 0xf]);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends `data` as one chunk; nothing if it is empty, which would end the body.
pub fn chunk(data: &[u8], out: &mut Vec<u8>) {
    if data.is_empty() {
        return;
    }
    out.reserve(data.len() + 20);
    begin(data.len(), out);
    out.extend_from_slice(data);
    out.extend_from_slice(END);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(data: &[u8], expected: &[u8]) {
        let mut out = Vec::new();
        chunk(data, &mut out);
        assert_eq!(out, expected);
    }

    #[test]
    fn data_becomes_a_chunk() {
        check(b"m", b"1\r\nm\r\n");
        check(b": \n", b"3\r\n: \n\r\n");
        check(&[b'x'; 16], b"10\r\nxxxxxxxxxxxxxxxx\r\n");
        check(&[b'x'; 15], b"f\r\nxxxxxxxxxxxxxxx\r\n");
    }

    #[test]
    fn no_data_is_no_chunk() {
        check(b"", b"");
    }

    #[test]
    fn sizes_are_hexadecimal() {
        for len in [1, 15, 16, 255, 256, 0xfff, 0x1000, 0xdead_beef, usize::MAX] {
            let mut out = Vec::new();
            begin(len, &mut out);
            assert_eq!(out, format!("{len:x}\r\n").as_bytes());
        }
    }
}
