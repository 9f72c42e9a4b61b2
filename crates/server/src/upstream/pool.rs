//! Connections to upstreams that wait for their next request.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use outpour_core::settings::Upstream;

use super::{Route, UpstreamKey};

/// Connections that wait, by the `upstream` that they belong to, latest first. Each is in the
/// worker's table as well, whose events tell when its other side closes it.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    /// By address of the settings, which every connection here keeps alive.
    idle: HashMap<usize, VecDeque<(UpstreamKey, Route)>>,
}

impl Pool {
    /// Takes a connection for `route` out, the one that was used last.
    pub(crate) fn take(&mut self, route: &Route) -> Option<UpstreamKey> {
        let idle = self.idle.get_mut(&id(&route.upstream))?;
        let at = idle.iter().position(|(_, theirs)| theirs.serves(route))?;
        idle.remove(at).map(|(key, _)| key)
    }

    /// Puts a connection in; returns the one that has to make room for it (`keepalive`).
    pub(crate) fn put(&mut self, key: UpstreamKey, route: Route) -> Option<UpstreamKey> {
        let most = route.upstream.keepalive.map_or(0, |keepalive| keepalive.connections);
        let idle = self.idle.entry(id(&route.upstream)).or_default();
        idle.push_front((key, route));
        if idle.len() > most { idle.pop_back().map(|(key, _)| key) } else { None }
    }

    /// Forgets a connection that is gone.
    pub(crate) fn forget(&mut self, key: UpstreamKey, upstream: &Arc<Upstream>) {
        let Some(idle) = self.idle.get_mut(&id(upstream)) else { return };
        idle.retain(|(theirs, _)| *theirs != key);
        if idle.is_empty() {
            self.idle.remove(&id(upstream));
        }
    }

    /// Takes all out that belong to none of the settings in force.
    pub(crate) fn outdated(&mut self, upstreams: &[Arc<Upstream>]) -> Vec<UpstreamKey> {
        let current: Vec<_> = upstreams.iter().map(id).collect();
        let gone = self.idle.extract_if(|upstream, _| !current.contains(upstream));
        gone.flat_map(|(_, idle)| idle.into_iter().map(|(key, _)| key)).collect()
    }
}

fn id(upstream: &Arc<Upstream>) -> usize {
    Arc::as_ptr(upstream) as usize
}
