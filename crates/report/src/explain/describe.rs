//! What the content of a location is.

use outpour_core::channels::{Entry, parse_path, whole_id};
use outpour_core::relay::{self, Action};
use outpour_core::settings::{
    Proxy, ProxyPass, ProxyUri, PublisherMode, RelayTransport, Role, SubscriberMode, UpstreamPeer,
};
use outpour_core::wire::percent;

use super::explanation::Outcome;
use super::walk::Walk;

/// Directives that may keep a client out besides `allow` and `deny`.
pub(super) const OTHER_ACCESS: [&str; 11] = [
    "satisfy",
    "limit_conn",
    "limit_req",
    "auth_basic",
    "auth_jwt",
    "auth_request",
    "push_stream_authorize_request",
    "nchan_authorize_request",
    "secure_link",
    "secure_link_hmac",
    "valid_referers",
];

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A push role.
pub(super) fn pushed(walk: &Walk<'_>) -> Outcome {
    let push = &walk.settings.push;
    let outcome = match push.role {
        Role::Publisher(PublisherMode::Normal) => {
            Outcome::new("publisher", "publishes the body of a POST")
        }
        Role::Publisher(PublisherMode::Admin) => {
            Outcome::new("publisher", "publishes the body of a POST, deletes with DELETE")
        }
        Role::Subscriber(mode) => Outcome::new("subscriber", transport(mode)),
        Role::Relay(_) | Role::Statistics | Role::Service(_) | Role::Application | Role::None => {
            Outcome::new("statistics", "tells about channels")
        }
    };
    let value = walk.value(&push.channels_path);
    let entries = if push.whole_channel_id { whole_id(&value) } else { parse_path(&value) };
    let mut outcome = outcome.with("channels", channels(&entries));
    let decoded = [
        ("last message's time", &push.last_received_message_time),
        ("last message's tag", &push.last_received_message_tag),
        ("last event id", &push.last_event_id),
        ("allowed origins", &push.allowed_origins),
    ];
    for (name, expression) in decoded {
        if let Some(expression) = expression {
            let value = shown(&percent::decode(&walk.value(expression)));
            outcome = outcome.with(name, format!("\"{value}\""));
        }
    }
    outcome
}

/// A location of the relay protocol.
pub(super) fn relayed(walk: &Walk<'_>) -> Outcome {
    let Some(relay) = &walk.settings.push.relay else { return service() };
    let action = relay::action(relay, &walk.asked.request);
    let outcome = match action {
        Action::Options => Outcome::new("relay", "tells the methods of the location"),
        Action::Inform => Outcome::new("publisher", "tells about the channel"),
        Action::Publish => Outcome::new("publisher", "publishes the body of a POST or PUT"),
        Action::Delete => Outcome::new("publisher", "deletes the channel"),
        Action::PublishFrames => Outcome::new("publisher", "publishes WebSocket frames"),
        Action::Subscribe(transport) => Outcome::new("subscriber", relay_transport(transport)),
        Action::Nothing => Outcome::new("relay", "has nothing for such a request"),
    };
    let publishes = !matches!(action, Action::Subscribe(_));
    let ids = if publishes { &relay.publisher_ids } else { &relay.subscriber_ids };
    let values: Vec<Vec<u8>> = ids.iter().map(|id| walk.value(id)).collect();
    let entries = relay::channel_ids(
        values.iter().map(|value| &**value),
        relay.split_delimiter.as_deref(),
        &walk.value(&relay.group),
        relay.max_channel_id_length,
    );
    outcome.with("channels", channels(&entries))
}

fn relay_transport(transport: RelayTransport) -> &'static str {
    match transport {
        RelayTransport::LongPoll => "waits for the next message (long-poll)",
        RelayTransport::IntervalPoll => "answers with the next message that is there",
        RelayTransport::EventSource => "subscribes, as EventSource",
        RelayTransport::WebSocket => "subscribes, as WebSocket",
        RelayTransport::Multipart => "subscribes, multipart",
        RelayTransport::Chunked => "subscribes, a chunk for each message",
        RelayTransport::RawStream => "subscribes, raw stream",
    }
}

/// Figures and health of the server itself.
pub(super) fn service() -> Outcome {
    Outcome::new("service", "tells about the server itself")
}

/// The code that the server is linked with.
pub(super) fn application() -> Outcome {
    Outcome::new("application", "is handed to the application that the server is linked with")
}

/// Items of GRIP.
pub(super) fn items() -> Outcome {
    Outcome::new("publisher", "publishes the items of a POST (GRIP)")
}

fn channels(entries: &[Entry]) -> String {
    let one = |entry: &Entry| {
        let id = format!("\"{}\"", shown(&entry.id));
        match entry.backtrack {
            0 => id,
            1 => format!("{id} with the last message"),
            many => format!("{id} with the last {many} messages"),
        }
    };
    match entries {
        [] => "none".to_owned(),
        entries => entries.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}

fn transport(mode: SubscriberMode) -> &'static str {
    match mode {
        SubscriberMode::Streaming => "subscribes, streaming",
        SubscriberMode::Polling => "answers with the messages that are there (polling)",
        SubscriberMode::LongPolling => "waits for the next message (long-polling)",
        SubscriberMode::EventSource => "subscribes, as EventSource",
        SubscriberMode::WebSocket => "subscribes, as WebSocket",
    }
}

/// `proxy_pass`.
pub(super) fn proxied(walk: &Walk<'_>, proxy: &Proxy) -> Outcome {
    let request = &walk.asked.request;
    match &proxy.pass {
        ProxyPass::Variable(expression) => {
            let to = shown(&walk.value(expression));
            Outcome::new("proxy", format!("passes the request on to {to}"))
        }
        ProxyPass::Fixed { tls, upstream, host, uri, .. } => {
            let scheme = if *tls { "https" } else { "http" };
            let target = match uri {
                ProxyUri::Kept => shown(request.target()),
                ProxyUri::Replaced { path, prefix } => {
                    let rest = request.path.get(*prefix..).unwrap_or(&request.path);
                    let args = match request.args() {
                        [] => String::new(),
                        args => format!("?{}", shown(args)),
                    };
                    format!("{}{}{args}", shown(path), shown(rest))
                }
            };
            let sentence = format!("passes the request on to {scheme}://{}{target}", shown(host));
            let outcome = Outcome::new("proxy", sentence);
            match walk.http.upstreams.get(*upstream) {
                Some(upstream) => outcome.with("servers", peers(&upstream.peers)),
                None => outcome,
            }
        }
    }
}

fn peers(peers: &[UpstreamPeer]) -> String {
    let one = |peer: &UpstreamPeer| match (peer.down, peer.backup) {
        (true, _) => format!("{} (down)", peer.label),
        (false, true) => format!("{} (backup)", peer.label),
        (false, false) => peer.label.to_string(),
    };
    peers.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A static file.
pub(super) fn file(walk: &Walk<'_>, name: &[u8], length: u64, status: u16) -> Outcome {
    let content_type = outpour_core::router::content_type(&walk.settings, &walk.asked.request.path);
    Outcome::new("file", format!("sends {}", shown(name)))
        .status(status)
        .with("bytes", length.to_string())
        .with("type", shown(content_type))
}

/// `autoindex`.
pub(super) fn listing(name: &[u8]) -> Outcome {
    Outcome::new("listing", format!("lists {}", shown(name))).status(200)
}
