//! Deadlines of very many owners: a lazy timer wheel.

use std::time::Duration;

use crate::now::Tick;

/// Buckets of deadlines, 64 ms each.
///
/// A deadline lives with its owner; the wheel only knows when to ask. An owner whose deadline moves
/// later (a message was sent, so the next ping is due later) does nothing: it says so when it is
/// asked. Deadlines beyond the rotation of about a minute are asked about once per rotation. So an
/// entry is its key alone, and inserting is one push.
///
/// Never early, and less than 64 ms late if [`Wheel::expire`] is called when
/// [`Wheel::next_wakeup`] says. Keys of owners that are gone are harmless: they are answered
/// `None` once. A key with a generation keeps them from reaching the next owner of a slot.
#[derive(Debug)]
pub struct Wheel<K = u32> {
    /// Bucket of step `s` is `buckets[s % BUCKETS]`.
    buckets: Box<[Vec<K>]>,
    /// One bit per bucket that is not empty.
    occupied: [u64; BUCKETS / 64],
    /// The last step that was fired: all entries lie in the `BUCKETS` steps behind it.
    fired: u64,
    len: usize,
}

/// Length of a step in milliseconds.
const STEP: u64 = 64;
const BUCKETS: usize = 1024;
const ROTATION: u64 = BUCKETS as u64;
/// A bucket with room for more keys gives its memory back when it was emptied.
const KEPT_CAPACITY: usize = 64;

impl<K: Copy> Wheel<K> {
    /// An empty wheel.
    #[must_use]
    pub fn new(now: Tick) -> Self {
        let buckets = std::iter::repeat_with(Vec::new).take(BUCKETS).collect();
        Self { buckets, occupied: [0; BUCKETS / 64], fired: now.0 / STEP, len: 0 }
    }

    /// How many keys are filed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no key is filed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Files `key` until `deadline`; one that has passed fires with the next step.
    ///
    /// A key that is filed already stays so: insert again only for an earlier deadline, under a new
    /// key, and answer `None` for the old one.
    pub fn insert(&mut self, key: K, deadline: Tick) {
        let due = deadline.0.div_ceil(STEP);
        let step = due.clamp(self.fired + 1, self.fired + ROTATION);
        let bucket = bucket_of(step);
        self.buckets[bucket].push(key);
        self.occupied[bucket / 64] |= 1 << (bucket % 64);
        self.len += 1;
    }

    /// Asks the owner of each key whose time may have come. The owner returns its deadline if that
    /// lies ahead, and is filed again; `None` if it acted or is gone.
    ///
    /// Linear in the keys asked about. A key is asked about at most once per call.
    pub fn expire(&mut self, now: Tick, due: &mut impl FnMut(K) -> Option<Tick>) {
        let target = now.0 / STEP;
        if target <= self.fired {
            return;
        }
        let (first, last) = (self.fired + 1, target.min(self.fired + ROTATION));
        // From here on keys that are filed again lie behind `target`.
        let fired: Vec<_> = (first..=last).filter_map(|step| self.take(step)).collect();
        self.fired = target;
        for (bucket, keys) in fired {
            for &key in &keys {
                if let Some(deadline) = due(key) {
                    self.insert(key, deadline);
                }
            }
            self.give_back(bucket, keys);
        }
    }

    /// How long nothing is due; zero if something is, `None` if nothing is filed.
    #[must_use]
    pub fn next_wakeup(&self, now: Tick) -> Option<Duration> {
        let step = self.fired + 1 + self.steps_until_occupied()?;
        Some(Duration::from_millis(step.saturating_mul(STEP).saturating_sub(now.0)))
    }

    /// Distance from the next step to the first one with an entry.
    fn steps_until_occupied(&self) -> Option<u64> {
        let start = bucket_of(self.fired + 1);
        let words = self.occupied.len();
        // The first word is looked at twice: its bits from `start` on first, all of it at the end.
        (0..=words).find_map(|distance| {
            let index = (start / 64 + distance) % words;
            let mask = if distance == 0 { u64::MAX << (start % 64) } else { u64::MAX };
            let bits = self.occupied[index] & mask;
            (bits != 0).then(|| {
                let bucket = index * 64 + bits.trailing_zeros() as usize;
                ((bucket + BUCKETS - start) % BUCKETS) as u64
            })
        })
    }

    fn take(&mut self, step: u64) -> Option<(usize, Vec<K>)> {
        let bucket = bucket_of(step);
        let bit = 1 << (bucket % 64);
        if self.occupied[bucket / 64] & bit == 0 {
            return None;
        }
        self.occupied[bucket / 64] &= !bit;
        let keys = std::mem::take(&mut self.buckets[bucket]);
        self.len -= keys.len();
        Some((bucket, keys))
    }

    /// Leaves a little memory to an emptied bucket, unless keys were filed there meanwhile.
    fn give_back(&mut self, bucket: usize, mut keys: Vec<K>) {
        if self.buckets[bucket].is_empty() && keys.capacity() <= KEPT_CAPACITY {
            keys.clear();
            self.buckets[bucket] = keys;
        }
    }
}

fn bucket_of(step: u64) -> usize {
    (step % ROTATION) as usize
}

#[cfg(test)]
mod tests;
