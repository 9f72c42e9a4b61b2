//! The budget of `push_stream_shared_memory_size`, in the module's measures.

use super::{Draft, Refusal};
use crate::message::Message;

/// What a message costs beside its text, event id, event type and content type.
const MESSAGE_BYTES: u64 = 168;
/// What a channel costs beside its id.
const CHANNEL_BYTES: u64 = 270;
/// What a connected subscriber costs, however many channels it has.
pub(super) const CONNECTION_BYTES: u64 = 400;

/// Bytes promised and spent.
#[derive(Debug)]
pub(super) struct Budget {
    bytes_max: u64,
    bytes: u64,
}

impl Budget {
    pub(super) fn new(bytes_max: u64) -> Self {
        Self { bytes_max, bytes: 0 }
    }

    /// Spends `bytes`, or nothing if they are not there.
    pub(super) fn spend(&mut self, bytes: u64) -> Result<(), Refusal> {
        let sum = self.bytes.saturating_add(bytes);
        if sum > self.bytes_max {
            return Err(Refusal::OutOfMemory);
        }
        self.bytes = sum;
        Ok(())
    }

    /// Spends `bytes` whether they are there or not.
    pub(super) fn overspend(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    pub(super) fn refund(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Bytes that are spent, and bytes that there are.
    pub(super) fn spent(&self) -> (u64, u64) {
        (self.bytes, self.bytes_max)
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// What a message made from `draft` costs.
pub(super) fn draft_bytes(draft: &Draft) -> u64 {
    let names = [&draft.event_id, &draft.event_type, &draft.content_type];
    let content = draft.content.as_ref().map_or(0, |content| content.bytes() as u64);
    text_bytes(&draft.text, names) + content
}

/// What `message` costs.
pub(super) fn message_bytes(message: &Message) -> u64 {
    let names = [&message.event_id, &message.event_type, &message.content_type];
    let content = message.content.as_ref().map_or(0, |content| content.bytes() as u64);
    text_bytes(&message.text, names) + content
}

fn text_bytes(text: &[u8], names: [&Option<Box<[u8]>>; 3]) -> u64 {
    let names: usize = names.into_iter().flatten().map(|name| name.len()).sum();
    MESSAGE_BYTES + (text.len() + names) as u64
}

/// What a channel named `id` costs.
pub(super) fn channel_bytes(id: &[u8]) -> u64 {
    CHANNEL_BYTES + id.len() as u64
}
