//! The push_stream directives of today.

use std::sync::Arc;
use std::time::Duration;

use outpour_core::settings::{PublisherMode, Role, SubscriberMode, SubscriberPolicy};

use crate::draft::{Block, Given, HeaderSource, PaddingDraft, PathSource};
use crate::lower::Lowering;
use crate::lower::args::SIZES;
use crate::nearest::did_you_mean;
use crate::syntax::{Node, bytes_to_path};
use crate::values;

use super::padding;
use super::table::{Args, Contexts, Directive, row};

const H: Contexts = Contexts::HTTP;
const L: Contexts = Contexts::LOCATION;
const S: Contexts = Contexts::SERVER;
const SL: Contexts = Contexts(Contexts::SERVER.0 | Contexts::LOCATION.0);
const HSL: Contexts = Contexts::HSL;
const HSLI: Contexts = Contexts::HSLI;

/// The smallest budget: 32 pages.
const MEMORY_MIN: u64 = 32 * PAGE;
const PAGE: u64 = 4096;

pub(crate) const ROWS: &[Directive] = &[
    row(
        "push_stream_publisher",
        L,
        Args::new(0, 1, "normal | admin"),
        "none",
        "The location takes messages; in mode admin it deletes channels too.",
        publisher,
    )
    .repeats()
    .old_in(S),
    row(
        "push_stream_subscriber",
        L,
        Args::new(0, 1, "streaming | polling | long-polling | eventsource | websocket"),
        "none",
        "The location delivers messages.",
        subscriber,
    )
    .repeats()
    .old_in(S),
    row(
        "push_stream_channels_statistics",
        L,
        Args::NONE,
        "none",
        "The location tells about channels.",
        |l, b, n| {
            b.push.role = l.given(n, Some(Role::Statistics));
        },
    )
    .repeats()
    .old_in(S),
    row(
        "push_stream_shared_memory_size",
        H,
        Args::new(1, 2, "size [name]"),
        "a quarter of the machine's memory",
        "Budget in bytes for all channels, messages and subscribers; at least 128k.",
        shared_memory_size,
    )
    .repeats(),
    row(
        "push_stream_channel_deleted_message_text",
        H,
        Args::TEXT,
        "Channel deleted",
        "Text of the message that subscribers get when their channel is deleted.",
        |l, b, n| b.store.channel_deleted_message_text = l.text(n),
    ),
    row(
        "push_stream_channel_inactivity_time",
        H,
        Args::TIME,
        "30s",
        "Age after which an empty channel without subscribers is collected.",
        |l, b, n| b.store.channel_inactivity_time = l.seconds(n),
    ),
    row(
        "push_stream_ping_message_text",
        H,
        Args::TEXT,
        "one space",
        "Text of the ping message in streaming mode.",
        |l, b, n| b.store.ping_message_text = l.text(n),
    ),
    row(
        "push_stream_timeout_with_body",
        H,
        Args::FLAG,
        "off",
        "Whether a long-poll that times out is answered by 200 and a message instead of 304.",
        |l, b, n| b.store.timeout_with_body = l.flag(n),
    ),
    row(
        "push_stream_message_ttl",
        H,
        Args::TIME,
        "30m",
        "How long a message stays in the history.",
        |l, b, n| {
            let value = l.seconds(n);
            b.store.message_ttl = l.given(n, value);
        },
    )
    .old_in(SL),
    row(
        "push_stream_max_subscribers_per_channel",
        H,
        Args::NUMBER,
        "unlimited",
        "How many subscribers a channel may have.",
        |l, b, n| b.store.max_subscribers_per_channel = count(l, n),
    )
    .old_in(SL),
    row(
        "push_stream_max_messages_stored_per_channel",
        H,
        Args::NUMBER,
        "unlimited",
        "How many messages a channel keeps; the oldest are dropped.",
        |l, b, n| b.store.max_messages_stored_per_channel = count(l, n),
    )
    .old_in(SL),
    row(
        "push_stream_max_channel_id_length",
        H,
        Args::NUMBER,
        "unlimited",
        "How long an id may be, in bytes.",
        |l, b, n| b.store.max_channel_id_length = count(l, n),
    )
    .old_in(SL),
    row(
        "push_stream_max_number_of_channels",
        H,
        Args::NUMBER,
        "unlimited",
        "How many channels there may be, wildcard channels not counted.",
        |l, b, n| b.store.max_number_of_channels = count(l, n),
    )
    .old_in(SL),
    row(
        "push_stream_max_number_of_wildcard_channels",
        H,
        Args::NUMBER,
        "unlimited",
        "How many wildcard channels there may be.",
        |l, b, n| b.store.max_number_of_wildcard_channels = count(l, n),
    )
    .old_in(SL),
    row(
        "push_stream_wildcard_channel_prefix",
        H,
        Args::TEXT,
        "empty",
        "Channels whose id begins with it are wildcard channels; empty means there are none.",
        |l, b, n| b.store.wildcard_channel_prefix = l.text(n),
    )
    .old_in(SL),
    row(
        "push_stream_events_channel_id",
        H,
        Args::TEXT,
        "empty",
        "Channel that carries what happens to the others; empty means there is none.",
        |l, b, n| b.store.events_channel_id = l.text(n),
    ),
    row(
        "push_stream_channels_path",
        HSLI,
        Args::VALUE,
        "none",
        "The channels of a request, separated by slashes.",
        |l, b, n| {
            // A faulty path is one: what is wrong with it has been said.
            let path = PathSource::Path(l.value(n).unwrap_or_default());
            b.push.channels_path = l.given(n, Some(path));
        },
    ),
    row(
        "push_stream_store_messages",
        HSLI,
        Args::FLAG,
        "off",
        "Whether published messages are kept in the history.",
        |l, b, n| b.push.store_messages = l.flag(n),
    ),
    row(
        "push_stream_channel_info_on_publish",
        HSL,
        Args::FLAG,
        "on",
        "Whether a publication is answered by the channel's information.",
        |l, b, n| b.push.channel_info_on_publish = l.flag(n),
    ),
    row(
        "push_stream_authorized_channels_only",
        HSL,
        Args::FLAG,
        "off",
        "Whether subscribers may only name channels that exist.",
        |l, b, n| b.push.authorized_channels_only = l.flag(n),
    ),
    row(
        "push_stream_header_template",
        HSL,
        Args::TEXT,
        "empty",
        "Text that a subscriber gets first.",
        header_template,
    )
    .repeats(),
    row(
        "push_stream_header_template_file",
        HSL,
        Args::PATH,
        "none",
        "File with the text that a subscriber gets first; read when the configuration is loaded.",
        header_template_file,
    )
    .repeats(),
    row(
        "push_stream_message_template",
        HSL,
        Args::TEXT,
        "~text~",
        "Form of a message; ~id~, ~text~, ~channel~, ~tag~, ~time~, ~event-id~, ~event-type~ and \
         ~size~ are replaced.",
        |l, b, n| {
            let text = n.args.first().map(|word| Arc::from(word.value.as_slice()));
            b.push.message_template = l.given(n, text);
        },
    ),
    row(
        "push_stream_footer_template",
        HSL,
        Args::TEXT,
        "empty",
        "Text that a subscriber gets last.",
        |_, b, n| b.push.footer_template = n.args.first().map(|w| Arc::from(w.value.as_slice())),
    ),
    row(
        "push_stream_wildcard_channel_max_qtd",
        HSL,
        Args::NUMBER,
        "push_stream_max_number_of_wildcard_channels",
        "How many wildcard channels one request may name.",
        |l, b, n| b.push.wildcard_channel_max_qtd = count(l, n),
    ),
    row(
        "push_stream_ping_message_interval",
        HSL,
        Args::TIME,
        "off",
        "How often a silent connection gets a ping message.",
        |l, b, n| b.push.ping_message_interval = interval(l, n),
    ),
    row(
        "push_stream_subscriber_connection_ttl",
        HSL,
        Args::TIME,
        "off",
        "How long a subscriber stays connected.",
        |l, b, n| b.push.subscriber_connection_ttl = interval(l, n),
    ),
    row(
        "push_stream_longpolling_connection_ttl",
        HSL,
        Args::TIME,
        "push_stream_subscriber_connection_ttl",
        "How long a long-poll waits.",
        |l, b, n| b.push.longpolling_connection_ttl = interval(l, n),
    ),
    row(
        "push_stream_websocket_allow_publish",
        HSL,
        Args::FLAG,
        "off",
        "Whether texts of WebSocket clients are published.",
        |l, b, n| b.push.websocket_allow_publish = l.flag(n),
    ),
    row(
        "push_stream_last_received_message_time",
        HSLI,
        Args::VALUE,
        "header If-Modified-Since",
        "Time of the newest message that a subscriber has.",
        |l, b, n| b.push.last_received_message_time = l.value(n),
    ),
    row(
        "push_stream_last_received_message_tag",
        HSLI,
        Args::VALUE,
        "header If-None-Match",
        "Tag of the newest message that a subscriber has.",
        |l, b, n| b.push.last_received_message_tag = l.value(n),
    ),
    row(
        "push_stream_last_event_id",
        HSLI,
        Args::VALUE,
        "header Last-Event-Id",
        "Event id of the newest message that a subscriber has.",
        |l, b, n| b.push.last_event_id = l.value(n),
    ),
    row(
        "push_stream_user_agent",
        HSL,
        Args::VALUE,
        "header User-Agent",
        "Client string by which the padding is chosen.",
        |l, b, n| b.push.user_agent = l.value(n),
    ),
    row(
        "push_stream_padding_by_user_agent",
        HSL,
        Args::new(1, 1, "regex,header_min,message_min[:...]"),
        "empty",
        "Least lengths of header and messages for certain clients.",
        |l, b, n| {
            let parsed = n.args.first().map(|word| padding::parse(&word.value));
            let minima = parsed.iter().flatten().flat_map(|groups| groups.iter());
            let greatest = minima.map(|group| group.header_min.max(group.message_min)).max();
            l.padding_max = l.padding_max.max(greatest.unwrap_or(0));
            b.push.padding = l.given(n, parsed.map(PaddingDraft));
        },
    ),
    row(
        "push_stream_allowed_origins",
        HSL,
        Args::VALUE,
        "none",
        "Origins whose pages may use the location; sets the CORS headers.",
        |l, b, n| b.push.allowed_origins = l.value(n),
    ),
    row(
        "push_stream_allow_connections_to_events_channel",
        HSLI,
        Args::FLAG,
        "off",
        "Whether the events channel may be subscribed to.",
        |l, b, n| b.push.allow_connections_to_events_channel = l.flag(n),
    ),
    row(
        "push_stream_subscriber_buffer_size",
        HSL,
        Args::SIZE,
        "1m",
        "Bytes that may wait for a subscriber that does not read before \
         push_stream_subscriber_policy decides about it.",
        subscriber_buffer_size,
    ),
    row(
        "push_stream_subscriber_policy",
        HSL,
        Args::new(1, 1, "disconnect | drop_oldest | keep_latest"),
        "disconnect",
        "What happens when more waits for a subscriber than push_stream_subscriber_buffer_size: it \
         is disconnected; or the oldest waiting messages are dropped; or, with keep_latest, only \
         the newest message ever waits. Messages are dropped whole. A stream that is compressed \
         by gzip cannot lose a part: its subscribers are disconnected in any case.",
        subscriber_policy,
    ),
    row(
        "push_stream_websocket_deflate",
        HSL,
        Args::FLAG,
        "off",
        "Whether WebSocket messages are compressed for clients that offer permessage-deflate (RFC \
         7692); always without context take-over, so that all subscribers share a message's bytes.",
        |l, b, n| b.push.websocket_deflate = l.flag(n),
    ),
    row(
        "push_stream_websocket_deflate_min_length",
        HSL,
        Args::SIZE,
        "512",
        "Bytes of the shortest WebSocket message that is compressed.",
        |l, b, n| b.push.websocket_deflate_min_length = l.size(n),
    ),
];

pub(crate) fn count(l: &mut Lowering<'_>, n: &Node) -> Option<Given<u64>> {
    let value = l.number(n);
    l.given(n, value)
}

fn interval(l: &mut Lowering<'_>, n: &Node) -> Option<Given<Duration>> {
    let value = l.milliseconds(n);
    l.given(n, value)
}

/// Gives the location its role, unless it has one.
pub(crate) fn set_role(l: &mut Lowering<'_>, b: &mut Block, n: &Node, role: Role) {
    if b.push.role.is_some() {
        let message = format!("\"{}\" directive is duplicate", n.name.text());
        l.report.emerg_help(n.name.span, message, "a location has one role".to_owned());
        return;
    }
    b.push.role = l.given(n, Some(role));
}

fn publisher(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    const MODES: [(&str, PublisherMode); 2] =
        [("normal", PublisherMode::Normal), ("admin", PublisherMode::Admin)];
    let mode = mode(l, n, &MODES, PublisherMode::Normal);
    set_role(l, b, n, Role::Publisher(mode));
}

fn subscriber(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    const MODES: [(&str, SubscriberMode); 5] = [
        ("streaming", SubscriberMode::Streaming),
        ("polling", SubscriberMode::Polling),
        ("long-polling", SubscriberMode::LongPolling),
        ("eventsource", SubscriberMode::EventSource),
        ("websocket", SubscriberMode::WebSocket),
    ];
    let mode = mode(l, n, &MODES, SubscriberMode::Streaming);
    set_role(l, b, n, Role::Subscriber(mode));
}

/// The mode of a role. A faulty one is reported and counts as the default, so that the rest of the
/// location is checked.
fn mode<M: Copy>(l: &mut Lowering<'_>, n: &Node, known: &[(&str, M)], default: M) -> M {
    let Some(word) = n.args.first() else { return default };
    let text = word.text();
    let found = known.iter().find(|(name, _)| name.eq_ignore_ascii_case(&text));
    if found.is_none() {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let message = format!(
            "push stream module: invalid {} mode value: {text}, accepted values ({})",
            n.name.text(),
            names.join(", ")
        );
        let help = did_you_mean(&text, names);
        l.report.error_help(word.span, message, help);
    }
    found.map_or(default, |(_, mode)| *mode)
}

/// SIZE and NAME, shared by the directive's two names.
pub(crate) fn shared_memory_size(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(word) = n.args.first() else { return };
    let zone: Box<str> = n.args.get(1).map_or("push_stream_module".into(), |w| w.text().into());
    if b.store.shared_memory_size.is_some() {
        let message = match b.store.zone.as_ref() == Some(&zone) {
            true => format!("duplicate zone \"{zone}\""),
            false => format!("\"{}\" directive is duplicate", n.name.text()),
        };
        return l.report.emerg(n.name.span, message);
    }
    let bytes = values::size(&word.value).and_then(|bytes| bytes.checked_next_multiple_of(PAGE));
    match bytes.filter(|bytes| *bytes >= MEMORY_MIN) {
        Some(bytes) => {
            b.store.shared_memory_size = l.given(n, Some(bytes));
            b.store.zone = Some(zone);
        }
        None => {
            let message = "The push_stream_shared_memory_size value must be at least 128KiB";
            let help = Some(SIZES.to_owned());
            let level = outpour_core::settings::Level::Warn;
            l.report.say(level, Some(word.span), message.to_owned(), help);
            l.report.make_fatal();
        }
    }
}

/// The budget by its names in the relay protocol, where it is rounded and never too small.
pub(crate) fn relay_memory_size(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(size) = l.size(n) else { return };
    let bytes = (size as u64).max(MEMORY_MIN).checked_next_multiple_of(PAGE).unwrap_or(u64::MAX);
    if b.store.shared_memory_size.is_none() {
        b.store.shared_memory_size = l.given(n, Some(bytes));
    }
}

fn header_template(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    if b.push.header_source.is_some() {
        let message = "\"push_stream_header_template\" directive is duplicate";
        return l.report.emerg(n.name.span, message);
    }
    b.push.header_source = Some(HeaderSource::Template);
    b.push.header_template = n.args.first().map(|word| Arc::from(word.value.as_slice()));
}

fn header_template_file(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(word) = n.args.first() else { return };
    if b.push.header_source.is_some() {
        let message = "\"push_stream_header_template_file\" directive is duplicate or template \
                       set by 'push_stream_header_template'";
        return l.report.emerg(n.name.span, message);
    }
    b.push.header_source = Some(HeaderSource::File);
    match std::fs::read(bytes_to_path(&word.value)) {
        Ok(text) => b.push.header_template = Some(text.into()),
        Err(error) => {
            let path = word.text();
            let message =
                format!("push stream module: unable to open file \"{path}\" for header template");
            l.report.error_help(word.span, message, Some(error.to_string()));
        }
    }
}

fn subscriber_policy(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    const POLICIES: [(&str, SubscriberPolicy); 3] = [
        ("disconnect", SubscriberPolicy::Disconnect),
        ("drop_oldest", SubscriberPolicy::DropOldest),
        ("keep_latest", SubscriberPolicy::KeepLatest),
    ];
    b.push.subscriber_policy = Some(mode(l, n, &POLICIES, SubscriberPolicy::Disconnect));
}

fn subscriber_buffer_size(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    match l.size(n) {
        Some(0) => {
            let message = "push stream module: push_stream_subscriber_buffer_size cannot be zero.";
            l.report.error(n.span(), message);
        }
        size => b.push.subscriber_buffer_size = size,
    }
}
