//! The sweep: what time does to messages and channels.

use std::sync::Arc;

use super::event::Event;
use super::table::Slot;
use super::{ChannelKey, Channels, budget};
use crate::now::Now;

/// Things that one call removes at most, so that no publisher waits long for it.
const STEPS_MAX: usize = 4096;

/// Whole seconds that must have passed before a deleted channel goes to the trash.
///
/// nginx-push-stream-module takes 0 to 4 s, by chance; who deletes and asks at once is to find the
/// channel in `channels_in_delete`.
const DELETED_SECONDS: u64 = 2;

impl Channels {
    /// Removes what has expired by `now`; `true` if there is more to do at once, after others have
    /// had their turn. To be called about once a second; more often does no harm.
    ///
    /// Messages go into the trash when their ttl has passed, idle channels when their inactivity
    /// time has, deleted ones after two seconds. nginx-push-stream-module sweeps every 4 or 5
    /// seconds; nothing stays here longer than there, and the trash is kept for 12 seconds, as
    /// long as it takes there on average.
    #[must_use = "with more to do, the next call should follow soon"]
    pub fn sweep(&mut self, now: Now) -> bool {
        let mut steps = STEPS_MAX;
        self.expire_messages(&mut steps, now);
        self.bury_deleted(&mut steps, now);
        self.collect_idle(&mut steps, now);
        self.budget.refund(self.trash.free(now.tick.seconds()));
        self.sweep_happenings(now);
        steps == 0
    }

    fn expire_messages(&mut self, steps: &mut usize, now: Now) {
        while *steps > 0 {
            let Some(key) = self.expiring.next_due(now.tick.seconds()) else { return };
            *steps -= 1;
            if let Some(slot) = self.table.find_key(key) {
                self.expire_messages_of(slot, key, steps, now);
            }
        }
    }

    fn expire_messages_of(&mut self, slot: Slot, key: ChannelKey, steps: &mut usize, now: Now) {
        let second = now.tick.seconds();
        let channel = self.table.get_mut(slot);
        while let Some(message) = channel.history.pop_expired(second) {
            self.trash.add_message(budget::message_bytes(&message), second);
            if !channel.events {
                self.totals.stored -= 1;
                self.totals.tally.expired += 1;
            }
            *steps = steps.saturating_sub(1);
            if *steps == 0 {
                self.expiring.put_back(key);
                break;
            }
        }
        self.schedule_if_idle(slot, now);
    }

    fn bury_deleted(&mut self, steps: &mut usize, now: Now) {
        let second = now.tick.seconds();
        while *steps > 0 {
            let Some((at, channel)) = self.deleted.front_mut() else { return };
            if at.saturating_add(DELETED_SECONDS) > second {
                return;
            }
            *steps -= 1;
            if let Some(message) = channel.history.pop() {
                self.trash.add_message(budget::message_bytes(&message), second);
                self.totals.stored -= 1;
                self.totals.tally.deleted += 1;
                continue;
            }
            let (bytes, id) = (channel.bytes(), Arc::clone(&channel.id));
            self.trash.add_channel(bytes, second);
            self.deleted.pop_front();
            self.tell(Event::ChannelDestroyed, &id, now);
        }
    }

    fn collect_idle(&mut self, steps: &mut usize, now: Now) {
        while *steps > 0 {
            let Some(key) = self.idle.next_due(now.tick.seconds()) else { return };
            *steps -= 1;
            if let Some(slot) = self.table.find_key(key) {
                self.collect(slot, now);
            }
        }
    }

    /// Collects the channel if it is idle and its time has come; looks again when that may be.
    fn collect(&mut self, slot: Slot, now: Now) {
        let second = now.tick.seconds();
        let channel = self.table.get_mut(slot);
        channel.scheduled = false;
        if !channel.is_idle() {
            return;
        }
        if channel.expires > second {
            self.schedule_if_idle(slot, now);
            return;
        }
        let channel = self.remove(slot);
        self.totals.tally.channels_collected += 1;
        self.trash.add_channel(channel.bytes(), second);
        self.tell(Event::ChannelDestroyed, &channel.id, now);
    }
}
