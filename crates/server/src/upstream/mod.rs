//! Connections to upstreams: what they are, what they are used for, and which of them wait for
//! their next request.

mod balancers;
mod pool;
mod relay;
mod stream;
mod tls;

use std::sync::Arc;

use outpour_core::now::Tick;
use outpour_core::settings::{PeerAddress, ProxyTls, Upstream};

pub(crate) use balancers::Balancers;
pub(crate) use pool::Pool;
pub(crate) use relay::{Answered, Fetched, Framing, Phase, Purpose, Relay, Sink};
pub(crate) use stream::{UpstreamStream, connect};
pub(crate) use tls::ClientTls;

/// Which upstream connection of the worker. The generation keeps a late event or timer from
/// reaching the next connection in the same slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct UpstreamKey {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// Whom a connection leads to, and how it is encrypted: requests may share it if that is equal.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) upstream: Arc<Upstream>,
    /// Index among its peers.
    pub(crate) peer: usize,
    /// Settings and name of the other side, for `https://`.
    pub(crate) tls: Option<(Arc<ProxyTls>, Box<[u8]>)>,
}

impl Route {
    /// The address of the peer.
    pub(crate) fn address(&self) -> &PeerAddress {
        &self.upstream.peers[self.peer].address
    }

    /// The same as `$upstream_addr` shows it.
    pub(crate) fn label(&self) -> &str {
        &self.upstream.peers[self.peer].label
    }

    fn serves(&self, other: &Self) -> bool {
        let same_tls = match (&self.tls, &other.tls) {
            (None, None) => true,
            (Some((a, name)), Some((b, other))) => (Arc::ptr_eq(a, b) || a == b) && name == other,
            _ => false,
        };
        Arc::ptr_eq(&self.upstream, &other.upstream) && self.peer == other.peer && same_tls
    }
}

/// A connection to an upstream. While nothing is asked of it, it has no buffer.
#[derive(Debug)]
pub(crate) struct UpstreamConnection {
    pub(crate) stream: UpstreamStream,
    pub(crate) route: Route,
    pub(crate) generation: u32,
    /// When it was opened.
    pub(crate) opened: Tick,
    /// Requests that were answered on it.
    pub(crate) requests: u64,
    /// The deadline under which the timer wheel knows it.
    pub(crate) filed: Tick,
    /// The socket may hold bytes that were not read, and no event will tell.
    pub(crate) unread: bool,
    /// What it is used for.
    pub(crate) employment: Employment,
}

/// What a connection to an upstream is used for.
#[derive(Debug)]
pub(crate) enum Employment {
    /// Nothing: it waits for its next request until then.
    Idle {
        /// When it is closed.
        until: Tick,
    },
    /// A request.
    Busy(Box<Relay>),
}

impl UpstreamConnection {
    /// The request that it is used for.
    pub(crate) fn relay(&mut self) -> Option<&mut Relay> {
        match &mut self.employment {
            Employment::Busy(relay) => Some(relay),
            Employment::Idle { .. } => None,
        }
    }
}
