//! Connections that are held for applications: they get messages one by one, and what they are
//! subscribed to may change.

use std::sync::Arc;

use super::subscriber::Subscription;
use super::{Format, Hub, Outlet, Output, SubscriberKey};
use crate::channels::ChannelKey;
use crate::message::Message;
use crate::now::Tick;

impl Hub {
    /// Adds a connection that is held for an application, subscribed to nothing yet.
    ///
    /// `cursor` is the number of the last delivery that this worker has taken over.
    pub fn hold(&mut self, outlet: Outlet, cursor: u64, now: Tick) -> SubscriberKey {
        self.subscribe(outlet, Arc::new(Format::Held), &[], cursor, now)
    }

    /// Subscribes such a connection to one more channel; nothing happens if it is already.
    ///
    /// [`Self::drain`] comes before: everything up to `cursor`, the last delivery that this worker
    /// has taken over, counts as got.
    pub fn join(&mut self, key: SubscriberKey, channel: ChannelKey, cursor: u64) {
        let slot = self.slot_of(channel);
        let subscriber = &mut self.subscribers[key.slot()];
        subscriber.cursor = subscriber.cursor.max(cursor);
        if subscriber.place_in(slot).is_some() {
            return;
        }
        subscriber.subscribe(slot, || self.channels[slot as usize].join(key));
    }

    /// Ends one subscription of such a connection; false if it had none.
    pub fn part(&mut self, key: SubscriberKey, channel: ChannelKey) -> bool {
        let Some(slot) = self.by_key.get(&channel).copied() else { return false };
        let subscriber = &mut self.subscribers[key.slot()];
        let Some(place) = subscriber.place_in(slot).copied() else { return false };
        subscriber.lose(slot);
        self.leave(place);
        true
    }

    /// Hands over what such a connection has not got yet, out of turn.
    pub fn drain(
        &mut self,
        key: SubscriberKey,
        now: Tick,
        mut out: impl FnMut(Outlet, Output<'_>),
    ) {
        self.hand_over(u32::MAX, key, now, &mut out);
    }

    /// The same in its turn of the channel `slot`; false if it has left that.
    pub(super) fn hand_over(
        &mut self,
        slot: u32,
        key: SubscriberKey,
        now: Tick,
        out: &mut impl FnMut(Outlet, Output<'_>),
    ) -> bool {
        let mut stays = true;
        while let Some((place, message, deleted)) = self.next_message(key) {
            let subscriber = &mut self.subscribers[key.slot()];
            subscriber.last_sent = now;
            let outlet = subscriber.outlet;
            if deleted {
                subscriber.lose(place.channel);
                self.leave(place);
                stays &= place.channel != slot;
            }
            out(outlet, Output::Message(&message, deleted));
        }
        stays
    }

    /// The oldest message behind the cursor in any of its channels; moves the cursor past it.
    fn next_message(&mut self, key: SubscriberKey) -> Option<(Subscription, Arc<Message>, bool)> {
        let (place, cursor) = self.step_to_oldest(key)?;
        let recent = self.channels[place.channel as usize].first_after(cursor)?;
        Some((place, Arc::clone(recent.message()), recent.deleted))
    }
}
