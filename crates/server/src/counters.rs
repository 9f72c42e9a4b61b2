//! What happened, in numbers.

use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, Ordering};

use outpour_core::settings::{RelayRole, Role, SubscriberMode};

/// A number that one worker counts and everybody may read: adding is a plain load and store.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Only for the worker whose counter it is.
    pub(crate) fn add(&self, count: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(count), Ordering::Relaxed);
    }

    /// Takes away what was added before. Only for the worker whose counter it is.
    pub(crate) fn sub(&self, count: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_sub(count), Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a connection is doing, for whoever looks from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occupation {
    /// The TLS handshake is under way.
    Handshaking,
    /// Between requests, or before the first.
    Idle,
    /// In the middle of a request's head.
    Reading,
    /// A request is being served, or its answer is on the way; or the end of the connection is.
    Answering,
    /// A subscriber.
    Subscribed(Transport),
}

impl Occupation {
    pub(crate) const COUNT: usize = 4 + Transport::NAMES.len();

    /// Its place in [`WorkerCounters::occupations`].
    pub(crate) fn index(self) -> usize {
        match self {
            Self::Handshaking => 0,
            Self::Idle => 1,
            Self::Reading => 2,
            Self::Answering => 3,
            Self::Subscribed(transport) => 4 + transport as usize,
        }
    }
}

/// How a subscriber gets its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Streaming,
    EventSource,
    WebSocket,
    LongPolling,
    Polling,
}

impl Transport {
    /// By number.
    pub(crate) const NAMES: [&str; 5] =
        ["streaming", "eventsource", "websocket", "long_polling", "polling"];

    /// In the order of their numbers.
    pub(crate) const ALL: [Self; 5] =
        [Self::Streaming, Self::EventSource, Self::WebSocket, Self::LongPolling, Self::Polling];

    pub(crate) fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    pub(crate) fn of(mode: SubscriberMode) -> Self {
        match mode {
            SubscriberMode::Streaming => Self::Streaming,
            SubscriberMode::EventSource => Self::EventSource,
            SubscriberMode::WebSocket => Self::WebSocket,
            SubscriberMode::LongPolling => Self::LongPolling,
            SubscriberMode::Polling => Self::Polling,
        }
    }
}

/// Names of the roles by which requests are counted; the last is for those that were never routed.
pub(crate) const ROLES: [&str; 7] =
    ["content", "publisher", "subscriber", "statistics", "service", "application", "none"];

/// Statuses are counted by their first digit; the first class is for what has none.
pub(crate) const STATUS_CLASSES: [&str; 6] = ["other", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// Upper bounds of the buckets of every histogram, in microseconds.
pub(crate) const BOUNDS: [u64; 15] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 10_000_000,
];

/// How many things took how long.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    /// By bucket, not cumulated; the last has no bound.
    pub(crate) buckets: [Counter; BOUNDS.len() + 1],
    pub(crate) sum_micros: Counter,
}

impl Histogram {
    /// Counts `count` things that took `micros` each.
    pub(crate) fn record(&self, micros: u64, count: u64) {
        let bucket = BOUNDS.partition_point(|bound| *bound < micros);
        self.buckets[bucket].add(count);
        self.sum_micros.add(micros.saturating_mul(count));
    }
}

/// The counters of one worker, apart from those of others in the cache.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct WorkerCounters {
    /// See [`Counters::dropped_messages`].
    pub(crate) dropped_messages: Counter,
    /// See [`Counters::slow_subscribers`].
    pub(crate) slow_subscribers: Counter,
    /// Connections that were taken from a listener.
    pub(crate) accepted: Counter,
    /// Connections among them that could not be watched.
    pub(crate) unhandled: Counter,
    /// Times that accepting paused: descriptors or `worker_connections` had run out.
    pub(crate) accept_pauses: Counter,
    /// Open connections by [`Occupation`].
    pub(crate) occupations: [Counter; Occupation::COUNT],
    /// Answered requests by role and status class.
    pub(crate) requests: [[Counter; STATUS_CLASSES.len()]; ROLES.len()],
    /// Subscriptions that began, by transport; an answered poll is one.
    pub(crate) subscriptions: [Counter; Transport::NAMES.len()],
    /// Messages handed to subscribers' sockets.
    pub(crate) deliveries: Counter,
    /// Pieces in which they were written.
    pub(crate) pieces: Counter,
    pub(crate) received_bytes: Counter,
    /// Bytes handed to sockets, or to what waits for them.
    pub(crate) sent_bytes: Counter,
    /// Bytes that sockets have not taken yet.
    pub(crate) waiting_bytes: Counter,
    pub(crate) handshakes: Counter,
    pub(crate) resumed_handshakes: Counter,
    pub(crate) failed_handshakes: Counter,
    /// From publication to the write of a piece.
    pub(crate) latency: Histogram,
    /// Turns of the loop, waiting not counted.
    pub(crate) turns: Histogram,
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages that subscribers did not get because they did not read, and their location's
    /// `push_stream_subscriber_policy` drops in such a case.
    pub dropped_messages: u64,
    /// Subscribers that were disconnected because they did not read.
    pub slow_subscribers: u64,
}

impl WorkerCounters {
    pub(crate) fn read(&self) -> Counters {
        Counters {
            dropped_messages: self.dropped_messages.read(),
            slow_subscribers: self.slow_subscribers.read(),
        }
    }

    /// Counts an answered request.
    pub(crate) fn request(&self, role: Option<Role>, status: u16) {
        let role = match role {
            Some(Role::None) => 0,
            Some(Role::Publisher(_) | Role::Relay(RelayRole::Publisher)) => 1,
            Some(Role::Subscriber(_) | Role::Relay(_)) => 2,
            Some(Role::Statistics) => 3,
            Some(Role::Service(_)) => 4,
            Some(Role::Application) => 5,
            None => 6,
        };
        let class = usize::from(status / 100);
        self.requests[role][if class < STATUS_CLASSES.len() { class } else { 0 }].add(1);
    }

    /// Counts a subscription that begins.
    pub(crate) fn subscription(&self, transport: Transport) {
        self.subscriptions[transport as usize].add(1);
    }

    /// Open connections.
    pub(crate) fn connections(&self) -> u64 {
        self.occupations.iter().map(Counter::read).fold(0, u64::wrapping_add)
    }

    /// Answered requests.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.iter().flatten().map(Counter::read).sum()
    }
}

impl AddAssign for Counters {
    fn add_assign(&mut self, other: Self) {
        self.dropped_messages += other.dropped_messages;
        self.slow_subscribers += other.slow_subscribers;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_are_summed() {
        let workers = [WorkerCounters::default(), WorkerCounters::default()];
        workers[0].dropped_messages.add(2);
        workers[1].dropped_messages.add(3);
        workers[1].slow_subscribers.add(1);
        let mut sum = Counters::default();
        workers.iter().for_each(|worker| sum += worker.read());
        assert_eq!(sum, Counters { dropped_messages: 5, slow_subscribers: 1 });
    }

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let check = |micros, bucket: usize| {
            let histogram = Histogram::default();
            histogram.record(micros, 3);
            assert_eq!(histogram.buckets[bucket].read(), 3, "{micros}");
            assert_eq!(histogram.sum_micros.read(), micros * 3);
        };
        check(0, 0);
        check(100, 0);
        check(101, 1);
        check(10_000_000, 14);
        check(10_000_001, 15);
    }

    #[test]
    fn statuses_have_classes() {
        let counters = WorkerCounters::default();
        counters.request(Some(Role::None), 200);
        counters.request(Some(Role::Statistics), 499);
        counters.request(None, 0);
        assert_eq!(counters.requests[0][2].read(), 1);
        assert_eq!(counters.requests[3][4].read(), 1);
        assert_eq!(counters.requests[6][0].read(), 1);
        assert_eq!(counters.requests(), 3);
    }
}
