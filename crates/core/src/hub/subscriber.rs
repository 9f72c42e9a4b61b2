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

/// One line of the cache: a wide fan-out comes past very many of them, each of which it finds cold.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Subscriber {
    pub(super) outlet: Outlet,
    /// Its only place is one channel, once.
    pub(super) single: bool,
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
            single: false,
            format,
            cursor,
            last_sent: now,
            tail: GzipTail::default(),
            subscriptions: SmallVec::new(),
        }
    }

    /// Takes one more subscription in, or one more copy of one.
    pub(super) fn subscribe(&mut self, channel: u32, join: impl FnOnce() -> u32) {
        match self.place_in(channel) {
            Some(place) => place.copies += 1,
            None => self.subscriptions.push(Subscription { channel, index: join(), copies: 1 }),
        }
        self.recount();
    }

    /// The channel of that slot is gone.
    pub(super) fn lose(&mut self, channel: u32) {
        self.subscriptions.retain(|place| place.channel != channel);
        self.recount();
    }

    fn recount(&mut self) {
        self.single = matches!(self.subscriptions.as_slice(), [Subscription { copies: 1, .. }]);
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

#[cfg(test)]
mod tests {
    use slab::Slab;

    use super::*;

    #[test]
    fn each_is_a_line_of_the_cache() {
        let mut slab = Slab::new();
        let new = || Subscriber::new(Outlet(0), 0, 0, Tick(0));
        let [first, second] = [slab.insert(new()), slab.insert(new())];
        let [first, second] = [&slab[first], &slab[second]].map(|at| std::ptr::from_ref(at).addr());
        assert_eq!((first % 64, second - first), (0, 64));
    }

    #[test]
    fn a_single_place_is_told_from_several() {
        let check = |channels: &[u32], lost: Option<u32>, expected: bool| {
            let mut subscriber = Subscriber::new(Outlet(0), 0, 0, Tick(0));
            channels.iter().for_each(|channel| subscriber.subscribe(*channel, || 0));
            lost.into_iter().for_each(|channel| subscriber.lose(channel));
            assert_eq!(subscriber.single, expected, "{channels:?} {lost:?}");
        };
        check(&[7], None, true);
        check(&[7, 7], None, false);
        check(&[7, 8], None, false);
        check(&[7, 8], Some(8), true);
        check(&[7, 7, 8], Some(8), false);
        check(&[7], Some(7), false);
    }
}
