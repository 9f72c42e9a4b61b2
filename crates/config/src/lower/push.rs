//! Push directives of a location: roles of old files, checks, templates.

use std::sync::Arc;

use outpour_core::settings::{Padding, PublisherMode, Push, Role, SubscriberMode};
use outpour_core::transport::Rendering;
use outpour_core::variables::{Expression, Piece, Variable};

use crate::directives::OLD_VARIABLES;
use crate::draft::{Block, PathSource, StoreDraft};

use super::Lowering;
use super::location::role;

/// What a rendering is made of; equal ones are compiled once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Templates {
    mode: SubscriberMode,
    header: Arc<[u8]>,
    message: Arc<[u8]>,
    footer: Arc<[u8]>,
}

impl Lowering<'_> {
    /// `push_stream_eventsource_support` and `push_stream_publisher_admin` change the role that
    /// stands beside them, before or after.
    pub(super) fn resolve_role(&mut self, block: &mut Block) {
        if let Some(support) = block.push.eventsource_support.filter(|given| given.value) {
            match role(block) {
                Role::Subscriber(SubscriberMode::Streaming) => {
                    let role = Role::Subscriber(SubscriberMode::EventSource);
                    block.push.role = block.push.role.map(|given| given.map(role));
                }
                Role::Subscriber(_) => {}
                Role::None
                | Role::Publisher(_)
                | Role::Relay(_)
                | Role::Statistics
                | Role::Service(_)
                | Role::Application => self.report.error(
                    support.at,
                    "push stream module: event source support is only available on subscriber \
                     location",
                ),
            }
        }
        if let Some(admin) = block.push.publisher_admin {
            let mode = if admin.value { PublisherMode::Admin } else { PublisherMode::Normal };
            match role(block) {
                Role::None => block.push.role = Some(admin.map(Role::Publisher(mode))),
                Role::Publisher(_) if admin.value => {
                    block.push.role = block.push.role.map(|given| given.map(Role::Publisher(mode)));
                }
                Role::Publisher(_)
                | Role::Subscriber(_)
                | Role::Relay(_)
                | Role::Statistics
                | Role::Service(_)
                | Role::Application => {}
            }
        }
    }

    /// The checks of the module; only locations with a role have to pass them.
    pub(super) fn check_push(&mut self, block: &Block, store: &StoreDraft) {
        let Some(given) = block.push.role else { return };
        if matches!(given.value, Role::Service(_) | Role::Relay(_) | Role::Application) {
            return;
        }
        self.stream_used = true;
        if block.push.channels_path.is_none() {
            let help =
                "push_stream_channels_path VALUE; may stand in http, server, location".to_owned();
            let message = "push stream module: push_stream_channels_path must be set.";
            self.report.error_help(given.at, message, Some(help));
        }
        // A default that comes from another directive is that one's mistake.
        let mut blamed = store.max_number_of_wildcard_channels.map(|given| given.at);
        for (name, zero) in block.push.zeros() {
            if zero.value && blamed.replace(zero.at) != Some(zero.at) {
                let message = format!("push stream module: {name} cannot be zero.");
                self.report.error(zero.at, message);
            }
        }
        if let Some(template) = block.push.message_template.as_ref().filter(|g| g.value.is_empty())
        {
            let message = "push stream module: push_stream_message_template cannot be blank.";
            self.report.error(template.at, message);
        }
        self.check_wildcards(block, store);
        if matches!(given.value, Role::Subscriber(_)) {
            self.check_padding(block);
        }
    }

    fn check_wildcards(&mut self, block: &Block, store: &StoreDraft) {
        let Some(quantity) = block.push.wildcard_channel_max_qtd.filter(|g| g.value > 0) else {
            return;
        };
        if store.wildcard_channel_prefix.as_ref().is_none_or(|prefix| prefix.is_empty()) {
            self.report.error(
                quantity.at,
                "push stream module: cannot set wildcard channel max qtd if \
                 push_stream_wildcard_channel_prefix is not set or blank.",
            );
        }
        let most = store.max_number_of_wildcard_channels;
        if most.is_some_and(|most| quantity.value > most.value) {
            self.report.error(
                quantity.at,
                "push stream module: max number of wildcard channels cannot be smaller than value \
                 in push_stream_wildcard_channel_max_qtd.",
            );
        }
    }

    fn check_padding(&mut self, block: &Block) {
        let Some(padding) = &block.push.padding else { return };
        if let Err(message) = &padding.value.0 {
            self.report.error(padding.at, message.clone());
            let unable = "push stream module: push stream module: unable to parse paddings by user \
                          agent";
            self.report.error(padding.at, unable);
        }
    }

    /// Whether a path is one of the variables of old files.
    pub(super) fn is_old_variable(&mut self, path: &PathSource) -> bool {
        let (PathSource::Path(expression) | PathSource::Whole(expression)) = path;
        let [Piece::Variable(Variable::Set(slot))] = expression.pieces.as_slice() else {
            return false;
        };
        OLD_VARIABLES.iter().any(|name| self.names.find(&name[1..]) == Some(Variable::Set(*slot)))
    }

    fn rendering(&mut self, block: &Block) -> Arc<Rendering> {
        let mode = match role(block) {
            Role::Subscriber(mode) => mode,
            // Only a WebSocket without ids has use for it.
            Role::Relay(_) => SubscriberMode::WebSocket,
            Role::None
            | Role::Publisher(_)
            | Role::Statistics
            | Role::Service(_)
            | Role::Application => SubscriberMode::Streaming,
        };
        let empty: Arc<[u8]> = Arc::from([]);
        let message = block.push.message_template.as_ref().map(|given| Arc::clone(&given.value));
        let templates = Templates {
            mode,
            header: block.push.header_template.clone().unwrap_or_else(|| Arc::clone(&empty)),
            message: message.unwrap_or_else(|| Arc::from(*b"~text~")),
            footer: block.push.footer_template.clone().unwrap_or(empty),
        };
        let compile =
            |t: &Templates| Arc::new(Rendering::compile(t.mode, &t.header, &t.message, &t.footer));
        let compiled = self.renderings.entry(templates);
        let compiled = compiled.or_insert_with_key(compile);
        Arc::clone(compiled)
    }

    /// The push settings of a block that has inherited already.
    pub(super) fn push(&mut self, block: &Block, store: &StoreDraft) -> Push {
        let push = &block.push;
        let (channels_path, whole_channel_id) = match &push.channels_path {
            Some(given) => match &given.value {
                PathSource::Path(path) => (path.clone(), false),
                PathSource::Whole(path) => (path.clone(), true),
            },
            None => (Expression::default(), false),
        };
        let quantity = push.wildcard_channel_max_qtd.or(store.max_number_of_wildcard_channels);
        Push {
            role: role(block),
            relay: self.relay(block),
            channels_path,
            whole_channel_id,
            store_messages: push.store_messages.unwrap_or(false),
            channel_info_on_publish: push.channel_info_on_publish.unwrap_or(true),
            authorized_channels_only: push.authorized_channels_only.unwrap_or(false),
            rendering: self.rendering(block),
            wildcard_channel_max_qtd: quantity.map(|given| given.value),
            ping_message_interval: push.ping_message_interval.map(|given| given.value),
            subscriber_connection_ttl: push.subscriber_connection_ttl.map(|given| given.value),
            longpolling_connection_ttl: push.longpolling_connection_ttl.map(|given| given.value),
            websocket_allow_publish: match block.relay.ways {
                Some(ways) => ways.publishers.websocket,
                None => push.websocket_allow_publish.unwrap_or(false),
            },
            websocket_deflate: (push.websocket_deflate == Some(true))
                .then(|| push.websocket_deflate_min_length.unwrap_or(512)),
            last_received_message_time: push.last_received_message_time.clone(),
            last_received_message_tag: push.last_received_message_tag.clone(),
            last_event_id: push.last_event_id.clone(),
            user_agent: push.user_agent.clone(),
            padding_by_user_agent: paddings(block),
            padding_max: self.padding_max,
            allowed_origins: push.allowed_origins.clone(),
            allow_connections_to_events_channel: push
                .allow_connections_to_events_channel
                .unwrap_or(false),
            content_type: push.content_type.clone(),
            close_publishers: push.keepalive == Some(false),
        }
    }
}

fn paddings(block: &Block) -> Arc<[Padding]> {
    match block.push.padding.as_ref().map(|given| &given.value.0) {
        Some(Ok(groups)) => Arc::clone(groups),
        Some(Err(_)) | None => Arc::from([]),
    }
}
