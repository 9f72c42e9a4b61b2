//! WebSocket: the upgrade, and what clients say afterwards.

use outpour_core::channels::{Draft, Refusal};
use outpour_core::request::Version;
use outpour_core::settings::Level;
use outpour_core::transport::StreamFormat;
use outpour_core::wire::http1::{Context, encode};
use outpour_core::wire::websocket::{self, Decoder, Event, Rules};

use super::Worker;
use super::slow::keeps_up;
use crate::connection::{ConnectionKey, Ending, Kind, Said, State, Subscribed};
use crate::counters::Transport;
use crate::exchange::{Exchange, META_PROTOCOL, server_header};

/// Bytes of one message, fragments joined, that a client may send. `client_max_body_size` does not
/// apply to WebSockets, as in nginx-push-stream-module; this bound keeps a worker's memory.
const MESSAGE_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// How long a client may take to close its side after our close frame.
const CLOSE_PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);

/// Policy violation: what a refused subscription is told.
const POLICY: u16 = 1008;

impl Worker {
    /// Serves a request to a WebSocket location.
    pub(super) fn upgrade(&mut self, key: ConnectionKey, exchange: Box<Exchange>) {
        let mut answer = match websocket::handshake(&exchange.request) {
            Ok(answer) => answer,
            Err(refusal) => return self.respond(key, exchange, refusal),
        };
        let mut deflate = exchange.settings.push.websocket_deflate;
        if deflate.is_some() {
            match websocket::accept_deflate(&exchange.request) {
                Some(extension) => answer = answer.with("Sec-WebSocket-Extensions", extension),
                None => deflate = None,
            }
        }
        if exchange.wants_meta() {
            answer = answer.with("Sec-WebSocket-Protocol", META_PROTOCOL);
        }
        let context = Context {
            version: Version::Http11,
            keep_alive: true,
            keepalive_header: None,
            head_only: false,
            date: &self.date,
            server: server_header(&exchange.settings),
        };
        let begin = self.answers.len();
        encode(&answer, &context, &mut self.answers);
        if let Some(connection) = self.connection(key) {
            connection.bytes_sent = 0;
        }
        let (registered, cursor) = match self.register(&exchange) {
            Ok(registered) => registered,
            Err(refusal) => match exchange.settings.push.relay.clone() {
                None => return self.refuse_upgraded(key, &exchange, refusal, begin),
                Some(relay) => {
                    self.answers.truncate(begin);
                    return self.relay_refuse(key, exchange, &relay, refusal);
                }
            },
        };
        let rendering = exchange.websocket_rendering(&self.shared.environment);
        let format = StreamFormat::websocket(rendering, deflate);
        let subscriber = self.open_stream(key, format, &registered, cursor);
        let push = &exchange.settings.push;
        let relay = push.relay.as_ref();
        let ttl = relay.map_or(push.subscriber_connection_ttl, |relay| relay.subscriber_timeout);
        let kind = Kind::WebSocket(Decoder::default());
        let transport = Transport::WebSocket;
        self.park(key, exchange, subscriber, kind, transport, ttl, false, begin);
    }

    /// The handshake is done when the channels are looked at: a refusal travels in a close frame.
    fn refuse_upgraded(
        &mut self,
        key: ConnectionKey,
        exchange: &Exchange,
        refusal: Refusal,
        begin: usize,
    ) {
        self.log_refusal(exchange, refusal.explain().as_bytes());
        let (status, explain) = (refusal.status(), refusal.explain());
        let reason = format!("{{\"http_status\": {status}, \"explain\":\"{explain}\"}}");
        websocket::close(Some(POLICY), reason.as_bytes(), &mut self.answers);
        self.counters().request(Some(exchange.settings.push.role), 101);
        self.log_answer(key, exchange, &outpour_core::answer::Answer::new(101), begin);
        self.flush_answers(key);
        self.hang_up(key, CLOSE_PATIENCE);
    }

    /// Takes in what a WebSocket client sent.
    pub(super) fn on_frames(&mut self, key: ConnectionKey, data: &mut [u8]) {
        let Some(connection) = self.connections.get_mut(key.slot as usize) else { return };
        let State::Subscribed(subscribed) = &mut connection.state else { return };
        let Kind::WebSocket(kept) = &mut subscribed.kind else { return };
        let keep = subscribed.settings.push.websocket_allow_publish;
        let deflate = self.hub.format(subscribed.subscriber).deflates();
        let rules = Rules { keep, limit: MESSAGE_BYTES_MAX, deflate, masked: false };
        let mut decoder = std::mem::take(kept);
        let mut rest = data;
        while !rest.is_empty() {
            let step = decoder.decode(rest, &rules);
            rest = &mut rest[step.consumed..];
            if let Some(event) = step.event
                && !self.on_event(key, event)
            {
                return;
            }
        }
        if let Some(connection) = self.connection(key)
            && let State::Subscribed(Subscribed { kind: Kind::WebSocket(kept), .. }) =
                &mut connection.state
        {
            *kept = decoder;
        }
    }

    /// Acts on one event; false if the WebSocket has come to its end.
    fn on_event(&mut self, key: ConnectionKey, event: Event) -> bool {
        match event {
            Event::Message { binary, data } => self.publish_message(key, data, binary),
            Event::Ping(payload) => {
                let mut pong = Vec::new();
                websocket::pong(&payload, &mut pong);
                return self.reply(key, &pong);
            }
            Event::Pong => {}
            Event::Close { .. } => {
                if !self.close_behind_messages(key) {
                    self.leave_websocket(key, None, b"");
                }
                return false;
            }
            Event::Failure { close_code } => {
                self.leave_websocket(key, Some(close_code), b"");
                return false;
            }
        }
        true
    }

    fn publish_message(&mut self, key: ConnectionKey, data: Vec<u8>, binary: bool) {
        let Some(connection) = self.connections.get(key.slot as usize) else { return };
        let State::Subscribed(subscribed) = &connection.state else { return };
        if !subscribed.settings.push.websocket_allow_publish || data.is_empty() {
            return;
        }
        let hooks = subscribed.settings.hooks.as_ref();
        if hooks.is_some_and(|hooks| hooks.publish.is_some()) {
            return self.ask_about_message(key, Said { text: data, binary });
        }
        self.publish_said(key, Said { text: data, binary });
    }

    /// Publishes what a client said to all that it is subscribed to.
    pub(super) fn publish_said(&mut self, key: ConnectionKey, said: Said) {
        let Some(connection) = self.connections.get(key.slot as usize) else { return };
        let State::Subscribed(subscribed) = &connection.state else { return };
        let push = &subscribed.settings.push;
        let Said { text: data, binary } = said;
        let draft =
            Draft { text: data.into(), binary, store: push.store_messages, ..Draft::default() };
        if push.relay.is_some() {
            return self.publish_frame(key, draft);
        }
        let channels = self.hub.channels(subscribed.subscriber);
        let published =
            self.shared.channels(self.id).publish_from_subscriber(&channels, draft, self.now);
        if published.is_err() {
            let text = "push stream module: unable to allocate message in shared memory";
            self.log_client(key, Level::Error, text);
        }
    }

    /// Sends a control frame. A client that asks and asks without reading is let go.
    pub(super) fn reply(&mut self, key: ConnectionKey, frame: &[u8]) -> bool {
        self.answers.extend_from_slice(frame);
        let counters = &self.shared.counters[usize::from(self.id.0)];
        let Some(connection) = self.connections.get_mut(key.slot as usize) else { return false };
        if !keeps_up(connection, counters) {
            self.close(key, Ending::TooSlow);
            return false;
        }
        true
    }

    /// Answers a client's close frame, or one that cannot be accepted, and hangs up.
    pub(super) fn leave_websocket(&mut self, key: ConnectionKey, code: Option<u16>, why: &[u8]) {
        websocket::close(code, why, &mut self.answers);
        self.flush_answers(key);
        let Some(connection) = self.connection(key) else { return };
        if let State::Subscribed(subscribed) = std::mem::replace(&mut connection.state, State::Head)
        {
            let bytes = connection.bytes_sent;
            self.departed.push(self.hub.unsubscribe(subscribed.subscriber));
            self.subscription_over(subscribed, bytes, true);
        }
        self.hang_up(key, CLOSE_PATIENCE);
    }
}
