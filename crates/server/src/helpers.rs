//! Threads beside the workers, for what would hold an event loop up.
//!
//! They come into being with the first job and take jobs in the order in which they were left; what
//! a job finds goes to its worker's mailbox.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};

use outpour_core::channels::WorkerId;

use crate::connection::ConnectionKey;
use crate::exchange::Finding;
use crate::mailbox::Mail;
use crate::shared::Shared;

/// Jobs that may wait. With a hundredth of a second each the last one waits a few seconds.
const JOBS_MAX: usize = 256;

/// Most helper threads; half the cores if that is less, because what they do is hard work.
const THREADS_MAX: usize = 4;

/// Work that may take long. It knows nothing of connections.
pub(crate) type Job = Box<dyn FnOnce() -> Finding + Send>;

/// Whom a job's finding is for. The number tells the errands of one connection apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) worker: WorkerId,
    pub(crate) key: ConnectionKey,
    pub(crate) errand: u32,
}

struct Task {
    job: Job,
    reply: Reply,
    /// Gone when nobody waits any more.
    wanted: Weak<()>,
}

#[derive(Default)]
struct Inner {
    tasks: VecDeque<Task>,
    threads: Vec<JoinHandle<()>>,
    ended: bool,
}

/// The helper threads and what waits for them.
#[derive(Default)]
pub(crate) struct Helpers {
    inner: Mutex<Inner>,
    work: Condvar,
}

impl Helpers {
    /// Leaves a job, which is dropped unseen if `wanted` is gone before its turn; false if too many
    /// wait already.
    pub(crate) fn submit(shared: &Arc<Shared>, job: Job, reply: Reply, wanted: &Arc<()>) -> bool {
        let helpers = &shared.helpers;
        let mut inner = helpers.lock();
        if inner.tasks.len() >= JOBS_MAX || inner.ended {
            return false;
        }
        if inner.threads.is_empty() {
            inner.threads = threads(shared);
            if inner.threads.is_empty() {
                return false;
            }
        }
        inner.tasks.push_back(Task { job, reply, wanted: Arc::downgrade(wanted) });
        helpers.work.notify_one();
        true
    }

    /// Ends and joins the threads; what waits is forgotten.
    pub(crate) fn end(&self) {
        let mut inner = self.lock();
        inner.ended = true;
        inner.tasks.clear();
        let threads = std::mem::take(&mut inner.threads);
        drop(inner);
        self.work.notify_all();
        for thread in threads {
            let _ = thread.join();
        }
    }

    /// The next job; `None` at the end.
    fn next(&self) -> Option<Task> {
        let mut inner = self.lock();
        loop {
            if inner.ended {
                return None;
            }
            if let Some(task) = inner.tasks.pop_front() {
                return Some(task);
            }
            inner = self.work.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Helpers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Helpers").field("waiting", &self.lock().tasks.len()).finish()
    }
}

fn threads(shared: &Arc<Shared>) -> Vec<JoinHandle<()>> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let count = cores.div_ceil(2).min(THREADS_MAX);
    let start = |number| {
        let shared = Arc::clone(shared);
        thread::Builder::new().name(format!("helper-{number}")).spawn(move || help(&shared)).ok()
    };
    (0..count).filter_map(start).collect()
}

fn help(shared: &Shared) {
    while let Some(Task { job, reply, wanted }) = shared.helpers.next() {
        if wanted.strong_count() == 0 {
            continue;
        }
        let finding = catch_unwind(AssertUnwindSafe(job)).unwrap_or(Finding::Failed);
        shared.mailboxes[usize::from(reply.worker.0)].send(Mail::Found(reply, finding));
    }
}
