//! The directives of the older push module, of all its releases.

use outpour_core::channels::Concurrency;
use outpour_core::settings::{
    Level, RelayDialect, RelayPublishers, RelayRole, RelayTransport, RelayTransports, Role,
};

use crate::draft::{Block, RelayWays};
use crate::lower::Lowering;
use crate::syntax::Node;

use super::push_stream::{count, relay_memory_size, set_role};
use super::table::{Args, Contexts, Directive, row};

const H: Contexts = Contexts::HTTP;
const SL: Contexts = Contexts(Contexts::SERVER.0 | Contexts::LOCATION.0);
const HSL: Contexts = Contexts::HSL;

pub(crate) const ROWS: &[Directive] = &[
    row(
        "push_publisher",
        SL,
        Args::NONE,
        "none",
        "The location takes messages by the relay protocol: POST and PUT publish, GET tells about \
         the channel, DELETE removes it. The channel is the value of `$push_channel_id`.",
        |l, b, n| set_publisher(l, b, n, RelayDialect::Module),
    )
    .repeats(),
    row(
        "push_subscriber",
        SL,
        Args::new(0, 1, "long-poll | interval-poll"),
        "long-poll",
        "The location delivers messages by the relay protocol, one per answer.",
        subscriber,
    )
    .repeats(),
    row(
        "push_sender",
        SL,
        Args::NONE,
        "none",
        "The location takes messages as the first releases did: they are queued only where nobody \
         listens. The channel is the value of `$push_id`.",
        |l, b, n| set_publisher(l, b, n, RelayDialect::Queue),
    )
    .repeats(),
    row(
        "push_listener",
        SL,
        Args::NONE,
        "none",
        "The location delivers messages as the first releases did: a queued message leaves its \
         queue with the first listener that gets it.",
        |l, b, n| {
            let transports = RelayTransports::default().with(RelayTransport::LongPoll);
            set_subscriber(l, b, n, RelayDialect::Queue, transports);
        },
    )
    .repeats(),
    row(
        "push_subscriber_concurrency",
        HSL,
        Args::new(1, 1, "broadcast | last | first"),
        "broadcast",
        "Who gets a message if several requests wait on a channel: all of them; the last one, and \
         those before it are answered 409; or the first one, and those behind it are.",
        concurrency,
    ),
    row(
        "push_listener_concurrency",
        HSL,
        Args::new(1, 1, "broadcast | last | first"),
        "broadcast",
        "The name of the first releases for push_subscriber_concurrency.",
        concurrency,
    ),
    row(
        "push_subscriber_timeout",
        HSL,
        Args::TIME,
        "0",
        "How long a request waits before it is answered 304; 0: for ever.",
        |l, b, n| b.relay.subscriber_timeout = l.seconds(n),
    ),
    row(
        "push_store_messages",
        HSL,
        Args::FLAG,
        "on",
        "Whether messages are stored; if not, they reach only those who wait.",
        |l, b, n| b.relay.store_messages = l.flag(n),
    ),
    row(
        "push_queue_messages",
        HSL,
        Args::FLAG,
        "on",
        "The name of the first releases for push_store_messages.",
        |l, b, n| b.relay.store_messages = l.flag(n),
    ),
    row(
        "push_min_message_buffer_length",
        HSL,
        Args::NUMBER,
        "1",
        "How many messages push_delete_oldest_received_message leaves.",
        |l, b, n| b.relay.buffer_min = count(l, n),
    ),
    row(
        "push_max_message_buffer_length",
        HSL,
        Args::NUMBER,
        "10",
        "How many messages a channel keeps; the oldest go.",
        |l, b, n| b.relay.buffer_max = count(l, n),
    ),
    row(
        "push_message_buffer_length",
        HSL,
        Args::NUMBER,
        "none",
        "Sets push_min_message_buffer_length and push_max_message_buffer_length at once.",
        |l, b, n| {
            if b.relay.buffer_min.is_some() || b.relay.buffer_max.is_some() {
                let message = "\"push_message_buffer_length\" directive is duplicate";
                return l.report.emerg(n.name.span, message);
            }
            b.relay.buffer_max = count(l, n);
            b.relay.buffer_min = b.relay.buffer_max;
        },
    ),
    row(
        "push_delete_oldest_received_message",
        HSL,
        Args::FLAG,
        "off",
        "Whether the oldest message goes as soon as somebody has got it.",
        |l, b, n| b.relay.delete_oldest_received = l.flag(n),
    ),
    row(
        "push_message_timeout",
        HSL,
        Args::TIME,
        "1h",
        "How long a message stays stored; 0: until newer ones push it out.",
        |l, b, n| b.relay.message_timeout = l.seconds(n),
    ),
    row(
        "push_channel_timeout",
        HSL,
        Args::TIME,
        "5s",
        "Age after which a channel without messages and subscribers is collected.",
        |l, b, n| b.relay.channel_timeout = l.seconds(n),
    ),
    row(
        "push_authorized_channels_only",
        HSL,
        Args::FLAG,
        "off",
        "Whether only publishers make channels: a subscriber of another one is answered 403.",
        |l, b, n| b.relay.authorized_channels_only = l.flag(n),
    ),
    row(
        "push_channel_group",
        HSL,
        Args::VALUE,
        "empty",
        "Name space of the location's channels: those of another group are other channels.",
        |l, b, n| b.relay.group = l.value(n),
    ),
    row(
        "push_max_channel_id_length",
        HSL,
        Args::NUMBER,
        "1024",
        "Bytes after which the name of a channel is cut.",
        |l, b, n| b.relay.max_channel_id_length = l.number(n),
    ),
    row(
        "push_max_channel_subscribers",
        HSL,
        Args::NUMBER,
        "0",
        "How many subscribers a channel may have; 0: any number.",
        |l, b, n| b.relay.max_channel_subscribers = l.number(n),
    ),
    row(
        "push_ignore_queue_on_no_cache",
        HSL,
        Args::FLAG,
        "off",
        "Whether a request with `Cache-Control: no-cache` passes over what is stored.",
        |l, b, n| b.relay.ignore_queue_on_no_cache = l.flag(n),
    ),
    row(
        "push_max_reserved_memory",
        H,
        Args::SIZE,
        "32M",
        "Budget in bytes for all channels, messages and subscribers.",
        relay_memory_size,
    ),
    row(
        "push_buffer_size",
        H,
        Args::SIZE,
        "32M",
        "The name of the first releases for push_max_reserved_memory.",
        relay_memory_size,
    ),
    row(
        "push_min_message_recipients",
        HSL,
        Args::NUMBER,
        "0",
        "Accepted without effect: releases from 0.691 on do not know it.",
        |l, _, n| {
            l.number(n);
        },
    )
    .inert(),
];

/// Makes the location a publisher.
pub(super) fn set_publisher(l: &mut Lowering<'_>, b: &mut Block, n: &Node, dialect: RelayDialect) {
    let publishers = RelayPublishers { http: true, websocket: false };
    let transports = RelayTransports::default();
    set_ways(l, b, n, RelayWays { dialect, publishers, transports });
}

/// Makes the location a subscriber.
pub(super) fn set_subscriber(
    l: &mut Lowering<'_>,
    b: &mut Block,
    n: &Node,
    dialect: RelayDialect,
    transports: RelayTransports,
) {
    let publishers = RelayPublishers::default();
    set_ways(l, b, n, RelayWays { dialect, publishers, transports });
}

/// Gives the location its ways, or adds to those of the same dialect.
pub(super) fn set_ways(l: &mut Lowering<'_>, b: &mut Block, n: &Node, ways: RelayWays) {
    let joined = b.relay.ways.filter(|known| known.dialect == ways.dialect).map(|known| {
        let publishers = RelayPublishers {
            http: known.publishers.http || ways.publishers.http,
            websocket: known.publishers.websocket || ways.publishers.websocket,
        };
        RelayWays { publishers, transports: known.transports.union(ways.transports), ..known }
    });
    // Only Nchan has locations that are both.
    let joined = joined.filter(|joined| joined.dialect == RelayDialect::Nchan);
    let ways = joined.unwrap_or(ways);
    let publishes = ways.publishers.http || ways.publishers.websocket;
    let role = Role::Relay(match (publishes, ways.transports.is_empty()) {
        (true, true) => RelayRole::Publisher,
        (true, false) => RelayRole::PubSub,
        (false, _) => RelayRole::Subscriber,
    });
    match joined {
        Some(_) => b.push.role = b.push.role.map(|given| given.map(role)),
        None => set_role(l, b, n, role),
    }
    b.relay.ways.get_or_insert(ways);
    if joined.is_some() {
        b.relay.ways = joined;
    }
}

fn subscriber(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    const MODES: [(&str, RelayTransport); 2] =
        [("long-poll", RelayTransport::LongPoll), ("interval-poll", RelayTransport::IntervalPoll)];
    let transport = word(l, n, &MODES).unwrap_or(RelayTransport::LongPoll);
    let transports = RelayTransports::default().with(transport);
    set_subscriber(l, b, n, RelayDialect::Module, transports);
}

fn concurrency(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    const RULES: [(&str, Concurrency); 3] = [
        ("broadcast", Concurrency::Broadcast),
        ("last", Concurrency::Last),
        ("first", Concurrency::First),
    ];
    b.relay.concurrency = word(l, n, &RULES);
}

/// One of a few words, in any letter case, or the beginning of one.
fn word<T: Copy>(l: &mut Lowering<'_>, n: &Node, known: &[(&str, T)]) -> Option<T> {
    let word = n.args.first()?;
    let text = word.text().to_ascii_lowercase();
    let begins = |(name, _): &&(&str, T)| !text.is_empty() && name.starts_with(&text);
    let found = known.iter().find(begins);
    if found.is_none() {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let message = format!("invalid {} value: {}", n.name.text(), word.text());
        let help = format!("accepted values: {}", names.join(", "));
        l.report.say(Level::Warn, Some(word.span), message, Some(help));
        l.report.make_fatal();
    }
    found.map(|(_, value)| *value)
}
