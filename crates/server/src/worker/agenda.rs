//! When to look at which connection again.

use std::time::Duration;

use outpour_core::now::Tick;
use outpour_core::timers::Wheel;

/// Furthest that a deadline is filed ahead: within one rotation of the timer wheel, so that the
/// wheel asks when `filed` says, never before.
const AHEAD_MAX: Duration = Duration::from_secs(60);

/// The timer wheel, and the slots that it has named in this turn.
///
/// Each connection keeps the time under which the wheel knows it (`filed`). A slot that is named
/// while that lies ahead was filed for an earlier deadline, or by another connection: it has an
/// entry of its own and is left alone.
#[derive(Debug)]
pub(super) struct Agenda {
    wheel: Wheel,
    fired: Vec<u32>,
}

impl Agenda {
    pub(super) fn new(now: Tick) -> Self {
        Self { wheel: Wheel::new(now), fired: Vec::new() }
    }

    /// Brings the wheel up to the present; to be called before anything is filed at `now`.
    pub(super) fn advance(&mut self, now: Tick) {
        let Self { wheel, fired } = self;
        wheel.expire(now, &mut |slot| {
            fired.push(slot);
            None
        });
    }

    /// Sees to it that `slot` is named by `due`, or in a minute, whichever is sooner.
    pub(super) fn file(&mut self, slot: u32, due: Tick, filed: &mut Tick, now: Tick) {
        let due = due.min(now.after(AHEAD_MAX));
        if due < *filed {
            *filed = due;
            self.wheel.insert(slot, due);
        }
    }

    /// The slots named since the last time.
    pub(super) fn take(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.fired)
    }

    /// How long no slot will be named; `None` if none is filed.
    pub(super) fn next_wakeup(&self, now: Tick) -> Option<Duration> {
        self.wheel.next_wakeup(now)
    }
}

/// Whether a slot named at `now` is to be looked at; it is to be filed again then.
pub(super) fn is_due(filed: &mut Tick, now: Tick) -> bool {
    let due = *filed <= now;
    if due {
        *filed = Tick(u64::MAX);
    }
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When a connection that comes after `idle` and first has the deadline `first`, then `last`,
    /// is acted on (seconds).
    fn check(idle: u64, deadlines: [u64; 2], acted: u64) {
        let seconds = |s: u64| Tick(s * 1000);
        let mut agenda = Agenda::new(Tick(0));
        let mut now = seconds(idle);
        let mut filed = Tick(u64::MAX);
        agenda.advance(now);
        for due in deadlines {
            agenda.file(7, seconds(idle + due), &mut filed, now);
        }
        let last = seconds(idle + deadlines[1]);
        while now < last {
            now = now.after(agenda.next_wakeup(now).expect("the deadline lies ahead"));
            agenda.advance(now);
            for slot in agenda.take() {
                if is_due(&mut filed, now) {
                    agenda.file(slot, last, &mut filed, now);
                }
            }
        }
        let late = now.since(seconds(idle + acted));
        assert!(late < Duration::from_millis(128), "late by {late:?}");
        // An entry for a deadline that came nearer stays until the wheel gets there, no longer.
        agenda.advance(now.after(AHEAD_MAX + Duration::from_secs(1)));
        assert!(agenda.wheel.is_empty());
    }

    #[test]
    fn deadlines_are_met_however_far_they_lie_ahead() {
        check(0, [1, 2], 2);
        check(0, [60, 75], 75);
        check(0, [1, 67], 67);
        check(0, [60, 900], 900);
        check(0, [86_400, 86_400], 86_400);
    }

    #[test]
    fn a_long_idle_time_before_loses_nothing() {
        check(3600, [60, 75], 75);
        check(100_000, [1, 2], 2);
    }

    #[test]
    fn a_deadline_that_comes_nearer_is_met() {
        check(0, [900, 10], 10);
        check(70, [75, 2], 2);
    }
}
