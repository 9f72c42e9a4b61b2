//! `limit_conn`: how many have the same key at once.

use std::collections::HashMap;

/// What a state takes of a zone's size, bytes, as nginx counts it on 64-bit machines.
const STATE_BYTES: u64 = 64;

/// The counts of one `limit_conn_zone`.
#[derive(Clone, Debug)]
pub struct CountZone {
    counts: HashMap<Box<[u8]>, u64>,
    keys_max: usize,
}

impl CountZone {
    /// A zone of `size` bytes: one key for every 64.
    #[must_use]
    pub fn new(size: u64) -> Self {
        let keys_max = usize::try_from(size / STATE_BYTES).unwrap_or(usize::MAX);
        Self { counts: HashMap::new(), keys_max }
    }

    /// Counts one more for `key`; false, and not counted, if there are `most` already or the zone
    /// has no room for another key, as in nginx.
    pub fn enter(&mut self, key: &[u8], most: u64) -> bool {
        let full = self.counts.len() >= self.keys_max;
        match self.counts.get_mut(key) {
            Some(count) if *count >= most => false,
            Some(count) => {
                *count += 1;
                true
            }
            None if most == 0 || full => false,
            None => {
                self.counts.insert(key.into(), 1);
                true
            }
        }
    }

    /// One of those that were counted for `key` has left.
    pub fn leave(&mut self, key: &[u8]) {
        if let Some(count) = self.counts.get_mut(key) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_makes_room() {
        let mut zone = CountZone::new(2 * STATE_BYTES);
        assert!(zone.enter(b"a", 2) && zone.enter(b"a", 2));
        assert!(!zone.enter(b"a", 2));
        zone.leave(b"a");
        assert!(zone.enter(b"a", 2));
        assert!(zone.enter(b"b", 1));
        assert!(!zone.enter(b"c", 1), "the zone is full");
        zone.leave(b"b");
        assert!(zone.enter(b"c", 1));
        zone.leave(b"never came");
    }
}
