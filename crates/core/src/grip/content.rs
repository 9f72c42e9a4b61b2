//! What an item carries: one content per format, and what filters ask about.

use super::filters::Filters;
use super::subscriptions::Meta;

/// What a published item is for the holds of applications. It travels with the message, whose text
/// is what subscribers of other kinds get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// `id`
    pub id: Option<Box<str>>,
    /// `meta`
    pub meta: Meta,
    /// `http-response`
    pub response: Option<ResponseContent>,
    /// `http-stream`
    pub stream: Option<StreamContent>,
    /// `ws-message`
    pub message: Option<MessageContent>,
}

/// `http-response`: for a request that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseContent {
    /// `send`
    Send {
        /// `code`; default 200.
        status: u16,
        /// `headers`
        headers: Vec<(Box<str>, Box<[u8]>)>,
        /// `body`, `body-bin`
        body: Box<[u8]>,
        /// `content-filters`
        filters: Filters,
    },
    /// `hint`: the application is to be asked again.
    Hint,
}

/// `http-stream`: for an answer that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamContent {
    /// `send`
    Send {
        /// `content`, `content-bin`
        content: Box<[u8]>,
        /// `content-filters`
        filters: Filters,
    },
    /// `hint`
    Hint,
    /// `close`
    Close,
}

/// `ws-message`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageContent {
    /// `send`
    Send {
        /// `type`
        kind: MessageKind,
        /// `content`, `content-bin`
        content: Box<[u8]>,
        /// `content-filters`
        filters: Filters,
    },
    /// `close`
    Close {
        /// `code`
        code: Option<u16>,
        /// `reason`
        reason: Box<str>,
    },
    /// `refresh`: the application is to be asked at once.
    Refresh,
}

/// `type` of a `ws-message`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// `text`
    Text,
    /// `binary`
    Binary,
    /// `ping`
    Ping,
    /// `pong`
    Pong,
}

impl Content {
    /// What subscribers of other kinds get, and whether it is binary: the content of `http-stream`,
    /// else of `ws-message`, else of `http-response`. `None`: they get nothing.
    #[must_use]
    pub fn text(&self) -> Option<(&[u8], bool)> {
        let stream = match &self.stream {
            Some(StreamContent::Send { content, .. }) => Some((&**content, false)),
            Some(StreamContent::Hint | StreamContent::Close) | None => None,
        };
        let message = match &self.message {
            Some(MessageContent::Send { kind, content, .. }) => match kind {
                MessageKind::Text => Some((&**content, false)),
                MessageKind::Binary => Some((&**content, true)),
                MessageKind::Ping | MessageKind::Pong => None,
            },
            Some(MessageContent::Close { .. } | MessageContent::Refresh) | None => None,
        };
        let response = match &self.response {
            Some(ResponseContent::Send { body, .. }) => Some((&**body, false)),
            Some(ResponseContent::Hint) | None => None,
        };
        stream.or(message).or(response).filter(|(text, _)| !text.is_empty())
    }

    /// Bytes that it keeps.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let response = match &self.response {
            Some(ResponseContent::Send { headers, body, .. }) => {
                body.len() + headers.iter().map(|(n, v)| n.len() + v.len()).sum::<usize>()
            }
            Some(ResponseContent::Hint) | None => 0,
        };
        let stream = match &self.stream {
            Some(StreamContent::Send { content, .. }) => content.len(),
            Some(StreamContent::Hint | StreamContent::Close) | None => 0,
        };
        let message = match &self.message {
            Some(MessageContent::Send { content, .. }) => content.len(),
            Some(MessageContent::Close { reason, .. }) => reason.len(),
            Some(MessageContent::Refresh) | None => 0,
        };
        let own = size_of::<Self>() + self.id.as_ref().map_or(0, |id| id.len());
        own + self.meta.bytes() + response + stream + message
    }
}
