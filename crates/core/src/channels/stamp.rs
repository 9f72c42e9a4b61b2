//! A stamp: the server-wide order of messages.

use crate::message::Message;

/// Second of publication and order within it. No two messages of a server share one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Seconds since 1970.
    pub time: u64,
    /// Order within that second over the whole server, from 1.
    pub tag: u64,
}

impl Stamp {
    /// The stamp of a published message; zeros for special messages.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        Self { time: message.time, tag: message.tag }
    }

    /// The stamp after this one at wall clock `unix`.
    ///
    /// A clock that was set back must not hand out a stamp twice: until it has caught up, time
    /// stands still and tags go on.
    pub(super) fn next(self, unix: u64) -> Self {
        if unix > self.time {
            Self { time: unix, tag: 1 }
        } else {
            Self { time: self.time, tag: self.tag + 1 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(clock: &[u64], expected: &[(u64, u64)]) {
        let mut last = Stamp::default();
        let found: Vec<_> = clock
            .iter()
            .map(|unix| {
                last = last.next(*unix);
                (last.time, last.tag)
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn tags_begin_anew_each_second() {
        check(&[5, 5, 6, 6, 9], &[(5, 1), (5, 2), (6, 1), (6, 2), (9, 1)]);
    }

    #[test]
    fn a_clock_set_back_repeats_nothing() {
        check(&[5, 5, 3, 4, 5, 6], &[(5, 1), (5, 2), (5, 3), (5, 4), (5, 5), (6, 1)]);
    }
}
