//! Publishers of the relay protocol: messages, information, deletion.

use smallvec::SmallVec;

use crate::channels::table::Slot;
use crate::channels::{Channels, Draft, Entry, Refusal};
use crate::now::Now;

/// What a publisher is told about its channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RelayInfo {
    /// Stored messages.
    pub messages: u64,
    /// Seconds since a subscriber asked last; `None`: none ever did.
    pub requested: Option<u64>,
    /// Requests that wait, and streams.
    pub subscribers: u64,
    /// Second and order of the newest stored message.
    pub newest: Option<(u64, u32)>,
}

impl Channels {
    /// Publishes `draft` into each channel, creating missing ones; how many subscribers they had
    /// before. `unless_taken`: it is stored only where nobody is subscribed.
    ///
    /// # Errors
    ///
    /// The first rule that is violated. Channels before it may have got their message.
    pub fn relay_publish(
        &mut self,
        entries: &[Entry],
        draft: &Draft,
        unless_taken: bool,
        now: Now,
    ) -> Result<u64, Refusal> {
        let mut slots: SmallVec<[Slot; 1]> = SmallVec::new();
        for Entry { id, .. } in entries {
            self.check_writable(id)?;
            slots.push(self.find_or_create(id, now)?);
        }
        let mut subscribers = 0;
        for slot in slots {
            let had = self.table.get(slot).subscriptions();
            let store = draft.store && !(unless_taken && had > 0);
            self.append(slot, Draft { store, ..draft.clone() }, now)?;
            subscribers += had;
        }
        Ok(subscribers)
    }

    /// What there is to tell about the channels; `None` if none of them exists.
    #[must_use]
    pub fn relay_information(&self, entries: &[Entry], now: Now) -> Option<RelayInfo> {
        let found =
            entries.iter().filter_map(|entry| self.table.lookup(&entry.id)).map(|channel| {
                RelayInfo {
                    messages: channel.history.len(),
                    requested: channel.requested.map(|second| now.unix.saturating_sub(second)),
                    subscribers: channel.subscriptions(),
                    newest: channel.newest,
                }
            });
        found.reduce(|sum, next| RelayInfo {
            messages: sum.messages + next.messages,
            requested: sum.requested.into_iter().chain(next.requested).min(),
            subscribers: sum.subscribers + next.subscribers,
            newest: sum.newest.max(next.newest),
        })
    }

    /// Deletes the channels and everything in them; what there was to tell about them, `None` if
    /// none of them existed. Who waits is told `text`.
    ///
    /// # Errors
    ///
    /// [`Refusal::EventsReadOnly`], with nothing deleted.
    pub fn relay_delete(
        &mut self,
        entries: &[Entry],
        text: Option<&[u8]>,
        now: Now,
    ) -> Result<Option<RelayInfo>, Refusal> {
        entries.iter().try_for_each(|entry| self.check_writable(&entry.id))?;
        let info = self.relay_information(entries, now);
        for Entry { id, .. } in entries {
            if let Some(slot) = self.table.find(id) {
                self.delete_slot(slot, text, now);
            }
        }
        Ok(info)
    }

    fn check_writable(&self, id: &[u8]) -> Result<(), Refusal> {
        if self.is_events(id) { Err(Refusal::EventsReadOnly) } else { Ok(()) }
    }
}
