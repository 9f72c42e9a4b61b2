//! A request becomes one for an upstream.

use outpour_core::request::{BodyLength, Version};
use outpour_core::settings::Level;
use outpour_core::upstream::Payload;
use outpour_core::wire::http1::{BodyReader, CONTINUE};

use super::super::Worker;
use super::super::exchange::has_body;
use crate::connection::{After, ConnectionKey, Relayed, State, Upload};
use crate::exchange::{Exchange, Extra, Load, Verdict};
use crate::upstream::{Purpose, Relay, UpstreamKey};

/// Bytes of a request's body that are collected before an upstream is asked
/// (`proxy_request_buffering`). A longer one goes on as it comes.
pub(in super::super) const COLLECTED_MAX: usize = 64 * 1024;

impl Worker {
    /// Starts on a request to a location with `proxy_pass`.
    pub(in super::super) fn proxy(&mut self, key: ConnectionKey, exchange: Box<Exchange>) {
        let Some(proxy) = exchange.settings.proxy.clone() else { return };
        if proxy.grip.as_ref().is_some_and(|grip| grip.websocket && asks_for_websocket(&exchange)) {
            return self.open_socket(key, exchange);
        }
        if !has_body(&exchange) {
            let none = BodyReader::discarding(BodyLength::None);
            return self.relay(key, exchange, none, &[]);
        }
        let limit = exchange.settings.client_max_body_size;
        let mut reader = match BodyReader::new(exchange.request.body, limit) {
            Ok(reader) => reader,
            Err(rejection) => {
                self.log_exchange(&exchange, Level::Error, rejection.reason);
                return self.fail(key, exchange, rejection.status);
            }
        };
        if exchange.request.expects_continue && exchange.request.version == Version::Http11 {
            self.answers.extend_from_slice(CONTINUE);
        }
        let dropped = !proxy.request.pass_body || proxy.request.body.is_some();
        if dropped {
            reader.discard();
        } else if !proxy.request.buffering {
            return self.relay(key, exchange, reader, &[]);
        }
        let progress = self.now.tick;
        let upload = Upload { exchange, reader, body: Vec::new(), after: After::Relay, progress };
        self.connections[key.slot as usize].state = State::Body(Box::new(upload));
    }

    /// Hands a request to an upstream; `reader` reads what is not in `body` of its body.
    pub(in super::super) fn relay(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        reader: BodyReader,
        body: &[u8],
    ) {
        let grip = exchange.settings.proxy.as_ref().and_then(|proxy| proxy.grip.as_ref());
        let extra = grip.map(|grip| Extra::of(grip, &self.shared.environment, self.now.unix));
        self.relay_with(key, exchange, reader, body, extra);
    }

    /// The same with something added to the request.
    pub(in super::super) fn relay_with(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        reader: BodyReader,
        body: &[u8],
        extra: Option<Extra>,
    ) {
        let Some(proxy) = exchange.settings.proxy.clone() else { return };
        let payload = match exchange.request.body {
            _ if !proxy.request.pass_body => Payload::None,
            BodyLength::None => Payload::None,
            BodyLength::Known(length) => Payload::Known(length),
            BodyLength::Chunked if reader.is_done() => Payload::Known(body.len() as u64),
            BodyLength::Chunked => Payload::Chunked,
        };
        let (environment, now) = (&self.shared.environment, self.now.tick);
        let purpose = Purpose::Client(key);
        let load = Load { payload, body, extra };
        let relay = exchange.into_relay(proxy, purpose, load, environment, now);
        let mut relay = match relay {
            Ok(relay) => relay,
            Err(exchange) => {
                self.log_notes(&exchange);
                return self.give_back(key, exchange, &reader, 500);
            }
        };
        if relay.exchange.request.is_extended_connect() && !relay.asked.upgrade {
            // As a GET it would be answered, and the answer taken for a WebSocket.
            let text =
                "client sent WebSocket over HTTP/2, but the upstream is not asked to upgrade";
            self.log_exchange(&relay.exchange, Level::Info, text);
            return self.give_back(key, relay.exchange, &reader, 501);
        }
        relay.complete = reader.is_done();
        let Some(connection) = self.connection(key) else { return };
        let nowhere = UpstreamKey { slot: u32::MAX, generation: 0 };
        connection.state = State::Relayed(Box::new(Relayed {
            upstream: nowhere,
            reader,
            chunks: payload == Payload::Chunked,
            tunnel: false,
            full: false,
            progress: now,
        }));
        self.ask(relay);
    }

    /// Asks the upstream of `exchange`'s location on behalf of a request that waits: an errand.
    ///
    /// For requests of the server's own, as `auth_request`, `auth_jwt_key_request` and hooks make them.
    /// `exchange` has been routed and settled, its location has `proxy_pass`; `body` is sent, not
    /// what came with the request. What comes of it is told by [`Worker::fetched`]; where nobody could be asked, at once.
    /// Whoever waits may go at any moment: the connection to the upstream is closed when that is
    /// found out.
    pub(in super::super) fn fetch(
        &mut self,
        mut exchange: Box<Exchange>,
        body: &[u8],
        extra: Option<Extra>,
        waiting: ConnectionKey,
        errand: u32,
        body_max: usize,
    ) {
        exchange.request.body = BodyLength::None;
        let purpose = Purpose::Errand { waiting, errand, body_max };
        let Some(proxy) = exchange.settings.proxy.clone() else { return };
        let (environment, now) = (&self.shared.environment, self.now.tick);
        match exchange.into_relay(proxy, purpose, Load::whole(body, extra), environment, now) {
            Ok(relay) => self.ask(relay),
            Err(exchange) => {
                self.log_notes(&exchange);
                self.errand_failed(waiting, errand, exchange, 500);
            }
        }
    }

    /// Hands on a request that nobody waits for.
    pub(in super::super) fn tell(&mut self, relay: Box<Relay>) {
        self.ask(relay);
    }

    /// A request that no upstream answers goes on as an error of `status`: to its error page, or
    /// the server's own.
    pub(super) fn give_back(
        &mut self,
        key: ConnectionKey,
        mut exchange: Box<Exchange>,
        reader: &BodyReader,
        status: u16,
    ) {
        if !reader.is_done() {
            // Nobody knows how much of the body will still come: nothing behind it is a request.
            exchange.request.keep_alive = false;
        }
        exchange.request.body = BodyLength::None;
        exchange.verdict = Verdict::Refused(status);
        self.proceed(key, exchange);
    }
}

/// Whether the client wants a WebSocket.
fn asks_for_websocket(exchange: &Exchange) -> bool {
    let upgrade = exchange.request.header("upgrade");
    exchange.request.is_extended_connect()
        || upgrade.is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
}
