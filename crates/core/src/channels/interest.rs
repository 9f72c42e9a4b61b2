//! Interest: which workers have subscriptions to a channel.

use smallvec::SmallVec;

use super::WorkerId;

/// How many subscriptions each worker has to one channel.
#[derive(Debug, Default)]
pub(super) struct Interest {
    rows: SmallVec<[(WorkerId, u32); 2]>,
    total: u64,
}

impl Interest {
    pub(super) fn add(&mut self, worker: WorkerId) {
        self.total += 1;
        match self.rows.iter_mut().find(|(of, _)| *of == worker) {
            Some((_, count)) => *count += 1,
            None => self.rows.push((worker, 1)),
        }
    }

    /// Takes one subscription of `worker` away; `false` if it has none.
    pub(super) fn remove(&mut self, worker: WorkerId) -> bool {
        let Some(row) = self.rows.iter().position(|(of, _)| *of == worker) else { return false };
        self.total -= 1;
        self.rows[row].1 -= 1;
        if self.rows[row].1 == 0 {
            self.rows.swap_remove(row);
        }
        true
    }

    /// Subscriptions of one worker.
    pub(super) fn of(&self, worker: WorkerId) -> u32 {
        self.rows.iter().find(|(of, _)| *of == worker).map_or(0, |(_, count)| *count)
    }

    /// Subscriptions of all workers.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn workers(&self) -> SmallVec<[WorkerId; 4]> {
        self.rows.iter().map(|(worker, _)| *worker).collect()
    }
}
