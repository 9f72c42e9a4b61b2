//! What is known of names, and who waits for what.

use std::collections::HashMap;

use outpour_core::now::Tick;

use super::{Addresses, NameError, Question};

/// Most names that are known; those that expire first make room.
const NAMES_MAX: usize = 1024;

#[derive(Debug)]
enum Entry<W> {
    /// A thread looks it up, or will.
    Asked(Vec<W>),
    Known {
        found: Result<Addresses, NameError>,
        until: Tick,
    },
}

/// Names by question.
#[derive(Debug)]
pub(super) struct Cache<W> {
    entries: HashMap<Question, Entry<W>>,
}

impl<W> Default for Cache<W> {
    fn default() -> Self {
        Self { entries: HashMap::new() }
    }
}

impl<W> Cache<W> {
    /// What is known and not too old.
    pub(super) fn find(
        &self,
        question: &Question,
        now: Tick,
    ) -> Option<Result<Addresses, NameError>> {
        match self.entries.get(question)? {
            Entry::Known { found, until } if now < *until => Some(found.clone()),
            Entry::Known { .. } | Entry::Asked(_) => None,
        }
    }

    /// Lets `waiter` wait; true if the question was asked before and nobody has to ask it.
    pub(super) fn wait(&mut self, question: &Question, waiter: W) -> bool {
        if let Some(Entry::Asked(waiters)) = self.entries.get_mut(question) {
            waiters.push(waiter);
            return true;
        }
        self.make_room();
        self.entries.insert(question.clone(), Entry::Asked(vec![waiter]));
        false
    }

    /// The question will not be asked.
    pub(super) fn give_up(&mut self, question: &Question) {
        self.entries.remove(question);
    }

    /// Keeps an answer; the return value is who waits for it.
    pub(super) fn keep(
        &mut self,
        question: &Question,
        found: Result<Addresses, NameError>,
        until: Tick,
    ) -> Vec<W> {
        match self.entries.insert(question.clone(), Entry::Known { found, until }) {
            Some(Entry::Asked(waiters)) => waiters,
            Some(Entry::Known { .. }) | None => Vec::new(),
        }
    }

    /// Drops the older half of what is known.
    fn make_room(&mut self) {
        if self.entries.len() < NAMES_MAX {
            return;
        }
        let until = |entry: &Entry<W>| match entry {
            Entry::Known { until, .. } => Some(*until),
            Entry::Asked(_) => None,
        };
        let mut ends: Vec<Tick> = self.entries.values().filter_map(until).collect();
        ends.sort_unstable();
        let Some(middle) = ends.get(ends.len() / 2).copied() else { return };
        self.entries.retain(|_, entry| until(entry).is_none_or(|until| until > middle));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use outpour_core::settings::Resolver;

    use super::*;

    fn question(host: &str) -> Question {
        Question { host: host.into(), resolver: Arc::new(Resolver::default()) }
    }

    #[test]
    fn many_wait_for_one_answer_which_is_used_for_a_while() {
        let mut cache = Cache::default();
        let (a, now) = (question("a"), Tick(1000));
        assert!(!cache.wait(&a, 1));
        assert!(cache.wait(&a, 2));
        assert!(!cache.wait(&question("b"), 3));
        let found: Addresses = [[127, 0, 0, 1].into()].into();
        let until = now.after(Duration::from_secs(5));
        assert_eq!(cache.keep(&a, Ok(Arc::clone(&found)), until), [1, 2]);
        assert_eq!(cache.find(&a, now), Some(Ok(found)));
        assert_eq!(cache.find(&a, until), None);
        assert!(!cache.wait(&a, 4), "an old answer is asked for again");
    }

    #[test]
    fn it_does_not_grow_without_bound() {
        let mut cache = Cache::default();
        for number in 0..5 * NAMES_MAX as u64 {
            let name = question(&format!("host{number}"));
            cache.wait(&name, ());
            cache.keep(&name, Err(NameError::NotFound), Tick(number));
        }
        assert!(cache.entries.len() <= NAMES_MAX);
        let last = question(&format!("host{}", 5 * NAMES_MAX - 1));
        assert!(cache.entries.contains_key(&last));
    }
}
