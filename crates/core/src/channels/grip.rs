//! What the holds of applications need of the channels: subscriptions that come and go within one
//! connection, and the last id of a channel's items.

use super::event::Event;
use super::path::Entry;
use super::subscribe::SubscribeRules;
use super::{ChannelKey, Channels, Refusal, WorkerId};
use crate::now::Now;

/// Longest id that is remembered.
const ID_MAX: usize = 1024;

impl Channels {
    /// Counts a connection of `worker` that subscribes with [`Self::join`]. Its end is told by
    /// [`Self::unsubscribe`], with all the channels that it has then.
    ///
    /// # Errors
    /// [`Refusal::OutOfMemory`].
    pub fn connect(&mut self, worker: WorkerId) -> Result<(), Refusal> {
        self.charge_connection()?;
        *self.connections_of(usize::from(worker.0)) += 1;
        Ok(())
    }

    /// Subscribes a connection of `worker` to the channel `id`, creating it if it is missing. Only
    /// what is published from here on is for it.
    ///
    /// # Errors
    /// The first rule that is violated.
    pub fn join(
        &mut self,
        worker: WorkerId,
        id: &[u8],
        rules: &SubscribeRules,
        now: Now,
    ) -> Result<ChannelKey, Refusal> {
        let entry = [Entry { id: id.into(), backtrack: 0 }];
        let slots = self.open(&entry, rules, now)?;
        let slot = *slots.first().ok_or(Refusal::NoChannelId)?;
        let channel = self.table.get_mut(slot);
        channel.interest.add(worker);
        let key = channel.key;
        self.keep_alive(slot, now);
        self.tell(Event::ClientSubscribed, id, now);
        Ok(key)
    }

    /// Ends one subscription of [`Self::join`]; a deleted channel has ended it itself.
    pub fn part(&mut self, worker: WorkerId, key: ChannelKey, now: Now) {
        if let Some(slot) = self.table.find_key(key) {
            self.leave(worker, slot, now);
        }
    }

    /// The id of the last item that was published in the channel, if it had one and the channel
    /// lives.
    #[must_use]
    pub fn last_item(&self, key: ChannelKey) -> Option<&str> {
        self.last_items.get(&key).map(|id| &**id)
    }

    /// Remembers the id of an item that is published in the channel `id`; false if it is the one of
    /// the last: it comes for the second time.
    pub fn note_item(&mut self, id: &[u8], item: &str) -> bool {
        let Some(key) = self.table.lookup(id).map(|channel| channel.key) else { return true };
        let new = self.last_items.get(&key).is_none_or(|last| **last != *item);
        if new && item.len() <= ID_MAX {
            self.last_items.insert(key, item.into());
        }
        new
    }
}
