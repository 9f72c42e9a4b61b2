//! Tokens: what an event is about.

use mio::Token;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Mail has come.
    Mailbox,
    /// A listener, by its slot.
    Entrance(usize),
    /// A connection, by its slot.
    Connection(u32),
    /// A connection to an upstream, by its slot.
    Upstream(u32),
}

/// Tokens below are listeners and the mailbox.
const FIRST_CONNECTION: usize = 1 << 16;

/// Tokens from here on are connections to upstreams.
const FIRST_UPSTREAM: usize = 1 << (usize::BITS - 2);

/// The mailbox's token.
pub(crate) const MAILBOX: Token = Token(0);

impl Subject {
    pub(crate) fn of(token: Token) -> Self {
        match token.0 {
            0 => Self::Mailbox,
            n if n < FIRST_CONNECTION => Self::Entrance(n - 1),
            n if n >= FIRST_UPSTREAM => {
                u32::try_from(n - FIRST_UPSTREAM).map_or(Self::Mailbox, Self::Upstream)
            }
            n => u32::try_from(n - FIRST_CONNECTION).map_or(Self::Mailbox, Self::Connection),
        }
    }
}

/// Token of the listener in `slot`.
pub(crate) fn entrance(slot: usize) -> Token {
    Token(slot + 1)
}

/// Token of the connection in `slot`.
pub(crate) fn connection(slot: u32) -> Token {
    Token(slot as usize + FIRST_CONNECTION)
}

/// Token of the connection to an upstream in `slot`.
pub(crate) fn upstream(slot: u32) -> Token {
    Token(slot as usize + FIRST_UPSTREAM)
}
