//! Events: what the events channel tells about the others.

use super::Draft;
use super::report::escape_json;

/// What happened to a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    ChannelCreated,
    ChannelDestroyed,
    ClientSubscribed,
    ClientUnsubscribed,
}

impl Event {
    /// The word in the text, which is the event type of the message too.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::ChannelCreated => "channel_created",
            Self::ChannelDestroyed => "channel_destroyed",
            Self::ClientSubscribed => "client_subscribed",
            Self::ClientUnsubscribed => "client_unsubscribed",
        }
    }

    /// The message that tells it about the channel `id`. Events are always stored.
    pub(super) fn draft(self, id: &[u8]) -> Draft {
        let word = self.word();
        let mut text = Vec::with_capacity(word.len() + id.len() + 27);
        text.extend_from_slice(b"{\"type\": \"");
        text.extend_from_slice(word.as_bytes());
        text.extend_from_slice(b"\", \"channel\": \"");
        escape_json(&mut text, id);
        text.extend_from_slice(b"\"}");
        Draft {
            text: text.into(),
            event_type: Some(word.as_bytes().into()),
            store: true,
            ..Draft::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_type_and_channel() {
        let draft = Event::ChannelCreated.draft(b"a\"b\n\xff");
        assert_eq!(
            &*draft.text,
            b"{\"type\": \"channel_created\", \"channel\": \"a\\\"b\\u000a\xff\"}"
        );
        assert_eq!(draft.event_type.as_deref(), Some(&b"channel_created"[..]));
        assert_eq!((draft.event_id, draft.store), (None, true));
    }
}
