//! WebSocket (RFC 6455): the handshake, frames written, frames read.

mod decoder;
mod encoder;
mod handshake;
mod header;
mod mask;
mod opcode;
mod utf8;

pub use decoder::{Decoder, Event, Rules, Step};
pub use encoder::{PING, PONG, binary, close, frame_header, pong, text};
pub use handshake::{accept_key, handshake};
pub use opcode::Opcode;

/// Close codes that the wire itself chooses.
mod code {
    /// The bytes contradict RFC 6455.
    pub(super) const PROTOCOL_ERROR: u16 = 1002;
    /// A text that is no UTF-8.
    pub(super) const INVALID_TEXT: u16 = 1007;
    /// A message above the limit.
    pub(super) const TOO_BIG: u16 = 1009;
}
