//! What tests of several modules need: a request, who sent it, and settings that say nothing.

use std::sync::Arc;
use std::time::Duration;

use crate::now::{Now, epoch};
use crate::request::{Peer, Request};
use crate::settings::{
    Expires, Gzip, LocationSettings, Origin, Push, Role, ServerSettings, SubscriberMode, Types,
};
use crate::transport::Rendering;
use crate::variables::{Environment, Expression, Map, Outcome, Pattern, Scope, State};
use crate::wire::http1::{Parsed, parse_head};

/// Everything that a [`Scope`] refers to.
pub(crate) struct World {
    pub(crate) request: Request,
    pub(crate) peer: Peer,
    pub(crate) maps: Vec<Map>,
    pub(crate) state: State,
    pub(crate) environment: Environment,
    pub(crate) now: Now,
    pub(crate) outcome: Option<Outcome>,
}

impl World {
    /// A request with this head, `\r\n` between its lines, the empty line left out.
    pub(crate) fn new(head: &str) -> Self {
        let peer = Peer {
            remote: Some("192.0.2.7:40000".parse().unwrap()),
            local: Some("198.51.100.1:9080".parse().unwrap()),
            connection: 12,
            requests: 3,
            tls: false,
        };
        let environment =
            Environment { hostname: "host.example".into(), pid: 4321, ..Environment::default() };
        Self {
            request: request(head),
            peer,
            maps: Vec::new(),
            state: State::new(4),
            environment,
            now: epoch(),
            outcome: None,
        }
    }

    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope {
            request: &self.request,
            peer: &self.peer,
            server_name: b"first.example",
            maps: &self.maps,
            state: &self.state,
            document_root: b"/srv",
            environment: &self.environment,
            now: self.now,
            outcome: self.outcome.as_ref(),
        }
    }
}

fn request(head: &str) -> Request {
    let bytes = format!("{head}\r\n\r\n");
    match parse_head(bytes.as_bytes(), &ServerSettings::default()) {
        Ok(Parsed::Complete { request, .. }) => request,
        other => panic!("{head:?}: {other:?}"),
    }
}

/// A pattern whose named captures fill the slots 0, 1... in their order.
pub(crate) fn pattern(regex: &str) -> Pattern {
    let regex = regex::bytes::Regex::new(regex).unwrap();
    let named = regex.capture_names().enumerate().filter(|(_, name)| name.is_some());
    let names = named.enumerate().map(|(slot, (group, _))| (group, slot)).collect();
    Pattern { regex: Arc::new(regex), names }
}

/// The settings of a location in which nothing was said.
pub(crate) fn settings(name: &str) -> LocationSettings {
    LocationSettings {
        name: name.into(),
        origin: Origin { file: "test.conf".into(), line: 1 },
        push: push(),
        access: Vec::new(),
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
            proxied: false,
        },
        client_max_body_size: Some(1 << 20),
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
        access_log: Vec::new(),
        error_log: Vec::new(),
    }
}

fn push() -> Push {
    let rendering = Rendering::compile(SubscriberMode::Streaming, b"", b"~text~", b"");
    Push {
        role: Role::None,
        channels_path: Expression::default(),
        whole_channel_id: false,
        store_messages: false,
        channel_info_on_publish: true,
        authorized_channels_only: false,
        rendering: Arc::new(rendering),
        wildcard_channel_max_qtd: None,
        ping_message_interval: None,
        subscriber_connection_ttl: None,
        longpolling_connection_ttl: None,
        websocket_allow_publish: false,
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
