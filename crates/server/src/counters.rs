//! What happened, in numbers.

use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that one worker counts and everybody may read: adding is a plain load and store.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Only for the worker whose counter it is.
    pub(crate) fn add(&self, count: u64) {
        self.0.store(self.0.load(Ordering::Relaxed) + count, Ordering::Relaxed);
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
        let read = |counter: &Counter| counter.0.load(Ordering::Relaxed);
        Counters {
            dropped_messages: read(&self.dropped_messages),
            slow_subscribers: read(&self.slow_subscribers),
        }
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
}
