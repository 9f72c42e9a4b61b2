//! What the worker writes into error and access logs.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use outpour_core::answer::Answer;
use outpour_core::now::Now;
use outpour_core::request::{BodyLength, Method, Request, Version};
use outpour_core::settings::{ErrorLog, Level};
use outpour_core::variables::{Outcome, State as Variables};

use super::Worker;
use crate::connection::{Connection, ConnectionKey, Logged, State, Subscribed, head_of};
use crate::exchange::{Exchange, FileBody, Inside, Verdict};
use crate::logs::RequestContext;
use crate::server::address_text;

/// nginx's status for a client that left before its answer.
const CLIENT_CLOSED_REQUEST: u16 = 499;

impl Worker {
    /// Writes to the error log of the main level.
    pub(super) fn log(&self, level: Level, message: fmt::Arguments<'_>) {
        let targets = &self.running.settings.main.error_log;
        self.shared.logs.error(targets, level, self.now, None, message);
    }

    /// Writes about a client, and its request as far as that is known, to the error log of the
    /// request's location.
    pub(super) fn log_client(&self, key: ConnectionKey, level: Level, message: &str) {
        let Some(connection) = self.connections.get(key.slot as usize) else { return };
        let targets = self.error_targets(connection);
        if !is_on(targets, level) {
            return;
        }
        let client = connection.remote.map(|remote| remote.ip());
        let context =
            RequestContext { connection: connection.serial, client, ..Default::default() };
        let message = format_args!("{message}");
        let write = |context: &RequestContext<'_>| {
            self.shared.logs.error(targets, level, self.now, Some(context), message);
        };
        match self.exchange_of(connection) {
            Some(exchange) => write(&about(exchange, &context)),
            None => {
                let address = address_text(&connection.door.address);
                let line = request_line(&connection.input);
                let request = (!line.is_empty()).then_some(line);
                write(&RequestContext { server: Some(address.as_bytes()), request, ..context });
            }
        }
    }

    /// The same about a request that is being served.
    pub(super) fn log_exchange(&self, exchange: &Exchange, level: Level, message: &str) {
        self.log_handed_on(exchange, None, level, message);
    }

    /// The same about one that was handed to `upstream`.
    pub(super) fn log_handed_on(
        &self,
        exchange: &Exchange,
        upstream: Option<&[u8]>,
        level: Level,
        message: &str,
    ) {
        let targets = &exchange.settings.error_log;
        if is_on(targets, level) {
            let client = exchange.peer.remote.map(|remote| remote.ip());
            let connection = exchange.peer.connection;
            let context = RequestContext { connection, client, upstream, ..Default::default() };
            let context = about(exchange, &context);
            let message = format_args!("{message}");
            self.shared.logs.error(targets, level, self.now, Some(&context), message);
        }
    }

    /// Writes why a push location turned a request down, in the module's words for its log.
    pub(super) fn log_refusal(&self, exchange: &Exchange, explain: &[u8]) {
        let Some((level, text)) = refusal(explain) else { return };
        let limit = exchange.http().store.max_channel_id_length;
        let limit = limit.filter(|_| text.ends_with("allowed"));
        let limit = limit.map(|limit| format!(" {limit}")).unwrap_or_default();
        self.log_exchange(exchange, level, &format!("push stream module: {text}{limit}"));
    }

    /// Writes what was noted about a request while it was being served.
    pub(super) fn log_notes(&self, exchange: &Exchange) {
        for note in exchange.notes.take() {
            self.log_exchange(exchange, note.level, &note.text);
        }
    }

    /// The request that the connection is busy with, where it is kept.
    fn exchange_of<'a>(&'a self, connection: &'a Connection) -> Option<&'a Exchange> {
        match &connection.state {
            State::Body(upload) => Some(&upload.exchange),
            State::Subscribed(subscribed) => Some(&subscribed.logged.as_ref()?.exchange),
            State::Waiting(waiting) => Some(&waiting.exchange),
            State::Held(held) => Some(&held.exchange),
            State::Relayed(relayed) => self.relayed_exchange(relayed.upstream),
            State::Application(served) => served.exchange(),
            State::Head | State::Session(_) | State::Closing { .. } => None,
        }
    }

    fn error_targets<'a>(&'a self, connection: &'a Connection) -> &'a [ErrorLog] {
        match &connection.settings {
            Some(settings) => &settings.error_log,
            None => &self.running.settings.main.error_log,
        }
    }

    /// Writes the access log of an answer whose bytes begin at `begin` of those to be sent.
    pub(super) fn log_answer(
        &self,
        key: ConnectionKey,
        exchange: &Exchange,
        answer: &Answer,
        begin: usize,
    ) {
        let length = self.connections.get(key.slot as usize).map_or(0, |c| c.request_length);
        self.log_bytes(exchange, answer.status, begin, length);
    }

    fn log_bytes(&self, exchange: &Exchange, status: u16, begin: usize, request_length: u64) {
        if exchange.settings.access_log.is_empty() {
            return;
        }
        let bytes = &self.answers[begin..];
        let head = head_of(bytes);
        let file = exchange.file.as_ref().map_or(0, FileBody::length);
        let outcome = Outcome {
            status,
            bytes_sent: bytes.len() as u64 + file,
            body_bytes_sent: (bytes.len() - head.len()) as u64 + file,
            request_length,
            request_millis: self.millis_since(exchange),
            complete: status != 444,
            head: head.to_vec(),
        };
        self.log_access(exchange, &outcome);
    }

    /// Writes the access log of a subscription that has ended; `bytes` were sent since it began.
    pub(super) fn log_subscription(&self, subscribed: &Subscribed, bytes: u64, complete: bool) {
        if let Some(logged) = &subscribed.logged {
            self.log_parked(logged, bytes, complete);
        }
    }

    /// The same for whatever was parked with its request.
    pub(super) fn log_parked(&self, logged: &Logged, bytes: u64, complete: bool) {
        let bytes = bytes.saturating_sub(logged.earlier);
        let outcome = Outcome {
            status: status_of(&logged.head),
            bytes_sent: bytes,
            body_bytes_sent: bytes.saturating_sub(logged.head.len() as u64),
            request_length: logged.exchange.request.bytes.len() as u64,
            request_millis: self.millis_since(&logged.exchange),
            complete,
            head: logged.head.clone(),
        };
        self.log_access(&logged.exchange, &outcome);
    }

    /// Writes the access log of a refusal whose bytes begin at `begin`: of a body, or of bytes that
    /// no request could be made of. The latter count for the default server, as in nginx.
    pub(super) fn log_refused(&self, key: ConnectionKey, status: u16, begin: usize) {
        let Some(connection) = self.connections.get(key.slot as usize) else { return };
        if let State::Body(upload) = &connection.state {
            let length = connection.request_length;
            self.log_bytes(&upload.exchange, status, begin, length);
        } else if let Some(exchange) = self.unrouted(connection) {
            self.log_bytes(&exchange, status, begin, connection.input.len() as u64);
        }
    }

    /// An exchange that only logs look at.
    fn unrouted(&self, connection: &Connection) -> Option<Exchange> {
        let http = self.running.http()?;
        let listen = http.listens.iter().find(|l| l.address == connection.door.address);
        let server = listen.map_or(0, |listen| listen.default_server);
        let settings = Arc::clone(&http.servers.get(server)?.settings);
        if settings.access_log.is_empty() {
            return None;
        }
        let begun = if connection.head_begun { connection.since } else { self.now.tick };
        Some(Exchange {
            request: unparsed(request_line(&connection.input)),
            peer: self.peer_of(connection),
            running: Arc::clone(&self.running),
            server,
            settings,
            state: Variables::new(http.set_slots),
            started: Now { tick: begun, ..self.now },
            verdict: Verdict::Serve,
            entries: std::cell::OnceCell::new(),
            inside: Inside::default(),
            file: None,
            addresses: None,
            fetched: None,
            kept: Vec::new(),
            findings: None,
            challenge: None,
            explain: None,
            tickets: Vec::new(),
            notes: RefCell::default(),
        })
    }

    pub(super) fn log_access(&self, exchange: &Exchange, outcome: &Outcome) {
        let scope = exchange.scope(&self.shared.environment, self.now, Some(outcome));
        self.shared.logs.access(&exchange.settings, exchange.http(), &scope);
    }

    fn millis_since(&self, exchange: &Exchange) -> u64 {
        let elapsed = self.now.tick.since(exchange.started.tick);
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Level and text that the module logs for what it explains to the client.
fn refusal(explain: &[u8]) -> Option<(Level, &'static str)> {
    Some(match explain {
        b"No channel id provided." => {
            (Level::Warn, "the push_stream_channels_path is required but is not set")
        }
        b"Channel id is too large." => (Level::Warn, "channel id is larger than allowed"),
        b"Number of channels were exceeded." => (Level::Error, "number of channels were exceeded"),
        b"Subscribed too much wildcard channels." => {
            (Level::Error, "max subscribed wildcard channels exceeded")
        }
        b"Empty post requests are not allowed." => {
            (Level::Error, "Post request was sent with no message")
        }
        b"Only internal routines can change events channel." => {
            (Level::Error, "only internal routines can change events channel")
        }
        b"Subscription to events channel is not allowed." => {
            (Level::Error, "subscription to events channel is not allowed")
        }
        b"" => (Level::Error, "unable to allocate message in shared memory"),
        _ => return None,
    })
}

fn is_on(targets: &[ErrorLog], level: Level) -> bool {
    match targets {
        [] => level <= Level::Error,
        targets => targets.iter().any(|target| level <= target.level),
    }
}

/// `context` with what is known of the request.
fn about<'a>(exchange: &'a Exchange, context: &RequestContext<'a>) -> RequestContext<'a> {
    let request = &exchange.request;
    RequestContext {
        server: exchange.http().servers.get(exchange.server).map(|server| &*server.name),
        request: Some(request_line(&request.bytes)),
        host: request.header("host"),
        referrer: request.header("referer"),
        ..context.clone()
    }
}

/// A request of which nothing but its first line is known.
fn unparsed(line: &[u8]) -> Request {
    Request {
        bytes: line.to_vec(),
        method: Method::Other,
        method_text: 0..0,
        target: 0..0,
        args: 0..0,
        path: Vec::new(),
        version: Version::Http10,
        host: Vec::new(),
        headers: Vec::new(),
        body: BodyLength::None,
        keep_alive: false,
        expects_continue: false,
    }
}

/// The first line of a head, empty ones before it left out, without its line end.
fn request_line(head: &[u8]) -> &[u8] {
    let start = head.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(head.len());
    let head = &head[start..];
    &head[..memchr::memchr2(b'\r', b'\n', head).unwrap_or(head.len())]
}

/// The status that a head carries; 499 if there was none yet.
fn status_of(head: &[u8]) -> u16 {
    let digits = head.get(9..12).and_then(|digits| str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(CLIENT_CLOSED_REQUEST)
}
