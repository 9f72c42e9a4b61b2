//! The head of an upstream's answer: what becomes of it.

use outpour_core::answer::{Answer, Body};
use outpour_core::request::{BodyLength, Method, Version};
use outpour_core::upstream::{Orders, answer, kept_on_redirect, orders};
use outpour_core::wire::http1::response::{Response, ResponseBody, ResponseReader};
use outpour_core::wire::http1::{Context, encode, must_close};

use super::super::grip::is_instructed;
use super::super::respond::wire_version;
use super::super::{Phase as WorkerPhase, Worker};
use super::account;
use super::fail::Cause;
use crate::connection::{ConnectionKey, State, head_of};
use crate::exchange::{Exchange, server_header};
use crate::upstream::{Answered, Framing, Phase, Purpose, Relay, Sink, UpstreamKey};

/// Bytes of a body that, if it is here with its head, becomes one answer with it.
const SMALL_MAX: usize = 64 * 1024;

impl Worker {
    /// The head is complete; `rest` came behind it.
    pub(super) fn begin_answer(&mut self, key: UpstreamKey, mut response: Response, rest: &[u8]) {
        let now = self.now.tick;
        let Some(relay) = self.relay_of(key) else { return };
        relay.keep = response.keep_alive;
        let status = response.status;
        account(relay, now, |attempt, elapsed| {
            (attempt.status, attempt.header) = (Some(status), Some(elapsed));
        });
        if relay.proxy.next.statuses.contains(&status)
            && relay.may_try_next(Cause::Status(status), now)
        {
            return self.upstream_failed(key, Cause::Status(status), "");
        }
        let reader = ResponseReader::new(response.body);
        match relay.purpose {
            Purpose::Client(_) if is_instructed(relay, &response) => {
                self.collect_instruct(key, response, reader, rest);
            }
            Purpose::Client(client) => self.answer_client(key, client, response, reader, rest),
            Purpose::Errand { body_max, .. } => {
                keep_head(&mut relay.exchange, &mut response);
                relay.phase = Phase::Body(reader, Sink::Memory(Vec::new(), body_max));
                self.pass_body(key, rest);
            }
            Purpose::Nobody | Purpose::Notice(_) => {
                relay.phase = Phase::Body(reader, Sink::Nowhere);
                self.pass_body(key, rest);
            }
        }
    }

    fn answer_client(
        &mut self,
        key: UpstreamKey,
        client: ConnectionKey,
        mut response: Response,
        reader: ResponseReader,
        rest: &[u8],
    ) {
        let (environment, now) = (self.shared.environment.clone(), self.now);
        let Some(relay) = self.relay_of(key) else { return };
        let settings = &relay.proxy.answer;
        let Orders { redirect, buffering } = orders(settings, &response);
        let scope = relay.exchange.scope(&environment, now, None);
        let mut answer = answer(settings, &response, &scope);
        let whole = whole(&response, &reader, rest);
        if relay.exchange.request.is_extended_connect() && (200..300).contains(&response.status) {
            // The upstream has not upgraded, but over HTTP/2 that would say that it has.
            keep_head(&mut relay.exchange, &mut response);
            return self.leave(key, client, whole.is_some(), 502);
        }
        let headless = relay.asked.head_only && relay.exchange.request.method != Method::Head;
        if headless && response.status >= 200 {
            answer.body = Body::Empty;
        }
        let buffers = &relay.proxy.limits;
        relay.ahead = match buffering.unwrap_or(settings.buffering) {
            true => buffers.buffers,
            false => buffers.buffer_size,
        };
        let intercepted = settings.intercept_errors
            && response.status >= 300
            && relay.exchange.has_error_page(response.status);
        keep_head(&mut relay.exchange, &mut response);
        if let Some(to) = redirect {
            return self.accelerate(key, client, answer, &to, whole.is_some());
        }
        if intercepted {
            relay.exchange.challenge = answer.header("www-authenticate").map(Into::into);
            return self.leave(key, client, whole.is_some(), answer.status);
        }
        if let Some(status) = relay.exchange.inside.status {
            answer.status = status;
        }
        match whole {
            Some((body, used)) if answer.status != 101 => {
                if !body.is_empty() {
                    answer.body = Body::Bytes(body.into());
                }
                self.answer_whole(key, client, answer, used == rest.len());
            }
            _ => self.answer_in_pieces(key, client, answer, reader, rest),
        }
    }

    /// The answer is here as a whole: it goes to the client in one piece, and both connections are
    /// free again.
    fn answer_whole(
        &mut self,
        key: UpstreamKey,
        client: ConnectionKey,
        answer: Answer,
        clean: bool,
    ) {
        if !clean {
            self.tell_of_more(key);
        }
        let length = match &answer.body {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::Empty | Body::Parts(_) | Body::Stream | Body::Announced(_) | Body::Upgrade => 0,
        };
        let now = self.now.tick;
        let Some(mut relay) = self.release(key, clean) else { return };
        account(&mut relay, now, |attempt, elapsed| {
            (attempt.length, attempt.response) = (length, Some(elapsed));
        });
        let Some(exchange) = self.take_back(client, relay) else { return };
        self.respond(client, exchange, answer);
        self.go_on(client);
    }

    /// The head goes to the client, the body behind it as it comes.
    fn answer_in_pieces(
        &mut self,
        key: UpstreamKey,
        client: ConnectionKey,
        answer: Answer,
        reader: ResponseReader,
        rest: &[u8],
    ) {
        let serving = self.phase == WorkerPhase::Serving;
        let Self { upstreams, shared, answers, date, .. } = self;
        let Some(relay) = upstreams.get_mut(key.slot as usize).and_then(|u| u.relay()) else {
            return;
        };
        let exchange = &mut relay.exchange;
        let tunnel = answer.status == 101;
        let mut answer = match tunnel && exchange.request.is_extended_connect() {
            true => accepted(answer),
            false => answer,
        };
        super::super::respond::complete(&shared.environment, exchange, &mut answer);
        let context = Context {
            version: wire_version(exchange),
            keep_alive: exchange.keeps_alive() && serving,
            keepalive_header: exchange.settings.keepalive_header,
            head_only: exchange.request.method == Method::Head,
            date,
            server: server_header(&exchange.settings),
        };
        let earlier = answers.len();
        encode(&answer, &context, answers);
        let logged = !exchange.settings.access_log.is_empty();
        relay.logged = Answered {
            status: answer.status,
            head: if logged { head_of(&answers[earlier..]).to_vec() } else { Vec::new() },
            earlier: earlier as u64,
            close: must_close(&answer, &context),
        };
        let chunked = answer.body == Body::Stream && context.version == Version::Http11;
        let framing = if chunked { Framing::Chunked } else { Framing::Plain };
        relay.phase = match tunnel {
            true => Phase::Tunnel,
            false if context.head_only => Phase::Body(reader, Sink::Nowhere),
            false => Phase::Body(reader, Sink::Client(framing)),
        };
        if let Some(connection) = self.connection(client) {
            connection.bytes_sent = 0;
            if let State::Relayed(relayed) = &mut connection.state {
                relayed.tunnel = tunnel;
            }
        }
        match tunnel {
            true => {
                self.flush_answers(client);
                self.pass_raw(key, rest);
                // What the client has sent behind its request belongs to the tunnel.
                self.ready.push(client);
            }
            false => self.pass_body(key, rest),
        }
        self.push_request(key);
    }

    /// `X-Accel-Redirect`: another location serves the request.
    fn accelerate(
        &mut self,
        key: UpstreamKey,
        client: ConnectionKey,
        answer: Answer,
        to: &[u8],
        clean: bool,
    ) {
        let Some(relay) = self.release_finished(key, clean) else { return };
        let Some(mut exchange) = self.take_back(client, relay) else { return };
        exchange.kept = kept_on_redirect(answer);
        exchange.accelerate(to, &self.shared.environment);
        self.proceed(client, exchange);
        self.go_on(client);
    }

    /// An error page takes the answer's place.
    fn leave(&mut self, key: UpstreamKey, client: ConnectionKey, clean: bool, status: u16) {
        let Some(relay) = self.release_finished(key, clean) else { return };
        let Some(mut exchange) = self.take_back(client, relay) else { return };
        exchange.verdict = crate::exchange::Verdict::Refused(status);
        self.proceed(client, exchange);
        self.go_on(client);
    }

    fn release_finished(&mut self, key: UpstreamKey, clean: bool) -> Option<Box<Relay>> {
        let now = self.now.tick;
        let mut relay = self.release(key, clean)?;
        account(&mut relay, now, |attempt, elapsed| attempt.response = Some(elapsed));
        Some(relay)
    }

    /// The request is the client's again; `None` if it has gone.
    pub(in super::super) fn take_back(
        &mut self,
        client: ConnectionKey,
        relay: Box<Relay>,
    ) -> Option<Box<Exchange>> {
        let now = self.now.tick;
        let connection = self.connection(client)?;
        let State::Relayed(relayed) = std::mem::replace(&mut connection.state, State::Head) else {
            return None;
        };
        connection.since = now;
        connection.bytes_sent = 0;
        let mut exchange = relay.exchange;
        if !relayed.reader.is_done() {
            exchange.request.keep_alive = false;
        }
        exchange.request.body = BodyLength::None;
        Some(exchange)
    }

    /// Sends what was made for the client and looks at what it sent meanwhile.
    pub(in super::super) fn go_on(&mut self, client: ConnectionKey) {
        self.flush_answers(client);
        if self.connection(client).is_some() {
            self.file_deadline(client);
            self.ready.push(client);
        }
    }
}

/// What an upgrade is over HTTP/2 (RFC 8441): a 200, without a key that was accepted.
fn accepted(mut answer: Answer) -> Answer {
    answer.status = 200;
    answer.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("sec-websocket-accept"));
    answer
}

/// Leaves the head where variables find it.
fn keep_head(exchange: &mut Exchange, response: &mut Response) {
    if let Some(account) = &mut exchange.state.upstream {
        account.head = std::mem::take(&mut response.bytes);
    }
}

/// The body, if all of it is in `rest`, and how many bytes it took there.
fn whole(response: &Response, reader: &ResponseReader, rest: &[u8]) -> Option<(Vec<u8>, usize)> {
    match response.body {
        ResponseBody::None => Some((Vec::new(), 0)),
        ResponseBody::UntilClose => None,
        ResponseBody::Known(length) => {
            let length = usize::try_from(length).ok().filter(|length| *length <= SMALL_MAX)?;
            rest.get(..length).map(|body| (body.to_vec(), length))
        }
        ResponseBody::Chunked => {
            let (mut reader, mut body, mut at) = (reader.clone(), Vec::new(), 0);
            while at < rest.len() && !reader.is_done() {
                let (used, piece) = reader.piece(&rest[at..]).ok()?;
                at += used;
                body.extend_from_slice(piece);
            }
            reader.is_done().then_some((body, at))
        }
    }
}
