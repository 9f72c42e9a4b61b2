//! Metrics for Prometheus: one table of families, read when somebody asks.
//!
//! Workers count for themselves (`counters.rs`); an answer sums up and labels. No label ever holds
//! what a client chose: the number of series is fixed by the number of workers.

mod exposition;
mod reference;
mod snapshot;
mod status;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use exposition::{Exposition, render};
pub use reference::reference;
pub(crate) use snapshot::{Process, Snapshot};
pub(crate) use status::{nchan_status, stub_status};
