//! The metrics: one row each. `docs/metrics.md` is generated from here.

use std::fmt::Display;

use super::Snapshot;
use super::exposition::{Samples, seconds};
use crate::counters::{Counter, Occupation, ROLES, STATUS_CLASSES, Transport, WorkerCounters};

/// How a metric is to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
    Info,
}

/// A row of the table.
pub(super) struct Family {
    /// Without `_total` and `_info`.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Base unit; the name ends with it.
    pub(super) unit: Option<&'static str>,
    pub(super) labels: &'static [&'static str],
    pub(super) help: &'static str,
    pub(super) samples: fn(&Snapshot<'_>, &mut Samples<'_>),
}

impl std::fmt::Debug for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const fn family(
    name: &'static str,
    kind: Kind,
    unit: Option<&'static str>,
    labels: &'static [&'static str],
    help: &'static str,
    samples: fn(&Snapshot<'_>, &mut Samples<'_>),
) -> Family {
    Family { name, kind, unit, labels, help, samples }
}

const BYTES: Option<&str> = Some("bytes");
const SECONDS: Option<&str> = Some("seconds");

/// One sample a worker.
fn by_worker(s: &Snapshot<'_>, out: &mut Samples<'_>, of: impl Fn(&WorkerCounters) -> u64) {
    for (number, worker) in s.workers.iter().enumerate() {
        out.add(&[&number], of(worker));
    }
}

/// A sample for every pair of labels, summed over the workers.
fn sum<'a>(s: &'a Snapshot<'_>, of: impl Fn(&'a WorkerCounters) -> &'a Counter) -> u64 {
    s.workers.iter().map(|worker| of(worker).read()).fold(0, u64::wrapping_add)
}

fn one(out: &mut Samples<'_>, value: impl Display) {
    out.add(&[], value);
}

#[expect(clippy::cast_precision_loss, reason = "2^53 milliseconds are 285,000 years")]
fn timestamp(millis: u64) -> f64 {
    millis as f64 / 1e3
}

/// Every metric.
pub(super) const FAMILIES: &[Family] = &[
    family("outpour_build", Kind::Info, None, &["version"], "The release that runs.", |_, out| {
        out.add(&[&env!("CARGO_PKG_VERSION")], 1)
    }),
    family(
        "outpour_ready",
        Kind::Gauge,
        None,
        &[],
        "Whether all workers run and the end of the server has not begun (1 or 0).",
        |s, out| one(out, u8::from(s.ready)),
    ),
    family("outpour_workers", Kind::Gauge, None, &[], "Worker threads.", |s, out| {
        one(out, s.workers.len());
    }),
    family(
        "outpour_config_reloads",
        Kind::Counter,
        None,
        &["result"],
        "Reloads of the configuration: success or failure.",
        |s, out| {
            out.add(&[&"success"], s.reloads.good);
            out.add(&[&"failure"], s.reloads.failed);
        },
    ),
    family(
        "outpour_config_last_reload_successful",
        Kind::Gauge,
        None,
        &[],
        "Whether the last reload of the configuration succeeded (1 or 0; 1 before the first).",
        |s, out| one(out, u8::from(!s.reloads.last_failed)),
    ),
    family(
        "outpour_config_load_timestamp_seconds",
        Kind::Gauge,
        SECONDS,
        &[],
        "When the configuration in force was loaded, in seconds since 1970.",
        |s, out| one(out, timestamp(s.reloads.loaded)),
    ),
    family(
        "outpour_connections",
        Kind::Gauge,
        None,
        &["worker", "state"],
        "Open connections: handshaking (TLS), idle, reading a request's head, answering, or \
         subscribed.",
        connections,
    ),
    family(
        "outpour_connections_accepted",
        Kind::Counter,
        None,
        &["worker"],
        "Connections taken from the listeners.",
        |s, out| by_worker(s, out, |worker| worker.accepted.read()),
    ),
    family(
        "outpour_connections_handled",
        Kind::Counter,
        None,
        &["worker"],
        "Accepted connections that were served.",
        |s, out| {
            by_worker(s, out, |w| w.accepted.read().wrapping_sub(w.unhandled.read()));
        },
    ),
    family(
        "outpour_accept_pauses",
        Kind::Counter,
        None,
        &["worker"],
        "Times that accepting stopped for a moment because open files or worker_connections had \
         run out.",
        |s, out| by_worker(s, out, |worker| worker.accept_pauses.read()),
    ),
    family(
        "outpour_requests",
        Kind::Counter,
        None,
        &["role", "status"],
        "Answered requests by what the location does (content: files and everything else; none: \
         refused before a location was found) and by class of status. A long-poll counts when it \
         is answered, a stream when it begins.",
        |s, out| {
            for (r, role) in ROLES.iter().enumerate() {
                for (c, class) in STATUS_CLASSES.iter().enumerate() {
                    out.add(&[role, class], sum(s, |worker| &worker.requests[r][c]));
                }
            }
        },
    ),
    family(
        "outpour_subscribers",
        Kind::Gauge,
        None,
        &["worker", "transport"],
        "Connected subscribers.",
        |s, out| {
            for (number, worker) in s.workers.iter().enumerate() {
                for (transport, count) in subscribers(worker) {
                    out.add(&[&number, &transport], count);
                }
            }
        },
    ),
    family(
        "outpour_subscriptions",
        Kind::Counter,
        None,
        &["transport"],
        "Subscriptions that began; every poll is one.",
        |s, out| {
            for (number, transport) in Transport::NAMES.iter().enumerate() {
                out.add(&[transport], sum(s, |worker| &worker.subscriptions[number]));
            }
        },
    ),
    family(
        "outpour_subscribers_disconnected_slow",
        Kind::Counter,
        None,
        &[],
        "Subscribers disconnected because more than push_stream_subscriber_buffer_size waited for \
         them.",
        |s, out| one(out, sum(s, |worker| &worker.slow_subscribers)),
    ),
    family(
        "outpour_channels",
        Kind::Gauge,
        None,
        &["kind"],
        "Channels: normal or wildcard.",
        |s, out| {
            out.add(&[&"normal"], s.figures.channels);
            out.add(&[&"wildcard"], s.figures.wildcard_channels);
        },
    ),
    family(
        "outpour_channels_opened",
        Kind::Counter,
        None,
        &[],
        "Channels that came into being.",
        |s, out| one(out, s.figures.tally.channels_created),
    ),
    family(
        "outpour_channels_removed",
        Kind::Counter,
        None,
        &["reason"],
        "Channels that went: deleted by a publisher, or idle for \
         push_stream_channel_inactivity_time.",
        |s, out| {
            out.add(&[&"deleted"], s.figures.tally.channels_deleted);
            out.add(&[&"idle"], s.figures.tally.channels_collected);
        },
    ),
    family(
        "outpour_messages_published",
        Kind::Counter,
        None,
        &[],
        "Messages published, those of the events channel not counted.",
        |s, out| one(out, s.figures.tally.published),
    ),
    family(
        "outpour_messages_stored",
        Kind::Counter,
        None,
        &[],
        "Messages put into a history.",
        |s, out| one(out, s.figures.tally.stored),
    ),
    family(
        "outpour_messages_removed",
        Kind::Counter,
        None,
        &["reason"],
        "Messages that left a history: expired (push_stream_message_ttl), displaced by newer ones \
         (push_stream_max_messages_stored_per_channel), or deleted with their channel.",
        |s, out| {
            out.add(&[&"expired"], s.figures.tally.expired);
            out.add(&[&"displaced"], s.figures.tally.displaced);
            out.add(&[&"deleted"], s.figures.tally.deleted);
        },
    ),
    family(
        "outpour_history_messages",
        Kind::Gauge,
        None,
        &[],
        "Messages in the histories.",
        |s, out| one(out, s.figures.stored_messages),
    ),
    family(
        "outpour_messages_delivered",
        Kind::Counter,
        None,
        &["worker"],
        "Live messages handed to subscribers' connections; what a subscriber gets from the history \
         is not counted.",
        |s, out| by_worker(s, out, |worker| worker.deliveries.read()),
    ),
    family(
        "outpour_messages_dropped",
        Kind::Counter,
        None,
        &[],
        "Messages that slow subscribers did not get by push_stream_subscriber_policy.",
        |s, out| one(out, sum(s, |worker| &worker.dropped_messages)),
    ),
    family(
        "outpour_delivery_writes",
        Kind::Counter,
        None,
        &["worker"],
        "Pieces in which live messages were written; a piece may join several messages.",
        |s, out| by_worker(s, out, |worker| worker.pieces.read()),
    ),
    family(
        "outpour_delivery_latency_seconds",
        Kind::Histogram,
        SECONDS,
        &["worker"],
        "From the publication of a message to the write of the piece that carries it (of the \
         oldest message in it), for each piece. The clock is read at each turn of the publishing \
         worker and after every 32 writes of the delivering one.",
        |s, out| {
            for (number, worker) in s.workers.iter().enumerate() {
                out.histogram(&[&number], &worker.latency);
            }
        },
    ),
    family(
        "outpour_store_memory_bytes",
        Kind::Gauge,
        BYTES,
        &[],
        "Bytes of push_stream_shared_memory_size in use by channels, messages and subscribers.",
        |s, out| one(out, s.figures.memory_bytes),
    ),
    family(
        "outpour_store_memory_limit_bytes",
        Kind::Gauge,
        BYTES,
        &[],
        "push_stream_shared_memory_size.",
        |s, out| one(out, s.figures.memory_bytes_max),
    ),
    family(
        "outpour_received_bytes",
        Kind::Counter,
        BYTES,
        &["worker"],
        "Bytes read from connections, after decryption.",
        |s, out| by_worker(s, out, |worker| worker.received_bytes.read()),
    ),
    family(
        "outpour_sent_bytes",
        Kind::Counter,
        BYTES,
        &["worker"],
        "Bytes handed to connections, before encryption.",
        |s, out| by_worker(s, out, |worker| worker.sent_bytes.read()),
    ),
    family(
        "outpour_output_queue_bytes",
        Kind::Gauge,
        BYTES,
        &["worker"],
        "Bytes that wait until sockets take them.",
        |s, out| by_worker(s, out, |worker| worker.waiting_bytes.read()),
    ),
    family(
        "outpour_tls_handshakes",
        Kind::Counter,
        None,
        &["result"],
        "TLS handshakes: full, resumed or failed.",
        |s, out| {
            let resumed = sum(s, |worker| &worker.resumed_handshakes);
            let all = sum(s, |worker| &worker.handshakes);
            out.add(&[&"full"], all.wrapping_sub(resumed));
            out.add(&[&"resumed"], resumed);
            out.add(&[&"failed"], sum(s, |worker| &worker.failed_handshakes));
        },
    ),
    family(
        "outpour_worker_turn_duration_seconds",
        Kind::Histogram,
        SECONDS,
        &["worker"],
        "How long a turn of a worker's event loop took, waiting for events not counted: how long \
         everything else had to wait.",
        |s, out| {
            for (number, worker) in s.workers.iter().enumerate() {
                out.histogram(&[&number], &worker.turns);
            }
        },
    ),
    family(
        "outpour_worker_mailbox_mails",
        Kind::Gauge,
        None,
        &["worker"],
        "Deliveries and orders that wait for a worker's next turn.",
        |s, out| {
            for (number, length) in s.mailboxes.iter().enumerate() {
                out.add(&[&number], length);
            }
        },
    ),
    family(
        "outpour_log_lines_lost",
        Kind::Counter,
        None,
        &[],
        "Log lines that could not be written.",
        |s, out| one(out, s.lost_lines),
    ),
    family(
        "process_start_time_seconds",
        Kind::Gauge,
        SECONDS,
        &[],
        "When the server was started, in seconds since 1970.",
        |s, out| one(out, timestamp(s.started)),
    ),
    family(
        "process_cpu_seconds",
        Kind::Counter,
        SECONDS,
        &[],
        "Time that the process has used, in user and system mode.",
        |s, out| one(out, s.process.cpu_seconds),
    ),
    family(
        "process_resident_memory_bytes",
        Kind::Gauge,
        BYTES,
        &[],
        "Memory of the process that is in RAM.",
        |s, out| optional(out, s.process.resident_bytes),
    ),
    family(
        "process_virtual_memory_bytes",
        Kind::Gauge,
        BYTES,
        &[],
        "Address space of the process.",
        |s, out| optional(out, s.process.virtual_bytes),
    ),
    family("process_open_fds", Kind::Gauge, None, &[], "Open file descriptors.", |s, out| {
        optional(out, s.process.open_files);
    }),
    family(
        "process_max_fds",
        Kind::Gauge,
        None,
        &[],
        "Most file descriptors that the process may have open; absent without limit.",
        |s, out| optional(out, s.process.open_files_max),
    ),
];

fn optional(out: &mut Samples<'_>, value: Option<u64>) {
    if let Some(value) = value {
        one(out, value);
    }
}

fn connections(s: &Snapshot<'_>, out: &mut Samples<'_>) {
    const STATES: [(&str, Occupation); 4] = [
        ("handshaking", Occupation::Handshaking),
        ("idle", Occupation::Idle),
        ("reading", Occupation::Reading),
        ("answering", Occupation::Answering),
    ];
    for (number, worker) in s.workers.iter().enumerate() {
        for (name, state) in STATES {
            out.add(&[&number, &name], worker.occupations[state.index()].read());
        }
        let subscribed: u64 = subscribers(worker).map(|(_, count)| count).sum();
        out.add(&[&number, &"subscribed"], subscribed);
    }
}

/// Transports that keep a connection, and how many have it.
fn subscribers(worker: &WorkerCounters) -> impl Iterator<Item = (&'static str, u64)> {
    const KEPT: [Transport; 4] = [
        Transport::Streaming,
        Transport::EventSource,
        Transport::WebSocket,
        Transport::LongPolling,
    ];
    KEPT.into_iter().map(|transport| {
        let count = worker.occupations[Occupation::Subscribed(transport).index()].read();
        (Transport::NAMES[transport as usize], count)
    })
}

/// Bounds of the buckets, for the reference.
pub(super) fn bounds() -> String {
    let bounds: Vec<_> =
        crate::counters::BOUNDS.iter().map(|bound| seconds(*bound).to_string()).collect();
    bounds.join(", ")
}
