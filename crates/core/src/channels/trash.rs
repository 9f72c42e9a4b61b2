//! The trash: what is gone, but still counts against the budget.

use std::collections::VecDeque;

/// How long things stay in the trash, in whole seconds that must have passed.
///
/// More than 10 s as in nginx-push-stream-module, whose sweeps every 4 s free them after about 12.
const TRASH_SECONDS: u64 = 12;

/// What went at one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Heap {
    pub(super) messages: u64,
    pub(super) channels: u64,
    pub(super) bytes: u64,
}

impl Heap {
    fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.channels += other.channels;
        self.bytes += other.bytes;
    }
}

/// Removed messages and channels that still count against the budget.
///
/// Their memory is free already: only sums are kept, one per second.
#[derive(Debug, Default)]
pub(super) struct Trash {
    heaps: VecDeque<(u64, Heap)>,
    total: Heap,
}

impl Trash {
    pub(super) fn add_message(&mut self, bytes: u64, second: u64) {
        self.add(Heap { messages: 1, channels: 0, bytes }, second);
    }

    pub(super) fn add_channel(&mut self, bytes: u64, second: u64) {
        self.add(Heap { messages: 0, channels: 1, bytes }, second);
    }

    fn add(&mut self, heap: Heap, second: u64) {
        self.total.add(heap);
        match self.heaps.back_mut() {
            Some((at, last)) if *at >= second => last.add(heap),
            _ => self.heaps.push_back((second, heap)),
        }
    }

    /// Forgets what has been here long enough; returns how many bytes that frees.
    pub(super) fn free(&mut self, second: u64) -> u64 {
        let mut bytes = 0;
        while let Some((_, heap)) =
            self.heaps.pop_front_if(|(at, _)| at.saturating_add(TRASH_SECONDS) <= second)
        {
            bytes += heap.bytes;
            self.total.messages -= heap.messages;
            self.total.channels -= heap.channels;
            self.total.bytes -= heap.bytes;
        }
        bytes
    }

    pub(super) fn total(&self) -> Heap {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frees_by_second() {
        let mut trash = Trash::default();
        trash.add_message(10, 100);
        trash.add_channel(20, 100);
        trash.add_message(30, 101);
        assert_eq!(trash.total(), Heap { messages: 2, channels: 1, bytes: 60 });
        assert_eq!(trash.free(111), 0);
        assert_eq!(trash.free(112), 30);
        assert_eq!(trash.total(), Heap { messages: 1, channels: 0, bytes: 30 });
        assert_eq!(trash.free(200), 30);
        assert_eq!(trash.total(), Heap::default());
    }
}
