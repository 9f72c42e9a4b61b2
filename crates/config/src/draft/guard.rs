//! Who may get in.

use outpour_core::settings::{AccessRule, Satisfy};
use outpour_core::variables::Expression;

use super::inherit;

/// Lists are inherited as a whole, or not at all.
#[derive(Clone, Debug, Default)]
pub(crate) struct GuardDraft {
    pub(crate) rules: Option<Vec<AccessRule>>,
    pub(crate) satisfy: Option<Satisfy>,
    /// `auth_basic`; `Some(None)` for `off`.
    pub(crate) realm: Option<Option<Expression>>,
    pub(crate) user_file: Option<Expression>,
}

impl GuardDraft {
    pub(crate) fn inherit(&mut self, outer: &Self) {
        inherit!(self, outer; rules satisfy realm user_file);
    }
}
