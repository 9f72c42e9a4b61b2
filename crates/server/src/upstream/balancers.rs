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
    /// So many of them make it worth while to look for some that nobody needs.
    many: usize,
}

/// Upstreams that are made for a request have balancers as well: so many may be left over.
const LEFT_OVER_MAX: usize = 64;

impl Balancers {
    /// The balancer of `upstream`.
    pub(crate) fn of(&mut self, upstream: &Arc<Upstream>) -> &mut Balancer {
        let id = Arc::as_ptr(upstream) as usize;
        if self.by_upstream.len() >= self.many.max(LEFT_OVER_MAX) {
            // Nobody but the balancer itself knows the upstream: its request is over.
            self.by_upstream.retain(|_, balancer| Arc::strong_count(balancer.upstream()) > 1);
            self.many = 2 * self.by_upstream.len();
        }
        self.by_upstream.entry(id).or_insert_with(|| Balancer::new(Arc::clone(upstream)))
    }

    /// Forgets all but those of `upstreams`.
    pub(crate) fn keep(&mut self, upstreams: &[Arc<Upstream>]) {
        let kept =
            |balancer: &Balancer| upstreams.iter().any(|u| Arc::ptr_eq(u, balancer.upstream()));
        self.by_upstream.retain(|_, balancer| kept(balancer));
    }
}
