//! The main level, and everything together.

use std::path::PathBuf;
use std::time::Duration;

use super::{ErrorLog, Http};

/// A whole configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The main level.
    pub main: Main,
    /// The `http` block; `None` if the file has none: nothing listens then.
    pub http: Option<Http>,
}

/// From `worker_processes`: how many workers (threads) serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerProcesses {
    /// As many as the machine has cores (`auto`, and the default of outpour; nginx has 1).
    Auto,
    /// This many, at least 1.
    Count(usize),
}

/// Directives of the main level.
#[derive(Clone, Debug)]
pub struct Main {
    /// `worker_processes`; default: one a core.
    pub worker_processes: WorkerProcesses,
    /// `daemon`; default off: a server stays in the foreground unless its file says otherwise.
    pub daemon: bool,
    /// `pid`, made absolute with the prefix; `None` if the file does not name one.
    pub pid: Option<PathBuf>,
    /// `user NAME [GROUP]`; only obeyed when started as root.
    pub user: Option<(String, Option<String>)>,
    /// `worker_rlimit_nofile`; default: the hard limit.
    pub worker_rlimit_nofile: Option<u64>,
    /// `working_directory`.
    pub working_directory: Option<PathBuf>,
    /// `worker_shutdown_timeout`; default none (subscribers are ended at once, the rest is awaited).
    pub worker_shutdown_timeout: Option<Duration>,
    /// `events { worker_connections N; }`: connections a worker may hold; default: no bound but
    /// the open-file limit.
    pub worker_connections: Option<usize>,
    /// `error_log` of the main level, in the order of the file; empty: standard error.
    pub error_log: Vec<ErrorLog>,
}
