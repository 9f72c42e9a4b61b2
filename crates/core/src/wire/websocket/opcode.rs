//! What a frame is for.

/// The low four bits of a frame's first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// More of the message that a frame before began.
    Continuation,
    /// A text, or its beginning.
    Text,
    /// Bytes, or their beginning.
    Binary,
    /// The end of the connection.
    Close,
    /// A question for a sign of life.
    Ping,
    /// Its answer.
    Pong,
}

impl Opcode {
    /// The opcode's number.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }

    /// The opcode of a number; `None` for the reserved ones.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }

    /// Whether frames of this kind are short, whole and may stand between fragments.
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.bits() >= 0x8
    }
}
