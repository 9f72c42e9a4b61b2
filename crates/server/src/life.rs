//! Where the process is in its life, for whoever asks from outside.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Start, reloads and end, told by one thread and read by others.
#[derive(Debug, Default)]
pub(crate) struct Life {
    /// Milliseconds since 1970 at which the server was made.
    pub(crate) started: u64,
    workers: AtomicUsize,
    ending: AtomicBool,
    reloads: AtomicU64,
    failed_reloads: AtomicU64,
    last_failed: AtomicBool,
    /// Milliseconds since 1970 at which the settings in force were put there.
    loaded: AtomicU64,
}

/// Reloads so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reloads {
    pub(crate) good: u64,
    pub(crate) failed: u64,
    pub(crate) last_failed: bool,
    /// See [`Life`].
    pub(crate) loaded: u64,
}

impl Life {
    pub(crate) fn new(started: u64) -> Self {
        Self { started, loaded: started.into(), ..Self::default() }
    }

    /// A worker runs.
    pub(crate) fn worker_began(&self) {
        self.workers.fetch_add(1, Ordering::Relaxed);
    }

    /// The server takes nothing new from here on.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Whether all of `workers` run and the end has not begun.
    pub(crate) fn is_ready(&self, workers: usize) -> bool {
        !self.ending.load(Ordering::Relaxed) && self.workers.load(Ordering::Relaxed) >= workers
    }

    /// New settings are in force since `at`.
    pub(crate) fn reloaded(&self, at: u64) {
        self.reloads.fetch_add(1, Ordering::Relaxed);
        self.loaded.store(at, Ordering::Relaxed);
        self.last_failed.store(false, Ordering::Relaxed);
    }

    /// New settings were not usable.
    pub(crate) fn reload_failed(&self) {
        self.failed_reloads.fetch_add(1, Ordering::Relaxed);
        self.last_failed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn reloads(&self) -> Reloads {
        Reloads {
            good: self.reloads.load(Ordering::Relaxed),
            failed: self.failed_reloads.load(Ordering::Relaxed),
            last_failed: self.last_failed.load(Ordering::Relaxed),
            loaded: self.loaded.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_between_start_and_end() {
        let life = Life::new(5);
        life.worker_began();
        assert!(!life.is_ready(2));
        life.worker_began();
        assert!(life.is_ready(2));
        life.end();
        assert!(!life.is_ready(2));
    }

    #[test]
    fn the_last_reload_counts() {
        let life = Life::new(5);
        life.reload_failed();
        let failed = Reloads { good: 0, failed: 1, last_failed: true, loaded: 5 };
        assert_eq!(life.reloads(), failed);
        life.reloaded(9);
        let good = Reloads { good: 1, failed: 1, last_failed: false, loaded: 9 };
        assert_eq!(life.reloads(), good);
    }
}
