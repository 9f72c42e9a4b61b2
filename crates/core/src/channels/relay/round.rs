//! A round: the requests that wait on a channel for one message each.
//!
//! A published message answers all of them, so their interest ends with it, under the same lock:
//! who asks again finds nobody of the round before it, whatever the workers have still to do. A
//! round has a key of its own, beside that of the channel's streams.

use std::sync::Arc;

use crate::channels::event::Event;
use crate::channels::interest::Interest;
use crate::channels::table::Slot;
use crate::channels::{ChannelKey, Channels, Delivery, WorkerId};
use crate::message::Message;
use crate::now::Now;

impl Channels {
    /// Adds a waiting request of `worker`; the key of its round.
    pub(super) fn join_round(&mut self, slot: Slot, worker: WorkerId) -> ChannelKey {
        let key = match self.table.get(slot).round {
            Some(key) => key,
            None => {
                let key = self.next_key();
                self.table.begin_round(slot, key);
                key
            }
        };
        self.table.get_mut(slot).waiting.add(worker);
        key
    }

    /// Takes a waiting request away that got nothing; `false` if its round is over.
    pub(in crate::channels) fn leave_round(
        &mut self,
        worker: WorkerId,
        key: ChannelKey,
        now: Now,
    ) -> bool {
        let Some(slot) = self.table.find_round(key) else { return false };
        let channel = self.table.get_mut(slot);
        if channel.waiting.remove(worker) {
            let id = Arc::clone(&channel.id);
            if channel.waiting.is_empty() {
                self.table.end_round(slot);
            }
            self.schedule_if_idle(slot, now);
            self.tell(Event::ClientUnsubscribed, &id, now);
        }
        true
    }

    /// Ends the round of a channel with a message, which everybody who waits gets; how many that
    /// are.
    pub(in crate::channels) fn answer_round(
        &mut self,
        slot: Slot,
        message: &Arc<Message>,
        now: Now,
    ) -> u64 {
        let Some((key, waiting)) = self.table.end_round(slot) else { return 0 };
        self.deliver(Delivery::Message {
            channel: key,
            message: Arc::clone(message),
            published: now.micros,
            workers: waiting.workers(),
        });
        self.dismiss(slot, &waiting, now)
    }

    /// Ends the round of a channel with a special message: nobody gets anything else.
    pub(in crate::channels) fn break_round(
        &mut self,
        slot: Slot,
        message: &Arc<Message>,
        now: Now,
    ) {
        let Some((key, waiting)) = self.table.end_round(slot) else { return };
        self.deliver(Delivery::Deleted {
            channel: key,
            message: Arc::clone(message),
            workers: waiting.workers(),
        });
        self.dismiss(slot, &waiting, now);
    }

    fn dismiss(&mut self, slot: Slot, waiting: &Interest, now: Now) -> u64 {
        let id = Arc::clone(&self.table.get(slot).id);
        self.schedule_if_idle(slot, now);
        for _ in 0..waiting.total() {
            self.tell(Event::ClientUnsubscribed, &id, now);
        }
        waiting.total()
    }
}
