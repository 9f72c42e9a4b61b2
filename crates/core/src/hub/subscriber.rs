//! A subscriber: a cursor, a format and its places in the channels.

use smallvec::SmallVec;

use super::Outlet;
use crate::now::Tick;
use crate::transport::gzip::GzipTail;

/// Which subscriber of the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubscriberKey(u32);

impl SubscriberKey {
    pub(super) fn new(slot: usize) -> Self {
        Self(u32::try_from(slot).expect("subscribers fit u32"))
    }

    pub(super) fn slot(self) -> usize {
        self.0 as usize
    }
}

/// A place in one channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subscription {
    /// The channel's slot in the hub.
    pub(super) channel: u32,
    /// Where the subscriber stands in the channel's row.
    pub(super) index: u32,
    /// How many entries of the subscriber's path name the channel: it gets each message as often.
    pub(super) copies: u32,
}

#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) outlet: Outlet,
    /// Slot in the hub's formats.
    pub(super) format: u32,
    /// Number of the last delivery that it got or skipped.
    pub(super) cursor: u64,
    pub(super) last_sent: Tick,
    /// What the trailer of a gzip stream needs; unused by others.
    pub(super) tail: GzipTail,
    pub(super) subscriptions: SmallVec<[Subscription; 1]>,
}

impl Subscriber {
    pub(super) fn new(outlet: Outlet, format: u32, cursor: u64, now: Tick) -> Self {
        Self {
            outlet,
            format,
            cursor,
            last_sent: now,
            tail: GzipTail::default(),
            subscriptions: SmallVec::new(),
        }
    }

    /// Its place in the channel of that slot, if it has one.
    pub(super) fn place_in(&mut self, channel: u32) -> Option<&mut Subscription> {
        self.subscriptions.iter_mut().find(|s| s.channel == channel)
    }

    /// Its place in `channel` is `to`, no longer `from`.
    pub(super) fn relocate(&mut self, channel: u32, from: u32, to: u32) {
        let place = self
            .subscriptions
            .iter_mut()
            .find(|s| s.channel == channel && s.index == from)
            .expect("a channel's row names only subscribers that know their place");
        place.index = to;
    }
}
