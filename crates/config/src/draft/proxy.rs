//! `proxy_pass` and the directives around it, `resolver`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use outpour_core::settings::{
    CookieFlags, IgnoredHeaders, NextUpstream, ProxyHeader, ProxyRewrite, ProxyVersion,
};
use outpour_core::variables::Expression;

use super::inherit;
use crate::proxy_url::Url;
use crate::source::Span;

/// `push_stream_grip`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GripMode {
    On,
    /// Without WebSocket over HTTP.
    Http,
    Off,
}

/// `push_stream_grip_key`
#[derive(Clone, Debug)]
pub(crate) struct GripKey {
    pub(crate) key: Box<[u8]>,
    pub(crate) issuer: Option<Box<str>>,
}

/// `proxy_pass`.
#[derive(Clone, Debug)]
pub(crate) struct PassDraft {
    pub(crate) to: PassTo,
    pub(crate) at: Span,
}

/// Its argument.
#[derive(Clone, Debug)]
pub(crate) enum PassTo {
    /// An address, and the prefix of the location whose place its path takes.
    Fixed { url: Url, prefix: Box<[u8]> },
    /// One that is known when a request comes.
    Variable(Expression),
}

/// A `proxy_redirect`.
#[derive(Clone, Debug)]
pub(crate) enum RedirectDraft {
    /// `default`: from the address of `proxy_pass` to the location.
    Default,
    Rule(ProxyRewrite),
}

/// Lists are inherited as a whole, or not at all.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProxyDraft {
    /// Only an `if` block has that of the location around it.
    pub(crate) pass: Option<PassDraft>,
    pub(crate) version: Option<ProxyVersion>,
    pub(crate) method: Option<Expression>,
    pub(crate) set_headers: Option<Vec<ProxyHeader>>,
    pub(crate) pass_request_headers: Option<bool>,
    pub(crate) pass_request_body: Option<bool>,
    pub(crate) set_body: Option<Expression>,
    pub(crate) request_buffering: Option<bool>,
    pub(crate) buffering: Option<bool>,
    pub(crate) hide_headers: Option<Vec<Box<[u8]>>>,
    pub(crate) pass_headers: Option<Vec<Box<[u8]>>>,
    pub(crate) ignore_headers: Option<IgnoredHeaders>,
    pub(crate) intercept_errors: Option<bool>,
    /// `proxy_redirect off`.
    pub(crate) redirect_off: Option<bool>,
    pub(crate) redirects: Option<Vec<RedirectDraft>>,
    /// Empty for `off`, as the following two.
    pub(crate) cookie_domains: Option<Vec<ProxyRewrite>>,
    pub(crate) cookie_paths: Option<Vec<ProxyRewrite>>,
    pub(crate) cookie_flags: Option<Vec<CookieFlags>>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) send_timeout: Option<Duration>,
    pub(crate) read_timeout: Option<Duration>,
    pub(crate) buffer_size: Option<usize>,
    pub(crate) buffers: Option<usize>,
    /// Without tries and time, which follow.
    pub(crate) next: Option<NextUpstream>,
    pub(crate) next_tries: Option<u32>,
    pub(crate) next_time: Option<Duration>,
    /// `Some(None)` for `off`.
    pub(crate) bind: Option<Option<Expression>>,
    pub(crate) socket_keepalive: Option<bool>,
    pub(crate) ignore_client_abort: Option<bool>,
    pub(crate) grip: Option<GripMode>,
    pub(crate) grip_key: Option<GripKey>,
    pub(crate) tls: ProxyTlsDraft,
    pub(crate) resolver: ResolverDraft,
}

/// `proxy_ssl_*`
#[derive(Clone, Debug, Default)]
pub(crate) struct ProxyTlsDraft {
    pub(crate) name: Option<Expression>,
    pub(crate) server_name: Option<bool>,
    pub(crate) verify: Option<bool>,
    pub(crate) verify_depth: Option<usize>,
    pub(crate) trusted_certificate: Option<PathBuf>,
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) certificate_key: Option<PathBuf>,
    pub(crate) password_file: Option<PathBuf>,
    /// TLSv1.2 and TLSv1.3.
    pub(crate) protocols: Option<(bool, bool)>,
    pub(crate) session_reuse: Option<bool>,
}

/// `resolver` and `resolver_timeout`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResolverDraft {
    pub(crate) servers: Option<ServersDraft>,
    pub(crate) timeout: Option<Duration>,
}

/// `resolver`
#[derive(Clone, Debug)]
pub(crate) struct ServersDraft {
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) valid: Option<Duration>,
    pub(crate) ipv4: bool,
    pub(crate) ipv6: bool,
}

impl ProxyDraft {
    pub(crate) fn inherit(&mut self, outer: &Self) {
        inherit!(self, outer;
            version method set_headers pass_request_headers pass_request_body set_body
            request_buffering buffering hide_headers pass_headers ignore_headers intercept_errors
            redirect_off redirects cookie_domains cookie_paths cookie_flags connect_timeout
            send_timeout read_timeout buffer_size buffers next next_tries next_time bind
            socket_keepalive ignore_client_abort grip grip_key);
        inherit!(self.tls, outer.tls;
            name server_name verify verify_depth trusted_certificate certificate certificate_key
            password_file            protocols session_reuse);
        inherit!(self.resolver, outer.resolver; servers timeout);
    }
}
