//! The relay protocol: what `push_*` and `nchan_*` directives say about a location.

use std::time::Duration;

use crate::channels::{Concurrency, Retention};
use crate::variables::Expression;

/// Which way of the relay protocol a location has, for roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelayRole {
    /// Takes messages.
    Publisher,
    /// Delivers messages.
    Subscriber,
    /// Both, by the method of the request: `nchan_pubsub`.
    PubSub,
}

/// Whose words a location speaks: names, texts and a few rules differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelayDialect {
    /// `push_sender` and `push_listener` of October 2009: reading consumes.
    Queue,
    /// `push_publisher` and `push_subscriber`.
    Module,
    /// `nchan_publisher`, `nchan_subscriber` and `nchan_pubsub`.
    Nchan,
}

/// Ways in which messages get to a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelayTransport {
    /// Waits, one message per request.
    LongPoll,
    /// Does not wait.
    IntervalPoll,
    /// `text/event-stream`
    EventSource,
    /// WebSocket.
    WebSocket,
    /// `multipart/mixed`, a part for each message.
    Multipart,
    /// A chunk of the answer for each message.
    Chunked,
    /// The texts one behind the other.
    RawStream,
}

impl RelayTransport {
    /// The word of `$nchan_subscriber_type`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::LongPoll => "longpoll",
            Self::IntervalPoll => "intervalpoll",
            Self::EventSource => "eventsource",
            Self::WebSocket => "websocket",
            Self::Multipart => "http-multipart",
            Self::Chunked => "http-chunked",
            Self::RawStream => "http-raw-stream",
        }
    }
}

/// A set of [`RelayTransport`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RelayTransports(u8);

impl RelayTransports {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// The set with one more.
    #[must_use]
    pub const fn with(self, transport: RelayTransport) -> Self {
        Self(self.0 | 1 << transport as u8)
    }

    /// Whether the transport is in the set.
    #[must_use]
    pub const fn has(self, transport: RelayTransport) -> bool {
        self.0 & 1 << transport as u8 != 0
    }

    /// Whether nobody can subscribe.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Everything that both have.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// How a location takes messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RelayPublishers {
    /// By POST and PUT; it tells about channels and deletes them too.
    pub http: bool,
    /// In WebSocket frames.
    pub websocket: bool,
}

/// Where a subscriber begins that says nothing about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstMessage {
    /// With the oldest stored message.
    Oldest,
    /// With the next one that is published.
    Newest,
    /// With the Nth from the oldest, from 1; from the newest if negative.
    Nth(i32),
}

/// `push_*` and `nchan_*` directives of a location.
#[derive(Clone, Debug)]
pub struct Relay {
    /// Whose words it speaks.
    pub dialect: RelayDialect,
    /// How it takes messages.
    pub publishers: RelayPublishers,
    /// How it delivers them.
    pub transports: RelayTransports,
    /// Channels of a subscriber, each with its group put before it.
    pub subscriber_ids: Vec<Expression>,
    /// Channels of a publisher.
    pub publisher_ids: Vec<Expression>,
    /// `nchan_channel_id_split_delimiter`: cuts each id into several.
    pub split_delimiter: Option<Box<[u8]>>,
    /// `push_channel_group`; empty: none.
    pub group: Expression,
    /// `push_max_channel_id_length`, bytes; default 1024; longer ids are cut.
    pub max_channel_id_length: usize,
    /// `push_authorized_channels_only`; default off.
    pub authorized_channels_only: bool,
    /// `push_max_channel_subscribers`; default unlimited.
    pub max_channel_subscribers: Option<u64>,
    /// `push_subscriber_concurrency`; default broadcast.
    pub concurrency: Concurrency,
    /// `push_store_messages`; default on.
    pub store_messages: bool,
    /// How long and how many messages are kept.
    pub retention: Retention,
    /// `push_subscriber_timeout`; default none.
    pub subscriber_timeout: Option<Duration>,
    /// `push_ignore_queue_on_no_cache`; default off.
    pub ignore_queue_on_no_cache: bool,
    /// `nchan_subscriber_first_message`; default oldest.
    pub first_message: FirstMessage,
    /// `nchan_subscriber_last_message_id`: the first that is not empty.
    pub last_message_id: Vec<Expression>,
    /// `nchan_subscriber_message_id_custom_etag_header`: the name to use for `Etag`.
    pub etag_header: Box<str>,
    /// `nchan_subscriber_compound_etag_message_id`: the whole id in `Etag`.
    pub compound_etag: bool,
    /// `nchan_subscriber_http_raw_stream_separator`; default a line feed.
    pub raw_stream_separator: Box<[u8]>,
    /// What an EventSource gets as a ping.
    pub event_source_ping: Box<[u8]>,
    /// `nchan_eventsource_ping_interval`; default none.
    pub event_source_ping_interval: Option<Duration>,
    /// `nchan_websocket_ping_interval`; default none.
    pub websocket_ping_interval: Option<Duration>,
    /// `nchan_channel_events_channel_id`, and `nchan_channel_event_string`.
    pub events: Option<(Expression, Expression)>,
    /// `nchan_access_control_allow_origin`; default the origin of the request.
    pub allow_origin: Option<Expression>,
    /// `nchan_access_control_allow_credentials`; default on.
    pub allow_credentials: bool,
}
