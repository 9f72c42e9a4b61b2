//! How long connections that are held hear nothing: shows whether pings come in time.

use std::time::Duration;

/// For each connection, when it heard something last and its longest silence so far, in the
/// generator's nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct Silences(Vec<(u64, u64)>);

impl Silences {
    /// Everybody begins to listen.
    pub(super) fn new(connections: usize, now: u64) -> Self {
        Self(vec![(now, 0); connections])
    }

    /// One connection has heard something.
    pub(super) fn hear(&mut self, index: usize, now: u64) {
        if let Some((last, longest)) = self.0.get_mut(index) {
            *longest = now.saturating_sub(*last).max(*longest);
            *last = now;
        }
    }

    /// Nobody listens any more.
    pub(super) fn end(&mut self, now: u64) {
        for index in 0..self.0.len() {
            self.hear(index, now);
        }
    }

    /// The longest of all.
    pub(crate) fn longest(&self) -> Duration {
        Duration::from_nanos(self.0.iter().map(|&(_, longest)| longest).max().unwrap_or(0))
    }

    /// Connections with a longer one than `bound`.
    pub(crate) fn beyond(&self, bound: Duration) -> usize {
        let beyond = |longest| Duration::from_nanos(longest) > bound;
        self.0.iter().filter(|&&(_, longest)| beyond(longest)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silences() {
        let seconds = |count: u64| count * 1_000_000_000;
        let mut silences = Silences::new(2, seconds(1));
        silences.hear(0, seconds(3));
        silences.hear(0, seconds(4));
        silences.hear(7, seconds(4));
        silences.hear(1, seconds(2));
        silences.end(seconds(5));
        assert_eq!(silences.longest(), Duration::from_secs(3));
        let check = |bound, expected| {
            assert_eq!(silences.beyond(Duration::from_secs(bound)), expected, "{bound}");
        };
        check(1, 2);
        check(2, 1);
        check(3, 0);
    }
}
