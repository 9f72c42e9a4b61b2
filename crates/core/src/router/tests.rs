//! Settings for the tests of the router, from names as a configuration has them.

use std::sync::Arc;
use std::time::Duration;

use crate::settings::{
    Expires, Files, Gzip, Http, IgnoredHeaders, Listen, Location, LocationSettings, Matcher,
    NextUpstream, Origin, Proxy, ProxyAnswer, ProxyLimits, ProxyPass, ProxyRequest, ProxyTls,
    ProxyVersion, Push, Role, Server, ServerName, ServerSettings, Store, SubscriberMode,
    SubscriberPolicy, Types,
};
use crate::transport::Rendering;
use crate::variables::Expression;
use crate::variables::tests::pattern;

/// Defaults, under a name that says where they came from.
pub(crate) fn settings(name: &str) -> LocationSettings {
    LocationSettings {
        name: name.into(),
        origin: Origin { file: "test".into(), line: 1 },
        push: push(),
        files: Files::default(),
        proxy: None,
        real_ip: None,
        guard: None,
        hooks: None,
        add_headers: Vec::new(),
        expires: Expires::Off,
        default_type: Box::from(*b"text/plain"),
        types: Arc::new(Types::default()),
        gzip: Gzip {
            on: false,
            types: Vec::new(),
            min_length: 20,
            level: 1,
            http10: false,
            vary: false,
            proxied: None,
            disable: None,
        },
        client_max_body_size: None,
        client_body_timeout: Duration::from_secs(60),
        send_timeout: Duration::from_secs(60),
        keepalive_timeout: Duration::from_secs(75),
        keepalive_header: None,
        keepalive_requests: 1000,
        lingering_timeout: Duration::from_secs(5),
        reset_timedout_connection: false,
        server_tokens: true,
        tcp_nodelay: true,
        chunked_transfer_encoding: true,
        subscriber_buffer_size: 1 << 20,
        subscriber_policy: SubscriberPolicy::Disconnect,
        access_log: Vec::new(),
        error_log: Vec::new(),
    }
}

fn push() -> Push {
    Push {
        role: Role::None,
        relay: None,
        channels_path: Expression::default(),
        whole_channel_id: false,
        store_messages: false,
        channel_info_on_publish: true,
        authorized_channels_only: false,
        rendering: Arc::new(Rendering::compile(SubscriberMode::Streaming, b"", b"", b"")),
        wildcard_channel_max_qtd: None,
        ping_message_interval: None,
        subscriber_connection_ttl: None,
        longpolling_connection_ttl: None,
        websocket_allow_publish: false,
        websocket_deflate: None,
        last_received_message_time: None,
        last_received_message_tag: None,
        last_event_id: None,
        user_agent: None,
        padding_by_user_agent: Arc::from([]),
        padding_max: 0,
        allowed_origins: None,
        allow_connections_to_events_channel: false,
        content_type: None,
        close_publishers: false,
    }
}

/// The same, for a location that hands requests on.
pub(super) fn proxied<const N: usize>(name: &str, locations: [Location; N]) -> Location {
    let mut location = location(name, locations);
    let nothing = Expression::default;
    let proxy = Proxy {
        pass: ProxyPass::Variable(nothing()),
        request: ProxyRequest {
            version: ProxyVersion::Http10,
            method: None,
            headers: Vec::new(),
            pass_headers: true,
            pass_body: true,
            body: None,
            buffering: true,
        },
        answer: ProxyAnswer {
            buffering: true,
            hidden: Vec::new(),
            ignored: IgnoredHeaders::default(),
            intercept_errors: false,
            redirects: Vec::new(),
            cookie_domains: Vec::new(),
            cookie_paths: Vec::new(),
            cookie_flags: Vec::new(),
        },
        limits: ProxyLimits {
            connect_timeout: Duration::from_secs(60),
            send_timeout: Duration::from_secs(60),
            read_timeout: Duration::from_secs(60),
            buffer_size: 4096,
            buffers: 32_768,
        },
        next: NextUpstream::default(),
        tls: Arc::new(ProxyTls {
            name: nothing(),
            server_name: false,
            verify: false,
            verify_depth: 1,
            trusted_certificate: None,
            certificate: None,
            tls12: true,
            tls13: true,
            session_reuse: true,
        }),
        resolver: Arc::default(),
        bind: None,
        socket_keepalive: false,
        ignore_client_abort: false,
        grip: None,
    };
    let settings = LocationSettings { proxy: Some(Arc::new(proxy)), ..settings(name) };
    location.settings = Arc::new(settings);
    location
}

/// A location by what stands between `location` and its block.
pub(super) fn location<const N: usize>(name: &str, locations: [Location; N]) -> Location {
    let bytes = |text: &str| text.as_bytes().into();
    let matcher = match name.split_once(' ') {
        Some(("=", path)) => Matcher::Exact(bytes(path)),
        Some(("^~", path)) => Matcher::Prefix { path: bytes(path), no_regex: true },
        Some(("~", regex)) => Matcher::Regex(pattern(regex)),
        _ => match name.strip_prefix('@') {
            Some(name) => Matcher::Named(bytes(name)),
            None => Matcher::Prefix { path: bytes(name), no_regex: false },
        },
    };
    Location {
        matcher,
        settings: Arc::new(settings(name)),
        script: Vec::new(),
        locations: locations.into(),
    }
}

/// One server for each text, which is its `server_name`; the empty text gives none.
pub(super) fn http(servers: &[&str]) -> Http {
    Http {
        push_used: true,
        store: Store::default(),
        listens: Vec::new(),
        servers: servers.iter().map(|name| server(name)).collect(),
        maps: Vec::new(),
        upstreams: Vec::new(),
        set_slots: 0,
        log_formats: Vec::new(),
        settings: Arc::new(settings("http")),
    }
}

fn server(name: &str) -> Server {
    let bytes = |text: &str| text.as_bytes().into();
    let names = match name {
        "" => vec![],
        "\"\"" => vec![ServerName::Exact(Box::from([]))],
        name => vec![match (name.strip_prefix('*'), name.strip_suffix('*')) {
            (Some(suffix), _) => ServerName::Suffix(bytes(suffix)),
            (None, Some(prefix)) if !name.starts_with('~') => ServerName::Prefix(bytes(prefix)),
            _ => match name.strip_prefix('~') {
                Some(regex) => ServerName::Regex(pattern(regex)),
                None => ServerName::Exact(bytes(name)),
            },
        }],
    };
    Server {
        name: bytes(name),
        names,
        script: Vec::new(),
        settings: Arc::new(settings(name)),
        locations: Vec::new(),
        limits: ServerSettings::default(),
        tls: Arc::default(),
        http2: crate::settings::Http2::default(),
    }
}

/// An address with the first `servers` servers behind it.
pub(super) fn listen(servers: usize) -> Listen {
    Listen {
        address: crate::settings::ListenAddress::Tcp("127.0.0.1:80".parse().unwrap()),
        backlog: 511,
        ipv6only: true,
        rcvbuf: None,
        sndbuf: None,
        so_keepalive: false,
        tls: false,
        http2: false,
        default_server: 0,
        servers: (0..servers).collect(),
    }
}
