//! Deliveries over the time of a measurement, for the picture of the throughput.

use std::time::Duration;

/// Points that are kept; twice as many make the interval double.
const POINTS_MAX: usize = 300;

/// Deliveries per interval.
#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    interval: Duration,
    points: Vec<u64>,
}

impl Timeline {
    /// An empty line with an interval of 50 ms at first.
    pub(crate) fn new() -> Self {
        Self { interval: Duration::from_millis(50), points: Vec::new() }
    }

    /// Adds deliveries that came `elapsed` after the start.
    pub(crate) fn add(&mut self, elapsed: Duration, deliveries: u64) {
        let mut index = self.index(elapsed);
        while index >= 2 * POINTS_MAX {
            self.double();
            index = self.index(elapsed);
        }
        if self.points.len() <= index {
            self.points.resize(index + 1, 0);
        }
        if let Some(point) = self.points.get_mut(index) {
            *point += deliveries;
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    /// Deliveries per second, one value per interval.
    pub(crate) fn rates(&self) -> Vec<f64> {
        let seconds = self.interval.as_secs_f64();
        self.points.iter().map(|&point| point as f64 / seconds).collect()
    }

    /// The time that a point stands for.
    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    fn index(&self, elapsed: Duration) -> usize {
        let index = elapsed.as_nanos() / self.interval.as_nanos().max(1);
        usize::try_from(index).unwrap_or(usize::MAX)
    }

    fn double(&mut self) {
        self.interval *= 2;
        self.points = self.points.chunks(2).map(|pair| pair.iter().sum()).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_coarser() {
        let mut line = Timeline::new();
        line.add(Duration::ZERO, 1);
        line.add(Duration::from_millis(120), 2);
        assert_eq!(line.rates(), [20.0, 0.0, 40.0]);
        line.add(Duration::from_secs(40), 4);
        assert_eq!(line.interval(), Duration::from_millis(100));
        assert_eq!((line.points.len(), line.points.first()), (401, Some(&1)));
        assert_eq!(line.points.iter().sum::<u64>(), 7);
    }
}
