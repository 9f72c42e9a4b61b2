//! A refusal: why a request about channels is turned down.

/// Why a request about channels is turned down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.explain())]
pub enum Refusal {
    /// The path has no entry.
    NoChannelId,
    /// The id is `ALL` or contains `*`: these are questions to the statistics.
    IdNotAuthorized,
    /// The id has more bytes than `push_stream_max_channel_id_length`.
    IdTooLarge,
    /// `push_stream_authorized_channels_only` wants a channel with a stored message.
    CannotCreate,
    /// `push_stream_max_subscribers_per_channel` is reached.
    SubscribersExceeded,
    /// The location is without `push_stream_allow_connections_to_events_channel`.
    EventsNotAllowed,
    /// More wildcard channels than `push_stream_wildcard_channel_max_qtd`, or nothing else.
    WildcardsExceeded,
    /// `push_stream_max_number_of_channels` or its wildcard sister is reached.
    ChannelsExceeded,
    /// A publisher wants to write to the events channel, or to delete it.
    EventsReadOnly,
    /// `push_subscriber_concurrency first`: another request waits.
    SomebodyWaits,
    /// The budget of `push_stream_shared_memory_size` is spent.
    OutOfMemory,
}

impl Refusal {
    /// The status code of the answer.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::NoChannelId | Self::IdTooLarge => 400,
            Self::IdNotAuthorized
            | Self::CannotCreate
            | Self::SubscribersExceeded
            | Self::EventsNotAllowed
            | Self::WildcardsExceeded
            | Self::ChannelsExceeded
            | Self::EventsReadOnly => 403,
            Self::SomebodyWaits => 409,
            Self::OutOfMemory => 500,
        }
    }

    /// The text of `X-Nginx-PushStream-Explain`, literally the module's; empty when memory is out.
    #[must_use]
    pub fn explain(self) -> &'static str {
        match self {
            Self::NoChannelId => "No channel id provided.",
            Self::IdNotAuthorized => "Channel id not authorized for this method.",
            Self::IdTooLarge => "Channel id is too large.",
            Self::CannotCreate => "Subscriber could not create channels.",
            Self::SubscribersExceeded => "Subscribers limit per channel has been exceeded.",
            Self::EventsNotAllowed => "Subscription to events channel is not allowed.",
            Self::WildcardsExceeded => "Subscribed too much wildcard channels.",
            Self::ChannelsExceeded => "Number of channels were exceeded.",
            Self::EventsReadOnly => "Only internal routines can change events channel.",
            Self::SomebodyWaits => "Another request waits on the channel.",
            Self::OutOfMemory => "",
        }
    }
}
