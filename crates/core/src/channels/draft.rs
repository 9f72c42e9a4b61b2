//! A draft: a message before its channel has given it id, time and tag.

use std::time::Duration;

use crate::grip::Content;

/// What a publisher sent, before its channel has given it id, time and tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The body, byte for byte.
    pub text: Box<[u8]>,
    /// From the header `Event-Id`; `Some` and empty if that was empty.
    pub event_id: Option<Box<[u8]>>,
    /// From the header `Event-Type`.
    pub event_type: Option<Box<[u8]>>,
    /// From the header `Content-Type`, where it is to be passed on.
    pub content_type: Option<Box<[u8]>>,
    /// Came in a binary WebSocket frame.
    pub binary: bool,
    /// What it is for the holds of applications, where it was published as an item of GRIP.
    pub content: Option<Box<Content>>,
    /// Kept in the channel's history; from `push_stream_store_messages` of the location.
    pub store: bool,
    /// What the publisher's location says about the time afterwards; `None`: the store's settings.
    pub retention: Option<Retention>,
}

/// How long and how many messages a location of the relay protocol keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// `push_message_timeout`; `None`: until newer ones push it out.
    pub message_ttl: Option<Duration>,
    /// `push_max_message_buffer_length`: the oldest go.
    pub messages_max: u64,
    /// `push_channel_timeout`: life time of an idle empty channel.
    pub channel_timeout: Duration,
    /// `push_delete_oldest_received_message on`: the oldest message goes when somebody has got it,
    /// if more than so many are stored.
    pub delete_received_above: Option<u64>,
}
