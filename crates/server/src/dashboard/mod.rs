//! What the dashboard's viewers are told: one sample a second for all of them, and nothing at all
//! while there is nobody.

mod sample;
mod slow;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use outpour_core::channels::{Ranking, Survey, WorkerId};
use outpour_core::now::{Now, Tick};

use crate::shared::Shared;

pub(crate) use slow::{Scan, Slow};

/// Between two samples.
pub(crate) const PERIOD: Duration = Duration::from_secs(1);

/// A sample that is nearly that old is old enough: a worker's turn comes a little early or late.
const NEARLY: Duration = Duration::from_millis(950);

/// Between two slices of a look at the channels that takes several.
const STEP: Duration = Duration::from_millis(25);

/// Channels that are looked at with the store held: less than a millisecond.
const SLICE: usize = 4096;

/// The dashboard of a server.
#[derive(Debug, Default)]
pub(crate) struct Dashboard {
    watch: Mutex<Option<Box<Watch>>>,
}

/// What is known while somebody looks.
#[derive(Debug, Default)]
struct Watch {
    viewers: usize,
    survey: Survey,
    ranking: Ranking,
    taken: Option<Tick>,
    sample: Sample,
    /// By worker.
    slow: Vec<Vec<Slow>>,
}

/// What viewers are told, and how many samples there were before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) number: u64,
    pub(crate) text: Arc<[u8]>,
}

impl Dashboard {
    /// Somebody begins to look.
    pub(crate) fn enter(&self) {
        self.with(|watch| watch.get_or_insert_default().viewers += 1);
    }

    /// So many look no longer. With the last one everything that was kept for them goes.
    pub(crate) fn leave(&self, count: usize) {
        self.with(|watch| {
            if let Some(inner) = watch {
                inner.viewers = inner.viewers.saturating_sub(count);
                if inner.viewers == 0 {
                    *watch = None;
                }
            }
        });
    }

    /// Whether something is kept for viewers.
    #[cfg(test)]
    pub(crate) fn is_watched(&self) -> bool {
        self.with(|watch| watch.is_some())
    }

    /// The turn of a worker with viewers: the latest sample, made anew if it is old, and after how
    /// long there is to be another turn.
    pub(crate) fn turn(&self, shared: &Shared, worker: WorkerId, now: Now) -> (Sample, Duration) {
        self.with(|watch| {
            let watch = watch.get_or_insert_default();
            let old = watch.taken.is_none_or(|taken| now.tick.since(taken) >= NEARLY);
            if old || watch.survey.is_under_way() {
                watch.look(shared, worker, now.tick);
            }
            if old {
                watch.take(shared, worker, now);
            }
            let next = if watch.survey.is_under_way() { STEP } else { PERIOD };
            (watch.sample.clone(), next)
        })
    }

    /// A worker tells which of its subscribers are slow.
    pub(crate) fn tell_slow(&self, worker: WorkerId, slow: Vec<Slow>) {
        self.with(|watch| {
            if let Some(row) = watch.as_mut().and_then(|w| w.slow.get_mut(usize::from(worker.0))) {
                *row = slow;
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Option<Box<Watch>>) -> T) -> T {
        act(&mut self.watch.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Watch {
    fn look(&mut self, shared: &Shared, worker: WorkerId, now: Tick) {
        let channels = shared.channels(worker);
        if let Some(ranking) = self.survey.look(&channels, SLICE, now) {
            self.ranking = ranking;
        }
    }

    fn take(&mut self, shared: &Shared, worker: WorkerId, now: Now) {
        self.slow.resize_with(shared.counters.len(), Vec::new);
        slow::ask(shared, &mut self.slow);
        let text = sample::render(shared, worker, now, &self.ranking, &self.slow);
        self.taken = Some(now.tick);
        self.sample = Sample { number: self.sample.number + 1, text: text.into() };
    }
}

#[cfg(test)]
mod tests;
