//! The relay protocol's requests in the worker.

use std::sync::Arc;

use outpour_core::answer::Answer;
use outpour_core::channels::{Draft, Refusal, Subscribed, Waited};
use outpour_core::hub::{Format, LongPoll, PollAnswer};
use outpour_core::relay::Action;
use outpour_core::request::Version;
use outpour_core::settings::{Level, Relay, RelayTransport};
use outpour_core::transport::Framing;
use outpour_core::wire::websocket;

use super::respond::wire_version;
use super::{Phase, Worker};
use crate::connection::{ConnectionKey, Kind, State};
use crate::counters::Transport;
use crate::exchange::{Exchange, server_header};

impl Worker {
    /// Serves a request to a location of the relay protocol.
    pub(super) fn serve_relay(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        body: Vec<u8>,
    ) {
        let Some(relay) = exchange.settings.push.relay.clone() else {
            return self.respond(key, exchange, Answer::page(404));
        };
        let action = exchange.relay_action(&relay);
        let answer = match action {
            Action::Subscribe(transport) => {
                return self.relay_subscribe(key, exchange, &relay, transport);
            }
            Action::PublishFrames => return self.upgrade(key, exchange),
            Action::Publish if exchange.relay_asks_to_publish(action) => {
                return self.ask_to_publish(key, exchange, body);
            }
            Action::Publish => return self.relay_publish(key, exchange, body),
            Action::Inform | Action::Delete => {
                let delete = action == Action::Delete;
                let environment = &self.shared.environment;
                let mut channels = self.shared.channels(self.id);
                let answer =
                    exchange.relay_asked(&relay, delete, &mut channels, environment, self.now);
                drop(channels);
                if delete && answer.status == 200 {
                    self.tell_event(&exchange, "channel_delete");
                }
                answer
            }
            Action::Options | Action::Nothing => {
                relay.without_channel(action).unwrap_or_else(|| Answer::page(404))
            }
        };
        self.respond(key, exchange, answer);
    }

    /// Publishes a message that came by POST or PUT.
    pub(super) fn relay_publish(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        text: Vec<u8>,
    ) {
        let Some(relay) = exchange.settings.push.relay.clone() else {
            return self.respond(key, exchange, Answer::page(404));
        };
        let environment = &self.shared.environment;
        let mut channels = self.shared.channels(self.id);
        let answer = exchange.relay_published(&relay, text, &mut channels, environment, self.now);
        drop(channels);
        if answer.status < 300 {
            self.tell_event(&exchange, "channel_publish");
        }
        if answer.status == 500 {
            self.log_refusal(&exchange, b"");
            return self.fail(key, exchange, 500);
        }
        self.respond(key, exchange, answer);
    }

    fn relay_subscribe(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        relay: &Relay,
        transport: RelayTransport,
    ) {
        match transport {
            RelayTransport::LongPoll => self.relay_wait(key, exchange, relay),
            RelayTransport::IntervalPoll => self.relay_poll(key, exchange, relay),
            RelayTransport::WebSocket => self.upgrade(key, exchange),
            RelayTransport::EventSource
            | RelayTransport::Multipart
            | RelayTransport::Chunked
            | RelayTransport::RawStream => self.relay_stream(key, exchange, relay, transport),
        }
    }

    fn relay_poll(&mut self, key: ConnectionKey, exchange: Box<Exchange>, relay: &Relay) {
        let environment = &self.shared.environment;
        let (entries, rules) = (exchange.entries(environment), exchange.relay_rules(relay));
        let start = exchange.relay_start(relay, environment);
        let polled = self.shared.channels(self.id).relay_poll(entries, &rules, start, self.now);
        let format = exchange.relay_answer(relay, environment);
        let answer = match polled {
            Err(refusal) => format.refused(refusal),
            Ok(found) => {
                self.counters().subscription(Transport::Polling);
                let given = |name| exchange.request.header(name);
                match found {
                    Some(message) => format.message(&message),
                    None => format.nothing_new(given("if-modified-since"), given("if-none-match")),
                }
            }
        };
        self.respond(key, exchange, answer);
    }

    fn relay_wait(&mut self, key: ConnectionKey, exchange: Box<Exchange>, relay: &Relay) {
        let environment = &self.shared.environment;
        let (entries, rules) = (exchange.entries(environment), exchange.relay_rules(relay));
        let start = exchange.relay_start(relay, environment);
        let format = exchange.relay_answer(relay, environment);
        let mut channels = self.shared.channels(self.id);
        let waited = channels.relay_wait(self.id, entries, &rules, start, self.now);
        let registered = match waited {
            Ok(Waited::Waiting(registered)) => registered,
            Ok(Waited::Answer(backlog)) => {
                drop(channels);
                self.counters().subscription(Transport::LongPolling);
                let answer = backlog.messages().next().map(|message| format.message(message));
                let answer = answer.unwrap_or_else(|| format.timed_out());
                return self.respond(key, exchange, answer);
            }
            Err(refusal) => {
                drop(channels);
                return self.respond(key, exchange, format.refused(refusal));
            }
        };
        let cursor = channels.cursor(registered.position);
        drop(channels);
        let version = wire_version(&exchange);
        let head = format.timed_out();
        let mut extra = exchange.relay_cors(relay, &Answer { status: 200, ..head.clone() });
        extra.extend(exchange.extra_headers(environment, &Answer { status: 200, ..head }));
        let keep_alive =
            exchange.keeps_alive() && self.phase == Phase::Serving && version == Version::Http11;
        let poll = LongPoll {
            answer: PollAnswer::Relay(format),
            extra,
            gzip: None,
            version,
            keep_alive,
            keepalive_header: exchange.settings.keepalive_header,
            server: server_header(&exchange.settings),
        };
        let subscriber = self.join(key, Arc::new(Format::LongPoll(poll)), &registered, cursor);
        if let Some(connection) = self.connection(key) {
            connection.bytes_sent = 0;
        }
        let (begin, ttl) = (self.answers.len(), relay.subscriber_timeout);
        let transport = Transport::LongPolling;
        self.park(key, exchange, subscriber, Kind::LongPoll, transport, ttl, keep_alive, begin);
    }

    fn relay_stream(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        relay: &Relay,
        transport: RelayTransport,
    ) {
        let (registered, cursor) = match self.register(&exchange) {
            Ok(registered) => registered,
            Err(refusal) => return self.relay_refuse(key, exchange, relay, refusal),
        };
        let environment = &self.shared.environment;
        let (format, media) = exchange.relay_stream(relay, transport, environment);
        let keep_alive = format.framing == Framing::Chunked && exchange.keeps_alive();
        let begin = self.answers.len();
        self.send_stream_head(key, &exchange, &format, &media, keep_alive);
        let subscriber = self.open_stream(key, format, &registered, cursor);
        let ttl = relay.subscriber_timeout;
        let transport = match transport {
            RelayTransport::EventSource => Transport::EventSource,
            RelayTransport::Multipart
            | RelayTransport::Chunked
            | RelayTransport::RawStream
            | RelayTransport::LongPoll
            | RelayTransport::IntervalPoll
            | RelayTransport::WebSocket => Transport::Streaming,
        };
        self.park(key, exchange, subscriber, Kind::Stream, transport, ttl, keep_alive, begin);
    }

    /// Publishes what the client of a relay WebSocket has said.
    pub(super) fn publish_frame(&mut self, key: ConnectionKey, draft: Draft) {
        let Some(connection) = self.connections.get(key.slot as usize) else { return };
        let State::Subscribed(subscribed) = &connection.state else { return };
        let (Some(relay), Some(logged)) = (&subscribed.settings.push.relay, &subscribed.logged)
        else {
            return;
        };
        let (exchange, environment) = (&logged.exchange, &self.shared.environment);
        let mut channels = self.shared.channels(self.id);
        let said = exchange.relay_said(relay, draft, &mut channels, environment, self.now);
        drop(channels);
        match said {
            Ok(told) => {
                self.tell_event(exchange, "channel_publish");
                if let Some(told) = told {
                    let mut frame = Vec::new();
                    websocket::text(&told, &mut frame);
                    self.reply(key, &frame);
                }
            }
            Err(refusal) => {
                let text = format!("push relay: a WebSocket's message is not published: {refusal}");
                self.log_client(key, Level::Error, &text);
            }
        }
    }

    /// Tells the channel of events, if the location has one, what happens to those of a request.
    pub(super) fn tell_event(&self, exchange: &Exchange, event: &'static str) {
        let Some(relay) = &exchange.settings.push.relay else { return };
        let told = exchange.relay_event(relay, event, &self.shared.environment);
        if let Some((entry, draft)) = told {
            let mut channels = self.shared.channels(self.id);
            // Without memory for it nobody is told, as with the events of push_stream.
            let _ = channels.relay_publish(&[entry], &draft, false, self.now);
        }
    }

    /// [`Worker::register`] for a location of the relay protocol.
    pub(super) fn register_relay(
        &self,
        exchange: &Exchange,
        relay: &Relay,
    ) -> Result<(Subscribed, u64), Refusal> {
        let environment = &self.shared.environment;
        let (entries, rules) = (exchange.entries(environment), exchange.relay_rules(relay));
        let start = exchange.relay_start(relay, environment);
        // Who only publishes gets nothing.
        let publishes = exchange.relay_action(relay) == Action::PublishFrames;
        let entries = if publishes { &[] } else { entries };
        let mut channels = self.shared.channels(self.id);
        let registered = channels.relay_stream(self.id, entries, &rules, start, self.now)?;
        let cursor = channels.cursor(registered.position);
        Ok((registered, cursor))
    }

    /// Refuses a stream before anything of it was sent.
    pub(super) fn relay_refuse(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        relay: &Relay,
        refusal: Refusal,
    ) {
        let format = exchange.relay_answer(relay, &self.shared.environment);
        self.respond(key, exchange, format.refused(refusal));
    }
}
