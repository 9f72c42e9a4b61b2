//! What an application writes.

use std::borrow::Cow;

/// A message to a client.
///
/// To a WebSocket a text is a text frame and bytes are a binary one. To an EventSource both are the
/// data of one event; bytes have to be UTF-8 then, or the write is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// Bytes.
    Binary(Cow<'a, [u8]>),
    /// A text with what only an EventSource understands; a WebSocket gets the text.
    Event(Event<'a>),
}

/// An event of an EventSource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event<'a> {
    /// The data; each of its lines becomes a `data:` line.
    pub data: Cow<'a, str>,
    /// `event:`; `None`: the server's name for messages. What stands behind a line end is left out.
    pub name: Option<Cow<'a, str>>,
    /// `id:`, likewise.
    pub id: Option<Cow<'a, str>>,
    /// `retry:`, sent in milliseconds.
    pub retry: Option<std::time::Duration>,
}

impl Outgoing<'_> {
    /// Bytes of the payload.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Event(event) => event.data.len(),
        }
    }
}

impl<'a> From<&'a str> for Outgoing<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Outgoing<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Outgoing<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<&'a [u8]> for Outgoing<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Binary(Cow::Borrowed(bytes))
    }
}

impl From<Vec<u8>> for Outgoing<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(Cow::Owned(bytes))
    }
}

impl<'a> From<Event<'a>> for Outgoing<'a> {
    fn from(event: Event<'a>) -> Self {
        Self::Event(event)
    }
}

/// The same kind of message back: an echo.
impl<'a> From<super::Incoming<'a>> for Outgoing<'a> {
    fn from(message: super::Incoming<'a>) -> Self {
        match message {
            super::Incoming::Text(text) => text.into(),
            super::Incoming::Binary(bytes) => bytes.into(),
        }
    }
}
