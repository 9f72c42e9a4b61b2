//! The `events` block.

use super::table::{Args, Contexts, Directive, row};

pub(crate) const ROWS: &[Directive] = &[row(
    "worker_connections",
    Contexts::EVENTS,
    Args::NUMBER,
    "no bound but the open-file limit",
    "How many connections a worker may hold.",
    |l, b, n| b.main.worker_connections = l.number(n).and_then(|n| usize::try_from(n).ok()),
)];
