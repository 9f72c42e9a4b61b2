//! Publishing: one draft becomes a message in each of its channels.

use smallvec::SmallVec;

use super::path::Entry;
use super::report::{ReportContext, ReportFormat};
use super::store::check_entries;
use super::table::Slot;
use super::{ChannelKey, Channels, Draft, Refusal};
use crate::now::Now;

type Slots = SmallVec<[Slot; 1]>;

/// A publication whose channels are found and may be published to.
///
/// They are looked up once: for what is published and for what is told about it.
#[derive(Debug)]
pub struct Publication<'a> {
    channels: &'a mut Channels,
    slots: Slots,
    now: Now,
}

impl Publication<'_> {
    /// Publishes `draft` into each channel, with consecutive tags. The last one takes the text as
    /// it is, those before it get a copy.
    ///
    /// # Errors
    ///
    /// [`Refusal::OutOfMemory`], when the channels before the one that did not fit have got their
    /// message.
    pub fn append(&mut self, draft: Draft) -> Result<(), Refusal> {
        self.channels.append_to_all(&self.slots, draft, self.now)
    }

    /// What [`Channels::information`] tells about the channels.
    #[must_use]
    pub fn information(&self, format: ReportFormat, context: &ReportContext<'_>) -> Vec<u8> {
        self.channels.information_of(&self.slots, format, context)
    }
}

impl Channels {
    /// Checks a publication before its body is read, creating missing channels.
    ///
    /// # Errors
    ///
    /// The first rule that is violated; channels created until then stay.
    pub fn prepare(&mut self, entries: &[Entry], now: Now) -> Result<(), Refusal> {
        self.open_to_publish(entries, now).map(drop)
    }

    /// Publishes `draft` into the channel of each entry: see [`Self::publication`].
    ///
    /// # Errors
    ///
    /// As [`Self::prepare`], with nothing published; or as [`Publication::append`].
    pub fn publish(&mut self, entries: &[Entry], draft: Draft, now: Now) -> Result<(), Refusal> {
        self.publication(entries, now)?.append(draft)
    }

    /// Begins a publication into the channel of each entry.
    ///
    /// Channels that vanished since [`Self::prepare`], or of which it was never asked, are created.
    ///
    /// # Errors
    ///
    /// As [`Self::prepare`].
    pub fn publication(&mut self, entries: &[Entry], now: Now) -> Result<Publication<'_>, Refusal> {
        let slots = self.open_to_publish(entries, now)?;
        Ok(Publication { channels: self, slots, now })
    }

    /// Publishes what a WebSocket subscriber sent into each of its subscriptions, except to the
    /// events channel. Deleted channels are passed over.
    ///
    /// # Errors
    ///
    /// [`Refusal::OutOfMemory`], when the channels before the one that did not fit have got their
    /// message.
    pub fn publish_from_subscriber(
        &mut self,
        channels: &[ChannelKey],
        draft: Draft,
        now: Now,
    ) -> Result<(), Refusal> {
        let slots = channels.iter().filter_map(|key| self.table.find_key(*key));
        let slots: Slots = slots.filter(|slot| !self.table.get(*slot).events).collect();
        self.append_to_all(&slots, draft, now)
    }

    /// Checks a publisher's question about channels.
    ///
    /// # Errors
    ///
    /// The first rule that is violated.
    pub fn check(&self, entries: &[Entry]) -> Result<(), Refusal> {
        check_entries(entries)?;
        entries.iter().try_for_each(|entry| self.check_id(&entry.id))
    }

    fn open_to_publish(&mut self, entries: &[Entry], now: Now) -> Result<Slots, Refusal> {
        check_entries(entries)?;
        entries.iter().map(|entry| self.open_one(&entry.id, now)).collect()
    }

    fn open_one(&mut self, id: &[u8], now: Now) -> Result<Slot, Refusal> {
        self.check_id(id)?;
        let slot = self.find_or_create(id, now)?;
        if self.table.get(slot).events { Err(Refusal::EventsReadOnly) } else { Ok(slot) }
    }

    fn append_to_all(&mut self, slots: &[Slot], draft: Draft, now: Now) -> Result<(), Refusal> {
        let Some((last, others)) = slots.split_last() else { return Ok(()) };
        for slot in others {
            self.append(*slot, draft.clone(), now)?;
        }
        self.append(*last, draft, now)
    }
}
