//! The store in numbers: what a monitor asks for.

use super::Channels;

/// What happened in the store since the start. Events do not count as messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages that were published.
    pub published: u64,
    /// Messages that were kept in a history.
    pub stored: u64,
    /// Stored messages whose `push_stream_message_ttl` passed.
    pub expired: u64,
    /// Stored messages that newer ones pushed out
    /// (`push_stream_max_messages_stored_per_channel`), or that went when they had been read
    /// (`push_listener`, `push_delete_oldest_received_message`).
    pub displaced: u64,
    /// Stored messages that went with their deleted channel.
    pub deleted: u64,
    /// Channels that came into being.
    pub channels_created: u64,
    /// Channels that a publisher deleted.
    pub channels_deleted: u64,
    /// Channels that went because nobody used them
    /// (`push_stream_channel_inactivity_time`).
    pub channels_collected: u64,
}

/// The store at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Channels, wildcard channels not counted.
    pub channels: u64,
    /// Wildcard channels.
    pub wildcard_channels: u64,
    /// Connected subscribers.
    pub subscribers: u64,
    /// Messages in the histories.
    pub stored_messages: u64,
    /// Bytes of `push_stream_shared_memory_size` that are spent.
    pub memory_bytes: u64,
    /// Bytes of `push_stream_shared_memory_size`.
    pub memory_bytes_max: u64,
    /// What happened so far.
    pub tally: Tally,
}

impl Channels {
    /// The store in numbers. Linear in the number of workers.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let (memory_bytes, memory_bytes_max) = self.budget.spent();
        Figures {
            channels: self.totals.channels,
            wildcard_channels: self.totals.wildcard_channels,
            subscribers: self.connections.iter().sum(),
            stored_messages: self.totals.stored,
            memory_bytes,
            memory_bytes_max,
            tally: self.totals.tally,
        }
    }
}
