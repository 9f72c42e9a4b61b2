//! The header of a client's frame.

use super::{Opcode, Rules, code};

/// Bytes of the longest header: two, a length of 64 bits, a mask.
pub(super) const HEADER_MAX: usize = 14;

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// Whether it is the last frame of its message.
    pub fin: bool,
    pub opcode: Opcode,
    /// Whether its message is compressed: RSV1, on the first frame of a message alone.
    pub compressed: bool,
    /// Zeros if the frame is not masked, which changes no byte.
    pub mask: [u8; 4],
    /// Bytes of payload.
    pub len: u64,
}

impl FrameHeader {
    /// Reads a header from the bytes of it that are there; `None` if they are too few. Says how
    /// long it is.
    ///
    /// Every byte is judged as soon as it is there. `in_message` tells whether a fragmented
    /// message has begun.
    ///
    /// # Errors
    ///
    /// The close code, always 1002: reserved bits, unknown opcodes, control frames that are long
    /// or fragmented, frames without a mask where one is wanted, continuations of nothing, messages within messages, lengths in a longer form
    /// than needed or of 2^63 bytes and more.
    pub(super) fn parse(
        bytes: &[u8],
        in_message: bool,
        rules: &Rules,
    ) -> Result<Option<(Self, usize)>, u16> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let fin = first & 0x80 != 0;
        let opcode = Opcode::from_bits(first & 0x0f).ok_or(code::PROTOCOL_ERROR)?;
        let follows = match opcode {
            Opcode::Continuation => in_message,
            Opcode::Text | Opcode::Binary => !in_message,
            Opcode::Close | Opcode::Ping | Opcode::Pong => fin,
        };
        let compressed = first & 0x40 != 0;
        let may_be_compressed = rules.deflate && matches!(opcode, Opcode::Text | Opcode::Binary);
        if first & 0x30 != 0 || compressed && !may_be_compressed || !follows {
            return Err(code::PROTOCOL_ERROR);
        }
        let Some(&second) = bytes.get(1) else { return Ok(None) };
        let short = second & 0x7f;
        let unmasked = rules.masked && second & 0x80 == 0;
        if unmasked || opcode.is_control() && short > 125 {
            return Err(code::PROTOCOL_ERROR);
        }
        let Some((len, used)) = length(short, &bytes[2..])? else { return Ok(None) };
        let masked = second & 0x80 != 0;
        let Some(mask) = (if masked { mask(&bytes[2 + used..]) } else { Some([0; 4]) }) else {
            return Ok(None);
        };
        let used = 2 + used + if masked { 4 } else { 0 };
        Ok(Some((Self { fin, opcode, compressed, mask, len }, used)))
    }
}

/// The length and how many bytes behind the second tell it.
fn length(short: u8, rest: &[u8]) -> Result<Option<(u64, usize)>, u16> {
    let (len, used, least) = match short {
        126 => (rest.first_chunk().map(|b| u64::from(u16::from_be_bytes(*b))), 2, 126),
        127 => (rest.first_chunk().map(|b| u64::from_be_bytes(*b)), 8, 65_536),
        short => (Some(u64::from(short)), 0, 0),
    };
    match len {
        Some(len) if len < least || len >> 63 != 0 => Err(code::PROTOCOL_ERROR),
        len => Ok(len.map(|len| (len, used))),
    }
}

fn mask(bytes: &[u8]) -> Option<[u8; 4]> {
    bytes.first_chunk().copied()
}
