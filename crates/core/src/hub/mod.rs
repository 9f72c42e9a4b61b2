//! A worker's subscribers, and the way of messages to them.
//!
//! The hub belongs to one worker. A delivery enters once per worker and is kept in its channel's
//! *recent* frames until every subscriber of that channel has passed it; a subscriber is a position
//! (its *cursor*) in the worker's row of deliveries. [`Hub::walk`] visits subscribers in slices:
//! each visit hands over everything that the subscriber has not got yet in one piece, so whoever
//! is visited late gets what arrived meanwhile in the same write.
//!
//! ```text
//! deliver ─▶ channel.recent ─▶ walk: for each subscriber behind ─▶ Output::Send(bytes)
//!                 │ rendered once per format                     └▶ Output::Ended / Answered
//! ```

mod channel;
mod format;
mod formats;
mod held;
mod joined;
mod subscriber;
mod turns;
mod walk;

#[cfg(test)]
mod tests;

use std::rc::Rc;
use std::sync::Arc;

use hashbrown::HashMap;
use slab::Slab;
use smallvec::SmallVec;

use crate::channels::{ChannelKey, Delivery};
use crate::message::Message;
use crate::now::Tick;

use channel::Local;
pub use format::{Format, Frame, LongPoll, PollAnswer};
use formats::Formats;
use joined::Joiner;
pub use subscriber::SubscriberKey;
use subscriber::{Subscriber, Subscription};
use turns::Turns;

/// Which connection of the worker: the number is the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Outlet(pub u32);

/// What the walk asks the caller to do.
#[derive(Debug)]
pub enum Output<'a> {
    /// Queue these messages on the connection.
    Send(&'a Frame),
    /// Queue this message: it is a whole answer and the subscription is over.
    Answered(&'a Frame, Departed),
    /// Its last channel is gone: queue these bytes, then end the transport.
    Ended(&'a Rc<[u8]>, Departed),
    /// Look at this message; the connection is held for an application. `true`: its channel is
    /// deleted, and the subscription with it.
    Message(&'a Arc<Message>, bool),
}

/// A subscriber that left, for the channel store to know: the channels it still had.
pub type Departed = SmallVec<[ChannelKey; 1]>;

/// A worker's subscribers.
#[derive(Debug, Default)]
pub struct Hub {
    channels: Slab<Local>,
    by_key: HashMap<ChannelKey, u32, foldhash::fast::RandomState>,
    subscribers: Slab<Subscriber>,
    formats: Formats,
    turns: Turns,
    joiner: Joiner,
}

impl Hub {
    /// An empty hub.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many subscribers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.subscribers.len()
    }

    /// Whether there is no subscriber.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.subscribers.is_empty()
    }

    /// Adds a subscriber of `channels` (one entry per subscription, repeats allowed).
    ///
    /// `cursor` is the number of the last delivery posted to this worker when the channel store
    /// registered the interest: everything up to it is either in the backlog or older.
    pub fn subscribe(
        &mut self,
        outlet: Outlet,
        format: Arc<Format>,
        channels: &[ChannelKey],
        cursor: u64,
        now: Tick,
    ) -> SubscriberKey {
        let format = self.formats.acquire(format);
        let entry = self.subscribers.vacant_entry();
        let key = SubscriberKey::new(entry.key());
        let mut subscriber = Subscriber::new(outlet, format, cursor, now);
        for channel in channels {
            let slot = *self.by_key.entry(*channel).or_insert_with(|| {
                u32::try_from(self.channels.insert(Local::new(*channel))).expect("channels fit u32")
            });
            subscriber.subscribe(slot, || self.channels[slot as usize].join(key));
        }
        entry.insert(subscriber);
        key
    }

    /// Whether the subscriber is still there: the end of its last channel removes it.
    #[must_use]
    pub fn contains(&self, key: SubscriberKey) -> bool {
        self.subscribers.contains(key.slot())
    }

    /// The slot of a channel, which it gets with its first subscriber.
    fn slot_of(&mut self, channel: ChannelKey) -> u32 {
        let channels = &mut self.channels;
        *self.by_key.entry(channel).or_insert_with(|| {
            u32::try_from(channels.insert(Local::new(channel))).expect("channels fit u32")
        })
    }

    /// Removes a subscriber; returns the channels it still had, one entry per subscription.
    pub fn unsubscribe(&mut self, key: SubscriberKey) -> Departed {
        let subscriber = self.subscribers.remove(key.slot());
        self.formats.release(subscriber.format);
        let mut departed = Departed::new();
        for place in &subscriber.subscriptions {
            let channel = self.channels[place.channel as usize].key;
            departed.extend(std::iter::repeat_n(channel, place.copies as usize));
            self.leave(*place);
        }
        departed
    }

    /// Takes one subscriber out of a channel's row.
    fn leave(&mut self, place: Subscription) {
        for (moved, from, to) in self.channels[place.channel as usize].leave(place.index) {
            self.subscribers[moved.slot()].relocate(place.channel, from, to);
        }
        self.forget_if_empty(place.channel);
    }

    /// The bytes that end this subscriber's transport: footer, last chunk, close frame. Empty for
    /// a waiting long-poll, whose end is an answer of the caller's.
    #[must_use]
    pub fn ending(&self, key: SubscriberKey) -> Vec<u8> {
        let subscriber = &self.subscribers[key.slot()];
        self.formats.get(subscriber.format).ending(&subscriber.tail)
    }

    /// The format of a subscriber.
    #[must_use]
    pub fn format(&self, key: SubscriberKey) -> &Arc<Format> {
        self.formats.get(self.subscribers[key.slot()].format)
    }

    /// The channels of a subscriber, one entry per subscription.
    #[must_use]
    pub fn channels(&self, key: SubscriberKey) -> Departed {
        let places = &self.subscribers[key.slot()].subscriptions;
        let channels = places.iter().flat_map(|place| {
            let channel = self.channels[place.channel as usize].key;
            std::iter::repeat_n(channel, place.copies as usize)
        });
        channels.collect()
    }

    /// When this subscriber was last sent anything (or subscribed).
    #[must_use]
    pub fn last_sent(&self, key: SubscriberKey) -> Tick {
        self.subscribers[key.slot()].last_sent
    }

    /// The ping for this subscriber, rendered once per format; counts as sent at `now`.
    pub fn ping(&mut self, key: SubscriberKey, text: &[u8], now: Tick) -> Rc<[u8]> {
        let subscriber = &mut self.subscribers[key.slot()];
        subscriber.last_sent = now;
        let frame = self.formats.ping(subscriber.format, text);
        subscriber.tail.add(frame.plain);
        frame.bytes
    }

    /// Takes this subscriber for sent to at `now`, so that its next ping is due later.
    pub fn postpone_ping(&mut self, key: SubscriberKey, now: Tick) {
        self.subscribers[key.slot()].last_sent = now;
    }

    /// Counts a frame that the caller sent by itself (the opening, the backlog).
    pub fn sent(&mut self, key: SubscriberKey, frame: &Frame) {
        self.subscribers[key.slot()].tail.add(frame.plain);
    }

    /// Takes over delivery number `sequence` of this worker.
    ///
    /// Nothing is sent: [`Hub::walk`] does that. Costs the same whatever the number of subscribers.
    pub fn deliver(&mut self, sequence: u64, delivery: Delivery) {
        let (channel, message, published) = match delivery {
            Delivery::Message { channel, message, published, .. } => {
                (channel, message, Some(published))
            }
            Delivery::Deleted { channel, message, .. } => (channel, message, None),
        };
        let deleted = published.is_none();
        let Some(slot) = self.by_key.get(&channel).copied() else { return };
        if deleted {
            self.by_key.remove(&channel);
        }
        if self.channels[slot as usize].push(sequence, message, published) {
            self.turns.begin(slot);
        }
    }

    fn forget_if_empty(&mut self, slot: u32) {
        let channel = &self.channels[slot as usize];
        if channel.is_idle_and_empty() {
            self.by_key.remove(&channel.key);
            self.channels.remove(slot as usize);
        }
    }
}
