//! Who may get in.

use std::path::PathBuf;
use std::time::Duration;

use outpour_core::settings::{AccessRule, ChannelsClaim, JwtRequirement, Level, Network, Satisfy};
use outpour_core::variables::Expression;

use super::inherit;
use crate::source::Span;

/// One `limit_req` or `limit_conn`; its zone may be declared behind it.
#[derive(Clone, Debug)]
pub(crate) struct LimitDraft {
    pub(crate) zone: String,
    pub(crate) at: Span,
    /// Burst, or number of connections.
    pub(crate) most: u64,
    pub(crate) at_once: u64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct PolicyDraft {
    pub(crate) status: Option<u16>,
    pub(crate) level: Option<Level>,
    pub(crate) dry_run: Option<bool>,
}

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
    pub(crate) jwt_key_request: Option<Box<[u8]>>,
    pub(crate) jwt_key_cache: Option<Duration>,
    pub(crate) jwt_leeway: Option<Duration>,
    pub(crate) jwt_require: Option<Vec<JwtRequirement>>,
    /// `auth_request`; `Some(None)` for `off`.
    pub(crate) request: Option<Option<Box<[u8]>>>,
    pub(crate) request_set: Option<Vec<(usize, Expression)>>,
    pub(crate) channels: Option<ChannelsClaim>,
    pub(crate) limit_req: Option<Vec<LimitDraft>>,
    pub(crate) limit_req_policy: PolicyDraft,
    pub(crate) limit_conn: Option<Vec<LimitDraft>>,
    pub(crate) limit_conn_policy: PolicyDraft,
    pub(crate) origins: Option<Vec<Box<str>>>,
    pub(crate) real_ip_from: Option<Vec<Network>>,
    pub(crate) real_ip_header: Option<Box<str>>,
    pub(crate) real_ip_recursive: Option<bool>,
}

impl GuardDraft {
    pub(crate) fn inherit(&mut self, outer: &Self) {
        inherit!(self, outer;
            rules satisfy realm user_file jwt jwt_key_files jwt_key_request jwt_key_cache jwt_leeway jwt_require request
            request_set channels limit_req limit_conn origins real_ip_from real_ip_header
            real_ip_recursive);
        inherit!(self.limit_req_policy, outer.limit_req_policy; status level dry_run);
        inherit!(self.limit_conn_policy, outer.limit_conn_policy; status level dry_run);
    }
}
