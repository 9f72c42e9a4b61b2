//! WebSocket (RFC 6455): the handshake, frames written, frames read, messages compressed (RFC 7692).

mod decoder;
mod deflate;
mod encoder;
mod handshake;
mod header;
mod mask;
mod opcode;
mod upgrade;
mod utf8;

pub use decoder::{Decoder, Event, Rules, Step};
pub use deflate::{accept_deflate, deflate};
pub use encoder::{PING, PONG, binary, close, compressed, frame_header, ping, pong, text};
pub use handshake::{accept_key, handshake};
pub use opcode::Opcode;
pub use upgrade::{Wish, accepted, wish};

/// Close codes that the wire itself chooses.
mod code {
    /// The bytes contradict RFC 6455.
    pub(super) const PROTOCOL_ERROR: u16 = 1002;
    /// A text that is no UTF-8, or a compressed message that is no deflate stream.
    pub(super) const INVALID_DATA: u16 = 1007;
    /// A message above the limit.
    pub(super) const TOO_BIG: u16 = 1009;
}
