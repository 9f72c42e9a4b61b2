//! An agenda: what is due at which second.

use std::collections::{BTreeMap, VecDeque};

/// What is due at which second of the monotonic clock, first come first served within one.
#[derive(Debug)]
pub(super) struct Agenda<T> {
    pages: BTreeMap<u64, VecDeque<T>>,
}

impl<T> Agenda<T> {
    pub(super) fn new() -> Self {
        Self { pages: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, second: u64, item: T) {
        self.pages.entry(second).or_default().push_back(item);
    }

    /// Puts `item` before everything else.
    pub(super) fn put_back(&mut self, item: T) {
        self.pages.entry(0).or_default().push_front(item);
    }

    /// The next item that is due at `second` or was before.
    pub(super) fn next_due(&mut self, second: u64) -> Option<T> {
        let mut page = self.pages.first_entry().filter(|page| *page.key() <= second)?;
        let item = page.get_mut().pop_front();
        if page.get().is_empty() {
            page.remove();
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hands_out_in_order_of_time() {
        let mut agenda = Agenda::new();
        for (second, item) in [(7, 'c'), (5, 'a'), (9, 'd'), (5, 'b')] {
            agenda.add(second, item);
        }
        assert_eq!(agenda.next_due(4), None);
        let due: String = std::iter::from_fn(|| agenda.next_due(8)).collect();
        assert_eq!(due, "abc");
        agenda.put_back('e');
        assert_eq!(agenda.next_due(0), Some('e'));
        assert_eq!((agenda.next_due(8), agenda.next_due(9)), (None, Some('d')));
    }
}
