//! Reports: what publishers and statistics are told about channels.
//!
//! Byte for byte the texts of nginx-push-stream-module, except that an id with quotes, controls or
//! markup does not break the JSON, YAML or XML around it. Pure functions of numbers and names.

mod escape;
mod format;
mod group;
mod info;
mod summary;
#[cfg(test)]
mod tests;
mod writer;

use crate::now::Now;

pub(super) use escape::escape_json;
pub use format::ReportFormat;
pub(super) use group::{Overview, group};
pub(super) use info::{Info, item};
pub(super) use summary::{Summary, WorkerRow, summary};

/// What a report tells about the machine and the moment.
#[derive(Clone, Copy, Debug)]
pub struct ReportContext<'a> {
    /// Name of the machine.
    pub hostname: &'a [u8],
    /// Id of the process.
    pub pid: u32,
    /// The time; `time` shows its wall clock, `uptime` is counted on the other.
    pub now: Now,
}
