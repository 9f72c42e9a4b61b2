//! push_stream directives of the releases before 0.4, with their meaning of today.

use std::time::Duration;

use outpour_core::settings::{Role, SubscriberMode};

use crate::draft::Block;
use crate::lower::Lowering;
use crate::syntax::Node;

use super::push_stream::{count, set_role, shared_memory_size};
use super::table::{Args, Contexts, Directive, row};

const H: Contexts = Contexts::HTTP;
const L: Contexts = Contexts::LOCATION;
const HSL: Contexts = Contexts::HSL;

/// Least life time of trash that the old directive took.
const CLEANUP_MIN: Duration = Duration::from_secs(10);

pub(crate) const ROWS: &[Directive] = &[
    row(
        "push_stream_publisher_admin",
        L,
        Args::FLAG,
        "off",
        "Whether the publisher deletes channels too.",
        |l, b, n| {
            let value = l.flag(n);
            b.push.publisher_admin = l.given(n, value);
        },
    )
    .old("push_stream_publisher admin"),
    row(
        "push_stream_eventsource_support",
        L,
        Args::FLAG,
        "off",
        "Makes a streaming subscriber an EventSource one.",
        |l, b, n| {
            let value = l.flag(n);
            b.push.eventsource_support = l.given(n, value);
        },
    )
    .old("push_stream_subscriber eventsource"),
    row(
        "push_stream_websocket",
        L,
        Args::NONE,
        "none",
        "The location delivers messages over WebSocket.",
        |l, b, n| set_role(l, b, n, Role::Subscriber(SubscriberMode::WebSocket)),
    )
    .repeats()
    .old("push_stream_subscriber websocket"),
    row(
        "push_stream_content_type",
        HSL,
        Args::TEXT,
        "text/plain",
        "Content type of the answers of subscribers.",
        |l, b, n| b.push.content_type = l.text(n),
    )
    .old("default_type"),
    row(
        "push_stream_keepalive",
        HSL,
        Args::FLAG,
        "off",
        "Whether connections of publishers are kept.",
        |l, b, n| b.push.keepalive = l.flag(n),
    )
    .old("keepalive_timeout and keepalive_requests"),
    row(
        "push_stream_max_reserved_memory",
        H,
        Args::SIZE,
        "32M",
        "Budget in bytes for all channels, messages and subscribers.",
        shared_memory_size,
    )
    .repeats()
    .old("push_stream_shared_memory_size"),
    row(
        "push_stream_memory_cleanup_timeout",
        H,
        Args::TIME,
        "10s",
        "How long what is deleted stays in the trash; fixed to 10 s.",
        cleanup,
    )
    .old("nothing, the time is 10 s"),
    row(
        "push_stream_shared_memory_cleanup_objects_ttl",
        H,
        Args::TIME,
        "10s",
        "How long what is deleted stays in the trash; fixed to 10 s.",
        cleanup,
    )
    .old("nothing, the time is 10 s"),
    row(
        "push_stream_min_message_buffer_timeout",
        HSL,
        Args::TIME,
        "30m",
        "How long a message stays in the history.",
        |l, b, n| {
            let value = l.seconds(n);
            b.store.message_ttl = l.given(n, value);
        },
    )
    .old("push_stream_message_ttl"),
    row(
        "push_stream_max_message_buffer_length",
        HSL,
        Args::NUMBER,
        "unlimited",
        "How many messages a channel keeps.",
        |l, b, n| b.store.max_messages_stored_per_channel = count(l, n),
    )
    .old("push_stream_max_messages_stored_per_channel"),
    row(
        "push_stream_min_message_buffer_length",
        HSL,
        Args::NUMBER,
        "none",
        "Has no effect any more.",
        |l, _, n| {
            l.number(n);
        },
    )
    .old("nothing, it was dropped in 0.2.0"),
    row(
        "push_stream_subscriber_connection_timeout",
        HSL,
        Args::TIME,
        "off",
        "How long a subscriber stays connected.",
        |l, b, n| {
            let value = l.seconds(n);
            b.push.subscriber_connection_ttl = l.given(n, value);
        },
    )
    .old("push_stream_subscriber_connection_ttl"),
    row(
        "push_stream_subscriber_disconnect_interval",
        HSL,
        Args::TIME,
        "none",
        "Has no effect any more.",
        |l, _, n| {
            l.milliseconds(n);
        },
    )
    .old("nothing, it was dropped in 0.2.0"),
    row(
        "push_stream_broadcast_channel_prefix",
        HSL,
        Args::TEXT,
        "empty",
        "Channels whose id begins with it are wildcard channels.",
        |l, b, n| b.store.wildcard_channel_prefix = l.text(n),
    )
    .old("push_stream_wildcard_channel_prefix"),
    row(
        "push_stream_broadcast_channel_max_qtd",
        HSL,
        Args::NUMBER,
        "unlimited",
        "How many wildcard channels one request may name.",
        |l, b, n| b.push.wildcard_channel_max_qtd = count(l, n),
    )
    .old("push_stream_wildcard_channel_max_qtd"),
    row(
        "push_stream_max_number_of_broadcast_channels",
        H,
        Args::NUMBER,
        "unlimited",
        "How many wildcard channels there may be.",
        |l, b, n| b.store.max_number_of_wildcard_channels = count(l, n),
    )
    .old("push_stream_max_number_of_wildcard_channels"),
    row(
        "push_stream_delete_oldest_received_message",
        HSL,
        Args::FLAG,
        "off",
        "Has no effect; no release knew it.",
        |l, _, n| {
            l.flag(n);
        },
    )
    .old("nothing, no release knew it"),
    row(
        "push_stream_subscriber_eventsource",
        L,
        Args::NONE,
        "none",
        "The location delivers messages as event stream.",
        |l, b, n| set_role(l, b, n, Role::Subscriber(SubscriberMode::EventSource)),
    )
    .repeats()
    .old("push_stream_subscriber eventsource"),
];

fn cleanup(l: &mut Lowering<'_>, _: &mut Block, n: &Node) {
    if l.seconds(n).is_some_and(|time| time < CLEANUP_MIN) {
        let message = "push stream module: memory cleanup objects ttl cannot't be less than 10.";
        l.report.error(n.span(), message);
    }
}
