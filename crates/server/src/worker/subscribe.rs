//! Subscribing over HTTP: streaming, event source, polling, long-polling.

use std::cell::OnceCell;
use std::sync::Arc;

use outpour_core::answer::Answer;
use outpour_core::channels::{Refusal, Subscribed as Registered, Waited};
use outpour_core::hub::{Format, Frame, LongPoll, Outlet, PollAnswer, SubscriberKey};
use outpour_core::request::{Method, Version};
use outpour_core::settings::{SubscriberMode, SubscriberPolicy};
use outpour_core::transport::{self, Framing, StreamFormat};
use outpour_core::wire::http1::{Context, encode};

use super::respond::wire_version;
use super::{Phase, Worker};
use crate::connection::{ConnectionKey, Ending, Kind, Logged, State, Subscribed, head_of};
use crate::counters::Transport;
use crate::exchange::{Exchange, server_header, subscriber_refused};

impl Worker {
    /// Serves a request to a subscriber location that is not a WebSocket's.
    pub(super) fn subscribe(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        location: SubscriberMode,
    ) {
        match exchange.request.method {
            Method::Get => {}
            Method::Options => return self.respond(key, exchange, Answer::new(200)),
            Method::Head | Method::Post | Method::Put | Method::Delete | Method::Other => {
                let answer = Answer::new(405).uncached().with("Allow", &b"GET"[..]);
                return self.respond(key, exchange, answer);
            }
        }
        match transport::mode(location, exchange.request.header("x-nginx-pushstream-mode")) {
            SubscriberMode::Polling => self.poll(key, exchange),
            SubscriberMode::LongPolling => self.long_poll(key, exchange),
            mode @ (SubscriberMode::Streaming
            | SubscriberMode::EventSource
            | SubscriberMode::WebSocket) => self.stream(key, exchange, mode),
        }
    }

    fn poll(&mut self, key: ConnectionKey, exchange: Box<Exchange>) {
        let environment = &self.shared.environment;
        let entries = exchange.entries(environment);
        let (since, rules) = (exchange.since(environment), exchange.rules());
        let polled = self.shared.channels(self.id).poll(entries, &rules, &since, self.now);
        let answer = match polled {
            Err(refusal) => subscriber_refused(refusal),
            Ok(backlog) => {
                self.counters().subscription(Transport::Polling);
                exchange.polled(&backlog, &since)
            }
        };
        self.respond(key, exchange, answer);
    }

    fn long_poll(&mut self, key: ConnectionKey, exchange: Box<Exchange>) {
        let environment = &self.shared.environment;
        let entries = exchange.entries(environment);
        let (since, rules) = (exchange.since(environment), exchange.rules());
        let mut channels = self.shared.channels(self.id);
        let waited = channels.wait(self.id, entries, &rules, &since, self.now);
        let registered = match waited {
            Ok(Waited::Waiting(registered)) => registered,
            Ok(Waited::Answer(backlog)) => {
                drop(channels);
                self.counters().subscription(Transport::LongPolling);
                let answer = exchange.polled(&backlog, &since);
                return self.respond(key, exchange, answer);
            }
            Err(refusal) => {
                drop(channels);
                return self.respond(key, exchange, subscriber_refused(refusal));
            }
        };
        let cursor = channels.cursor(registered.position);
        drop(channels);
        let poll = self.long_poll_format(&exchange);
        let keep_alive = poll.keep_alive;
        let format = Arc::new(Format::LongPoll(poll));
        let subscriber = self.join(key, format, &registered, cursor);
        let ttl = exchange.settings.push.longpolling_connection_ttl;
        if let Some(connection) = self.connection(key) {
            connection.bytes_sent = 0;
        }
        let begin = self.answers.len();
        let transport = Transport::LongPolling;
        self.park(key, exchange, subscriber, Kind::LongPoll, transport, ttl, keep_alive, begin);
    }

    fn long_poll_format(&self, exchange: &Exchange) -> LongPoll {
        let environment = &self.shared.environment;
        let answer = exchange.answer_format();
        let mut extra = exchange.cors(environment);
        let head = Answer::new(200).uncached();
        extra.extend(exchange.extra_headers(environment, &head));
        let settings = &exchange.settings;
        let version = wire_version(exchange);
        let content_type = answer.content_type();
        let told = transport::gzip::Told::NOTHING;
        let gzip = transport::gzip::level(
            &settings.gzip,
            &exchange.request,
            200,
            content_type,
            None,
            told,
        );
        LongPoll {
            answer: PollAnswer::Stream(answer),
            extra,
            gzip,
            version,
            keep_alive: exchange.keeps_alive()
                && self.phase == Phase::Serving
                && (version == Version::Http11),
            keepalive_header: settings.keepalive_header,
            server: server_header(settings),
        }
    }

    fn stream(&mut self, key: ConnectionKey, exchange: Box<Exchange>, mode: SubscriberMode) {
        let registered = match self.register(&exchange) {
            Ok(registered) => registered,
            Err(refusal) => return self.respond(key, exchange, subscriber_refused(refusal)),
        };
        let environment = &self.shared.environment;
        let content_type = transport::content_type(mode, exchange.content_type()).to_vec();
        let format = exchange.stream_format(environment, &content_type);
        let transport = Transport::of(mode);
        self.begin_stream(key, exchange, &registered, format, &content_type, transport);
    }

    /// Sends head, opening and backlog of a stream, and parks the connection.
    pub(super) fn begin_stream(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        (registered, cursor): &(Registered, u64),
        format: StreamFormat,
        content_type: &[u8],
        transport: Transport,
    ) -> SubscriberKey {
        let keep_alive = format.framing == Framing::Chunked && exchange.keeps_alive();
        let begin = self.answers.len();
        self.send_stream_head(key, &exchange, &format, content_type, keep_alive);
        let subscriber = self.open_stream(key, format, registered, *cursor);
        let ttl = exchange.settings.push.subscriber_connection_ttl;
        self.park(key, exchange, subscriber, Kind::Stream, transport, ttl, keep_alive, begin);
        subscriber
    }

    /// Registers a stream's interest in its channels and reads what it is to get at once, in one
    /// step; with it the cursor from which everything else is live.
    pub(super) fn register(&self, exchange: &Exchange) -> Result<(Registered, u64), Refusal> {
        let environment = &self.shared.environment;
        let entries = exchange.entries(environment);
        if let Some(relay) = &exchange.settings.push.relay {
            return self.register_relay(exchange, relay);
        }
        let (since, rules) = (exchange.since(environment), exchange.rules());
        let mut channels = self.shared.channels(self.id);
        let registered = channels.subscribe(self.id, entries, &rules, &since, self.now)?;
        let cursor = channels.cursor(registered.position);
        Ok((registered, cursor))
    }

    pub(super) fn send_stream_head(
        &mut self,
        key: ConnectionKey,
        exchange: &Exchange,
        format: &StreamFormat,
        content_type: &[u8],
        keep_alive: bool,
    ) {
        let environment = &self.shared.environment;
        let mut head = format.head(content_type);
        let cors = match &exchange.settings.push.relay {
            Some(relay) => exchange.relay_cors(relay, &head),
            None => exchange.cors(environment),
        };
        head.headers.extend(cors);
        head.headers.extend(exchange.extra_headers(environment, &head));
        if exchange.settings.gzip.on && exchange.settings.gzip.vary {
            head = head.with("Vary", &b"Accept-Encoding"[..]);
        }
        if let Some(connection) = self.connection(key) {
            connection.bytes_sent = 0;
        }
        let context = Context {
            version: wire_version(exchange),
            keep_alive,
            keepalive_header: exchange.settings.keepalive_header,
            head_only: false,
            date: &self.date,
            server: server_header(&exchange.settings),
        };
        encode(&head, &context, &mut self.answers);
    }

    /// Queues opening and backlog behind the head and makes the connection a subscriber.
    pub(super) fn open_stream(
        &mut self,
        key: ConnectionKey,
        format: StreamFormat,
        registered: &Registered,
        cursor: u64,
    ) -> SubscriberKey {
        let mut opening = transport::Frame::default();
        format.opening(&mut opening);
        for message in registered.backlog.messages() {
            format.message(message, &mut opening);
        }
        self.answers.extend_from_slice(&opening.bytes);
        let subscriber = self.join(key, Arc::new(Format::Stream(format)), registered, cursor);
        self.hub.sent(subscriber, &Frame { plain: opening.plain, ..Frame::empty() });
        subscriber
    }

    pub(super) fn join(
        &mut self,
        key: ConnectionKey,
        format: Arc<Format>,
        registered: &Registered,
        cursor: u64,
    ) -> SubscriberKey {
        let outlet = Outlet(key.slot);
        self.hub.subscribe(outlet, format, &registered.channels, cursor, self.now.tick)
    }

    /// Parks the connection as a subscriber. Its answer, as far as there is one, begins at `begin`
    /// of the bytes to be sent.
    #[expect(clippy::too_many_arguments, reason = "each is another fact about the subscription")]
    pub(super) fn park(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        subscriber: SubscriberKey,
        kind: Kind,
        transport: Transport,
        ttl: Option<std::time::Duration>,
        keep_alive: bool,
        begin: usize,
    ) {
        let counters = self.counters();
        counters.subscription(transport);
        match kind {
            Kind::LongPoll => {}
            Kind::Stream => counters.request(Some(exchange.settings.push.role), 200),
            Kind::WebSocket(_) => counters.request(Some(exchange.settings.push.role), 101),
        }
        let ends = ttl.map(|ttl| self.now.tick.after(ttl));
        let settings = Arc::clone(&exchange.settings);
        let policy = match &**self.hub.format(subscriber) {
            Format::Stream(stream) if stream.gzip.is_none() => settings.subscriber_policy,
            Format::Stream(_) | Format::LongPoll(_) | Format::Held => SubscriberPolicy::Disconnect,
        };
        let hooked = settings.hooks.is_some() && !matches!(kind, Kind::LongPoll);
        if hooked {
            self.tell_subscribed(&exchange, transport);
        }
        // A WebSocket that publishes has to know where, and who tells of events about what.
        let publishes = settings
            .push
            .relay
            .as_ref()
            .is_some_and(|relay| relay.events.is_some() || matches!(kind, Kind::WebSocket(_)));
        if publishes {
            self.tell_event(&exchange, "subscriber_enqueue");
        }
        let kept =
            hooked || publishes || !settings.access_log.is_empty() || !exchange.tickets.is_empty();
        let logged = kept.then(|| {
            let mut exchange = exchange;
            exchange.entries = OnceCell::new();
            let head = head_of(&self.answers[begin..]).to_vec();
            Box::new(Logged { exchange, head, earlier: begin as u64, unjudged: None })
        });
        let gone = {
            let connection = &mut self.connections[key.slot as usize];
            let websocket = matches!(kind, Kind::WebSocket(_));
            connection.give_up_after(settings.send_timeout);
            connection.apart = policy != SubscriberPolicy::Disconnect;
            connection.state = State::Subscribed(Subscribed {
                subscriber,
                kind,
                transport,
                status: 200,
                settings,
                policy,
                ends,
                keep_alive,
                logged,
            });
            connection.input_ended && !websocket
        };
        self.flush_answers(key);
        self.file_deadline(key);
        if gone {
            // The peer had closed its side before it was subscribed: no event will tell again.
            self.close(key, Ending::PeerGone);
        }
    }
}
