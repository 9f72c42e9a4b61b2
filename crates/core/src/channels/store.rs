//! The store: all channels of a server, their budget, their counters.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use std::vec::Drain;

use hashbrown::HashMap;

use super::agenda::Agenda;
use super::budget::Budget;
use super::channel::Channel;
use super::event::Event;
use super::figures::Tally;
use super::happenings::Happenings;
use super::path::Entry;
use super::pattern::Watchers;
use super::table::{Slot, Table};
use super::trash::Trash;
use super::{ChannelKey, Delivery, Draft, Refusal, Retention, Stamp, budget};
use crate::message::Message;
use crate::now::{Now, Tick};
use crate::settings::Store;

/// All channels of a server.
///
/// The caller drains [`Self::deliveries`] after every call that takes `&mut self`, before it lets
/// another worker in, and calls [`Self::sweep`] about once a second.
#[derive(Debug)]
pub struct Channels {
    pub(super) settings: Store,
    pub(super) budget: Budget,
    pub(super) table: Table,
    /// The latest stamp that was given to a message.
    pub(super) stamp: Stamp,
    last_key: ChannelKey,
    /// The events channel, if there is one.
    events: Option<Slot>,
    /// Channels with messages that expire at a second.
    pub(super) expiring: Agenda<ChannelKey>,
    /// Channels that may be idle, at the second at which they may be collected then.
    pub(super) idle: Agenda<ChannelKey>,
    /// Deleted channels with the second of their deletion, until the sweep.
    pub(super) deleted: VecDeque<(u64, Channel)>,
    pub(super) trash: Trash,
    pub(super) totals: Totals,
    /// The last ids of items, of channels that have had any with one.
    pub(super) last_items: HashMap<ChannelKey, Box<str>, foldhash::fast::RandomState>,
    /// Connected subscribers by worker.
    pub(super) connections: Vec<u64>,
    deliveries: Vec<Delivery>,
    pub(super) watchers: Watchers,
    /// The latest events, while somebody wants to be told.
    pub(super) happenings: Option<Box<Happenings>>,
    pub(super) started: Tick,
}

/// Counters of the whole server.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) channels: u64,
    pub(super) wildcard_channels: u64,
    /// Events do not count; messages of deleted channels do until the sweep.
    pub(super) stored: u64,
    pub(super) tally: Tally,
}

impl Totals {
    fn channels_of(&mut self, wildcard: bool) -> &mut u64 {
        if wildcard { &mut self.wildcard_channels } else { &mut self.channels }
    }
}

impl Channels {
    /// An empty store for `workers` workers that may spend `bytes_max` bytes, in the measures of
    /// `push_stream_shared_memory_size`. The events channel exists at once if there is to be one.
    #[must_use]
    pub fn new(store: &Store, bytes_max: u64, workers: usize, now: Now) -> Self {
        let mut channels = Self {
            settings: store.clone(),
            budget: Budget::new(bytes_max),
            table: Table::default(),
            stamp: Stamp::default(),
            last_key: ChannelKey(0),
            events: None,
            expiring: Agenda::new(),
            idle: Agenda::new(),
            deleted: VecDeque::new(),
            trash: Trash::default(),
            totals: Totals::default(),
            last_items: HashMap::default(),
            connections: vec![0; workers],
            deliveries: Vec::new(),
            watchers: Watchers::default(),
            happenings: None,
            started: now.tick,
        };
        channels.install_events(now);
        channels
    }

    /// Puts new settings in force, as a reload does.
    ///
    /// The budget stays. Times apply to messages and channels that begin or are touched from now
    /// on. An events channel that is not one any longer goes on as an ordinary channel. Linear in
    /// the number of channels.
    pub fn reconfigure(&mut self, store: &Store, now: Now) {
        self.settings = store.clone();
        self.sort_wildcards();
        self.dismiss_events(now);
        self.install_events(now);
    }

    /// What has to go out since the last time, in order of the messages' stamps.
    pub fn deliveries(&mut self) -> Drain<'_, Delivery> {
        self.deliveries.drain(..)
    }

    /// What has to go out and is not drained yet, in the same order.
    #[must_use]
    pub fn pending(&self) -> &[Delivery] {
        &self.deliveries
    }

    fn sort_wildcards(&mut self) {
        let prefix = &self.settings.wildcard_channel_prefix;
        for channel in self.table.iter_mut() {
            *self.totals.channels_of(channel.wildcard) -= 1;
            channel.wildcard = has_prefix(&channel.id, prefix);
            *self.totals.channels_of(channel.wildcard) += 1;
        }
    }

    /// Makes the events channel an ordinary one, unless it stays.
    fn dismiss_events(&mut self, now: Now) {
        let Some(slot) = self.events else { return };
        let channel = self.table.get_mut(slot);
        if *channel.id == *self.settings.events_channel_id {
            return;
        }
        self.events = None;
        channel.events = false;
        self.totals.stored += channel.history.len();
        self.keep_alive(slot, now);
        self.schedule_if_idle(slot, now);
    }

    /// Makes the events channel, whatever limits say: the server does not start without it.
    fn install_events(&mut self, now: Now) {
        let id = self.settings.events_channel_id.clone();
        if id.is_empty() || self.events.is_some() {
            return;
        }
        let slot = self.table.find(&id).unwrap_or_else(|| {
            self.budget.overspend(budget::channel_bytes(&id));
            self.insert(&id, now)
        });
        self.events = Some(slot);
        let channel = self.table.get_mut(slot);
        channel.events = true;
        self.totals.stored -= channel.history.len();
    }

    /// The channel `id`, created if it is missing.
    pub(super) fn find_or_create(&mut self, id: &[u8], now: Now) -> Result<Slot, Refusal> {
        self.table.find(id).map_or_else(|| self.create(id, now), Ok)
    }

    fn create(&mut self, id: &[u8], now: Now) -> Result<Slot, Refusal> {
        self.check_number(self.is_wildcard(id))?;
        self.budget.spend(budget::channel_bytes(id))?;
        let slot = self.insert(id, now);
        self.tell(Event::ChannelCreated, id, now);
        Ok(slot)
    }

    /// The limit on the number of channels. A reload may have put it below the current number.
    fn check_number(&mut self, wildcard: bool) -> Result<(), Refusal> {
        let limit = if wildcard {
            self.settings.max_number_of_wildcard_channels
        } else {
            self.settings.max_number_of_channels
        };
        let number = *self.totals.channels_of(wildcard);
        if number >= limit.unwrap_or(u64::MAX) { Err(Refusal::ChannelsExceeded) } else { Ok(()) }
    }

    /// A key that was never used.
    pub(super) fn next_key(&mut self) -> ChannelKey {
        self.last_key.0 += 1;
        self.last_key
    }

    /// Leaves a delivery for the caller to drain.
    pub(super) fn deliver(&mut self, delivery: Delivery) {
        self.deliveries.push(delivery);
    }

    fn insert(&mut self, id: &[u8], now: Now) -> Slot {
        let key = self.next_key();
        let wildcard = self.is_wildcard(id);
        let slot = self.table.insert(Channel::new(key, Arc::from(id), wildcard));
        *self.totals.channels_of(wildcard) += 1;
        self.totals.tally.channels_created += 1;
        self.keep_alive(slot, now);
        self.schedule_if_idle(slot, now);
        slot
    }

    /// Takes the channel out of look-up and counters.
    pub(super) fn remove(&mut self, slot: Slot) -> Channel {
        let channel = self.table.remove(slot);
        if !self.last_items.is_empty() {
            self.last_items.remove(&channel.key);
        }
        *self.totals.channels_of(channel.wildcard) -= 1;
        channel
    }

    /// Puts the expiry time of the channel off, as creation, publication and subscription do.
    pub(super) fn keep_alive(&mut self, slot: Slot, now: Now) {
        let expires = second_after(now, self.settings.channel_inactivity_time);
        self.table.get_mut(slot).expires = expires;
    }

    /// The same with another time than `push_stream_channel_inactivity_time`.
    pub(super) fn keep_alive_for(&mut self, slot: Slot, time: Duration, now: Now) {
        let channel = self.table.get_mut(slot);
        let before = std::mem::replace(&mut channel.expires, second_after(now, time));
        if channel.scheduled && channel.expires < before {
            // The sweep would look at it too late.
            self.idle.add(channel.expires, channel.key);
        }
    }

    /// Has the sweep look at the channel at its expiry time, if it is idle.
    pub(super) fn schedule_if_idle(&mut self, slot: Slot, now: Now) {
        let channel = self.table.get_mut(slot);
        if channel.is_idle() && !channel.scheduled {
            channel.scheduled = true;
            self.idle.add(channel.expires.max(now.tick.seconds()), channel.key);
        }
    }

    /// Publishes an event about the channel `id`. Lost without an events channel or without memory
    /// for it; nothing is told about the events channel itself.
    pub(super) fn tell(&mut self, event: Event, id: &[u8], now: Now) {
        if let Some(happenings) = &mut self.happenings {
            happenings.record(event, id, now);
        }
        let Some(slot) = self.events else { return };
        if *self.table.get(slot).id != *id {
            let _ = self.append(slot, event.draft(id), now);
        }
    }

    /// Gives `draft` id and stamp, stores it if it is to be, and hands it to the interested
    /// workers. This is where every message is born.
    pub(super) fn append(&mut self, slot: Slot, draft: Draft, now: Now) -> Result<(), Refusal> {
        let bytes = budget::draft_bytes(&draft);
        self.budget.spend(bytes)?;
        self.stamp = self.stamp.next(now.unix);
        let channel = self.table.get_mut(slot);
        channel.last_id += 1;
        channel.published_bytes += draft.text.len() as u64;
        let (store, retention) = (draft.store, draft.retention);
        let message = Arc::new(stamped(draft, channel, self.stamp));
        let mut workers = channel.interest.workers();
        if !channel.events {
            self.watchers.join(&channel.id, &mut workers);
        }
        if !workers.is_empty() {
            self.deliveries.push(Delivery::Message {
                channel: channel.key,
                message: Arc::clone(&message),
                published: now.micros,
                workers,
            });
        }
        if !channel.events {
            self.totals.tally.published += 1;
        }
        let waiting = channel.round.map(|_| Arc::clone(&message));
        if store {
            self.store(slot, message, retention, now);
        } else {
            self.trash.add_message(bytes, now.tick.seconds());
        }
        match retention {
            None => self.keep_alive(slot, now),
            Some(retention) => self.keep_alive_for(slot, retention.channel_timeout, now),
        }
        if let Some(message) = waiting {
            self.answer_round(slot, &message, now);
            let is_oldest = self.table.get(slot).history.length() == 1;
            let least = retention.and_then(|retention| retention.delete_received_above);
            self.drop_received(slot, least.filter(|_| store && is_oldest), now);
        }
        Ok(())
    }

    fn store(&mut self, slot: Slot, message: Arc<Message>, rules: Option<Retention>, now: Now) {
        let ttl = rules.map_or(self.settings.message_ttl, |rules| rules.message_ttl);
        let expires = ttl.map_or(u64::MAX, |ttl| second_after(now, ttl));
        let channel = self.table.get_mut(slot);
        channel.newest = Some((message.time, message.order));
        channel.history.push(message, expires);
        if !channel.events {
            self.totals.stored += 1;
            self.totals.tally.stored += 1;
        }
        if ttl.is_some() && channel.expiry != expires {
            channel.expiry = expires;
            self.expiring.add(expires, channel.key);
        }
        let settled = || self.settings.max_messages_stored_per_channel.unwrap_or(u64::MAX);
        let max = rules.map_or_else(settled, |rules| rules.messages_max);
        while self.table.get(slot).history.len() > max {
            self.drop_oldest(slot, now);
        }
        self.schedule_if_idle(slot, now);
    }

    /// Removes the oldest message of a channel before its time.
    pub(super) fn drop_oldest(&mut self, slot: Slot, now: Now) {
        let channel = self.table.get_mut(slot);
        let Some(oldest) = channel.history.pop() else { return };
        self.trash.add_message(budget::message_bytes(&oldest), now.tick.seconds());
        if !channel.events {
            self.totals.stored -= 1;
            self.totals.tally.displaced += 1;
        }
    }

    /// Hands the deletion of `channel` to the interested workers.
    pub(super) fn deliver_deletion(&mut self, channel: &Channel, text: &[u8]) {
        if channel.interest.is_empty() {
            return;
        }
        let id = Arc::clone(&channel.id);
        self.deliveries.push(Delivery::Deleted {
            channel: channel.key,
            message: Arc::new(Message::special(Message::DELETED_ID, id, text)),
            workers: channel.interest.workers(),
        });
    }

    /// What publishers and subscribers may not name: `ALL`, patterns, ids above the limit.
    pub(super) fn check_id(&self, id: &[u8]) -> Result<(), Refusal> {
        if id == b"ALL" || id.contains(&b'*') {
            return Err(Refusal::IdNotAuthorized);
        }
        self.check_length(id)
    }

    pub(super) fn check_length(&self, id: &[u8]) -> Result<(), Refusal> {
        let limit = self.settings.max_channel_id_length.unwrap_or(u64::MAX);
        if id.len() as u64 > limit { Err(Refusal::IdTooLarge) } else { Ok(()) }
    }

    pub(super) fn is_wildcard(&self, id: &[u8]) -> bool {
        has_prefix(id, &self.settings.wildcard_channel_prefix)
    }

    pub(super) fn is_events(&self, id: &[u8]) -> bool {
        !self.settings.events_channel_id.is_empty() && *self.settings.events_channel_id == *id
    }

    /// Adds or takes away a connection of the worker numbered `index`.
    pub(super) fn connections_of(&mut self, index: usize) -> &mut u64 {
        if index >= self.connections.len() {
            self.connections.resize(index + 1, 0);
        }
        &mut self.connections[index]
    }
}

/// Refuses a request that names no channel.
pub(super) fn check_entries(entries: &[Entry]) -> Result<(), Refusal> {
    if entries.is_empty() { Err(Refusal::NoChannelId) } else { Ok(()) }
}

fn has_prefix(id: &[u8], prefix: &[u8]) -> bool {
    !prefix.is_empty() && id.starts_with(prefix)
}

/// The first whole second of the monotonic clock at which `after` has passed.
fn second_after(now: Now, after: Duration) -> u64 {
    now.tick.after(after).0.div_ceil(1000)
}

fn stamped(draft: Draft, channel: &Channel, stamp: Stamp) -> Message {
    Message {
        id: i64::try_from(channel.last_id).unwrap_or(i64::MAX),
        time: stamp.time,
        tag: stamp.tag,
        channel: Arc::clone(&channel.id),
        text: draft.text,
        event_id: draft.event_id,
        event_type: draft.event_type,
        content_type: draft.content_type,
        order: channel.order_at(stamp.time),
        binary: draft.binary,
        content: draft.content,
    }
}
