//! Whose turn it is: channels with somebody behind.

use std::collections::VecDeque;

/// Most visits to one channel before another one gets its turn.
const CHANNEL_SLICE: usize = 64;

/// Visits to channels that have just begun their rounds before one slice of those under way.
const FRESH_VISITS: usize = 2 * CHANNEL_SLICE;

/// The channels whose rounds are not over, each once.
///
/// A round that begins goes before those under way: a channel with few subscribers waits for one
/// slice at most, however many wide rounds there are. A flood of such rounds takes two thirds of
/// the visits, never all.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Not visited yet.
    fresh: VecDeque<u32>,
    /// Visited, and more to do.
    under_way: VecDeque<u32>,
    /// Visits to fresh ones since the last slice of one under way.
    fresh_visits: usize,
}

impl Turns {
    pub(super) fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.under_way.is_empty()
    }

    /// A round begins.
    pub(super) fn begin(&mut self, channel: u32) {
        self.fresh.push_back(channel);
    }

    /// The channel goes on after the others.
    pub(super) fn go_on(&mut self, channel: u32) {
        self.under_way.push_back(channel);
    }

    /// The next channel, and how many of its subscribers may be visited: `visits` at most.
    pub(super) fn next(&mut self, visits: usize) -> Option<Turn> {
        let visits = visits.min(CHANNEL_SLICE);
        let fresh_first = self.fresh_visits < FRESH_VISITS || self.under_way.is_empty();
        if let Some(channel) = fresh_first.then(|| self.fresh.pop_front()).flatten() {
            return Some(Turn { channel, visits, fresh: true });
        }
        self.fresh_visits = 0;
        let channel = self.under_way.pop_front()?;
        Some(Turn { channel, visits, fresh: false })
    }

    /// Counts what a turn took.
    pub(super) fn spent(&mut self, turn: Turn, visits: usize) {
        if turn.fresh {
            self.fresh_visits += visits;
        }
    }
}

/// One channel's turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) channel: u32,
    /// Most subscribers to visit.
    pub(super) visits: usize,
    fresh: bool,
}
