//! `push_*` and `nchan_*` directives of locations.

use std::time::Duration;

use outpour_core::channels::Concurrency;
use outpour_core::settings::{FirstMessage, RelayDialect, RelayPublishers, RelayTransports};
use outpour_core::variables::Expression;

use super::{Given, inherit};

/// What a location does, put together from its directives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RelayWays {
    pub(crate) dialect: RelayDialect,
    pub(crate) publishers: RelayPublishers,
    pub(crate) transports: RelayTransports,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct RelayDraft {
    pub(crate) ways: Option<RelayWays>,
    pub(crate) concurrency: Option<Concurrency>,
    pub(crate) subscriber_timeout: Option<Duration>,
    pub(crate) store_messages: Option<bool>,
    pub(crate) buffer_min: Option<Given<u64>>,
    pub(crate) buffer_max: Option<Given<u64>>,
    pub(crate) delete_oldest_received: Option<bool>,
    pub(crate) message_timeout: Option<Duration>,
    pub(crate) channel_timeout: Option<Duration>,
    pub(crate) authorized_channels_only: Option<bool>,
    pub(crate) group: Option<Expression>,
    pub(crate) max_channel_id_length: Option<u64>,
    pub(crate) max_channel_subscribers: Option<u64>,
    pub(crate) ignore_queue_on_no_cache: Option<bool>,
    pub(crate) channel_ids: Option<Vec<Expression>>,
    pub(crate) publisher_ids: Option<Vec<Expression>>,
    pub(crate) subscriber_ids: Option<Vec<Expression>>,
    pub(crate) split_delimiter: Option<Box<[u8]>>,
    pub(crate) first_message: Option<FirstMessage>,
    pub(crate) last_message_id: Option<Vec<Expression>>,
    pub(crate) etag_header: Option<Box<str>>,
    pub(crate) compound_etag: Option<bool>,
    pub(crate) raw_stream_separator: Option<Box<[u8]>>,
    pub(crate) allow_origin: Option<Expression>,
    pub(crate) allow_credentials: Option<bool>,
    pub(crate) events_channel: Option<Expression>,
    pub(crate) event_text: Option<Expression>,
    pub(crate) websocket_ping_interval: Option<Duration>,
    pub(crate) event_source_ping_interval: Option<Duration>,
    pub(crate) event_source_ping_event: Option<Box<[u8]>>,
    pub(crate) event_source_ping_data: Option<Box<[u8]>>,
    pub(crate) event_source_ping_comment: Option<Box<[u8]>>,
}

impl RelayDraft {
    /// Everything but the role, as that of other push locations.
    pub(crate) fn inherit(&mut self, outer: &Self) {
        inherit!(self, outer;
            concurrency subscriber_timeout store_messages buffer_min buffer_max
            delete_oldest_received message_timeout channel_timeout authorized_channels_only group
            max_channel_id_length max_channel_subscribers ignore_queue_on_no_cache channel_ids
            publisher_ids subscriber_ids split_delimiter first_message last_message_id etag_header
            compound_etag raw_stream_separator allow_origin allow_credentials
            events_channel event_text
            websocket_ping_interval event_source_ping_interval event_source_ping_event
            event_source_ping_data event_source_ping_comment);
    }
}
