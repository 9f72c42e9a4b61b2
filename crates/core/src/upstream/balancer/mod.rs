//! Which peer of an upstream gets a request: nginx's methods, and its ways with peers that fail.
//!
//! Each worker has a state of its own, as in nginx without `zone`: it counts the failures and the
//! requests under way that it has seen itself.

mod methods;
mod peer;
mod ring;
mod selection;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::peer::PeerState;
use self::ring::Ring;
use self::selection::Key;
use crate::now::Tick;
use crate::settings::{Balance, Upstream};
use crate::variables::Scope;

pub use self::selection::Selection;

/// How a request to a peer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerEnd {
    /// It answered, even if with a 403 or 404 for which another is asked; or the client left.
    Served,
    /// There was no connection, it broke, it timed out, or what came was no answer; or the answer
    /// was a 500, 502, 503, 504 or 429 for which another peer is asked. `max_fails` counts it.
    Failed,
}

/// A worker's state of one upstream.
#[derive(Clone, Debug)]
pub struct Balancer {
    upstream: Arc<Upstream>,
    peers: Vec<PeerState>,
    /// Of the peers that are no backups.
    total_weight: u64,
    /// There is one peer: it is asked even if it fails.
    single: bool,
    ring: Option<Ring>,
}

impl Balancer {
    /// Nobody has failed yet.
    #[must_use]
    pub fn new(upstream: Arc<Upstream>) -> Self {
        let consistent = matches!(upstream.balance, Balance::Hash { consistent: true, .. });
        let first = upstream.peers.iter().filter(|peer| !peer.backup);
        Self {
            peers: upstream.peers.iter().map(PeerState::new).collect(),
            total_weight: first.map(|peer| u64::from(peer.weight)).sum(),
            single: upstream.peers.len() == 1,
            ring: consistent.then(|| Ring::new(&upstream.peers)),
            upstream,
        }
    }

    /// The upstream.
    #[must_use]
    pub fn upstream(&self) -> &Arc<Upstream> {
        &self.upstream
    }

    /// How many peers a request can be handed to: the limit of tries where
    /// `proxy_next_upstream_tries` sets none. Nobody is asked twice.
    #[must_use]
    pub fn tries(&self) -> usize {
        self.upstream.peers.iter().filter(|peer| !peer.down).count()
    }

    /// The beginning of a request's way.
    #[must_use]
    pub fn begin(&self, scope: &Scope<'_>) -> Selection {
        let key = match &self.upstream.balance {
            Balance::IpHash => Key::address(scope.peer.remote.map(|address| address.ip())),
            Balance::Hash { key, .. } => match (&*key.evaluate(scope), &self.ring) {
                // As in nginx, an empty key says nothing.
                ([], _) => Key::None,
                (key, Some(ring)) => Key::Point(ring.find(key)),
                (key, None) => Key::Text { text: key.into(), hash: 0, rehash: 0 },
            },
            Balance::RoundRobin | Balance::LeastConn | Balance::Random { .. } => Key::None,
        };
        Selection::new(self.peers.len(), key)
    }

    /// The peer that is asked next: an index into [`Upstream::peers`]. Its request counts as under
    /// way until [`Balancer::end`]. `None` if nobody is left or can take it.
    ///
    /// `random` draws a number of any size; only `random` asks for some.
    pub fn pick(
        &mut self,
        selection: &mut Selection,
        now: Tick,
        random: &mut dyn FnMut() -> u64,
    ) -> Option<usize> {
        let first = self.by_method(selection, now, random);
        let chosen = first.or_else(|| match self.upstream.balance {
            Balance::LeastConn => self.least_conn(selection, true, now),
            Balance::RoundRobin
            | Balance::IpHash
            | Balance::Hash { .. }
            | Balance::Random { .. } => self.round_robin(selection, true, now),
        })?;
        selection.ask(chosen);
        self.peers.get_mut(chosen)?.begin(self.upstream.peers.get(chosen)?, now);
        Some(chosen)
    }

    /// A request that [`Balancer::pick`] handed to `peer` is over. True if the peer is passed over
    /// from now on, which the log should tell.
    pub fn end(&mut self, peer: usize, end: PeerEnd, now: Tick) -> bool {
        let (Some(state), Some(settings)) =
            (self.peers.get_mut(peer), self.upstream.peers.get(peer))
        else {
            return false;
        };
        state.conns = state.conns.saturating_sub(1);
        // As in nginx, an only peer's failures are not counted.
        !self.single && state.end(settings, end, now)
    }
}
