//! The latest events, for those who watch: kept only while somebody does.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::Channels;
use super::event::Event;
use crate::message::ChannelId;
use crate::now::{Now, Tick};

/// How many events are kept. More in a second are not told one by one.
const KEPT_MAX: usize = 100;

/// How long events are told when they were asked for once.
const LEASE: Duration = Duration::from_secs(5);

/// What happened to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// 1, 2, 3... since somebody watches.
    pub number: u64,
    /// Seconds since 1970.
    pub unix: u64,
    /// The word of the events channel: `channel_created`, `channel_destroyed`, `client_subscribed`,
    /// `client_unsubscribed`.
    pub word: &'static str,
    /// The channel's id.
    pub channel: ChannelId,
}

/// The latest events, while they are wanted.
#[derive(Debug)]
pub(super) struct Happenings {
    latest: VecDeque<Happening>,
    number: u64,
    until: Tick,
}

impl Happenings {
    pub(super) fn record(&mut self, event: Event, id: &[u8], now: Now) {
        self.number += 1;
        if self.latest.len() == KEPT_MAX {
            self.latest.pop_front();
        }
        let (number, word) = (self.number, event.word());
        self.latest.push_back(Happening { number, unix: now.unix, word, channel: Arc::from(id) });
    }
}

impl Channels {
    /// The events of the last seconds (at most the latest 100), whether there is an events channel or
    /// not. Events are kept from the first call on; five seconds after the last one they no longer
    /// are, and the next call begins anew.
    pub fn happenings(&mut self, now: Now) -> impl Iterator<Item = &Happening> {
        let until = now.tick.after(LEASE);
        let empty = || Box::new(Happenings { latest: VecDeque::new(), number: 0, until });
        let happenings = self.happenings.get_or_insert_with(empty);
        happenings.until = until;
        let since = now.unix.saturating_sub(LEASE.as_secs());
        happenings.latest.iter().filter(move |happening| happening.unix >= since)
    }

    /// Whether events are kept at the moment.
    #[must_use]
    pub fn keeps_happenings(&self) -> bool {
        self.happenings.is_some()
    }

    /// Stops keeping events that nobody asks for.
    pub(super) fn sweep_happenings(&mut self, now: Now) {
        if self.happenings.as_ref().is_some_and(|happenings| happenings.until <= now.tick) {
            self.happenings = None;
        }
    }
}
