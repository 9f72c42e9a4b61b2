//! Who has received what: shows loss, repetition and a wrong order.

use std::collections::HashSet;

use crate::stamp::Stamp;

/// Missing messages that are remembered one by one; beyond it they are only counted.
const MISSING_MAX: usize = 1 << 16;

/// The books of all subscribers.
///
/// For each subscriber and each origin of its channel, the sequence that has to come next: 4 bytes
/// each, and 8 bytes per subscriber for the order among origins.
#[derive(Debug)]
pub(crate) struct Ledger {
    channels: u32,
    /// Publishers per channel.
    origins: u32,
    next: Vec<u32>,
    /// A sum of each subscriber's messages in their order; equal order, equal sum.
    order: Vec<u64>,
    missing: HashSet<(usize, u32)>,
    faults: Faults,
}

/// What went wrong, in messages times subscribers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    /// Never arrived.
    pub lost: u64,
    /// Arrived twice.
    pub repeated: u64,
    /// Arrived after a later one of the same publisher.
    pub misordered: u64,
    /// Arrived at a subscriber of another channel.
    pub misrouted: u64,
    /// Subscribers that saw the messages of several publishers in another order than others did.
    pub divided: u64,
}

impl Faults {
    /// Whether there are none.
    pub(crate) fn none(&self) -> bool {
        *self == Self::default()
    }
}

impl Ledger {
    /// Books for subscribers that are spread over `channels` in turn.
    pub(crate) fn new(subscribers: usize, channels: u32, origins: u32) -> Self {
        let (channels, origins) = (channels.max(1), origins.max(1));
        let slots = usize::try_from(origins).unwrap_or(1).saturating_mul(subscribers);
        Self {
            channels,
            origins,
            next: vec![0; slots],
            order: vec![0; subscribers],
            missing: HashSet::new(),
            faults: Faults::default(),
        }
    }

    /// The channel of a subscriber.
    pub(crate) fn channel_of(&self, subscriber: usize) -> u32 {
        u32::try_from(subscriber % usize::try_from(self.channels).unwrap_or(1)).unwrap_or(0)
    }

    /// Enters a message; true if it is one that the subscriber waits for.
    #[inline]
    pub(crate) fn enter(&mut self, subscriber: usize, stamp: &Stamp) -> bool {
        let slot = self.slot(subscriber, stamp.origin);
        let own = stamp.channel == self.channel_of(subscriber) && stamp.origin < self.origins;
        let Some(next) = self.next.get_mut(slot).filter(|_| own) else {
            self.faults.misrouted += 1;
            return false;
        };
        if stamp.sequence != *next {
            return self.enter_unexpected(slot, stamp.sequence);
        }
        *next = next.wrapping_add(1);
        self.note_order(subscriber, stamp);
        true
    }

    /// Enters a message that is not the next one.
    #[cold]
    fn enter_unexpected(&mut self, slot: usize, sequence: u32) -> bool {
        let Some(next) = self.next.get_mut(slot) else { return false };
        if sequence < *next {
            let was_missing = self.missing.remove(&(slot, sequence));
            let faults = &mut self.faults;
            if was_missing {
                faults.lost = faults.lost.saturating_sub(1);
                faults.misordered += 1;
            } else {
                faults.repeated += 1;
            }
            return was_missing;
        }
        self.faults.lost += u64::from(sequence - *next);
        for sequence in *next..sequence {
            if self.missing.len() >= MISSING_MAX {
                break;
            }
            self.missing.insert((slot, sequence));
        }
        *next = sequence.wrapping_add(1);
        true
    }

    /// Mixes a message into the subscriber's order.
    #[inline]
    fn note_order(&mut self, subscriber: usize, stamp: &Stamp) {
        if self.origins > 1
            && let Some(order) = self.order.get_mut(subscriber)
        {
            let message = u64::from(stamp.origin) << 32 | u64::from(stamp.sequence);
            *order = (order.rotate_left(5) ^ message).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }

    /// Closes the books: `published` tells how many messages an origin sent into a channel.
    ///
    /// What has not come by then is lost.
    pub(crate) fn close(&self, published: impl Fn(u32, u32) -> u32) -> Faults {
        let mut faults = self.faults;
        for subscriber in 0..self.order.len() {
            let channel = self.channel_of(subscriber);
            for origin in 0..self.origins {
                let next = self.next.get(self.slot(subscriber, origin)).copied().unwrap_or(0);
                faults.lost += u64::from(published(channel, origin).saturating_sub(next));
            }
        }
        if faults.none() {
            faults.divided = self.divided();
        }
        faults
    }

    /// Subscribers whose order differs from that of the first one of their channel.
    fn divided(&self) -> u64 {
        let first = |subscriber| self.order.get(self.channel_of_index(subscriber));
        let differs = |&(subscriber, order): &(usize, &u64)| first(subscriber) != Some(order);
        let differing = self.order.iter().enumerate().filter(differs).count();
        u64::try_from(differing).unwrap_or(u64::MAX)
    }

    /// The first subscriber of a subscriber's channel has the channel's index.
    fn channel_of_index(&self, subscriber: usize) -> usize {
        usize::try_from(self.channel_of(subscriber)).unwrap_or(0)
    }

    /// Where the sequence of an origin stands.
    #[inline]
    fn slot(&self, subscriber: usize, origin: u32) -> usize {
        let origins = usize::try_from(self.origins).unwrap_or(1);
        subscriber * origins + usize::try_from(origin).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two subscribers of one channel with two origins receive `(subscriber, origin, sequence)`;
    /// each origin has published two messages.
    fn check(received: &[(usize, u32, u32)], expected: Faults) {
        let mut ledger = Ledger::new(2, 1, 2);
        for &(subscriber, origin, sequence) in received {
            ledger.enter(subscriber, &Stamp { sent: 0, sequence, channel: 0, origin });
        }
        assert_eq!(ledger.close(|_, _| 2), expected, "{received:?}");
    }

    const FIRST: [(usize, u32, u32); 4] = [(0, 0, 0), (0, 1, 0), (0, 0, 1), (0, 1, 1)];

    #[test]
    fn books() {
        let with = |more: &[(usize, u32, u32)]| [&FIRST, more].concat();
        let none = Faults::default();
        check(&with(&[(1, 0, 0), (1, 1, 0), (1, 0, 1), (1, 1, 1)]), none);
        check(&with(&[(1, 1, 0), (1, 0, 0), (1, 0, 1), (1, 1, 1)]), Faults { divided: 1, ..none });
        check(&with(&[(1, 0, 0), (1, 1, 0), (1, 0, 1)]), Faults { lost: 1, ..none });
        check(&with(&[(1, 0, 1), (1, 1, 0), (1, 1, 1)]), Faults { lost: 1, ..none });
        let late = Faults { misordered: 1, ..none };
        check(&with(&[(1, 0, 1), (1, 0, 0), (1, 1, 0), (1, 1, 1)]), late);
        let twice = Faults { repeated: 1, ..none };
        check(&with(&[(1, 0, 0), (1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 1, 1)]), twice);
        check(&[], Faults { lost: 8, ..none });
    }

    #[test]
    fn foreign_messages_are_misrouted() {
        let mut ledger = Ledger::new(4, 2, 1);
        let stamp = |channel, origin| Stamp { sent: 0, sequence: 0, channel, origin };
        assert!(ledger.enter(3, &stamp(1, 0)));
        assert!(!ledger.enter(3, &stamp(0, 0)));
        assert!(!ledger.enter(3, &stamp(1, 1)));
        assert_eq!(ledger.close(|_, _| 0), Faults { misrouted: 2, ..Faults::default() });
    }
}
