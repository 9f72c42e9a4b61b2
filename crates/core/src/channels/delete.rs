//! Deletion: the channel is gone at once, its memory after the sweep.

use std::sync::Arc;

use super::event::Event;
use super::interest::Interest;
use super::path::Entry;
use super::store::check_entries;
use super::table::Slot;
use super::{Channels, Draft, Refusal, budget};
use crate::message::Message;
use crate::now::Now;

impl Channels {
    /// Checks a DELETE before its body is read.
    ///
    /// # Errors
    ///
    /// The first rule that is violated.
    pub fn check_delete(&self, entries: &[Entry]) -> Result<(), Refusal> {
        check_entries(entries)?;
        entries.iter().try_for_each(|entry| {
            self.check_id(&entry.id)?;
            if self.is_events(&entry.id) { Err(Refusal::EventsReadOnly) } else { Ok(()) }
        })
    }

    /// Deletes the channels of all entries and tells their subscribers with `text`, or with
    /// `push_stream_channel_deleted_message_text`. `false` if none of them existed.
    ///
    /// # Errors
    ///
    /// As [`Self::check_delete`], with nothing deleted.
    pub fn delete(
        &mut self,
        entries: &[Entry],
        text: Option<&[u8]>,
        now: Now,
    ) -> Result<bool, Refusal> {
        self.check_delete(entries)?;
        let mut found = false;
        for entry in entries {
            if let Some(slot) = self.table.find(&entry.id) {
                self.delete_slot(slot, text, now);
                found = true;
            }
        }
        Ok(found)
    }

    /// Deletes a channel and tells its subscribers with `text`, or with
    /// `push_stream_channel_deleted_message_text`.
    pub(super) fn delete_slot(&mut self, slot: Slot, text: Option<&[u8]>, now: Now) {
        let configured = self.settings.channel_deleted_message_text.clone();
        let text = text.filter(|text| !text.is_empty()).unwrap_or(&configured);
        // Deleting has to work when memory is full: it is how an operator makes room. The message
        // that tells it is charged where it fits.
        let bytes = budget::draft_bytes(&Draft::default()) + text.len() as u64;
        let bytes = if self.budget.spend(bytes).is_ok() { bytes } else { 0 };
        if self.table.get(slot).round.is_some() {
            let id = Arc::clone(&self.table.get(slot).id);
            let message = Arc::new(Message::special(Message::DELETED_ID, id, text));
            self.break_round(slot, &message, now);
        }
        let mut channel = self.remove(slot);
        self.totals.tally.channels_deleted += 1;
        self.deliver_deletion(&channel, text);
        let id = Arc::clone(&channel.id);
        for _ in 0..channel.interest.total() {
            self.tell(Event::ClientUnsubscribed, &id, now);
        }
        channel.interest = Interest::default();
        channel.deletion_bytes = bytes;
        self.deleted.push_back((now.tick.seconds(), channel));
    }
}
