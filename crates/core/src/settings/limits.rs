//! How often and how many at once.

use std::sync::Arc;

use super::Level;
use crate::variables::Expression;

/// A `limit_req_zone` or `limit_conn_zone`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitZone {
    /// Its name.
    pub name: Box<str>,
    /// What is counted; requests whose key is empty are not.
    pub key: Expression,
    /// Bytes, which bound the number of keys.
    pub size: u64,
    /// `rate=`, thousandths of a request per second; 0 for a `limit_conn_zone`.
    pub rate: u64,
}

/// `limit_req`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitReq {
    /// Where it counts.
    pub zone: Arc<LimitZone>,
    /// `burst=`; default 0: requests beyond the rate that are not refused.
    pub burst: u64,
    /// Of these, how many do not wait either: all with `nodelay`, else `delay=`, default 0.
    pub at_once: u64,
}

/// `limit_conn`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitConn {
    /// Where it counts.
    pub zone: Arc<LimitZone>,
    /// How many at once.
    pub most: u64,
}

/// What happens at a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitPolicy {
    /// `limit_req_status`, `limit_conn_status`; default 503.
    pub status: u16,
    /// `limit_req_log_level`, `limit_conn_log_level`; default error.
    pub level: Level,
    /// `limit_req_dry_run`, `limit_conn_dry_run`; default off: only the log tells.
    pub dry_run: bool,
}

/// The limits of a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `limit_req`s.
    pub requests: Vec<LimitReq>,
    /// What happens at one of them.
    pub request_policy: LimitPolicy,
    /// `limit_conn`s.
    pub connections: Vec<LimitConn>,
    /// What happens at one of them.
    pub connection_policy: LimitPolicy,
}
