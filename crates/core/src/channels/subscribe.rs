//! Subscribing: from a path and where the client left off to subscriptions and old messages.

use std::sync::Arc;

use smallvec::SmallVec;

use super::budget::CONNECTION_BYTES;
use super::channel::Channel;
use super::event::Event;
use super::path::Entry;
use super::store::check_entries;
use super::table::Slot;
use super::{ChannelKey, Channels, Refusal, Since, Stamp, WorkerId};
use crate::message::Message;
use crate::now::Now;

/// What a location lets its subscribers do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubscribeRules {
    /// `push_stream_authorized_channels_only`.
    pub authorized_channels_only: bool,
    /// `push_stream_wildcard_channel_max_qtd`; `None`: no rule about wildcard channels.
    pub wildcard_channel_max_qtd: Option<u64>,
    /// `push_stream_allow_connections_to_events_channel`.
    pub allow_connections_to_events_channel: bool,
}

/// The old messages that a subscriber gets at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// One row per entry of the path, in its order: the key and the messages, oldest first.
    pub entries: Vec<(ChannelKey, Vec<Arc<Message>>)>,
    /// What the client gave.
    given: Stamp,
}

impl Backlog {
    /// These messages of one channel.
    pub(super) fn of(channel: ChannelKey, messages: Vec<Arc<Message>>) -> Self {
        Self { entries: vec![(channel, messages)], given: Stamp::default() }
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.iter().all(|(_, messages)| messages.is_empty())
    }

    /// All messages, entry by entry.
    pub fn messages(&self) -> impl Iterator<Item = &Arc<Message>> {
        self.entries.iter().flat_map(|(_, messages)| messages)
    }

    /// `Last-Modified` and `Etag` of a polling answer: the newest message of all, but never older
    /// than what the client gave. `None` without messages.
    #[must_use]
    pub fn newest(&self) -> Option<Stamp> {
        let last = self.entries.iter().filter_map(|(_, messages)| messages.last());
        last.map(|message| Stamp::of(message)).max().map(|newest| newest.max(self.given))
    }
}

/// A connection has become a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribed {
    /// The channel of each entry, in path order.
    pub channels: Vec<ChannelKey>,
    /// What to send at once.
    pub backlog: Backlog,
    /// Only later messages are live for this connection. A delivery that waited in the worker's
    /// queue while it subscribed may bring older ones, which the backlog contains if they are due.
    pub position: Stamp,
}

/// What a long-poll comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waited {
    /// There are old messages: the answer. Nothing was registered.
    Answer(Backlog),
    /// The connection has become a subscriber, with an empty backlog.
    Waiting(Subscribed),
}

type Slots = SmallVec<[Slot; 4]>;

impl Channels {
    /// Makes a connection of `worker` a subscriber of all `entries`, creating missing channels.
    ///
    /// # Errors
    ///
    /// The first rule that is violated; channels created until then stay.
    pub fn subscribe(
        &mut self,
        worker: WorkerId,
        entries: &[Entry],
        rules: &SubscribeRules,
        since: &Since,
        now: Now,
    ) -> Result<Subscribed, Refusal> {
        let slots = self.open(entries, rules, now)?;
        let backlog = self.backlog(&slots, entries, since);
        self.register(worker, &slots, backlog, now)
    }

    /// Makes a connection of `worker` a subscriber without channels, which is told other things.
    ///
    /// # Errors
    ///
    /// [`Refusal::OutOfMemory`].
    pub fn attend(&mut self, worker: WorkerId) -> Result<Subscribed, Refusal> {
        self.admit(worker)?;
        let position = self.stamp;
        Ok(Subscribed { channels: Vec::new(), backlog: Backlog::default(), position })
    }

    /// Answers a polling request: missing channels are created, nobody is subscribed.
    ///
    /// # Errors
    ///
    /// As [`Self::subscribe`].
    pub fn poll(
        &mut self,
        entries: &[Entry],
        rules: &SubscribeRules,
        since: &Since,
        now: Now,
    ) -> Result<Backlog, Refusal> {
        let slots = self.open(entries, rules, now)?;
        Ok(self.backlog(&slots, entries, since))
    }

    /// Answers a long-polling request if there is something to send, else makes its connection a
    /// subscriber.
    ///
    /// # Errors
    ///
    /// As [`Self::subscribe`].
    pub fn wait(
        &mut self,
        worker: WorkerId,
        entries: &[Entry],
        rules: &SubscribeRules,
        since: &Since,
        now: Now,
    ) -> Result<Waited, Refusal> {
        let slots = self.open(entries, rules, now)?;
        let backlog = self.backlog(&slots, entries, since);
        if !backlog.is_empty() {
            return Ok(Waited::Answer(backlog));
        }
        self.register(worker, &slots, backlog, now).map(Waited::Waiting)
    }

    /// Ends the subscriptions of one connection of `worker`, whatever is left of them: deleted
    /// channels are passed over. To be called once for every connection that was subscribed.
    pub fn unsubscribe(&mut self, worker: WorkerId, channels: &[ChannelKey], now: Now) {
        for key in channels {
            if let Some(slot) = self.table.find_key(*key) {
                self.leave(worker, slot, now);
            } else {
                self.leave_round(worker, *key, now);
            }
        }
        let connections = self.connections_of(usize::from(worker.0));
        if *connections > 0 {
            *connections -= 1;
            self.budget.refund(CONNECTION_BYTES);
        }
    }

    /// Ends all subscriptions of a worker that came to an end without taking leave.
    ///
    /// Its connections count no more; a worker of the same number may begin at once, and must not
    /// unsubscribe connections that were not its own. Linear in the number of channels.
    pub fn forget_worker(&mut self, worker: WorkerId, now: Now) {
        for slot in self.table.slots() {
            let subscriptions = self.table.get(slot).interest.of(worker);
            for _ in 0..subscriptions {
                self.leave(worker, slot, now);
            }
            let channel = self.table.get(slot);
            if let Some(round) = channel.round {
                for _ in 0..channel.waiting.of(worker) {
                    self.leave_round(worker, round, now);
                }
            }
        }
        let connections = std::mem::take(self.connections_of(usize::from(worker.0)));
        self.budget.refund(connections.saturating_mul(CONNECTION_BYTES));
    }

    pub(super) fn leave(&mut self, worker: WorkerId, slot: Slot, now: Now) {
        let channel = self.table.get_mut(slot);
        if channel.interest.remove(worker) {
            let id = Arc::clone(&channel.id);
            self.schedule_if_idle(slot, now);
            self.tell(Event::ClientUnsubscribed, &id, now);
        }
    }

    /// What a connection costs.
    pub(super) fn charge_connection(&mut self) -> Result<(), Refusal> {
        self.budget.spend(CONNECTION_BYTES)
    }

    /// Validates all entries, then finds or creates their channels.
    pub(super) fn open(
        &mut self,
        entries: &[Entry],
        rules: &SubscribeRules,
        now: Now,
    ) -> Result<Slots, Refusal> {
        check_entries(entries)?;
        entries.iter().try_for_each(|entry| self.check_subscription(&entry.id, rules))?;
        self.check_wildcards(entries, rules)?;
        entries.iter().map(|entry| self.find_or_create(&entry.id, now)).collect()
    }

    fn check_subscription(&self, id: &[u8], rules: &SubscribeRules) -> Result<(), Refusal> {
        self.check_id(id)?;
        let channel = self.table.lookup(id);
        let has_messages = channel.is_some_and(|channel| !channel.history.is_empty());
        if rules.authorized_channels_only && !self.is_wildcard(id) && !has_messages {
            return Err(Refusal::CannotCreate);
        }
        let subscriptions = channel.map_or(0, Channel::subscriptions);
        let limit = self.settings.max_subscribers_per_channel.unwrap_or(u64::MAX);
        if channel.is_some() && subscriptions >= limit {
            return Err(Refusal::SubscribersExceeded);
        }
        if self.is_events(id) && !rules.allow_connections_to_events_channel {
            return Err(Refusal::EventsNotAllowed);
        }
        Ok(())
    }

    fn check_wildcards(&self, entries: &[Entry], rules: &SubscribeRules) -> Result<(), Refusal> {
        let Some(max) = rules.wildcard_channel_max_qtd else { return Ok(()) };
        let wildcards = entries.iter().filter(|entry| self.is_wildcard(&entry.id)).count();
        if wildcards > 0 && (wildcards as u64 > max || wildcards == entries.len()) {
            return Err(Refusal::WildcardsExceeded);
        }
        Ok(())
    }

    fn backlog(&self, slots: &[Slot], entries: &[Entry], since: &Since) -> Backlog {
        let row = |(slot, entry): (&Slot, &Entry)| {
            let channel = self.table.get(*slot);
            (channel.key, channel.history.select(entry.backtrack, since))
        };
        let given = Stamp { time: since.time.unwrap_or(0), tag: since.tag.unwrap_or(0) };
        Backlog { entries: slots.iter().zip(entries).map(row).collect(), given }
    }

    /// Counts one more connection of `worker`.
    pub(super) fn admit(&mut self, worker: WorkerId) -> Result<(), Refusal> {
        self.budget.spend(CONNECTION_BYTES)?;
        *self.connections_of(usize::from(worker.0)) += 1;
        Ok(())
    }

    fn register(
        &mut self,
        worker: WorkerId,
        slots: &[Slot],
        backlog: Backlog,
        now: Now,
    ) -> Result<Subscribed, Refusal> {
        self.admit(worker)?;
        let position = self.stamp;
        for slot in slots {
            self.table.get_mut(*slot).interest.add(worker);
            self.keep_alive(*slot, now);
        }
        for slot in slots {
            let id = Arc::clone(&self.table.get(*slot).id);
            self.tell(Event::ClientSubscribed, &id, now);
        }
        let channels = slots.iter().map(|slot| self.table.get(*slot).key).collect();
        Ok(Subscribed { channels, backlog, position })
    }
}
