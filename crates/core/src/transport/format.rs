//! How a group of subscribers gets messages.

use crate::transport::{AnswerFormat, StreamFormat};

/// Subscribers with equal formats get the same bytes, which are rendered once for all of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Streaming, event source and WebSocket: message after message.
    Stream(StreamFormat),
    /// Long-polling: the first message is the whole answer.
    Answer(AnswerFormat),
}
