//! Subscribers of the relay protocol.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{Concurrency, RelayRules, RelayStart};
use crate::channels::event::Event;
use crate::channels::table::Slot;
use crate::channels::{
    Backlog, ChannelKey, Channels, Entry, Refusal, Subscribed, Waited, WorkerId,
};
use crate::message::Message;
use crate::now::Now;

type Slots = SmallVec<[Slot; 4]>;

impl Channels {
    /// The next message for a request that does not wait, if there is one.
    ///
    /// # Errors
    ///
    /// The first rule that is violated.
    pub fn relay_poll(
        &mut self,
        entries: &[Entry],
        rules: &RelayRules,
        start: RelayStart,
        now: Now,
    ) -> Result<Option<Arc<Message>>, Refusal> {
        let slots = self.relay_open(entries, rules, now)?;
        Ok(self.relay_next(&slots, rules, start, now).map(|(_, message)| message))
    }

    /// The next message for a request that waits, or its place among those that do.
    ///
    /// # Errors
    ///
    /// The first rule that is violated.
    pub fn relay_wait(
        &mut self,
        worker: WorkerId,
        entries: &[Entry],
        rules: &RelayRules,
        start: RelayStart,
        now: Now,
    ) -> Result<Waited, Refusal> {
        let slots = self.relay_open(entries, rules, now)?;
        if let Some((slot, message)) = self.relay_next(&slots, rules, start, now) {
            let key = self.table.get(slot).key;
            return Ok(Waited::Answer(Backlog::of(key, vec![message])));
        }
        self.admit(worker)?;
        let position = self.stamp;
        let channels: Vec<ChannelKey> =
            slots.iter().map(|slot| self.join_round(*slot, worker)).collect();
        self.tell_all(&slots, now);
        Ok(Waited::Waiting(Subscribed { channels, backlog: Backlog::default(), position }))
    }

    /// Makes a connection a subscriber that gets everything from `start` on, in the order of
    /// publication.
    ///
    /// # Errors
    ///
    /// The first rule that is violated.
    pub fn relay_stream(
        &mut self,
        worker: WorkerId,
        entries: &[Entry],
        rules: &RelayRules,
        start: RelayStart,
        now: Now,
    ) -> Result<Subscribed, Refusal> {
        let slots = self.relay_open(entries, rules, now)?;
        self.admit(worker)?;
        let mut old: Vec<Arc<Message>> = Vec::new();
        for slot in &slots {
            let history = &self.table.get(*slot).history;
            old.extend(history.from(start.index(history, slots.len() > 1)));
        }
        old.sort_by_key(|message| (message.time, message.tag));
        let position = self.stamp;
        for slot in &slots {
            self.table.get_mut(*slot).interest.add(worker);
        }
        self.tell_all(&slots, now);
        let channels: Vec<ChannelKey> = slots.iter().map(|s| self.table.get(*s).key).collect();
        let backlog = match channels.first() {
            Some(key) => Backlog::of(*key, old),
            None => Backlog::default(),
        };
        Ok(Subscribed { channels, backlog, position })
    }

    /// Checks all channels, then finds or creates them; those that wait make place if they have to.
    fn relay_open(
        &mut self,
        entries: &[Entry],
        rules: &RelayRules,
        now: Now,
    ) -> Result<Slots, Refusal> {
        entries.iter().try_for_each(|entry| self.relay_check(&entry.id, rules))?;
        let mut slots = Slots::new();
        for Entry { id, .. } in entries {
            slots.push(self.find_or_create(id, now)?);
        }
        for slot in &slots {
            self.table.get_mut(*slot).requested = Some(now.unix);
            self.keep_alive_for(*slot, rules.retention.channel_timeout, now);
            if rules.concurrency == Concurrency::Last && self.table.get(*slot).round.is_some() {
                let id = Arc::clone(&self.table.get(*slot).id);
                let message = Arc::new(Message::special(Message::CONFLICT_ID, id, *b"Conflict"));
                self.break_round(*slot, &message, now);
            }
        }
        Ok(slots)
    }

    fn relay_check(&self, id: &[u8], rules: &RelayRules) -> Result<(), Refusal> {
        if self.is_events(id) {
            return Err(Refusal::EventsNotAllowed);
        }
        let Some(channel) = self.table.lookup(id) else {
            let missing = rules.authorized_channels_only;
            return if missing { Err(Refusal::CannotCreate) } else { Ok(()) };
        };
        let subscribers = channel.subscriptions();
        let most = rules.max_channel_subscribers.unwrap_or(u64::MAX);
        let most = most.min(self.settings.max_subscribers_per_channel.unwrap_or(u64::MAX));
        if subscribers > 0 && subscribers >= most {
            return Err(Refusal::SubscribersExceeded);
        }
        if rules.concurrency == Concurrency::First && channel.round.is_some() {
            return Err(Refusal::SomebodyWaits);
        }
        Ok(())
    }

    /// The oldest message of all channels from `start` on. It may leave its history with that.
    fn relay_next(
        &mut self,
        slots: &[Slot],
        rules: &RelayRules,
        start: RelayStart,
        now: Now,
    ) -> Option<(Slot, Arc<Message>)> {
        let first = |slot: &Slot| {
            let history = &self.table.get(*slot).history;
            let index = start.index(history, slots.len() > 1);
            Some((*slot, index, Arc::clone(history.get(index)?)))
        };
        let found = slots.iter().filter_map(first);
        let (slot, index, message) = found.min_by_key(|(.., m)| (m.time, m.tag))?;
        if rules.consumes && index == 0 {
            self.drop_oldest(slot, now);
            self.schedule_if_idle(slot, now);
        } else if index == 0 {
            self.drop_received(slot, rules.retention.delete_received_above, now);
        }
        Some((slot, message))
    }

    /// Removes the oldest message, which somebody has got, if more than `least` are stored.
    pub(in crate::channels) fn drop_received(&mut self, slot: Slot, least: Option<u64>, now: Now) {
        if least.is_some_and(|least| self.table.get(slot).history.len() > least) {
            self.drop_oldest(slot, now);
            self.schedule_if_idle(slot, now);
        }
    }

    fn tell_all(&mut self, slots: &[Slot], now: Now) {
        for slot in slots {
            let id = Arc::clone(&self.table.get(*slot).id);
            self.tell(Event::ClientSubscribed, &id, now);
        }
    }
}
