//! The table of channels: found by id, by key, and in order of creation.

use std::collections::BTreeMap;
use std::ops::Bound;

use foldhash::quality::RandomState;
use hashbrown::HashMap;
use slab::Slab;

use super::ChannelKey;
use super::channel::Channel;
use super::interest::Interest;
use crate::message::ChannelId;

/// Place of a channel in the table, good until the channel is removed.
pub(super) type Slot = usize;

/// The channels that exist.
#[derive(Debug, Default)]
pub(super) struct Table {
    channels: Slab<Channel>,
    by_id: HashMap<ChannelId, Slot, RandomState>,
    by_key: BTreeMap<ChannelKey, Slot>,
    /// Channels on which requests of the relay protocol wait, by the key of their round.
    by_round: HashMap<ChannelKey, Slot, RandomState>,
}

impl Table {
    pub(super) fn find(&self, id: &[u8]) -> Option<Slot> {
        self.by_id.get(id).copied()
    }

    pub(super) fn find_key(&self, key: ChannelKey) -> Option<Slot> {
        self.by_key.get(&key).copied()
    }

    pub(super) fn find_round(&self, key: ChannelKey) -> Option<Slot> {
        self.by_round.get(&key).copied()
    }

    /// Somebody begins to wait on the channel.
    pub(super) fn begin_round(&mut self, slot: Slot, key: ChannelKey) {
        self.channels[slot].round = Some(key);
        self.by_round.insert(key, slot);
    }

    /// Nobody waits on the channel any more: who did.
    pub(super) fn end_round(&mut self, slot: Slot) -> Option<(ChannelKey, Interest)> {
        let channel = &mut self.channels[slot];
        let key = channel.round.take()?;
        self.by_round.remove(&key);
        Some((key, std::mem::take(&mut channel.waiting)))
    }

    pub(super) fn get(&self, slot: Slot) -> &Channel {
        &self.channels[slot]
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> &mut Channel {
        &mut self.channels[slot]
    }

    pub(super) fn lookup(&self, id: &[u8]) -> Option<&Channel> {
        self.find(id).map(|slot| self.get(slot))
    }

    /// Adds a channel whose id and key are not there yet.
    pub(super) fn insert(&mut self, channel: Channel) -> Slot {
        let (id, key) = (ChannelId::clone(&channel.id), channel.key);
        let slot = self.channels.insert(channel);
        self.by_id.insert(id, slot);
        self.by_key.insert(key, slot);
        slot
    }

    pub(super) fn remove(&mut self, slot: Slot) -> Channel {
        let channel = self.channels.remove(slot);
        self.by_id.remove(&channel.id);
        self.by_key.remove(&channel.key);
        channel
    }

    /// All channels in order of creation.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Channel> {
        self.by_key.values().map(|slot| self.get(*slot))
    }

    /// The places of all channels in order of creation.
    pub(super) fn slots(&self) -> Vec<Slot> {
        self.by_key.values().copied().collect()
    }

    /// The channels that came into being after the one with `key`, in this order.
    pub(super) fn behind(&self, key: ChannelKey) -> impl Iterator<Item = &Channel> {
        let behind = self.by_key.range((Bound::Excluded(key), Bound::Unbounded));
        behind.map(|(_, slot)| self.get(*slot))
    }

    /// All channels, to be changed one by one.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Channel> {
        self.channels.iter_mut().map(|(_, channel)| channel)
    }
}
