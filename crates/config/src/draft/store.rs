//! The push directives of the `http` level.

use std::time::Duration;

use super::{Given, inherit};

#[derive(Clone, Debug, Default)]
pub(crate) struct StoreDraft {
    pub(crate) shared_memory_size: Option<Given<u64>>,
    pub(crate) zone: Option<Box<str>>,
    pub(crate) channel_deleted_message_text: Option<Box<[u8]>>,
    pub(crate) channel_inactivity_time: Option<Duration>,
    pub(crate) ping_message_text: Option<Box<[u8]>>,
    pub(crate) timeout_with_body: Option<bool>,
    pub(crate) message_ttl: Option<Given<Duration>>,
    pub(crate) max_subscribers_per_channel: Option<Given<u64>>,
    pub(crate) max_messages_stored_per_channel: Option<Given<u64>>,
    pub(crate) max_channel_id_length: Option<Given<u64>>,
    pub(crate) max_number_of_channels: Option<Given<u64>>,
    pub(crate) max_number_of_wildcard_channels: Option<Given<u64>>,
    pub(crate) wildcard_channel_prefix: Option<Box<[u8]>>,
    pub(crate) events_channel_id: Option<Box<[u8]>>,
}

impl StoreDraft {
    /// Takes over what old files say in servers and locations.
    pub(crate) fn inherit(&mut self, other: &Self) {
        inherit!(self, other;
            shared_memory_size zone channel_deleted_message_text channel_inactivity_time
            ping_message_text timeout_with_body message_ttl max_subscribers_per_channel
            max_messages_stored_per_channel max_channel_id_length max_number_of_channels
            max_number_of_wildcard_channels wildcard_channel_prefix events_channel_id);
    }

    /// The limits that may not be zero, by directive.
    pub(crate) fn zeros(&self) -> Vec<(&'static str, Given<bool>)> {
        let number = |limit: &Option<Given<u64>>| limit.map(|g| g.map(g.value == 0));
        let ttl = self.message_ttl.map(|g| g.map(g.value.is_zero()));
        let list = [
            ("push_stream_max_number_of_channels", number(&self.max_number_of_channels)),
            (
                "push_stream_max_number_of_wildcard_channels",
                number(&self.max_number_of_wildcard_channels),
            ),
            ("push_stream_message_ttl", ttl),
            ("push_stream_max_subscribers_per_channel", number(&self.max_subscribers_per_channel)),
            (
                "push_stream_max_messages_stored_per_channel",
                number(&self.max_messages_stored_per_channel),
            ),
            ("push_stream_max_channel_id_length", number(&self.max_channel_id_length)),
        ];
        list.into_iter().filter_map(|(name, given)| Some((name, given?))).collect()
    }
}

impl<T> Given<T> {
    /// Another value from the same directive.
    pub(crate) fn map<U>(&self, value: U) -> Given<U> {
        Given { value, at: self.at }
    }
}
