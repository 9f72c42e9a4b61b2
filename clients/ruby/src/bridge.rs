//! The way from the server's threads to Ruby's.

use std::fmt;

use outpour_server::application::{Executor, Turn};

use crate::queue::Queue;
use crate::roots::Root;

/// Something that only a thread of Ruby's can do.
pub(crate) enum Job {
    /// Callbacks of a connection, or a call of the application.
    Turn(Turn),
    /// An object is not needed any more.
    Forget(Root),
}

/// What both sides know: jobs go one way through it.
pub(crate) struct Bridge {
    pub(crate) queue: Queue<Job>,
}

impl Bridge {
    pub(crate) fn new() -> Self {
        Self { queue: Queue::new() }
    }

    /// Leaves a job for a Ruby thread.
    pub(crate) fn post(&self, job: Job) {
        self.queue.post(job);
    }
}

impl Executor for Bridge {
    fn execute(&self, turn: Turn) {
        self.post(Job::Turn(turn));
    }
}

impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bridge").finish_non_exhaustive()
    }
}
