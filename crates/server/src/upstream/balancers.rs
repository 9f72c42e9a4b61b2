//! A worker's balancers, one for each upstream that requests were handed to.

use std::collections::HashMap;
use std::sync::Arc;

use outpour_core::settings::Upstream;
use outpour_core::upstream::Balancer;

/// A worker's balancers.
#[derive(Debug, Default)]
pub(crate) struct Balancers {
    /// By address of the settings, which each balancer keeps alive.
    by_upstream: HashMap<usize, Balancer>,
}

impl Balancers {
    /// The balancer of `upstream`.
    pub(crate) fn of(&mut self, upstream: &Arc<Upstream>) -> &mut Balancer {
        let id = Arc::as_ptr(upstream) as usize;
        self.by_upstream.entry(id).or_insert_with(|| Balancer::new(Arc::clone(upstream)))
    }

    /// Forgets all but those of `upstreams`.
    pub(crate) fn keep(&mut self, upstreams: &[Arc<Upstream>]) {
        let kept =
            |balancer: &Balancer| upstreams.iter().any(|u| Arc::ptr_eq(u, balancer.upstream()));
        self.by_upstream.retain(|_, balancer| kept(balancer));
    }
}
