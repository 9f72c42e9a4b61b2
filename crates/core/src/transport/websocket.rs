//! Frames that the server sends to a WebSocket: whole, unmasked, without extensions.

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// `81`
    Text,
    /// `82`
    Binary,
}

/// An empty ping.
pub const PING: [u8; 2] = [0x89, 0x00];

/// A close frame without a code, as nginx-push-stream-module ends a connection.
pub const CLOSE: [u8; 2] = [0x88, 0x00];

/// Appends one final, unmasked frame around `payload`, with the shortest length form.
pub fn append(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    let first = match opcode {
        Opcode::Text => 0x81,
        Opcode::Binary => 0x82,
    };
    out.reserve(payload.len() + 10);
    out.push(first);
    append_length(payload.len(), out);
    out.extend_from_slice(payload);
}

fn append_length(len: usize, out: &mut Vec<u8>) {
    if let Ok(short @ 0..=125) = u8::try_from(len) {
        out.push(short);
    } else if let Ok(medium) = u16::try_from(len) {
        out.push(126);
        out.extend_from_slice(&medium.to_be_bytes());
    } else {
        out.push(127);
        out.extend_from_slice(&(len as u64).to_be_bytes());
    }
}

/// A template as the text frame that is sent for it; nothing for an empty one.
pub(super) fn template_frame(template: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    if !template.is_empty() {
        append(Opcode::Text, template, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(len: usize, head: &[u8]) {
        let payload = vec![b'x'; len];
        let mut out = Vec::new();
        append(Opcode::Text, &payload, &mut out);
        assert_eq!(out, [head, &payload].concat());
    }

    #[test]
    fn lengths_take_the_shortest_form() {
        check(0, &[0x81, 0]);
        check(4, &[0x81, 4]);
        check(125, &[0x81, 125]);
        check(126, &[0x81, 126, 0, 126]);
        check(65_535, &[0x81, 126, 0xff, 0xff]);
        check(65_536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn templates_become_text_frames() {
        assert_eq!(template_frame(b"HEAD"), b"\x81\x04HEAD");
        assert_eq!(template_frame(b""), b"");
    }
}
