//! Latencies, counted in buckets that grow with the value.

/// Buckets per doubling: a value is known to one part in 128.
const STEPS: u64 = 128;

/// Bits of [`STEPS`].
const STEP_BITS: u32 = STEPS.ilog2();

/// Counts of values, in nanoseconds, with a relative error below 0.8 %.
///
/// Values up to 2 hours have buckets of their own; greater ones count as that. 36 KiB.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

/// The greatest value with a bucket.
const VALUE_MAX: u64 = 2 * 3600 * 1_000_000_000;

impl Histogram {
    /// An empty histogram.
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; bucket(VALUE_MAX) + 1], total: 0, max: 0 }
    }

    /// Counts one value.
    #[inline]
    pub(crate) fn record(&mut self, value: u64) {
        let value = value.min(VALUE_MAX);
        if let Some(count) = self.counts.get_mut(bucket(value)) {
            *count += 1;
            self.total += 1;
            self.max = self.max.max(value);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.counts.fill(0);
        (self.total, self.max) = (0, 0);
    }

    /// How many values were counted.
    pub(crate) fn count(&self) -> u64 {
        self.total
    }

    /// The greatest value, exactly; 0 without values.
    pub(crate) fn max(&self) -> u64 {
        self.max
    }

    /// The value that `share` (0 to 1) of all values do not pass; 0 without values.
    pub(crate) fn quantile(&self, share: f64) -> u64 {
        let wanted = (self.total as f64 * share.clamp(0.0, 1.0)).ceil().max(1.0);
        let mut seen = 0_u64;
        for (index, &count) in self.counts.iter().enumerate() {
            seen += count;
            if count > 0 && seen as f64 >= wanted {
                return last_value(index).min(self.max);
            }
        }
        self.max
    }

    /// The counts between `least` and `greatest`, in `parts` ranges of equal ratio, for a picture.
    pub(crate) fn ranges(&self, least: u64, greatest: u64, parts: usize) -> Vec<u64> {
        let (from, to) = ((least.max(1) as f64).ln(), (greatest.max(2) as f64).ln());
        let width = ((to - from) / parts as f64).max(f64::MIN_POSITIVE);
        let mut ranges = vec![0; parts];
        for (index, &count) in self.counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
            let place = (((last_value(index).max(1) as f64).ln() - from) / width).floor();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the number is clamped to the index of a range"
            )]
            let place = place.clamp(0.0, parts.saturating_sub(1) as f64) as usize;
            if let Some(range) = ranges.get_mut(place) {
                *range += count;
            }
        }
        ranges
    }

    /// The smallest value that was counted, to the precision of a bucket.
    pub(crate) fn min(&self) -> u64 {
        self.counts.iter().position(|&count| count > 0).map_or(0, last_value)
    }
}

/// The bucket of a value: below [`STEPS`] the value itself, then [`STEPS`] per doubling.
#[inline]
fn bucket(value: u64) -> usize {
    let doubling = value.max(STEPS).ilog2() - STEP_BITS;
    let index = u64::from(doubling) * STEPS + (value >> doubling);
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// The greatest value of a bucket.
fn last_value(bucket: usize) -> u64 {
    let bucket = u64::try_from(bucket).unwrap_or(u64::MAX);
    if bucket < 2 * STEPS {
        return bucket;
    }
    let doubling = bucket / STEPS - 1;
    let mantissa = bucket - doubling * STEPS;
    ((mantissa + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Counts the values and compares quantiles.
    fn check(values: impl IntoIterator<Item = u64>, expected: &[(f64, u64)]) {
        let mut histogram = Histogram::new();
        values.into_iter().for_each(|value| histogram.record(value));
        for &(share, value) in expected {
            assert_eq!(histogram.quantile(share), value, "quantile {share}");
        }
    }

    #[test]
    fn quantiles() {
        check([], &[(0.5, 0), (1.0, 0)]);
        check([7], &[(0.0, 7), (0.5, 7), (1.0, 7)]);
        check(1..=100, &[(0.0, 1), (0.5, 50), (0.99, 99), (1.0, 100)]);
        check([1_000_000; 3], &[(0.5, 1_000_000)]);
        check([u64::MAX], &[(1.0, VALUE_MAX)]);
    }

    #[test]
    fn ranges_hold_every_value() {
        let mut histogram = Histogram::new();
        (1..=1000).for_each(|value| histogram.record(value * 1000));
        let ranges = histogram.ranges(histogram.min(), histogram.max(), 20);
        assert_eq!(ranges.iter().sum::<u64>(), 1000);
        assert_eq!(histogram.ranges(5, 5, 1), [1000]);
    }

    proptest! {
        #[test]
        fn buckets_are_narrow(value in 0..VALUE_MAX) {
            let last = last_value(bucket(value));
            prop_assert!(last >= value);
            prop_assert!(last - value <= value / STEPS);
            prop_assert_eq!(bucket(last), bucket(value));
            prop_assert_eq!(bucket(last + 1), bucket(value) + 1);
        }
    }
}
