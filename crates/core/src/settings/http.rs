//! The `http` block: servers, where they listen, how they are chosen.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Http2, Location, LocationSettings, LogFormat, Store, Tls, Upstream};
use crate::router::Statement;
use crate::variables::{Map, Pattern};

/// The `http` block.
#[derive(Clone, Debug)]
pub struct Http {
    /// Whether any location has a push role.
    pub push_used: bool,
    /// The push directives of the `http` level.
    pub store: Store,
    /// All addresses, each once, with the servers behind it.
    pub listens: Vec<Listen>,
    /// All `server` blocks in the order of the file.
    pub servers: Vec<Server>,
    /// All `map` tables; a [`crate::variables::Variable::Map`] is an index into them.
    pub maps: Vec<Map>,
    /// All `upstream`s, and one per plain host of a `proxy_pass`.
    pub upstreams: Vec<Arc<Upstream>>,
    /// How many slots `set` and named captures need.
    pub set_slots: usize,
    /// All `log_format`s; the first is the predefined `combined`.
    pub log_formats: Vec<LogFormat>,
    /// `access_log` and friends of this level, for connections that never got a server.
    pub settings: Arc<LocationSettings>,
}

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ListenAddress {
    /// TCP. `*:80` is `0.0.0.0:80`.
    Tcp(SocketAddr),
    /// `unix:PATH`.
    Unix(PathBuf),
}

/// One address and the servers behind it.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The address.
    pub address: ListenAddress,
    /// `backlog=`; default 511, as nginx on Linux.
    pub backlog: u32,
    /// `ipv6only=`; default on.
    pub ipv6only: bool,
    /// `rcvbuf=` and `sndbuf=`, bytes.
    pub rcvbuf: Option<usize>,
    /// See [`Listen::rcvbuf`].
    pub sndbuf: Option<usize>,
    /// `so_keepalive=on`.
    pub so_keepalive: bool,
    /// `ssl`: connections are encrypted.
    pub tls: bool,
    /// `http2`: all servers behind it speak HTTP/2, whatever their own directive says.
    pub http2: bool,
    /// Index of the server that answers when no name fits.
    pub default_server: usize,
    /// Indices of all servers behind this address.
    pub servers: Vec<usize>,
}

/// One way a `server_name` matches; tried in this order: exact, leading wildcard (longest first),
/// trailing wildcard (longest first), regular expression (in file order).
#[derive(Clone, Debug)]
pub enum ServerName {
    /// The whole name, lower case; empty for `""`.
    Exact(Box<[u8]>),
    /// `*.example.com`: the suffix with its dot. `.example.com` becomes this and an `Exact`.
    Suffix(Box<[u8]>),
    /// `www.example.*`: the prefix with its dot.
    Prefix(Box<[u8]>),
    /// `~^www\d+\.example\.com$`.
    Regex(Pattern),
}

/// A `server` block.
#[derive(Clone, Debug)]
pub struct Server {
    /// `$server_name`: the first name as written; empty if there is none.
    pub name: Box<[u8]>,
    /// The names it answers to.
    pub names: Vec<ServerName>,
    /// `set`, `if`, `return` of the `server` level, run before the location is chosen.
    pub script: Vec<Statement>,
    /// Settings of the `server` level: for requests that no location takes.
    pub settings: Arc<LocationSettings>,
    /// The locations, in the order of the file.
    pub locations: Vec<Location>,
    /// What is decided before a request is complete.
    pub limits: ServerSettings,
    /// The `ssl_*` directives, for addresses with `ssl`.
    pub tls: Arc<Tls>,
    /// The `http2*` directives.
    pub http2: Http2,
}

/// Limits that hold while a request's head is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// `client_header_timeout`; default 60 s: time for the whole head. Exceeded: 408 and close.
    pub client_header_timeout: Duration,
    /// `client_header_buffer_size`; default 1k.
    pub client_header_buffer_size: usize,
    /// `large_client_header_buffers NUMBER SIZE`; default 4 of 8k. A request line longer than one:
    /// 414. A header line longer than one, or more than all of them: 400 (nginx's 494).
    pub large_client_header_buffers: (usize, usize),
    /// `ignore_invalid_headers`; default on.
    pub ignore_invalid_headers: bool,
    /// `underscores_in_headers`; default off: such headers are invalid.
    pub underscores_in_headers: bool,
    /// `merge_slashes`; default on.
    pub merge_slashes: bool,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            client_header_timeout: Duration::from_secs(60),
            client_header_buffer_size: 1024,
            large_client_header_buffers: (4, 8192),
            ignore_invalid_headers: true,
            underscores_in_headers: false,
            merge_slashes: true,
        }
    }
}
