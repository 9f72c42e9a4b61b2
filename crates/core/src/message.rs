//! A message: what a publisher sent, with the id, time and tag that its channel gave it.

use std::sync::Arc;

use crate::grip::Content;

/// Name of a channel: any bytes, compared as bytes.
pub type ChannelId = Arc<[u8]>;

/// A published message, shared by the history and by every worker that delivers it.
///
/// Built once by `channels`, then immutable.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// 1, 2, 3... within the channel; negative for special messages (see [`Message::PING_ID`]).
    pub id: i64,
    /// Second of publication since 1970; 0 for special messages.
    pub time: u64,
    /// Order within that second over the whole server, from 1; 0 for special messages.
    pub tag: u64,
    /// The channel's name; empty for the ping and the time-out.
    pub channel: ChannelId,
    /// The published bytes, unchanged.
    pub text: Box<[u8]>,
    /// From the publisher's `Event-Id` header; `Some` and empty if the header was empty.
    pub event_id: Option<Box<[u8]>>,
    /// From the publisher's `Event-Type` header.
    pub event_type: Option<Box<[u8]>>,
    /// From the publisher's `Content-Type`, where the relay protocol passes it on.
    pub content_type: Option<Box<[u8]>>,
    /// Order among the messages of the channel with the same second, from 0: behind the newest
    /// stored one.
    pub order: u32,
    /// Arrived in a binary WebSocket frame: goes out as one where the template is the text alone.
    pub binary: bool,
    /// What it is for the holds of applications, where it was published as an item of GRIP.
    pub content: Option<Box<Content>>,
}

impl Message {
    /// Id of the ping message of streaming mode.
    pub const PING_ID: i64 = -1;
    /// Id of the message that tells a channel's deletion.
    pub const DELETED_ID: i64 = -2;
    /// Id of the message that answers a timed-out long-poll with a body.
    pub const TIMED_OUT_ID: i64 = -3;
    /// Id of the message that tells waiting relay subscribers that another one took their place.
    pub const CONFLICT_ID: i64 = -4;

    /// A special message: no time, no tag, no event id.
    #[must_use]
    pub fn special(id: i64, channel: ChannelId, text: impl Into<Box<[u8]>>) -> Self {
        Self {
            id,
            time: 0,
            tag: 0,
            channel,
            text: text.into(),
            event_id: None,
            event_type: None,
            content_type: None,
            order: 0,
            binary: false,
            content: None,
        }
    }

    /// Whether it is for the holds of applications alone: nobody else gets anything.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.content.as_ref().is_some_and(|content| content.text().is_none())
    }

    /// The message that a long-poll gets at its time limit with `push_stream_timeout_with_body on`.
    #[must_use]
    pub fn timed_out() -> Self {
        Self::special(Self::TIMED_OUT_ID, Arc::from([]), *b"Timed out")
    }

    /// The ping of streaming mode, with the text of `push_stream_ping_message_text`.
    #[must_use]
    pub fn ping(text: &[u8]) -> Self {
        Self::special(Self::PING_ID, Arc::from([]), text)
    }
}
