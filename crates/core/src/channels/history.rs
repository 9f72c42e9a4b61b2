//! The history of a channel: its stored messages, oldest first.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Since, Stamp};
use crate::message::Message;

/// A stored message, with what searching and expiry need beside it, so that neither has to visit
/// the message itself.
#[derive(Debug)]
struct Stored {
    stamp: Stamp,
    /// Checksum of the event id; messages without one have `None`.
    event: Option<u32>,
    /// Second of the monotonic clock from which on it is expired.
    expires: u64,
    message: Arc<Message>,
}

/// The stored messages of a channel, oldest first, stamps ascending.
#[derive(Debug, Default)]
pub(super) struct History {
    stored: VecDeque<Stored>,
}

impl History {
    pub(super) fn push(&mut self, message: Arc<Message>, expires: u64) {
        let event = message.event_id.as_deref().map(crc32fast::hash);
        self.stored.push_back(Stored { stamp: Stamp::of(&message), event, expires, message });
    }

    pub(super) fn len(&self) -> u64 {
        self.stored.len() as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stored.is_empty()
    }

    /// [`Self::len`] as an index.
    pub(super) fn length(&self) -> usize {
        self.stored.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Arc<Message>> {
        self.stored.get(index).map(|stored| &stored.message)
    }

    /// The messages from `index` on.
    pub(super) fn from(&self, index: usize) -> impl Iterator<Item = Arc<Message>> {
        self.stored.range(index.min(self.stored.len())..).map(|stored| Arc::clone(&stored.message))
    }

    /// Index of the first message behind a second and an order of the channel.
    pub(super) fn behind_order(&self, time: u64, order: u64) -> usize {
        self.stored.partition_point(|stored| {
            (stored.stamp.time, u64::from(stored.message.order)) <= (time, order)
        })
    }

    /// The same with an order of the server, from 0.
    pub(super) fn behind_tag(&self, time: u64, order: u64) -> usize {
        let seen = Stamp { time, tag: order.saturating_add(1) };
        self.stored.partition_point(|stored| stored.stamp <= seen)
    }

    /// Removes the oldest message.
    pub(super) fn pop(&mut self) -> Option<Arc<Message>> {
        self.stored.pop_front().map(|stored| stored.message)
    }

    /// Removes the oldest message if it has expired by `second`.
    ///
    /// After a reload with a shorter ttl newer messages may expire before older ones: they wait
    /// for those, as in nginx-push-stream-module.
    pub(super) fn pop_expired(&mut self, second: u64) -> Option<Arc<Message>> {
        self.stored.pop_front_if(|stored| stored.expires <= second).map(|stored| stored.message)
    }

    /// The old messages for a subscriber, oldest first.
    ///
    /// With a backtrack the last ones, whatever `since` says; else those behind what `since` names.
    pub(super) fn select(&self, backtrack: u64, since: &Since) -> Vec<Arc<Message>> {
        let start = if backtrack > 0 { self.last(backtrack) } else { self.behind(since) };
        self.stored.range(start..).map(|stored| Arc::clone(&stored.message)).collect()
    }

    fn last(&self, count: u64) -> usize {
        self.stored.len().saturating_sub(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Where sending starts: behind the message with the event id or the very stamp, or with the
    /// first later one, whichever comes first. Nothing given: at the end.
    fn behind(&self, since: &Since) -> usize {
        let (start, searched) = self.behind_time(since);
        let same_event = since.event_id.as_deref().and_then(|id| self.event(id, searched));
        same_event.map_or(start, |index| index + 1)
    }

    /// Where sending starts by time and tag, and how many messages come into question as bearers
    /// of the event id: one that is itself later than the time still does.
    fn behind_time(&self, since: &Since) -> (usize, usize) {
        let length = self.stored.len();
        let Some(time) = since.time else { return (length, length) };
        let seen = Stamp { time, tag: since.tag.unwrap_or(u64::MAX) };
        let start = self.stored.partition_point(|stored| stored.stamp <= seen);
        let found = start > 0 && since.tag.is_some() && self.stored[start - 1].stamp == seen;
        (start, if found { start } else { length.min(start + 1) })
    }

    fn event(&self, id: &[u8], searched: usize) -> Option<usize> {
        let event = Some(crc32fast::hash(id));
        let same = |stored: &Stored| {
            stored.event == event && stored.message.event_id.as_deref() == Some(id)
        };
        self.stored.range(..searched).position(same)
    }
}
