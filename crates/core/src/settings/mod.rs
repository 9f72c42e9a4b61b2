//! Typed, total settings: what the configuration comes down to.
//!
//! Nothing here asks "was it set?": every value is the merged one, with its default. A reload
//! builds new settings; these never change in place.

mod files;
mod grip;
mod guard;
mod hooks;
mod http;
mod http2;
mod limits;
mod location;
mod log;
mod main;
mod proxy;
mod push;
mod relay;
pub mod time;
mod tls;
mod upstream;

pub use files::{
    Autoindex, Candidate, ErrorPage, Fallback, FileName, Files, GzipStatic, HmacLink,
    IfModifiedSince, PageStatus, Root, RootKind, SecureLink, Symlinks, TryFiles,
};
pub use grip::Grip;
pub use guard::{
    AuthRequest, BasicAuth, ChannelsClaim, Guard, JwtAuth, JwtRequirement, KeyRequest, RealIp,
    Satisfy,
};
pub use hooks::Hooks;
pub use http::{Http, Listen, ListenAddress, Server, ServerName, ServerSettings};
pub use http2::Http2;
pub use limits::{LimitConn, LimitPolicy, LimitReq, LimitZone, Limits};
pub use location::{
    Access, AccessRule, AddHeader, Expires, Gzip, GzipDisable, GzipProxied, Location,
    LocationSettings, Matcher, Network, Origin, Types,
};
pub use log::{AccessLog, ErrorLog, Escape, Level, LogBuffer, LogFormat, LogTarget, OpenLogFiles};
pub use main::{Main, Settings, WorkerProcesses};
pub use proxy::{
    CookieFlags, CookieName, IgnoredHeaders, NextUpstream, Proxy, ProxyAnswer, ProxyHeader,
    ProxyLimits, ProxyPass, ProxyRequest, ProxyRewrite, ProxyRewriteFrom, ProxyTls, ProxyUri,
    ProxyVersion, SameSite,
};
pub use push::{
    DashboardMode, Padding, PublisherMode, Push, Role, Service, Store, SubscriberMode,
    SubscriberPolicy,
};
pub use relay::{
    FirstMessage, Relay, RelayDialect, RelayPublishers, RelayRole, RelayTransport, RelayTransports,
};
pub use tls::{Certificate, Tls, VerifyClient};
pub use upstream::{Balance, PeerAddress, Resolver, Upstream, UpstreamKeepalive, UpstreamPeer};
