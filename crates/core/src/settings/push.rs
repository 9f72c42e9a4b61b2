//! The push directives.

use std::sync::Arc;
use std::time::Duration;

use super::{Relay, RelayRole};
use crate::transport::Rendering;
use crate::variables::Expression;

/// What a location does, from `push_stream_publisher`, `push_stream_subscriber` and
/// `push_stream_channels_statistics`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// No push role.
    None,
    /// Takes messages.
    Publisher(PublisherMode),
    /// Delivers messages.
    Subscriber(SubscriberMode),
    /// Speaks the relay protocol: [`Push::relay`] tells how.
    Relay(RelayRole),
    /// Tells about channels.
    Statistics,
    /// Tells of the server itself.
    Service(Service),
    /// `push_stream_application`: the code that the server is linked with answers.
    Application,
}

/// What a location without channels answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// `push_stream_metrics`
    Metrics,
    /// `push_stream_health live`
    Live,
    /// `push_stream_health ready`
    Ready,
    /// `stub_status`
    StubStatus,
    /// `nchan_stub_status`
    NchanStatus,
    /// `empty_gif`
    EmptyGif,
    /// `push_stream_playground`
    Playground,
    /// `push_stream_grip_publisher`
    GripPublisher,
    /// `push_stream_dashboard`
    Dashboard(DashboardMode),
}

/// Argument of `push_stream_dashboard`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DashboardMode {
    /// Looks.
    ReadOnly,
    /// Publishes and deletes too.
    Admin,
}

/// Argument of `push_stream_publisher`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PublisherMode {
    /// GET, POST, PUT.
    Normal,
    /// DELETE too.
    Admin,
}

/// Argument of `push_stream_subscriber`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the directive's words")]
pub enum SubscriberMode {
    Streaming,
    Polling,
    LongPolling,
    EventSource,
    WebSocket,
}

/// Argument of `push_stream_subscriber_policy`: what happens to messages that a subscriber's
/// connection does not take in time.
///
/// Compressed streams are one row of bytes from the first to the last: nothing can be left out, so
/// they are disconnected whatever the policy. A long-poll waits for one message and loses none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubscriberPolicy {
    /// More than `push_stream_subscriber_buffer_size` bytes wait: the subscriber is disconnected.
    Disconnect,
    /// The oldest messages go until the rest fits into that size; the newest always stays.
    DropOldest,
    /// Only the newest message waits.
    KeepLatest,
}

/// One group of `push_stream_padding_by_user_agent`.
#[derive(Clone, Debug)]
pub struct Padding {
    /// Case-sensitive, unanchored; the first group that matches the client string is used.
    pub user_agent: Arc<regex::bytes::Regex>,
    /// Least bytes of the header; shorter ones are padded.
    pub header_min: usize,
    /// Least bytes of a message.
    pub message_min: usize,
}

/// Directives of the `http` level: they govern the channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// `push_stream_shared_memory_size`, bytes, rounded up to pages of 4 KiB; `None` if the
    /// file does not say: a quarter of the machine's memory, chosen at start.
    pub shared_memory_size: Option<u64>,
    /// Its NAME; default `push_stream_module`.
    pub zone: Box<str>,
    /// `push_stream_channel_deleted_message_text`; default `Channel deleted`.
    pub channel_deleted_message_text: Box<[u8]>,
    /// `push_stream_channel_inactivity_time`; default 30 s.
    pub channel_inactivity_time: Duration,
    /// `push_stream_ping_message_text`; default one space.
    pub ping_message_text: Box<[u8]>,
    /// `push_stream_timeout_with_body`; default off.
    pub timeout_with_body: bool,
    /// `push_stream_message_ttl`; default 30 min; `None`: until newer ones push it out.
    pub message_ttl: Option<Duration>,
    /// `push_stream_max_subscribers_per_channel`; default unlimited.
    pub max_subscribers_per_channel: Option<u64>,
    /// `push_stream_max_messages_stored_per_channel`; default unlimited.
    pub max_messages_stored_per_channel: Option<u64>,
    /// `push_stream_max_channel_id_length`, bytes; default unlimited.
    pub max_channel_id_length: Option<u64>,
    /// `push_stream_max_number_of_channels`; default unlimited; wildcard channels do not count.
    pub max_number_of_channels: Option<u64>,
    /// `push_stream_max_number_of_wildcard_channels`; default unlimited.
    pub max_number_of_wildcard_channels: Option<u64>,
    /// `push_stream_wildcard_channel_prefix`; empty: there are no wildcard channels.
    pub wildcard_channel_prefix: Box<[u8]>,
    /// `push_stream_events_channel_id`; empty: there is none.
    pub events_channel_id: Box<[u8]>,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            shared_memory_size: None,
            zone: "push_stream_module".into(),
            channel_deleted_message_text: Box::from(*b"Channel deleted"),
            channel_inactivity_time: Duration::from_secs(30),
            ping_message_text: Box::from(*b" "),
            timeout_with_body: false,
            message_ttl: Some(Duration::from_secs(30 * 60)),
            max_subscribers_per_channel: None,
            max_messages_stored_per_channel: None,
            max_channel_id_length: None,
            max_number_of_channels: None,
            max_number_of_wildcard_channels: None,
            wildcard_channel_prefix: Box::from([]),
            events_channel_id: Box::from([]),
        }
    }
}

/// Directives of a location.
#[derive(Clone, Debug)]
pub struct Push {
    /// What the location does.
    pub role: Role,
    /// What a location of the relay protocol does; `None` if the role is another one.
    pub relay: Option<Arc<Relay>>,
    /// `push_stream_channels_path`; evaluated, then percent-decoded, then split at `/`.
    pub channels_path: Expression,
    /// The path came from `set $push_stream_channel_id`: the value is one id as it stands, not
    /// decoded, not split, without backtrack.
    pub whole_channel_id: bool,
    /// `push_stream_store_messages`; default off.
    pub store_messages: bool,
    /// `push_stream_channel_info_on_publish`; default on.
    pub channel_info_on_publish: bool,
    /// `push_stream_authorized_channels_only`; default off.
    pub authorized_channels_only: bool,
    /// Header, message and footer template, compiled for the location's mode.
    pub rendering: Arc<Rendering>,
    /// `push_stream_wildcard_channel_max_qtd`; default unlimited.
    pub wildcard_channel_max_qtd: Option<u64>,
    /// `push_stream_ping_message_interval`; default none.
    pub ping_message_interval: Option<Duration>,
    /// `push_stream_subscriber_connection_ttl`; default none.
    pub subscriber_connection_ttl: Option<Duration>,
    /// `push_stream_longpolling_connection_ttl`; default as the previous one.
    pub longpolling_connection_ttl: Option<Duration>,
    /// `push_stream_websocket_allow_publish`; default off.
    pub websocket_allow_publish: bool,
    /// `push_stream_websocket_deflate`, ours; default off: bytes of the shortest message that is
    /// compressed for clients that offer permessage-deflate
    /// (`push_stream_websocket_deflate_min_length`, default 512).
    pub websocket_deflate: Option<usize>,
    /// `push_stream_last_received_message_time`; `None`: the header `If-Modified-Since`.
    pub last_received_message_time: Option<Expression>,
    /// `push_stream_last_received_message_tag`; `None`: the header `If-None-Match`.
    pub last_received_message_tag: Option<Expression>,
    /// `push_stream_last_event_id`; `None`: the header `Last-Event-Id`.
    pub last_event_id: Option<Expression>,
    /// `push_stream_user_agent`; `None`: the header `User-Agent`.
    pub user_agent: Option<Expression>,
    /// `push_stream_padding_by_user_agent`; default none.
    pub padding_by_user_agent: Arc<[Padding]>,
    /// The greatest minimum of any padding group anywhere in the configuration.
    pub padding_max: usize,
    /// `push_stream_allowed_origins`; default none.
    pub allowed_origins: Option<Expression>,
    /// `push_stream_allow_connections_to_events_channel`; default off.
    pub allow_connections_to_events_channel: bool,
    /// `push_stream_content_type` of the old releases: replaces the type of streaming, polling
    /// and long-polling answers.
    pub content_type: Option<Box<[u8]>>,
    /// `push_stream_keepalive off` of the old releases: publishers' connections close.
    pub close_publishers: bool,
}
