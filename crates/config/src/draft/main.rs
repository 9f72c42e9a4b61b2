//! The main level and `events`.

use std::path::PathBuf;
use std::time::Duration;

use outpour_core::settings::{ErrorLog, WorkerProcesses};

#[derive(Clone, Debug, Default)]
pub(crate) struct MainDraft {
    pub(crate) worker_processes: Option<WorkerProcesses>,
    pub(crate) daemon: Option<bool>,
    pub(crate) pid: Option<PathBuf>,
    pub(crate) user: Option<(String, Option<String>)>,
    pub(crate) worker_rlimit_nofile: Option<u64>,
    pub(crate) working_directory: Option<PathBuf>,
    pub(crate) worker_shutdown_timeout: Option<Duration>,
    pub(crate) worker_connections: Option<usize>,
    pub(crate) error_log: Vec<ErrorLog>,
}
