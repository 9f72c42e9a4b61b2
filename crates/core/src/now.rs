//! One reading of the clock, handed in by the caller.

use std::time::Duration;

/// One reading of the clock: core never takes its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Wall clock, seconds since 1970-01-01T00:00:00Z. Stamps messages, heads and logs.
    pub unix: u64,
    /// Milliseconds within that second, 0 to 999. Only logs show them.
    pub unix_millis: u16,
    /// Milliseconds on a clock that never jumps. Deadlines and expiry are counted on it.
    pub tick: Tick,
    /// Microseconds on a clock that never jumps, with a start of its own: for measuring.
    pub micros: u64,
}

/// A point on the monotonic clock, in milliseconds since an arbitrary start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Tick(pub u64);

impl Tick {
    /// The point `after` later; saturates, and rounds below a millisecond down.
    #[must_use]
    pub fn after(self, after: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(after.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Whole seconds on this clock, for coarse buckets.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0 / 1000
    }
}

impl Now {
    /// Wall clock, milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_total_millis(self) -> u64 {
        self.unix.saturating_mul(1000).saturating_add(self.unix_millis.into())
    }

    /// The reading `elapsed` later on both clocks: how tests let time pass.
    #[must_use]
    pub fn later(self, elapsed: Duration) -> Self {
        let total = u64::from(self.unix_millis) + u64::try_from(elapsed.as_millis()).unwrap_or(0);
        let unix_millis = u16::try_from(total % 1000).unwrap_or(0);
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        Self {
            unix: self.unix + total / 1000,
            unix_millis,
            tick: self.tick.after(elapsed),
            micros: self.micros.saturating_add(micros),
        }
    }
}

/// The moment at which core's tests begin: Sun, 06 Nov 1994 08:49:37 GMT.
#[must_use]
pub fn epoch() -> Now {
    Now { unix: 784_111_777, unix_millis: 0, tick: Tick(1_000_000), micros: 1 }
}
