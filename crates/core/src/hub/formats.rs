//! The formats in use, each once, however many subscribers share it.

use std::sync::Arc;

use hashbrown::HashMap;
use slab::Slab;

use super::format::{Format, Frame};

/// A format and what is known about its use.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) format: Arc<Format>,
    /// Never used twice: a cached frame cannot be taken for one of another format.
    pub(super) serial: u64,
    subscribers: u32,
    ping: Option<Frame>,
}

impl Entry {
    /// Whether a rendered frame is worth keeping for somebody else.
    pub(super) fn is_shared(&self) -> bool {
        self.subscribers > 1
    }
}

#[derive(Debug, Default)]
pub(super) struct Formats {
    entries: Slab<Entry>,
    by_format: HashMap<Arc<Format>, u32, foldhash::fast::RandomState>,
    serial: u64,
    /// The slot that was wanted last: one subscriber is as a rule like the one before it.
    latest: u32,
}

impl Formats {
    /// The slot of `format`, with one subscriber more.
    pub(super) fn acquire(&mut self, format: Arc<Format>) -> u32 {
        let latest = self.entries.get(self.latest as usize).filter(|e| e.format == format);
        let known = if latest.is_some() { Some(&self.latest) } else { self.by_format.get(&format) };
        if let Some(slot) = known.copied() {
            self.entries[slot as usize].subscribers += 1;
            self.latest = slot;
            return slot;
        }
        self.serial += 1;
        let entry =
            Entry { format: Arc::clone(&format), serial: self.serial, subscribers: 1, ping: None };
        let slot = u32::try_from(self.entries.insert(entry)).expect("formats fit u32");
        self.by_format.insert(format, slot);
        slot
    }

    /// One subscriber less; the last one takes the format with it.
    pub(super) fn release(&mut self, slot: u32) {
        let entry = &mut self.entries[slot as usize];
        entry.subscribers -= 1;
        if entry.subscribers == 0 {
            let entry = self.entries.remove(slot as usize);
            self.by_format.remove(&entry.format);
        }
    }

    pub(super) fn entry(&self, slot: u32) -> &Entry {
        &self.entries[slot as usize]
    }

    pub(super) fn get(&self, slot: u32) -> &Arc<Format> {
        &self.entries[slot as usize].format
    }

    /// The ping frame of a format, rendered once.
    pub(super) fn ping(&mut self, slot: u32, text: &[u8]) -> Frame {
        let entry = &mut self.entries[slot as usize];
        entry.ping.get_or_insert_with(|| entry.format.ping(text)).clone()
    }
}
