//! What the server has for Ruby to do, in the order in which it came.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a job may wait behind a busy thread before another one is woken for it.
///
/// Only one thread at a time runs Ruby code, so a second one helps only while the first is blocked:
/// in a query, a read, a `sleep`. A job that is not begun within this time says that it is.
const STALL: Duration = Duration::from_micros(500);

/// Jobs, and the threads that wait for them.
pub(crate) struct Queue<T> {
    inner: Mutex<Inner<T>>,
    filled: Condvar,
}

struct Inner<T> {
    jobs: VecDeque<T>,
    /// How many jobs were begun so far: stands still while every busy thread is blocked.
    begun: u64,
    /// Threads with a job.
    busy: usize,
    /// Threads in [`Queue::wait`].
    waiting: usize,
    /// Whether one of the waiting threads looks after jobs behind busy ones.
    watched: bool,
    /// How often waiting threads were told to look up.
    interrupts: u64,
    closed: bool,
}

/// Why a wait ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Woken<T> {
    /// A job is there; the thread counts as busy until its next wait.
    Job(T),
    /// Ruby may have something for the thread: a signal, a `kill`.
    Interrupted,
    /// Nothing is left, and nothing will come.
    Closed,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        let inner = Inner {
            jobs: VecDeque::new(),
            begun: 0,
            busy: 0,
            waiting: 0,
            watched: false,
            interrupts: 0,
            closed: false,
        };
        Self { inner: Mutex::new(inner), filled: Condvar::new() }
    }

    /// Leaves a job. Never blocks for longer than a push takes; callable from any thread.
    pub(crate) fn post(&self, job: T) {
        let mut inner = self.lock();
        inner.jobs.push_back(job);
        let wanted = inner.waiting > 0 && (inner.busy == 0 || !inner.watched);
        drop(inner);
        if wanted {
            self.filled.notify_one();
        }
    }

    /// The next job for a thread that is busy already, without waiting.
    pub(crate) fn next(&self) -> Option<T> {
        let mut inner = self.lock();
        let job = inner.jobs.pop_front()?;
        inner.begun += 1;
        Some(job)
    }

    /// A thread that was busy has nothing to do.
    pub(crate) fn rest(&self) {
        self.lock().busy -= 1;
    }

    /// Waits for a job that this thread should take; for so long at most.
    pub(crate) fn wait(&self, limit: Duration) -> Woken<T> {
        let until = Instant::now() + limit;
        let mut inner = self.lock();
        let interrupts = inner.interrupts;
        inner.waiting += 1;
        let woken = loop {
            let left = until.saturating_duration_since(Instant::now());
            if inner.interrupts != interrupts || left.is_zero() {
                break Woken::Interrupted;
            }
            if inner.busy == 0
                && let Some(job) = inner.begin()
            {
                break Woken::Job(job);
            }
            if inner.jobs.is_empty() && inner.closed {
                break Woken::Closed;
            }
            if inner.jobs.is_empty() || inner.watched {
                inner = self.wait_for(inner, left);
                continue;
            }
            let begun = inner.begun;
            inner.watched = true;
            inner = self.wait_for(inner, STALL);
            inner.watched = false;
            if inner.begun == begun
                && let Some(job) = inner.begin()
            {
                break Woken::Job(job);
            }
        };
        inner.waiting -= 1;
        // Whoever leaves with a job leaves the rest to be looked after.
        let unwatched = inner.waiting > 0 && !inner.watched;
        if unwatched && (inner.closed || !inner.jobs.is_empty()) {
            self.filled.notify_one();
        }
        woken
    }

    /// Wakes everybody who waits: Ruby wants one of them.
    pub(crate) fn interrupt(&self) {
        self.lock().interrupts += 1;
        self.filled.notify_all();
    }

    /// Nothing more will come; what is there is still done.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
    }

    fn wait_for<'a>(
        &self,
        inner: MutexGuard<'a, Inner<T>>,
        limit: Duration,
    ) -> MutexGuard<'a, Inner<T>> {
        let waited = self.filled.wait_timeout(inner, limit);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Inner<T> {
    /// Takes a job for a thread that was waiting.
    fn begin(&mut self) -> Option<T> {
        let job = self.jobs.pop_front()?;
        self.begun += 1;
        self.busy += 1;
        Some(job)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn jobs_keep_their_order() {
        let queue = Queue::new();
        (0..3).for_each(|job| queue.post(job));
        assert_eq!(queue.wait(LONG), Woken::Job(0));
        assert_eq!((queue.next(), queue.next(), queue.next()), (Some(1), Some(2), None));
    }

    #[test]
    fn a_blocked_thread_does_not_hold_up_the_next_job() {
        let queue = Arc::new(Queue::new());
        queue.post(1);
        assert_eq!(queue.wait(LONG), Woken::Job(1));
        let other = thread::spawn({
            let queue = Arc::clone(&queue);
            move || queue.wait(LONG)
        });
        queue.post(2);
        assert_eq!(other.join().unwrap(), Woken::Job(2));
    }

    #[test]
    fn waits_end_by_interrupt_and_by_close() {
        let queue = Arc::new(Queue::<u8>::new());
        let wait = || {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.wait(LONG))
        };
        let interrupted = wait();
        while queue.lock().waiting == 0 {
            thread::yield_now();
        }
        queue.interrupt();
        assert_eq!(interrupted.join().unwrap(), Woken::Interrupted);
        queue.post(1);
        queue.close();
        assert_eq!(queue.wait(LONG), Woken::Job(1));
        assert_eq!(wait().join().unwrap(), Woken::Closed);
    }
}
