//! Who may get in.

use std::path::PathBuf;
use std::time::Duration;

use outpour_core::settings::{AccessRule, ChannelsClaim, JwtRequirement, Satisfy};
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
    /// `auth_jwt`: realm and token; `Some(None)` for `off`.
    pub(crate) jwt: Option<Option<(Expression, Option<Expression>)>>,
    pub(crate) jwt_key_files: Option<Vec<PathBuf>>,
    pub(crate) jwt_leeway: Option<Duration>,
    pub(crate) jwt_require: Option<Vec<JwtRequirement>>,
    /// `auth_request`; `Some(None)` for `off`.
    pub(crate) request: Option<Option<Box<[u8]>>>,
    pub(crate) request_set: Option<Vec<(usize, Expression)>>,
    pub(crate) channels: Option<ChannelsClaim>,
}

impl GuardDraft {
    pub(crate) fn inherit(&mut self, outer: &Self) {
        inherit!(self, outer;
            rules satisfy realm user_file jwt jwt_key_files jwt_leeway jwt_require request
            request_set channels);
    }
}
