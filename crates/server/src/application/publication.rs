//! Channels, as applications use them: the same that publisher and subscriber locations serve.

use std::fmt;

use outpour_core::channels::{Draft, Refusal, WorkerId, whole_id};

use crate::shared::Shared;

/// A message to be published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "it has to be published"]
pub struct Publication {
    draft: Draft,
}

impl Publication {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into().into_bytes().into();
        Self { draft: Draft { text, ..Draft::default() } }
    }

    /// Bytes: a binary frame for WebSockets.
    pub fn binary(bytes: impl Into<Vec<u8>>) -> Self {
        let text = bytes.into().into();
        Self { draft: Draft { text, binary: true, ..Draft::default() } }
    }

    /// With the event id that subscribers resume from.
    pub fn event_id(mut self, id: impl Into<Vec<u8>>) -> Self {
        self.draft.event_id = Some(id.into().into());
        self
    }

    /// With the event name that EventSources get.
    pub fn event_type(mut self, name: impl Into<Vec<u8>>) -> Self {
        self.draft.event_type = Some(name.into().into());
        self
    }

    /// Kept in the channel's history, within the bounds of `push_stream_message_ttl` and
    /// `push_stream_max_messages_stored_per_channel`.
    pub fn stored(mut self) -> Self {
        self.draft.store = true;
        self
    }
}

impl From<&str> for Publication {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Publication {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&[u8]> for Publication {
    fn from(bytes: &[u8]) -> Self {
        Self::binary(bytes)
    }
}

impl From<Vec<u8>> for Publication {
    fn from(bytes: Vec<u8>) -> Self {
        Self::binary(bytes)
    }
}

/// Publishes to one channel; `here` is the worker on whose thread that is.
pub(crate) fn publish(
    shared: &Shared,
    here: WorkerId,
    channel: &[u8],
    publication: Publication,
) -> Result<(), Refused> {
    let entries = whole_id(channel);
    let now = shared.clock.now();
    shared.channels(here).publish(&entries, publication.draft, now).map_err(Refused::from)
}

/// Why a channel could not be used; `Display` says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub(super) Option<Refusal>);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.map(Refusal::explain) {
            None => "The connection is closed.",
            Some("") => "Out of memory for messages.",
            Some(text) => text,
        })
    }
}

impl std::error::Error for Refused {}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(Some(refusal))
    }
}
