//! Upstreams: groups of servers that requests are handed on to, and how their names are found.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::Origin;
use crate::variables::Expression;

/// An `upstream` block, or the group that a `proxy_pass` with a plain host makes: all addresses of
/// that host, each as good as the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// The name of the block, or the host as written, compared without letter case.
    pub name: Box<str>,
    /// The port of a plain host; `None` for a block, which has no port of its own.
    pub port: Option<u16>,
    /// Where it is written.
    pub origin: Origin,
    /// All addresses in the order of the file; several where a name has several. Never empty.
    pub peers: Vec<UpstreamPeer>,
    /// How one is chosen.
    pub balance: Balance,
    /// `keepalive` and friends; `None`: connections are closed after each answer.
    pub keepalive: Option<UpstreamKeepalive>,
}

/// One address of an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamPeer {
    /// The address.
    pub address: PeerAddress,
    /// The address as `$upstream_addr` and the logs show it: `127.0.0.1:8080`, `unix:/run/app`.
    pub label: Box<str>,
    /// What `server` named: `app.example.com:8080`. `hash` hashes it.
    pub server: Box<str>,
    /// `weight=`; default 1; never 0.
    pub weight: u32,
    /// `max_conns=`; default none. Counted by each worker for itself.
    pub max_conns: Option<u32>,
    /// `max_fails=`; default 1; 0: failures are not counted.
    pub max_fails: u32,
    /// `fail_timeout=`; default 10 s: the time in which failures are counted, and for which the
    /// peer is passed over then.
    pub fail_timeout: Duration,
    /// `slow_start=`; default none: time in which a peer that recovers comes back to its weight.
    pub slow_start: Duration,
    /// `backup`: only used while all others fail.
    pub backup: bool,
    /// `down`: never used.
    pub down: bool,
}

/// Where a peer listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PeerAddress {
    /// TCP.
    Tcp(SocketAddr),
    /// `unix:PATH`.
    Unix(PathBuf),
}

impl fmt::Display for PeerAddress {
    /// As `$upstream_addr` shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// How one of the peers is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Balance {
    /// In turn, as often as their weights say.
    RoundRobin,
    /// `least_conn`: the fewest requests under way, measured by weight.
    LeastConn,
    /// `ip_hash`: the same client, the same peer; an IPv4 client's last byte does not count.
    IpHash,
    /// `hash KEY [consistent]`.
    Hash {
        /// What is hashed.
        key: Expression,
        /// `consistent`: few keys move when peers come or go.
        consistent: bool,
    },
    /// `random`: anyone; with `two`: the less busy of two.
    Random {
        /// `two [least_conn]`.
        two: bool,
    },
}

/// `keepalive` and its directives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpstreamKeepalive {
    /// `keepalive`: idle connections that a worker keeps; at least 1.
    pub connections: usize,
    /// `keepalive_requests`; default 1000: requests after which a connection is closed.
    pub requests: u64,
    /// `keepalive_timeout`; default 60 s: how long a connection stays idle.
    pub timeout: Duration,
    /// `keepalive_time`; default 1 h: age at which a connection is closed after an answer.
    pub time: Duration,
}

/// `resolver` and `resolver_timeout`: how names are found that are known only when a request
/// comes. Without a `resolver` the system is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Resolver {
    /// Name servers, asked in turn; empty: the system.
    pub servers: Vec<SocketAddr>,
    /// `valid=`: how long an answer is used; default: as long as it says.
    pub valid: Option<Duration>,
    /// `ipv4=`; default on.
    pub ipv4: bool,
    /// `ipv6=`; default on.
    pub ipv6: bool,
    /// `resolver_timeout`; default 30 s.
    pub timeout: Duration,
}

impl Default for Resolver {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            valid: None,
            ipv4: true,
            ipv6: true,
            timeout: Duration::from_secs(30),
        }
    }
}
