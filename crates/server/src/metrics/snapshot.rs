//! Everything that an answer tells, at one moment.

use std::fs;

use outpour_core::channels::Figures;
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use crate::counters::WorkerCounters;
use crate::life::Reloads;
use crate::shared::Shared;

/// Everything that an answer tells.
#[derive(Debug)]
pub(crate) struct Snapshot<'a> {
    /// By worker.
    pub(super) workers: Vec<&'a WorkerCounters>,
    /// Mails that wait, by worker.
    pub(super) mailboxes: Vec<usize>,
    pub(super) figures: Figures,
    pub(super) reloads: Reloads,
    /// Log lines that could not be written.
    pub(super) lost_lines: u64,
    /// Milliseconds since 1970.
    pub(super) started: u64,
    pub(super) ready: bool,
    pub(super) process: Process,
}

/// What the system knows about the process; `None` where it does not tell.
#[derive(Debug, Default)]
pub(crate) struct Process {
    pub(crate) cpu_seconds: f64,
    pub(crate) resident_bytes: Option<u64>,
    pub(crate) virtual_bytes: Option<u64>,
    pub(crate) open_files: Option<u64>,
    pub(crate) open_files_max: Option<u64>,
}

impl<'a> Snapshot<'a> {
    /// Reads everything but `figures`, which need the store's lock.
    pub(crate) fn take(shared: &'a Shared, figures: Figures) -> Self {
        Self {
            workers: shared.counters.iter().map(|counters| &**counters).collect(),
            mailboxes: shared.mailboxes.iter().map(crate::mailbox::Mailbox::len).collect(),
            figures,
            reloads: shared.life.reloads(),
            lost_lines: shared.logs.lost(),
            started: shared.life.started,
            ready: shared.is_ready(),
            process: Process::read(),
        }
    }
}

impl Process {
    pub(crate) fn read() -> Self {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let mut pages = pages.split_ascii_whitespace().map(|number| number.parse::<u64>().ok());
        let page = rustix::param::page_size() as u64;
        let mut bytes = || pages.next().flatten().map(|count| count * page);
        let (virtual_bytes, resident_bytes) = (bytes(), bytes());
        #[expect(clippy::cast_precision_loss, reason = "2^53 seconds are far away")]
        let cpu_seconds = cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9;
        Self {
            cpu_seconds,
            resident_bytes,
            virtual_bytes,
            open_files: open_files(),
            open_files_max: getrlimit(Resource::Nofile).current,
        }
    }
}

/// Kernels from 6.2 on tell the number as the size of the directory; older ones have it counted.
fn open_files() -> Option<u64> {
    let folder = "/proc/self/fd";
    match fs::metadata(folder).ok()?.len() {
        // The one that lists them is among them.
        0 => Some((fs::read_dir(folder).ok()?.count() as u64).saturating_sub(1)),
        count => Some(count),
    }
}
