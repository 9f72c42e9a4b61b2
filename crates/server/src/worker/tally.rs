//! What a slice of the fan-out wrote, summed up before anybody is told.

use outpour_core::hub::Frame;
use smallvec::SmallVec;

use crate::counters::WorkerCounters;

/// Pieces that carry messages of the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moment {
    published: u64,
    pieces: u64,
}

/// What a slice wrote. Plain numbers, because it is added to at every write.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) bytes: u64,
    messages: u64,
    pieces: u64,
    /// Neighbours differ: most slices write one message only.
    moments: SmallVec<[Moment; 4]>,
}

impl Tally {
    /// Adds a write of `frame`.
    #[inline]
    pub(super) fn add(&mut self, frame: &Frame) {
        self.bytes += frame.bytes.len() as u64;
        self.messages += frame.messages() as u64;
        self.pieces += 1;
        match self.moments.last_mut() {
            Some(last) if last.published == frame.published => last.pieces += 1,
            _ => self.moments.push(Moment { published: frame.published, pieces: 1 }),
        }
    }

    /// Hands everything on; the writes ended at `now`, in microseconds.
    pub(super) fn record(self, now: u64, counters: &WorkerCounters) {
        counters.sent_bytes.add(self.bytes);
        counters.deliveries.add(self.messages);
        counters.pieces.add(self.pieces);
        for Moment { published, pieces } in self.moments {
            if published > 0 {
                counters.latency.record(now.saturating_sub(published), pieces);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_summed_up() {
        let frame = |published, ends: Option<&[u32]>| Frame {
            bytes: (*b"abc").into(),
            published,
            ends: ends.map(Into::into),
            ..Frame::empty()
        };
        let mut tally = Tally::default();
        for frame in [frame(50, None), frame(50, Some(&[1, 2, 3])), frame(900, None)] {
            tally.add(&frame);
        }
        tally.add(&frame(0, None));
        assert_eq!(tally.moments.len(), 3);
        let counters = WorkerCounters::default();
        tally.record(1050, &counters);
        assert_eq!((counters.sent_bytes.read(), counters.deliveries.read()), (12, 6));
        assert_eq!(counters.pieces.read(), 4);
        assert_eq!(counters.latency.sum_micros.read(), 2150);
        let [_, second, _, fourth, ..] = &counters.latency.buckets;
        assert_eq!((second.read(), fourth.read()), (1, 2));
    }
}
