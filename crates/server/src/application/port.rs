//! What a server knows of its application.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::outbox::Limits;
use super::{Application, Executor, Turn};

/// An application with everything that a server has to know of it.
#[derive(Clone)]
#[must_use = "Server::bind_with takes it"]
pub struct Port {
    pub(crate) application: Arc<dyn Application>,
    pub(crate) executor: Option<Arc<dyn Executor>>,
    pub(crate) event_name: Arc<str>,
    pub(crate) timeout: Duration,
    pub(crate) limits: Limits,
    pub(crate) message_bytes_max: u64,
}

impl Port {
    /// The application, its callbacks on the worker threads.
    pub fn new(application: Arc<dyn Application>) -> Self {
        Self {
            application,
            executor: None,
            event_name: Arc::from(""),
            timeout: Duration::from_secs(30),
            limits: Limits { messages: 1024, bytes: 1 << 20 },
            message_bytes_max: 1 << 20,
        }
    }

    /// Callbacks run where `executor` says.
    pub fn executor(mut self, executor: Arc<dyn Executor>) -> Self {
        self.executor = Some(executor);
        self
    }

    /// `event:` of what is written to an EventSource; default empty: none.
    pub fn event_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.event_name = name.into();
        self
    }

    /// How long an upgraded connection may be idle before the server pings; default 30 s, 1 s at
    /// least.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.max(Duration::from_secs(1));
        self
    }

    /// How many messages and bytes may wait for one client; default 1024 and 1 MiB. A write beyond
    /// is refused.
    pub fn pending_max(mut self, messages: usize, bytes: usize) -> Self {
        self.limits = Limits { messages: messages.max(1), bytes };
        self
    }

    /// Bytes of one message, fragments joined, that a WebSocket client may send; default 1 MiB. A
    /// larger one ends its connection (1009).
    pub fn message_max(mut self, bytes: u64) -> Self {
        self.message_bytes_max = bytes;
        self
    }

    /// Runs a turn where that is to be: on this thread, which is its worker's, or elsewhere. A panic of
    /// the executor gives the turn up.
    pub(crate) fn run(&self, turn: Turn) {
        let Some(executor) = &self.executor else {
            let mut turn = Some(turn);
            while let Some(next) = turn.take() {
                turn = next.run(usize::MAX);
            }
            return;
        };
        let _ = catch_unwind(AssertUnwindSafe(|| executor.execute(turn)));
    }
}

impl std::fmt::Debug for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Port").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}
