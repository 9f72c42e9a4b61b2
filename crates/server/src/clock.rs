//! The clock: read once a turn, handed to everything else.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use outpour_core::now::{Now, Tick};

/// Ticks begin here rather than at zero, so that "long ago" can be told from "never".
const FIRST_TICK: u64 = 1_000_000;

/// Wall clock and a monotonic one that began with the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now() }
    }

    /// See [`Now::micros`]; never 0.
    pub(crate) fn micros(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX).max(1)
    }

    /// The time behind `before`. The wall clock is asked again with every new tick only: a loop
    /// that turns many times a millisecond reads one clock a turn.
    pub(crate) fn behind(&self, before: Now) -> Now {
        let micros = self.micros();
        match tick(micros) == before.tick {
            true => Now { micros, ..before },
            false => self.now(),
        }
    }

    pub(crate) fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = self.micros();
        Now {
            unix: wall.as_secs(),
            unix_millis: u16::try_from(wall.subsec_millis()).unwrap_or(0),
            tick: tick(micros),
            micros,
        }
    }
}

fn tick(micros: u64) -> Tick {
    Tick(FIRST_TICK.saturating_add(micros / 1000))
}
