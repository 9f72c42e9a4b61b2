//! What the application is asked and told.

use std::sync::Arc;

use outpour_core::settings::Hooks;
use outpour_core::variables::Expression;

use super::inherit;

/// `Some(None)` for `off`.
#[derive(Clone, Debug, Default)]
pub(crate) struct HooksDraft {
    pub(crate) authorize: Option<Option<Expression>>,
    pub(crate) subscribe: Option<Option<Expression>>,
    pub(crate) unsubscribe: Option<Option<Expression>>,
    pub(crate) publish: Option<Option<Expression>>,
}

impl HooksDraft {
    pub(crate) fn inherit(&mut self, outer: &Self) {
        inherit!(self, outer; authorize subscribe unsubscribe publish);
    }

    /// The hooks of a block that has inherited already; `None` if there is none.
    pub(crate) fn finish(&self) -> Option<Arc<Hooks>> {
        let hooks = Hooks {
            authorize: self.authorize.clone().flatten(),
            subscribe: self.subscribe.clone().flatten(),
            unsubscribe: self.unsubscribe.clone().flatten(),
            publish: self.publish.clone().flatten(),
        };
        (!hooks.is_empty()).then(|| Arc::new(hooks))
    }
}
