//! Frames of the server: never masked, never fragmented.

use super::Opcode;

/// A ping without payload.
pub const PING: [u8; 2] = [0x89, 0x00];

/// A pong without payload.
pub const PONG: [u8; 2] = [0x8a, 0x00];

/// RSV1 in a frame's first byte.
const COMPRESSED: u8 = 0x40;

/// Bytes of the longest payload of a control frame.
const CONTROL_MAX: usize = 125;

/// Appends the header of an unfragmented frame with a payload of `len` bytes: 2, 4 or 10 bytes.
pub fn frame_header(opcode: Opcode, len: usize, out: &mut Vec<u8>) {
    out.push(0x80 | opcode.bits());
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(short @ 0..=125), _) => out.push(short),
        (_, Ok(medium)) => {
            out.push(126);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
}

/// Appends a text frame. The payload goes out as it is, be it UTF-8 or not, as
/// nginx-push-stream-module does.
pub fn text(payload: &[u8], out: &mut Vec<u8>) {
    frame(Opcode::Text, payload, out);
}

/// Appends a binary frame.
pub fn binary(payload: &[u8], out: &mut Vec<u8>) {
    frame(Opcode::Binary, payload, out);
}

/// Appends a frame of a message that [`super::deflate`] has compressed: RSV1 tells it.
pub fn compressed(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    let first = out.len();
    frame(opcode, payload, out);
    out[first] |= COMPRESSED;
}

/// Appends a ping, of whose payload no more than 125 bytes count.
pub fn ping(payload: &[u8], out: &mut Vec<u8>) {
    frame(Opcode::Ping, &payload[..payload.len().min(CONTROL_MAX)], out);
}

/// Appends a pong with the payload of its ping, of which no more than 125 bytes count.
pub fn pong(payload: &[u8], out: &mut Vec<u8>) {
    frame(Opcode::Pong, &payload[..payload.len().min(CONTROL_MAX)], out);
}

/// Appends a close frame. Without `code` there is no reason either. The reason is cut to 123
/// bytes, between two characters.
pub fn close(code: Option<u16>, reason: &[u8], out: &mut Vec<u8>) {
    let Some(code) = code else {
        frame_header(Opcode::Close, 0, out);
        return;
    };
    let reason = cut(reason, CONTROL_MAX - 2);
    frame_header(Opcode::Close, 2 + reason.len(), out);
    out.extend_from_slice(&code.to_be_bytes());
    out.extend_from_slice(reason);
}

fn frame(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(payload.len() + 10);
    frame_header(opcode, payload.len(), out);
    out.extend_from_slice(payload);
}

/// The first `max` bytes of a text, without the beginning of a character that does not fit.
fn cut(text: &[u8], max: usize) -> &[u8] {
    let Some(next) = text.get(max) else { return text };
    let kept = &text[..max];
    if next & 0xc0 != 0x80 {
        return kept;
    }
    let begun = kept.iter().rposition(|b| b & 0xc0 != 0x80);
    &kept[..begun.unwrap_or(max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(write: impl FnOnce(&mut Vec<u8>), expected: &[u8]) {
        let mut out = b"before".to_vec();
        write(&mut out);
        assert_eq!(out.strip_prefix(b"before"), Some(expected));
    }

    #[test]
    fn data_frames() {
        check(|out| text(b"HEAD", out), b"\x81\x04HEAD");
        check(|out| text(b"", out), b"\x81\x00");
        check(|out| binary(&[0xff], out), b"\x82\x01\xff");
        check(|out| compressed(Opcode::Text, b"x", out), b"\xc1\x01x");
        check(|out| text(b"\xff", out), b"\x81\x01\xff");
    }

    #[test]
    fn lengths_have_three_forms() {
        let header = |len| move |out: &mut Vec<u8>| frame_header(Opcode::Text, len, out);
        check(header(125), b"\x81\x7d");
        check(header(126), b"\x81\x7e\x00\x7e");
        check(header(255), b"\x81\x7e\x00\xff");
        check(header(65535), b"\x81\x7e\xff\xff");
        check(header(65536), b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00");
    }

    #[test]
    fn control_frames() {
        check(|out| pong(b"abc", out), b"\x8a\x03abc");
        check(|out| pong(b"", out), &PONG);
        check(|out| close(None, b"ignored", out), b"\x88\x00");
        check(|out| close(Some(1001), b"", out), b"\x88\x02\x03\xe9");
        let reason = br#"{"http_status": 403, "explain":"Subscriber could not create channels."}"#;
        let expected = [b"\x88\x49\x03\xf0", &reason[..]].concat();
        check(|out| close(Some(1008), reason, out), &expected);
    }

    #[test]
    fn long_reasons_are_cut_between_characters() {
        let with = |text: String| {
            let mut out = Vec::new();
            close(Some(1000), text.as_bytes(), &mut out);
            assert_eq!(usize::from(out[1]), out.len() - 2);
            out.len() - 4
        };
        assert_eq!(with("x".repeat(123)), 123);
        assert_eq!(with("x".repeat(200)), 123);
        assert_eq!(with("\u{e9}".repeat(100)), 122);
        assert_eq!(with("\u{20ac}".repeat(100)), 123);
        assert_eq!(with(format!("x{}", "\u{1f600}".repeat(100))), 121);
        let mut out = Vec::new();
        close(Some(1000), &[0x80; 200], &mut out);
        assert_eq!(out.len(), 127);
    }
}
