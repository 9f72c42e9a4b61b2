//! Who may get into a location.

use std::path::PathBuf;
use std::time::Duration;

use super::{AccessRule, Limits, Network};
use crate::variables::Expression;

/// `satisfy`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Satisfy {
    /// Every check has to let the request in.
    All,
    /// One is enough.
    Any,
}

/// `auth_basic` with its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasicAuth {
    /// `auth_basic`; a value of `off` asks for nothing.
    pub realm: Expression,
    /// `auth_basic_user_file`
    pub file: Expression,
    /// What a relative name refers to: the directory of the configuration file.
    pub directory: PathBuf,
}

/// `auth_jwt` and its directives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtAuth {
    /// `auth_jwt`
    pub realm: Expression,
    /// `token=`; `None`: the header `Authorization: Bearer`.
    pub token: Option<Expression>,
    /// `auth_jwt_key_file`s.
    pub key_files: Vec<PathBuf>,
    /// `auth_jwt_key_request`; default none.
    pub key_request: Option<KeyRequest>,
    /// `auth_jwt_leeway`, seconds; default 0.
    pub leeway: u64,
    /// `auth_jwt_require`s.
    pub require: Vec<JwtRequirement>,
}

/// `auth_jwt_key_request` with `auth_jwt_key_cache`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRequest {
    /// The path that is asked.
    pub path: Box<[u8]>,
    /// Its query.
    pub args: Box<[u8]>,
    /// How long the keys are kept; default 0: each request asks anew.
    pub cache: Duration,
}

/// One `auth_jwt_require`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtRequirement {
    /// None may be empty or `0`.
    pub values: Vec<Expression>,
    /// 401 or 403: the answer if one is.
    pub status: u16,
}

/// `push_stream_authorized_channels_claim`: the claims that name channels. An empty one is not
/// asked for.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ChannelsClaim {
    /// For subscribers and statistics.
    pub subscribe: Box<str>,
    /// For publishers, and for WebSockets that may publish.
    pub publish: Box<str>,
}

/// `auth_request` with `auth_request_set`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthRequest {
    /// The path that is asked.
    pub path: Box<[u8]>,
    /// Its query.
    pub args: Box<[u8]>,
    /// Variables that are set from the answer.
    pub sets: Vec<(usize, Expression)>,
}

/// `set_real_ip_from` and its directives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealIp {
    /// `set_real_ip_from`s: who is believed; never empty.
    pub from: Vec<Network>,
    /// `real_ip_header`, lower case; default `x-real-ip`.
    pub header: Box<str>,
    /// `real_ip_recursive`; default off.
    pub recursive: bool,
}

/// All checks that a location makes before it serves anything. Locations without any have none.
#[derive(Clone, Debug)]
pub struct Guard {
    /// `allow` and `deny`, in order.
    pub rules: Vec<AccessRule>,
    /// `limit_req` and `limit_conn`; default none.
    pub limits: Option<Limits>,
    /// `push_stream_websocket_allowed_origins`; empty: all.
    pub origins: Vec<Box<str>>,
    /// `satisfy`; default all.
    pub satisfy: Satisfy,
    /// `auth_basic`; default off.
    pub basic: Option<BasicAuth>,
    /// `auth_jwt`; default off.
    pub jwt: Option<JwtAuth>,
    /// `auth_request`; default off.
    pub request: Option<AuthRequest>,
    /// `push_stream_authorized_channels_claim`; default none.
    pub channels: Option<ChannelsClaim>,
}
