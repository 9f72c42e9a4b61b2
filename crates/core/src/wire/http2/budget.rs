//! What a client may cost without asking for anything.

use std::time::Duration;

use crate::now::Tick;

/// Streams that a client may give up at once.
const RESETS_MAX: u32 = 1000;

/// After how long one more is allowed: 33 a second, as nghttp2 has it.
const PAUSE: Duration = Duration::from_millis(30);

/// Bytes of frames that carry nothing, before they are compared with those that do.
const OVERHEAD_MIN: u64 = 1024 * 1024;

/// How many bytes of frames may come for each that carries something, as in nginx.
const OVERHEAD_RATIO: u64 = 8;

/// Watches a connection for floods: of streams that are opened and reset at once, and of frames
/// that are legal one by one and useless altogether (PING, SETTINGS, WINDOW_UPDATE, PRIORITY).
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    resets: u32,
    /// When the last reset was paid back.
    paid: Tick,
    /// Bytes received.
    total: u64,
    /// Bytes of requests, of their bodies, and of answers.
    payload: u64,
}

impl Budget {
    /// A fresh one.
    #[must_use]
    pub fn new(now: Tick) -> Self {
        Self { resets: 0, paid: now, total: 0, payload: 0 }
    }

    /// The client gave up a stream; false if there were too many.
    pub fn reset(&mut self, now: Tick) -> bool {
        let paid = now.since(self.paid).as_millis() / PAUSE.as_millis();
        let paid = u32::try_from(paid).unwrap_or(u32::MAX).min(self.resets);
        self.resets -= paid;
        self.paid = if self.resets == 0 { now } else { self.paid.after(PAUSE * paid) };
        self.resets += 1;
        self.resets <= RESETS_MAX
    }

    /// Bytes came; false if too few of all that came carried anything.
    pub fn receive(&mut self, bytes: usize) -> bool {
        self.total = self.total.saturating_add(bytes as u64);
        self.total / OVERHEAD_RATIO <= self.payload.saturating_add(OVERHEAD_MIN)
    }

    /// Bytes carried something, in either direction.
    pub fn carry(&mut self, bytes: u64) {
        self.payload = self.payload.saturating_add(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_resets_is_too_much() {
        let mut budget = Budget::new(Tick(0));
        assert!((0..1000).all(|_| budget.reset(Tick(5))));
        assert!(!budget.reset(Tick(5)));
    }

    #[test]
    fn resets_are_forgotten() {
        let mut budget = Budget::new(Tick(0));
        assert!((0..20_000).all(|n| budget.reset(Tick(n * 31))));
        let mut budget = Budget::new(Tick(0));
        assert!((0..1000).all(|_| budget.reset(Tick(0))));
        assert!(budget.reset(Tick(30_000)));
        assert!((0..10_000).any(|n| !budget.reset(Tick(30_000 + n * 10))));
    }

    #[test]
    fn useless_frames_are_bounded() {
        let mut budget = Budget::new(Tick(0));
        let frames = (0..1_000_000).take_while(|_| budget.receive(17)).count();
        // The first frame with which an eighth of all bytes is more than a mebibyte is refused.
        assert_eq!(frames, (8 * (1024 * 1024 + 1) - 1) / 17);
    }

    #[test]
    fn frames_that_acknowledge_are_not() {
        let mut budget = Budget::new(Tick(0));
        let acknowledge = |budget: &mut Budget| {
            budget.carry(10);
            budget.receive(26)
        };
        assert!((0..5_000_000).all(|_| acknowledge(&mut budget)));
    }
}
