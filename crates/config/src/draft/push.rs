//! The push directives of locations.

use std::sync::Arc;
use std::time::Duration;

use outpour_core::settings::{Padding, Role, SubscriberPolicy};
use outpour_core::variables::Expression;

use super::{Given, StoreDraft, inherit};

/// Where a channels path comes from.
#[derive(Clone, Debug)]
pub(crate) enum PathSource {
    /// `push_stream_channels_path`, or the variable of that name.
    Path(Expression),
    /// `set $push_stream_channel_id`: one id as it stands.
    Whole(Expression),
}

/// Which directive gave the header template of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderSource {
    Template,
    File,
}

/// `push_stream_padding_by_user_agent`: the groups, or what is wrong with the text.
#[derive(Clone, Debug)]
pub(crate) struct PaddingDraft(pub(crate) Result<Arc<[Padding]>, String>);

#[derive(Clone, Debug, Default)]
pub(crate) struct PushDraft {
    pub(crate) role: Option<Given<Role>>,
    pub(crate) publisher_admin: Option<Given<bool>>,
    pub(crate) eventsource_support: Option<Given<bool>>,
    pub(crate) channels_path: Option<Given<PathSource>>,
    pub(crate) store_messages: Option<bool>,
    pub(crate) channel_info_on_publish: Option<bool>,
    pub(crate) authorized_channels_only: Option<bool>,
    pub(crate) header_template: Option<Arc<[u8]>>,
    pub(crate) header_source: Option<HeaderSource>,
    pub(crate) message_template: Option<Given<Arc<[u8]>>>,
    pub(crate) footer_template: Option<Arc<[u8]>>,
    pub(crate) wildcard_channel_max_qtd: Option<Given<u64>>,
    pub(crate) ping_message_interval: Option<Given<Duration>>,
    pub(crate) subscriber_connection_ttl: Option<Given<Duration>>,
    pub(crate) longpolling_connection_ttl: Option<Given<Duration>>,
    pub(crate) websocket_allow_publish: Option<bool>,
    pub(crate) last_received_message_time: Option<Expression>,
    pub(crate) last_received_message_tag: Option<Expression>,
    pub(crate) last_event_id: Option<Expression>,
    pub(crate) user_agent: Option<Expression>,
    pub(crate) padding: Option<Given<PaddingDraft>>,
    pub(crate) allowed_origins: Option<Expression>,
    pub(crate) allow_connections_to_events_channel: Option<bool>,
    pub(crate) content_type: Option<Box<[u8]>>,
    pub(crate) keepalive: Option<bool>,
    pub(crate) subscriber_buffer_size: Option<usize>,
    pub(crate) subscriber_policy: Option<SubscriberPolicy>,
    pub(crate) websocket_deflate: Option<bool>,
    pub(crate) websocket_deflate_min_length: Option<usize>,
}

impl PushDraft {
    /// As the module merges. The role is not among it: only an `if` block has that of the location
    /// around it.
    pub(crate) fn inherit(&mut self, outer: &Self, store: &StoreDraft) {
        inherit!(self, outer;
            channels_path store_messages channel_info_on_publish authorized_channels_only
            header_template message_template footer_template wildcard_channel_max_qtd
            ping_message_interval subscriber_connection_ttl longpolling_connection_ttl
            websocket_allow_publish last_received_message_time last_received_message_tag
            last_event_id user_agent padding allowed_origins
            allow_connections_to_events_channel content_type keepalive subscriber_buffer_size
            subscriber_policy websocket_deflate websocket_deflate_min_length);
        // The defaults are part of the merging: what an outer level fell back to is inherited
        // before the own level is asked.
        if self.longpolling_connection_ttl.is_none() {
            self.longpolling_connection_ttl = self.subscriber_connection_ttl;
        }
        if self.wildcard_channel_max_qtd.is_none() {
            self.wildcard_channel_max_qtd = store.max_number_of_wildcard_channels;
        }
    }

    /// The intervals that may not be zero, by directive.
    pub(crate) fn zeros(&self) -> Vec<(&'static str, Given<bool>)> {
        let time = |interval: &Option<Given<Duration>>| interval.map(|g| g.map(g.value.is_zero()));
        let quantity = self.wildcard_channel_max_qtd.map(|g| g.map(g.value == 0));
        let list = [
            ("push_stream_wildcard_channel_max_qtd", quantity),
            ("push_stream_ping_message_interval", time(&self.ping_message_interval)),
            ("push_stream_subscriber_connection_ttl", time(&self.subscriber_connection_ttl)),
            ("push_stream_longpolling_connection_ttl", time(&self.longpolling_connection_ttl)),
        ];
        list.into_iter().filter_map(|(name, given)| Some((name, given?))).collect()
    }
}
