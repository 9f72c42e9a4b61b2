//! How often a log that fails is complained about.

use std::sync::atomic::{AtomicU64, Ordering};

/// Seconds between two complaints about the same log, as in nginx.
const PAUSE: u64 = 60;

/// When a complaint was made last.
#[derive(Debug, Default)]
pub(super) struct Complaint {
    /// Seconds since 1970; 0: never.
    last: AtomicU64,
}

impl Complaint {
    /// Whether one may be made at `unix`; that counts as made.
    pub(super) fn is_due(&self, unix: u64) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        let due = last == 0 || unix.abs_diff(last) >= PAUSE;
        due && self.last.compare_exchange(last, unix, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_a_minute() {
        let complaint = Complaint::default();
        let due = [100, 100, 159, 160, 161, 300].map(|unix| complaint.is_due(unix));
        assert_eq!(due, [true, false, false, true, false, true]);
    }
}
