//! A draft: a message before its channel has given it id, time and tag.

/// What a publisher sent, before its channel has given it id, time and tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The body, byte for byte.
    pub text: Box<[u8]>,
    /// From the header `Event-Id`; `Some` and empty if that was empty.
    pub event_id: Option<Box<[u8]>>,
    /// From the header `Event-Type`.
    pub event_type: Option<Box<[u8]>>,
    /// Came in a binary WebSocket frame.
    pub binary: bool,
    /// Kept in the channel's history; from `push_stream_store_messages` of the location.
    pub store: bool,
}
