//! Nchan's directives. What it has in common with the older module is in the same drafts.

use outpour_core::settings::{
    FirstMessage, RelayDialect, RelayPublishers, RelayTransport, RelayTransports, Role, Service,
};
use outpour_core::variables::Expression;

use crate::draft::{Block, RelayWays};
use crate::lower::Lowering;
use crate::nearest::did_you_mean;
use crate::syntax::Node;

use super::push_stream::{count, relay_memory_size, set_role};
use super::relay::set_ways;
use super::table::{Args, Contexts, Directive, row};

const H: Contexts = Contexts::HTTP;
const L: Contexts = Contexts::LOCATION;
const SL: Contexts = Contexts(Contexts::SERVER.0 | Contexts::LOCATION.0);
const HSL: Contexts = Contexts::HSL;
const IDS: Args = Args::new(1, 7, "value...");
const WAYS: Args = Args::new(0, 8, "way...");

const ID: &str = "The channels of the location; each value may contain variables and is one channel, \
                  unless nchan_channel_id_split_delimiter cuts it.";
const SUBSCRIBER_ID: &str =
    "The channels of the location's subscribers, where publishers have others.";
const PUBLISHER_ID: &str =
    "The channels of the location's publishers, where subscribers have others.";

pub(crate) const ROWS: &[Directive] = &[
    row(
        "nchan_publisher",
        SL,
        Args::new(0, 2, "[http] [websocket]"),
        "http websocket",
        "The location takes messages: by POST and PUT, and in WebSocket frames.",
        |l, b, n| ways(l, b, n, Side::Publisher),
    )
    .repeats(),
    row(
        "nchan_subscriber",
        SL,
        WAYS,
        "websocket eventsource http-chunked http-multipart longpoll",
        "The location delivers messages in the way that a client asks for, among websocket, \
         eventsource, http-chunked, http-multipart, http-raw-stream, intervalpoll and longpoll.",
        |l, b, n| ways(l, b, n, Side::Subscriber),
    )
    .repeats(),
    row(
        "nchan_pubsub",
        SL,
        WAYS,
        "all of nchan_publisher and nchan_subscriber",
        "The location delivers messages to GET and takes them by POST, PUT and WebSocket frames.",
        |l, b, n| ways(l, b, n, Side::Both),
    )
    .repeats(),
    row("nchan_channel_id", HSL, IDS, "none", ID, |l, b, n| b.relay.channel_ids = values(l, n)),
    row("nchan_pubsub_channel_id", HSL, IDS, "none", ID, |l, b, n| {
        b.relay.channel_ids = values(l, n);
    }),
    row("nchan_subscriber_channel_id", HSL, IDS, "nchan_channel_id", SUBSCRIBER_ID, |l, b, n| {
        b.relay.subscriber_ids = values(l, n);
    }),
    row("nchan_sub_channel_id", HSL, IDS, "nchan_channel_id", SUBSCRIBER_ID, |l, b, n| {
        b.relay.subscriber_ids = values(l, n);
    }),
    row("nchan_publisher_channel_id", HSL, IDS, "nchan_channel_id", PUBLISHER_ID, |l, b, n| {
        b.relay.publisher_ids = values(l, n);
    }),
    row("nchan_pub_channel_id", HSL, IDS, "nchan_channel_id", PUBLISHER_ID, |l, b, n| {
        b.relay.publisher_ids = values(l, n);
    }),
    row(
        "nchan_channel_id_split_delimiter",
        HSL,
        Args::TEXT,
        "none",
        "Text at which the values of nchan_channel_id are cut into several channels.",
        |l, b, n| b.relay.split_delimiter = l.text(n),
    ),
    row(
        "nchan_channel_group",
        HSL,
        Args::VALUE,
        "empty",
        "Name space of the location's channels: those of another group are other channels.",
        |l, b, n| b.relay.group = l.value(n),
    ),
    row(
        "nchan_store_messages",
        HSL,
        Args::FLAG,
        "on",
        "Whether messages are stored; if not, they reach only those who are there.",
        |l, b, n| b.relay.store_messages = l.flag(n),
    ),
    row(
        "nchan_message_buffer_length",
        HSL,
        Args::NUMBER,
        "10",
        "How many messages a channel keeps; the oldest go.",
        |l, b, n| b.relay.buffer_max = count(l, n),
    ),
    row(
        "nchan_message_max_buffer_length",
        HSL,
        Args::NUMBER,
        "10",
        "Another name of nchan_message_buffer_length.",
        |l, b, n| b.relay.buffer_max = count(l, n),
    ),
    row(
        "nchan_message_timeout",
        HSL,
        Args::TIME,
        "1h",
        "How long a message stays stored; 0: until newer ones push it out.",
        |l, b, n| b.relay.message_timeout = l.seconds(n),
    ),
    row(
        "nchan_channel_timeout",
        HSL,
        Args::TIME,
        "5s",
        "Age after which a channel without messages and subscribers is collected.",
        |l, b, n| b.relay.channel_timeout = l.seconds(n),
    ),
    row(
        "nchan_subscriber_timeout",
        HSL,
        Args::TIME,
        "0",
        "How long a subscriber stays: a long-poll is answered 408 then, a stream ends; 0: for ever.",
        |l, b, n| b.relay.subscriber_timeout = l.seconds(n),
    ),
    row(
        "nchan_subscriber_first_message",
        HSL,
        Args::new(1, 1, "oldest | newest | number"),
        "oldest",
        "Where a subscriber begins that says nothing about it: with the oldest stored message, with \
         the next one that comes, or with the Nth, from the newest if negative.",
        first_message,
    ),
    row(
        "nchan_subscriber_last_message_id",
        HSL,
        Args::new(1, 5, "value..."),
        "$http_last_event_id $arg_last_event_id",
        "Id of the newest message that a subscriber has: the first value that is not empty.",
        |l, b, n| b.relay.last_message_id = values(l, n),
    ),
    row(
        "nchan_subscriber_message_id_custom_etag_header",
        HSL,
        Args::TEXT,
        "Etag",
        "Header that has the tag of a message in answers, where something in between drops Etag.",
        |_, b, n| b.relay.etag_header = n.args.first().map(|word| word.text().into()),
    ),
    row(
        "nchan_subscriber_compound_etag_message_id",
        HSL,
        Args::FLAG,
        "off",
        "Whether Etag has the whole id of a message; Last-Modified is left out then.",
        |l, b, n| b.relay.compound_etag = l.flag(n),
    ),
    row(
        "nchan_subscriber_http_raw_stream_separator",
        HSL,
        Args::TEXT,
        "a line feed",
        "Text behind each message of http-raw-stream.",
        |l, b, n| b.relay.raw_stream_separator = l.text(n),
    ),
    row(
        "nchan_subscribe_existing_channels_only",
        HSL,
        Args::FLAG,
        "off",
        "Whether only publishers make channels: a subscriber of another one is answered 403.",
        |l, b, n| b.relay.authorized_channels_only = l.flag(n),
    ),
    row(
        "nchan_max_channel_id_length",
        HSL,
        Args::NUMBER,
        "1024",
        "Bytes after which the name of a channel is cut.",
        |l, b, n| b.relay.max_channel_id_length = l.number(n),
    ),
    row(
        "nchan_max_channel_subscribers",
        HSL,
        Args::NUMBER,
        "0",
        "How many subscribers a channel may have; 0: any number.",
        |l, b, n| b.relay.max_channel_subscribers = l.number(n),
    ),
    row(
        "nchan_max_reserved_memory",
        H,
        Args::SIZE,
        "128M",
        "Budget in bytes for all channels, messages and subscribers.",
        relay_memory_size,
    ),
    row(
        "nchan_shared_memory_size",
        H,
        Args::SIZE,
        "128M",
        "Another name of nchan_max_reserved_memory.",
        relay_memory_size,
    ),
    row(
        "nchan_websocket_ping_interval",
        HSL,
        Args::TIME,
        "0",
        "How often a silent WebSocket gets a ping; 0: never.",
        |l, b, n| b.relay.websocket_ping_interval = l.seconds(n),
    ),
    row(
        "nchan_eventsource_ping_interval",
        HSL,
        Args::TIME,
        "0",
        "How often a silent EventSource gets a ping; 0: never.",
        |l, b, n| b.relay.event_source_ping_interval = l.seconds(n),
    ),
    row(
        "nchan_eventsource_ping_event",
        HSL,
        Args::TEXT,
        "ping",
        "Name of the event that is sent as a ping; empty: none.",
        |l, b, n| b.relay.event_source_ping_event = l.text(n),
    ),
    row("nchan_eventsource_ping_data", HSL, Args::TEXT, "empty", "Data of the ping.", |l, b, n| {
        b.relay.event_source_ping_data = l.text(n)
    }),
    row(
        "nchan_eventsource_ping_comment",
        HSL,
        Args::TEXT,
        "empty",
        "Comment that is sent with the ping.",
        |l, b, n| b.relay.event_source_ping_comment = l.text(n),
    ),
    row(
        "nchan_access_control_allow_origin",
        HSL,
        Args::VALUE,
        "the origin of the request",
        "Origins, separated by blanks, whose pages may use the location; others are answered 403.",
        |l, b, n| b.relay.allow_origin = l.value(n),
    ),
    row(
        "nchan_access_control_allow_credentials",
        HSL,
        Args::FLAG,
        "on",
        "Whether pages of other origins may send cookies.",
        |l, b, n| b.relay.allow_credentials = l.flag(n),
    ),
    row(
        "nchan_channel_events_channel_id",
        HSL,
        Args::VALUE,
        "none",
        "Channel, in the group `meta`, that is told what happens to the channels of the location: \
         channel_publish, channel_delete, subscriber_enqueue, subscriber_dequeue.",
        |l, b, n| b.relay.events_channel = l.value(n),
    ),
    row(
        "nchan_channel_event_string",
        HSL,
        Args::VALUE,
        "$nchan_channel_event $nchan_channel_id",
        "What that channel is told.",
        |l, b, n| b.relay.event_text = l.value(n),
    ),
    row(
        "nchan_stub_status",
        L,
        Args::NONE,
        "none",
        "The location answers with numbers about messages and channels in Nchan's form.",
        |l, b, n| set_role(l, b, n, Role::Service(Service::NchanStatus)),
    )
    .repeats(),
];

/// What a directive makes of its location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Publisher,
    Subscriber,
    Both,
}

/// Words for ways to subscribe; several mean the same.
const TRANSPORTS: [(&str, RelayTransport); 20] = [
    ("websocket", RelayTransport::WebSocket),
    ("websockets", RelayTransport::WebSocket),
    ("ws", RelayTransport::WebSocket),
    ("eventsource", RelayTransport::EventSource),
    ("event-source", RelayTransport::EventSource),
    ("es", RelayTransport::EventSource),
    ("sse", RelayTransport::EventSource),
    ("longpoll", RelayTransport::LongPoll),
    ("long-poll", RelayTransport::LongPoll),
    ("intervalpoll", RelayTransport::IntervalPoll),
    ("interval-poll", RelayTransport::IntervalPoll),
    ("poll", RelayTransport::IntervalPoll),
    ("http-poll", RelayTransport::IntervalPoll),
    ("http-chunked", RelayTransport::Chunked),
    ("chunked", RelayTransport::Chunked),
    ("http-multipart", RelayTransport::Multipart),
    ("multipart", RelayTransport::Multipart),
    ("multipart/mixed", RelayTransport::Multipart),
    ("http-raw-stream", RelayTransport::RawStream),
    ("http-raw", RelayTransport::RawStream),
];

/// What a client may ask for where the file does not say.
const USUAL: RelayTransports = RelayTransports::NONE
    .with(RelayTransport::WebSocket)
    .with(RelayTransport::EventSource)
    .with(RelayTransport::Chunked)
    .with(RelayTransport::Multipart)
    .with(RelayTransport::LongPoll);

fn ways(l: &mut Lowering<'_>, b: &mut Block, n: &Node, side: Side) {
    let mut publishers = RelayPublishers::default();
    let mut transports = RelayTransports::default();
    if n.args.is_empty() {
        if side != Side::Subscriber {
            publishers = RelayPublishers { http: true, websocket: true };
        }
        if side != Side::Publisher {
            transports = USUAL;
        }
    }
    for word in &n.args {
        let text = word.text().to_ascii_lowercase();
        let found = TRANSPORTS.iter().find(|(name, _)| *name == text).map(|(_, way)| *way);
        match (found, side) {
            (Some(RelayTransport::WebSocket), _) => {
                publishers.websocket |= side != Side::Subscriber;
                if side != Side::Publisher {
                    transports = transports.with(RelayTransport::WebSocket);
                }
            }
            (Some(way), Side::Subscriber | Side::Both) => transports = transports.with(way),
            (None, Side::Publisher | Side::Both) if text == "http" => publishers.http = true,
            _ => {
                let message = format!("invalid {} value: {}", n.name.text(), word.text());
                let names = TRANSPORTS.map(|(name, _)| name);
                let help = did_you_mean(&text, names).or_else(|| {
                    Some(match side {
                        Side::Publisher => "accepted values: http, websocket".to_owned(),
                        Side::Subscriber | Side::Both => format!(
                            "accepted values: {}websocket, eventsource, longpoll, intervalpoll, \
                             http-chunked, http-multipart, http-raw-stream",
                            if side == Side::Both { "http, " } else { "" }
                        ),
                    })
                });
                l.report.emerg_help(word.span, message, help);
            }
        }
    }
    set_ways(l, b, n, RelayWays { dialect: RelayDialect::Nchan, publishers, transports });
}

fn values(l: &mut Lowering<'_>, n: &Node) -> Option<Vec<Expression>> {
    Some(n.args.iter().filter_map(|word| l.expression(word)).collect())
}

fn first_message(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(word) = n.args.first() else { return };
    let text = word.text().to_ascii_lowercase();
    let first = match &*text {
        "oldest" => FirstMessage::Oldest,
        "newest" => FirstMessage::Newest,
        number => match number.parse() {
            Ok(number) => FirstMessage::Nth(number),
            Err(_) => {
                let message = format!("invalid {} value: {}", n.name.text(), word.text());
                let help = "accepted values: oldest, newest, a number".to_owned();
                return l.report.emerg_help(word.span, message, Some(help));
            }
        },
    };
    b.relay.first_message = Some(first);
}
