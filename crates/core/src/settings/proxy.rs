//! `proxy_pass` and the directives around it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Certificate, Grip, Resolver};
use crate::variables::{Expression, Pattern};

/// What a location with `proxy_pass` does with its requests.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// `proxy_pass`: to whom, and under which address.
    pub pass: ProxyPass,
    /// The request as the upstream gets it.
    pub request: ProxyRequest,
    /// The answer as the client gets it.
    pub answer: ProxyAnswer,
    /// Times and sizes.
    pub limits: ProxyLimits,
    /// `proxy_next_upstream` and friends.
    pub next: NextUpstream,
    /// `proxy_ssl_*`, for `https://`.
    pub tls: Arc<ProxyTls>,
    /// `resolver`, for targets with variables.
    pub resolver: Arc<Resolver>,
    /// `proxy_bind`: the local address of connections, `IP` or `IP:PORT`; default and empty value:
    /// the system's choice.
    pub bind: Option<Expression>,
    /// `proxy_socket_keepalive`; default off.
    pub socket_keepalive: bool,
    /// `proxy_ignore_client_abort`; default off: a client that leaves ends the upstream's work.
    pub ignore_client_abort: bool,
    /// `push_stream_grip`; default off.
    pub grip: Option<Arc<Grip>>,
}

/// The argument of `proxy_pass`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyPass {
    /// An argument without variables.
    Fixed {
        /// `https://`.
        tls: bool,
        /// Index into [`super::Http::upstreams`].
        upstream: usize,
        /// `$proxy_host`: the name with its port unless that is the scheme's own; `localhost` for
        /// a unix socket.
        host: Box<[u8]>,
        /// `$proxy_port`: the port as written or the scheme's own; empty for a unix socket.
        port: Box<[u8]>,
        /// The address part.
        uri: ProxyUri,
    },
    /// An argument with variables: an address whose value says everything. Where it has a path,
    /// that is sent as it is; else the request's own address is, as for [`ProxyUri::Kept`]. A host
    /// that is the name of an upstream means that; any other is looked up.
    Variable(Expression),
}

/// Under which address the upstream gets the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyUri {
    /// `http://host`: the request's own, byte for byte as it came unless it was rewritten.
    Kept,
    /// `http://host/path`: the path takes the place of the location's prefix.
    Replaced {
        /// The path, with arguments if it was written so.
        path: Box<[u8]>,
        /// Length of the location's prefix. Where `rewrite ... break` has changed the request's
        /// address, that is sent as it is, without this path.
        prefix: usize,
    },
}

/// `proxy_http_version`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyVersion {
    /// 1.0, the default as in nginx: no chunks, no upgrades, one request per connection.
    Http10,
    /// 1.1: wanted for WebSocket and for `keepalive`.
    Http11,
}

/// The request as the upstream gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyRequest {
    /// `proxy_http_version`; default 1.0.
    pub version: ProxyVersion,
    /// `proxy_method`; default the client's.
    pub method: Option<Expression>,
    /// `proxy_set_header`s of the nearest level that has any, in order, then those of nginx's
    /// defaults that none of them replaces: `Host: $proxy_host`, `Connection: close`, and the
    /// empty `TE`, `Keep-Alive`, `Expect`, `Upgrade`. They are sent first; a header whose value is
    /// empty is not sent; the client's headers of these names never are. `Content-Length` and
    /// `Transfer-Encoding` are the server's business unless they are named here.
    pub headers: Vec<ProxyHeader>,
    /// `proxy_pass_request_headers`; default on.
    pub pass_headers: bool,
    /// `proxy_pass_request_body`; default on.
    pub pass_body: bool,
    /// `proxy_set_body`; default the client's.
    pub body: Option<Expression>,
    /// `proxy_request_buffering`; default on: the upstream is asked when the body is there.
    pub buffering: bool,
}

/// `proxy_set_header`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyHeader {
    /// The name as written.
    pub name: Box<str>,
    /// The value.
    pub value: Expression,
}

/// The answer as the client gets it.
#[derive(Clone, Debug)]
pub struct ProxyAnswer {
    /// `proxy_buffering`; default on: the upstream is read ahead of the client as far as the
    /// buffers go. `X-Accel-Buffering` of an answer goes before it.
    pub buffering: bool,
    /// Names of headers that are not sent on, lower case and sorted: nginx's (`date`, `server`,
    /// `x-pad`, `x-accel-*`) and those of `proxy_hide_header`, without those of
    /// `proxy_pass_header`.
    pub hidden: Vec<Box<[u8]>>,
    /// `proxy_ignore_headers`.
    pub ignored: IgnoredHeaders,
    /// `proxy_intercept_errors`; default off: statuses of 300 and more go to `error_page`.
    pub intercept_errors: bool,
    /// `proxy_redirect`s for `Location` and `Refresh`; the first that fits counts.
    pub redirects: Vec<ProxyRewrite>,
    /// `proxy_cookie_domain`; the first that fits counts.
    pub cookie_domains: Vec<ProxyRewrite>,
    /// `proxy_cookie_path`; the first that fits counts.
    pub cookie_paths: Vec<ProxyRewrite>,
    /// `proxy_cookie_flags`; the first that fits counts.
    pub cookie_flags: Vec<CookieFlags>,
}

/// Headers of answers that would tell the server something: those that may do so no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IgnoredHeaders {
    /// `X-Accel-Redirect`
    pub redirect: bool,
    /// `X-Accel-Buffering`
    pub buffering: bool,
    /// `X-Accel-Charset`
    pub charset: bool,
    /// `X-Accel-Limit-Rate`
    pub limit_rate: bool,
}

/// A rule of `proxy_redirect`, `proxy_cookie_domain` or `proxy_cookie_path`.
#[derive(Clone, Debug)]
pub struct ProxyRewrite {
    /// What is replaced.
    pub from: ProxyRewriteFrom,
    /// What takes its place; captures of the expression are variables.
    pub to: Expression,
}

/// What a rule replaces.
#[derive(Clone, Debug)]
pub enum ProxyRewriteFrom {
    /// A beginning; of `proxy_cookie_domain`: the whole domain, in any case, with or without
    /// leading dot.
    Text(Expression),
    /// An expression: the whole value is replaced if it matches.
    Regex(Pattern),
}

/// `proxy_cookie_flags`
#[derive(Clone, Debug)]
pub struct CookieFlags {
    /// Which cookies.
    pub cookie: CookieName,
    /// `secure`, `nosecure`; `None`: as it came.
    pub secure: Option<bool>,
    /// `httponly`, `nohttponly`.
    pub httponly: Option<bool>,
    /// `samesite=...`, `nosamesite`.
    pub samesite: Option<SameSite>,
}

/// Which cookies are meant.
#[derive(Clone, Debug)]
pub enum CookieName {
    /// A name, compared without letter case.
    Text(Expression),
    /// Names that an expression matches.
    Regex(Pattern),
}

/// What becomes of a cookie's `SameSite`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// It is taken away.
    Off,
    /// `Strict`
    Strict,
    /// `Lax`
    Lax,
    /// `None`
    None,
}

/// Times and sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyLimits {
    /// `proxy_connect_timeout`; default 60 s, handshake of TLS included.
    pub connect_timeout: Duration,
    /// `proxy_send_timeout` between two writes; default 60 s.
    pub send_timeout: Duration,
    /// `proxy_read_timeout` between two reads; default 60 s.
    pub read_timeout: Duration,
    /// `proxy_buffer_size`: most of an answer's head; default 4k, a page.
    pub buffer_size: usize,
    /// `proxy_buffers NUMBER SIZE`, multiplied: bytes of an answer's body that wait for a client;
    /// default 8 of 4k.
    pub buffers: usize,
}

/// `proxy_next_upstream` and friends: when another peer is tried. Never once anything of an answer
/// was sent to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextUpstream {
    /// `error`: no connection, or it broke; default on.
    pub error: bool,
    /// `timeout`; default on.
    pub timeout: bool,
    /// `invalid_header`: nothing, or what is no answer; default off.
    pub invalid_header: bool,
    /// `non_idempotent`: also requests that may not be sent twice (POST, LOCK, PATCH); default off.
    pub non_idempotent: bool,
    /// `http_500` and so on.
    pub statuses: Vec<u16>,
    /// `proxy_next_upstream_tries`; default 0: as many as there are peers.
    pub tries: u32,
    /// `proxy_next_upstream_timeout`; default none: within which another may be begun.
    pub time: Option<Duration>,
}

impl Default for NextUpstream {
    fn default() -> Self {
        Self {
            error: true,
            timeout: true,
            invalid_header: false,
            non_idempotent: false,
            statuses: Vec::new(),
            tries: 0,
            time: None,
        }
    }
}

/// `proxy_ssl_*`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProxyTls {
    /// `proxy_ssl_name`: the name in the certificate and of SNI; default `$proxy_host`.
    pub name: Expression,
    /// `proxy_ssl_server_name`: whether SNI tells it; default off.
    pub server_name: bool,
    /// `proxy_ssl_verify`; default off: any certificate is good.
    pub verify: bool,
    /// `proxy_ssl_verify_depth`; default 1.
    pub verify_depth: usize,
    /// `proxy_ssl_trusted_certificate`: PEM file of the authorities.
    pub trusted_certificate: Option<PathBuf>,
    /// `proxy_ssl_certificate` and `proxy_ssl_certificate_key`: what the server shows.
    pub certificate: Option<Certificate>,
    /// `proxy_ssl_protocols` names TLSv1.2; default yes.
    pub tls12: bool,
    /// `proxy_ssl_protocols` names TLSv1.3; default yes.
    pub tls13: bool,
    /// `proxy_ssl_session_reuse`; default on.
    pub session_reuse: bool,
}
