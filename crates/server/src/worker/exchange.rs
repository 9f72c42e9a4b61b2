//! A request's way through the worker: routed, served, answered.

use outpour_core::answer::Answer;
use outpour_core::channels::ReportContext;
use outpour_core::request::{BodyLength, Peer, Request, Version};
use outpour_core::settings::{Level, ListenAddress, PublisherMode, Role, Service, SubscriberMode};
use outpour_core::wire::http1::{BodyReader, CONTINUE};

use super::Worker;
use crate::connection::{After, Connection, ConnectionKey, State, TlsStream, Upload};
use crate::counters::Occupation;
use crate::exchange::{Exchange, Means, Plan, Settled, Verdict};

impl Worker {
    /// Starts on a request whose head is complete and has `length` bytes; `behind` is what came
    /// with it. How much of that is its body, and was taken.
    pub(super) fn begin(
        &mut self,
        key: ConnectionKey,
        request: Request,
        length: usize,
        behind: &[u8],
    ) -> usize {
        let connection = &mut self.connections[key.slot as usize];
        connection.requests = connection.requests.saturating_add(1);
        connection.request_length = length as u64;
        connection.since = self.now.tick;
        let connection = &self.connections[key.slot as usize];
        let peer = self.peer_of(connection);
        let running = std::sync::Arc::clone(&self.running);
        let environment = &self.shared.environment;
        let door = &connection.door;
        let routed = Exchange::route(request, peer, running, door, environment, self.now);
        let Some(exchange) = routed else {
            self.refuse(key, 503);
            return 0;
        };
        if let Some(answer) = self.objection(key, &exchange) {
            self.connections[key.slot as usize].adopt(&exchange.settings);
            self.answer_early(key, exchange, answer);
            return 0;
        }
        self.proceed_with(key, exchange, behind)
    }

    /// Follows a request as far as it comes: to its answer, its role, or something to wait for.
    pub(super) fn proceed(&mut self, key: ConnectionKey, exchange: Box<Exchange>) {
        self.proceed_with(key, exchange, &[]);
    }

    /// The same with what came behind its head. How much of that was its body, and was taken.
    fn proceed_with(
        &mut self,
        key: ConnectionKey,
        mut exchange: Box<Exchange>,
        behind: &[u8],
    ) -> usize {
        let settled = exchange.settle(&self.means());
        self.log_notes(&exchange);
        self.connections[key.slot as usize].adopt(&exchange.settings);
        match settled {
            Settled::Role => return self.play(key, exchange, behind),
            Settled::Answer(answer) => self.answer_early(key, exchange, *answer),
            Settled::Wait(wait) => self.wait(key, exchange, wait),
        }
        0
    }

    pub(super) fn means(&self) -> Means<'_> {
        Means {
            environment: &self.shared.environment,
            access: &self.shared.access,
            names: &self.shared.names,
            now: self.now,
        }
    }

    /// Starts on what the location's role does.
    fn play(&mut self, key: ConnectionKey, exchange: Box<Exchange>, behind: &[u8]) -> usize {
        if exchange.settings.proxy.is_some() {
            self.proxy(key, exchange);
            return 0;
        }
        let body = whole_body(&exchange, behind);
        match self.plan(&exchange, body.is_some()) {
            Plan::Answer(answer) => self.answer_early(key, exchange, answer),
            Plan::Body | Plan::Serve => match body {
                Some(body) => return self.serve_at_once(key, exchange, body.to_vec()),
                None => self.await_body(key, exchange),
            },
        }
        0
    }

    /// Serves a request whose body, if it has one, came with its head, as nearly every
    /// publication's does.
    fn serve_at_once(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        body: Vec<u8>,
    ) -> usize {
        let length = body.len();
        self.connections[key.slot as usize].request_length += length as u64;
        self.serve(key, exchange, body);
        length
    }

    /// What the role needs before it can answer; its body may be `there` already.
    fn plan(&self, exchange: &Exchange, there: bool) -> Plan {
        match exchange.settings.push.role {
            Role::Publisher(mode) => {
                let channels = || self.shared.channels(self.id);
                exchange.publisher_plan(mode, there, channels, &self.shared.environment)
            }
            Role::Relay(_) => match &exchange.settings.push.relay {
                Some(relay) => exchange.relay_plan(relay, &self.shared.environment),
                None => Plan::Serve,
            },
            Role::Subscriber(_)
            | Role::Statistics
            | Role::Service(_)
            | Role::Application
            | Role::None => Plan::Serve,
        }
    }

    /// Answers a request whose body, if it has one, is of no interest: it is read and dropped, so
    /// that its bytes are never taken for a request.
    fn answer_early(&mut self, key: ConnectionKey, exchange: Box<Exchange>, mut answer: Answer) {
        if !has_body(&exchange) {
            return self.respond(key, exchange, answer);
        }
        let reader = BodyReader::discarding(exchange.request.body);
        if exchange.request.expects_continue {
            // The client may never send it: nothing after this answer could be told apart.
            answer.close = true;
        }
        if let Some(kept) = self.respond_and_keep(key, exchange, answer)
            && let Some(connection) = self.connections.get_mut(key.slot as usize)
            && matches!(connection.state, State::Head)
        {
            let progress = self.now.tick;
            let upload = Upload {
                exchange: kept,
                reader,
                body: Vec::new(),
                after: After::Nothing,
                progress,
            };
            connection.state = State::Body(Box::new(upload));
        }
    }

    fn await_body(&mut self, key: ConnectionKey, exchange: Box<Exchange>) {
        let limit = exchange.settings.client_max_body_size;
        let reader = match BodyReader::new(exchange.request.body, limit) {
            Ok(reader) => reader,
            Err(rejection) => {
                self.log_exchange(&exchange, Level::Error, rejection.reason);
                return self.fail(key, exchange, rejection.status);
            }
        };
        if exchange.request.expects_continue && exchange.request.version == Version::Http11 {
            self.answers.extend_from_slice(CONTINUE);
        }
        let progress = self.now.tick;
        let upload = Upload { exchange, reader, body: Vec::new(), after: After::Serve, progress };
        self.connections[key.slot as usize].state = State::Body(Box::new(upload));
    }

    /// Serves a request that is complete.
    pub(super) fn serve(&mut self, key: ConnectionKey, exchange: Box<Exchange>, body: Vec<u8>) {
        match exchange.settings.push.role {
            Role::Subscriber(SubscriberMode::WebSocket) => self.upgrade(key, exchange),
            Role::Subscriber(mode) => self.subscribe(key, exchange, mode),
            Role::Relay(_) => self.serve_relay(key, exchange, body),
            Role::Publisher(mode) if exchange.asks_to_publish(mode) => {
                self.ask_to_publish(key, exchange, body);
            }
            Role::Publisher(mode) => self.publish(key, exchange, mode, body),
            Role::Statistics => {
                let context = self.report_context(&exchange);
                let channels = self.shared.channels(self.id);
                let answer = exchange.statistics(&channels, &context, &self.shared.environment);
                drop(channels);
                self.respond(key, exchange, answer);
            }
            Role::Service(Service::GripPublisher) => self.publish_items(key, exchange, &body),
            Role::Service(Service::Dashboard(mode)) => self.dashboard(key, exchange, mode, body),
            Role::Service(service) => {
                self.occupy(key, Occupation::Answering);
                let figures = || self.shared.channels(self.id).figures();
                let answer = exchange.service(service, &self.shared, figures);
                self.respond(key, exchange, answer);
            }
            Role::Application => self.call_application(key, exchange, body),
            Role::None => self.respond(key, exchange, Answer::page(404)),
        }
    }

    /// Carries out what a publisher wants.
    pub(super) fn publish(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        mode: PublisherMode,
        body: Vec<u8>,
    ) {
        let environment = &self.shared.environment;
        let context = self.report_context(&exchange);
        let mut channels = self.shared.channels(self.id);
        let answer = exchange.publisher_answer(mode, body, &mut channels, &context, environment);
        drop(channels);
        if answer.close {
            self.log_refusal(&exchange, b"");
            return self.fail(key, exchange, answer.status);
        }
        self.respond(key, exchange, answer);
    }

    /// Refuses a request in the web server's name, not in its role's: with the page of `status`, or
    /// what `error_page` has in its place. What is left of its body is not read as one: the
    /// connection ends with the answer. Who took too long (408) gets no other page, as in nginx.
    pub(super) fn fail(&mut self, key: ConnectionKey, mut exchange: Box<Exchange>, status: u16) {
        if status == 408 || !exchange.has_error_page(status) {
            let answer = Answer { close: true, ..Answer::page(status) };
            return self.respond(key, exchange, answer);
        }
        exchange.request.body = BodyLength::None;
        exchange.request.keep_alive = false;
        exchange.verdict = Verdict::Refused(status);
        self.proceed(key, exchange);
    }

    /// Who is at the other end of a connection.
    pub(super) fn peer_of(&self, connection: &Connection) -> Peer {
        let carrier = self.carrier(connection);
        let local = match &connection.door.address {
            ListenAddress::Tcp(address) if !address.ip().is_unspecified() => Some(*address),
            ListenAddress::Tcp(_) => carrier.local(),
            ListenAddress::Unix(_) => None,
        };
        Peer {
            accepted: connection.accepted,
            remote: connection.remote,
            proxy: None,
            local,
            connection: connection.serial,
            requests: u64::from(connection.requests),
            tls: carrier.stream.tls().and_then(TlsStream::encryption),
        }
    }

    /// The connection whose socket `connection` uses: itself, unless it is a request of HTTP/2.
    pub(super) fn carrier<'a>(&'a self, connection: &'a Connection) -> &'a Connection {
        let session = connection.stream.session();
        session.and_then(|key| self.connections.get(key.slot as usize)).unwrap_or(connection)
    }

    fn report_context(&self, _exchange: &Exchange) -> ReportContext<'_> {
        let environment = &self.shared.environment;
        ReportContext {
            hostname: environment.hostname.as_bytes(),
            pid: environment.pid,
            now: self.now,
        }
    }
}

/// The body, if all of it is there and nothing has to be said or refused before it is taken; empty
/// if there is none.
fn whole_body<'b>(exchange: &Exchange, behind: &'b [u8]) -> Option<&'b [u8]> {
    let length = match exchange.request.body {
        BodyLength::None | BodyLength::Known(0) => return Some(&[]),
        BodyLength::Known(length) => length,
        BodyLength::Chunked => return None,
    };
    let limit = exchange.settings.client_max_body_size;
    BodyReader::new(exchange.request.body, limit).ok()?;
    let length = usize::try_from(length).ok().filter(|_| !exchange.request.expects_continue)?;
    behind.get(..length)
}

pub(super) fn has_body(exchange: &Exchange) -> bool {
    !matches!(exchange.request.body, BodyLength::None | BodyLength::Known(0))
}
