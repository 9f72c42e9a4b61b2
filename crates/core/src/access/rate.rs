//! `limit_req`: nginx's leaky bucket.

use std::time::Duration;

use super::Generations;
use crate::now::Tick;

/// What a state takes of a zone's size, bytes, as nginx counts it on 64-bit machines.
const STATE_BYTES: u64 = 128;

/// How much was poured in beyond the rate, in thousandths of a request, and when.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    excess: u64,
    last: Tick,
}

/// The buckets of one `limit_req_zone`.
#[derive(Clone, Debug)]
pub struct RateZone {
    buckets: Generations<Box<[u8]>, Bucket>,
}

impl RateZone {
    /// A zone of `size` bytes: one bucket for every 128. When it is full, what was not asked for
    /// the longest is forgotten.
    #[must_use]
    pub fn new(size: u64) -> Self {
        let entries = usize::try_from(size / STATE_BYTES).unwrap_or(usize::MAX);
        Self { buckets: Generations::new(entries) }
    }

    /// How much is in the bucket of `key` with one more request, in thousandths of a request
    /// beyond what may pass at once. `rate` is in thousandths of a request per second.
    pub fn excess(&mut self, key: &[u8], now: Tick, rate: u64) -> u64 {
        let Some(bucket) = self.buckets.get(key) else { return 0 };
        let millis = u64::try_from(now.since(bucket.last).as_millis()).unwrap_or(u64::MAX);
        (bucket.excess + 1000).saturating_sub(rate.saturating_mul(millis) / 1000)
    }

    /// The request passes, now or later: `excess` is what is in the bucket then.
    pub fn pour(&mut self, key: &[u8], now: Tick, excess: u64) {
        match self.buckets.get(key) {
            Some(bucket) => *bucket = Bucket { excess, last: now.max(bucket.last) },
            None => self.buckets.insert(key.into(), Bucket { excess, last: now }),
        }
    }
}

/// How long a request with this excess waits: none of what `burst_at_once` requests cover.
#[must_use]
pub fn pause(excess: u64, burst_at_once: u64, rate: u64) -> Duration {
    let beyond = excess.saturating_sub(burst_at_once.saturating_mul(1000));
    Duration::from_millis((beyond * 1000).checked_div(rate).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One request a second, at these times (ms): what is in the bucket then, none refused.
    fn check(times: &[u64], expected: &[u64]) {
        let mut zone = RateZone::new(1 << 20);
        let found: Vec<u64> = times
            .iter()
            .map(|at| {
                let excess = zone.excess(b"k", Tick(*at), 1000);
                zone.pour(b"k", Tick(*at), excess);
                excess
            })
            .collect();
        assert_eq!(found, expected, "{times:?}");
    }

    #[test]
    fn the_bucket_leaks_at_its_rate() {
        check(&[0, 1000, 2000], &[0, 0, 0]);
        check(&[0, 500, 1000], &[0, 500, 1000]);
        check(&[0, 0, 0, 5000], &[0, 1000, 2000, 0]);
    }

    #[test]
    fn keys_have_buckets_of_their_own() {
        let mut zone = RateZone::new(1 << 20);
        zone.pour(b"a", Tick(0), 0);
        assert_eq!(zone.excess(b"a", Tick(0), 1000), 1000);
        assert_eq!(zone.excess(b"b", Tick(0), 1000), 0);
    }

    #[test]
    fn pauses() {
        let check = |excess, at_once, expected| {
            assert_eq!(pause(excess, at_once, 2000), Duration::from_millis(expected));
        };
        check(0, 0, 0);
        check(1000, 0, 500);
        check(3000, 2, 500);
        check(2000, 2, 0);
        assert_eq!(pause(1000, 0, 0), Duration::ZERO);
    }

    #[test]
    fn a_zone_is_bounded() {
        let mut zone = RateZone::new(128 * 10);
        for number in 0..1000_u32 {
            zone.pour(&number.to_le_bytes(), Tick(0), 0);
        }
        assert!(zone.buckets.len() <= 10);
    }
}
