//! `upstream` blocks.

use std::time::Duration;

use outpour_core::settings::{Balance, UpstreamPeer};

use super::Given;

/// What stands in an `upstream` block.
#[derive(Clone, Debug, Default)]
pub(crate) struct UpstreamDraft {
    /// The addresses of all its servers.
    pub(crate) peers: Vec<UpstreamPeer>,
    pub(crate) balance: Option<Balance>,
    pub(crate) keepalive: Option<Given<usize>>,
    pub(crate) keepalive_requests: Option<u64>,
    pub(crate) keepalive_timeout: Option<Duration>,
    pub(crate) keepalive_time: Option<Duration>,
}
