//! Tables that forget what nobody has asked for lately.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// A table of bounded size in two generations: when the young one is full it becomes the old one,
/// and what was not asked for since the last time that happened is forgotten.
#[derive(Clone, Debug)]
pub struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    young_max: usize,
}

impl<K: Hash + Eq, V> Generations<K, V> {
    /// A table of `entries_max` entries at most, two at least.
    #[must_use]
    pub fn new(entries_max: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), young_max: (entries_max / 2).max(1) }
    }

    /// The value of `key`, which becomes young again.
    pub fn get<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if !self.young.contains_key(key) {
            let (key, value) = self.old.remove_entry(key)?;
            self.insert(key, value);
        }
        self.young.get_mut(key)
    }

    /// Puts a value in.
    pub fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.young_max {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// How many entries there are; one that was put in twice may count twice.
    #[must_use]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_all_is_bounded() {
        let mut table = Generations::new(8);
        assert!(table.is_empty());
        table.insert(1000, "kept");
        for number in 0..100 {
            table.insert(number, "new");
            assert_eq!(table.get(&1000), Some(&mut "kept"));
            assert!(table.len() <= 8);
        }
        assert_eq!(table.get(&0), None);
        assert_eq!(table.get(&99), Some(&mut "new"));
    }
}
