//! Settings of the relay protocol: `push_*` and `nchan_*`.

use std::sync::Arc;
use std::time::Duration;

use outpour_core::channels::Retention;
use outpour_core::settings::{FirstMessage, Relay, RelayDialect, Role};
use outpour_core::variables::{Expression, Variable};

use crate::draft::{Block, RelayDraft, RelayWays};

use super::Lowering;

/// Defaults that differ from dialect to dialect.
const ID_LENGTH: u64 = 1024;
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(3600);
const CHANNEL_TIMEOUT: Duration = Duration::from_secs(5);
const BUFFER_MIN: u64 = 1;
const BUFFER_MAX: u64 = 10;

impl Lowering<'_> {
    /// The checks of a relay location. The block has inherited.
    pub(super) fn check_relay(&mut self, block: &Block) {
        let (Some(ways), Some(given)) = (block.relay.ways, block.push.role) else { return };
        if !matches!(given.value, Role::Relay(_)) {
            return;
        }
        self.relay_used = Some(match self.relay_used {
            Some(RelayDialect::Nchan) => RelayDialect::Nchan,
            _ => ways.dialect,
        });
        if self.relay_ids(block, ways).is_none() {
            let name = match ways.dialect {
                RelayDialect::Queue => "push_id",
                RelayDialect::Module | RelayDialect::Nchan => "push_channel_id",
            };
            let (message, help) = match ways.dialect {
                RelayDialect::Nchan => (
                    "the location names no channel".to_owned(),
                    "nchan_channel_id VALUE; may stand in http, server, location".to_owned(),
                ),
                RelayDialect::Queue | RelayDialect::Module => (
                    crate::names::unknown(name),
                    format!("`set ${name} $arg_id;` names the channel"),
                ),
            };
            self.report.emerg_help(given.at, message, Some(help));
        }
        let least = block.relay.buffer_min.map_or(BUFFER_MIN, |given| given.value);
        let most = block.relay.buffer_max;
        if let Some(most) = most.filter(|most| most.value < least)
            && (block.relay.buffer_min.is_some() && ways.dialect != RelayDialect::Nchan)
        {
            let message = "push_max_message_buffer_length cannot be smaller than \
                           push_min_message_buffer_length.";
            self.report.emerg(most.at, message);
        }
    }

    /// The channels of a location: those of its directives, else the variable of that time.
    fn relay_ids(&self, block: &Block, ways: RelayWays) -> Option<[Vec<Expression>; 2]> {
        let relay = &block.relay;
        let old = || {
            let names = match ways.dialect {
                RelayDialect::Queue => ["push_id", "push_channel_id"],
                RelayDialect::Module | RelayDialect::Nchan => ["push_channel_id", "push_id"],
            };
            let variable = names.into_iter().find_map(|name| self.names.find(name))?;
            Some(vec![Expression::variable(variable)])
        };
        let of_directives =
            |own: &Option<Vec<Expression>>| own.clone().or_else(|| relay.channel_ids.clone());
        let publisher = of_directives(&relay.publisher_ids);
        let subscriber = of_directives(&relay.subscriber_ids);
        let either = publisher.clone().or_else(|| subscriber.clone()).or_else(old)?;
        let publisher = publisher.unwrap_or_else(|| either.clone());
        Some([publisher, subscriber.unwrap_or(either)])
    }

    fn default_event(&self) -> Option<Expression> {
        self.names.expression(b"$nchan_channel_event $nchan_channel_id").ok()
    }

    /// The settings of a relay location that has inherited already.
    pub(super) fn relay(&mut self, block: &Block) -> Option<Arc<Relay>> {
        let ways = block.relay.ways?;
        if !matches!(super::location::role(block), Role::Relay(_)) {
            return None;
        }
        let draft = &block.relay;
        let [publisher_ids, subscriber_ids] = self.relay_ids(block, ways).unwrap_or_default();
        let positive = |time: Duration| (!time.is_zero()).then_some(time);
        let least = draft.buffer_min.map_or(BUFFER_MIN, |given| given.value);
        let retention = Retention {
            message_ttl: positive(draft.message_timeout.unwrap_or(MESSAGE_TIMEOUT)),
            messages_max: match (draft.buffer_max, ways.dialect) {
                (Some(given), _) => given.value,
                // The first releases had no limit but memory.
                (None, RelayDialect::Queue) => u64::MAX,
                (None, RelayDialect::Module | RelayDialect::Nchan) => BUFFER_MAX,
            },
            channel_timeout: draft.channel_timeout.unwrap_or(CHANNEL_TIMEOUT),
            delete_received_above: (draft.delete_oldest_received == Some(true)).then_some(least),
        };
        let length = draft.max_channel_id_length.unwrap_or(ID_LENGTH);
        Some(Arc::new(Relay {
            dialect: ways.dialect,
            publishers: ways.publishers,
            transports: ways.transports,
            subscriber_ids,
            publisher_ids,
            split_delimiter: draft.split_delimiter.clone(),
            group: draft.group.clone().unwrap_or_default(),
            max_channel_id_length: usize::try_from(length).unwrap_or(usize::MAX),
            authorized_channels_only: draft.authorized_channels_only.unwrap_or(false),
            max_channel_subscribers: draft.max_channel_subscribers.filter(|most| *most > 0),
            concurrency: draft.concurrency.unwrap_or_default(),
            store_messages: draft.store_messages.unwrap_or(true),
            retention,
            subscriber_timeout: draft.subscriber_timeout.and_then(positive),
            ignore_queue_on_no_cache: draft.ignore_queue_on_no_cache.unwrap_or(false),
            first_message: draft.first_message.unwrap_or(FirstMessage::Oldest),
            last_message_id: draft.last_message_id.clone().unwrap_or_else(default_last_id),
            etag_header: draft.etag_header.clone().unwrap_or_else(|| "Etag".into()),
            compound_etag: draft.compound_etag.unwrap_or(false),
            raw_stream_separator: draft
                .raw_stream_separator
                .clone()
                .unwrap_or_else(|| Box::from(*b"\n")),
            event_source_ping: ping(&block.relay),
            event_source_ping_interval: draft.event_source_ping_interval.and_then(positive),
            websocket_ping_interval: draft.websocket_ping_interval.and_then(positive),
            events: draft.events_channel.clone().map(|channel| {
                let text = draft.event_text.clone();
                (channel, text.or_else(|| self.default_event()).unwrap_or_default())
            }),
            allow_origin: draft.allow_origin.clone(),
            allow_credentials: draft.allow_credentials.unwrap_or(true),
        }))
    }
}

/// What an EventSource gets as a ping: comment, event and data, as far as they are there.
fn ping(draft: &RelayDraft) -> Box<[u8]> {
    let text = |given: &Option<Box<[u8]>>| given.clone().unwrap_or_default();
    let event = draft.event_source_ping_event.clone().unwrap_or_else(|| Box::from(*b"ping"));
    let lines: [(&[u8], Box<[u8]>); 3] = [
        (b":", text(&draft.event_source_ping_comment)),
        (b"event: ", event),
        (b"data: ", text(&draft.event_source_ping_data)),
    ];
    let mut out = Vec::new();
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        out.extend_from_slice(name);
        out.extend(value.iter().filter(|byte| !matches!(byte, b'\r' | b'\n')));
        out.push(b'\n');
    }
    out.push(b'\n');
    out.into()
}

/// `$http_last_event_id`, else `$arg_last_event_id`.
fn default_last_id() -> Vec<Expression> {
    let names = ["http_last_event_id", "arg_last_event_id"];
    names.into_iter().filter_map(Variable::parse).map(Expression::variable).collect()
}
