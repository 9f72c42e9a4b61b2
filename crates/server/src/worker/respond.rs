//! Answers on their way out.

use std::rc::Rc;

use outpour_core::answer::{Answer, Body};
use outpour_core::request::{Method, Version};
use outpour_core::settings::Role;
use outpour_core::transport::gzip::{self, Told};
use outpour_core::variables::Environment;
use outpour_core::wire::http1::{Context, encode, must_close};

use super::{Phase, Worker, socket};
use crate::connection::{ConnectionKey, Ending, Flushed};
use crate::exchange::{Exchange, FileBody, Verdict, server_header};

impl Worker {
    /// Answers a request.
    pub(super) fn respond(&mut self, key: ConnectionKey, exchange: Box<Exchange>, answer: Answer) {
        drop(self.respond_and_keep(key, exchange, answer));
    }

    /// Answers a request; the exchange comes back if the connection goes on.
    pub(super) fn respond_and_keep(
        &mut self,
        key: ConnectionKey,
        mut exchange: Box<Exchange>,
        mut answer: Answer,
    ) -> Option<Box<Exchange>> {
        if answer.status == 444 {
            self.counters().request(Some(exchange.settings.push.role), answer.status);
            self.log_answer(key, &exchange, &answer, self.answers.len());
            self.close(key, Ending::Done);
            return None;
        }
        if let Some(explain) = answer.header("X-Nginx-PushStream-Explain") {
            self.log_refusal(&exchange, explain);
        }
        complete(&self.shared.environment, &mut exchange, &mut answer);
        let context = Context {
            version: wire_version(&exchange),
            keep_alive: exchange.keeps_alive() && self.phase == Phase::Serving,
            keepalive_header: exchange.settings.keepalive_header,
            head_only: exchange.request.method == Method::Head,
            date: &self.date,
            server: server_header(&exchange.settings),
        };
        if context.head_only {
            exchange.file = None;
        }
        let begin = self.answers.len();
        self.counters().request(Some(exchange.settings.push.role), answer.status);
        self.encoder.encode(&answer, &context, &mut self.answers);
        let close = must_close(&answer, &context);
        self.log_answer(key, &exchange, &answer, begin);
        if let Some(connection) = self.connection(key) {
            connection.bytes_sent = 0;
        }
        if let Some(mut file) = exchange.file.take() {
            file.hold(std::mem::take(&mut exchange.tickets));
            self.flush_answers(key);
            self.send_file(key, file);
        }
        if close {
            self.flush_answers(key);
            self.hang_up(key, exchange.settings.lingering_timeout);
            return None;
        }
        Some(exchange)
    }

    /// Sends a file behind what was sent before.
    fn send_file(&mut self, key: ConnectionKey, file: FileBody) {
        let (now, registry) = (self.now.tick, self.poll.registry());
        let Some(connection) = self.connections.get_mut(key.slot as usize) else { return };
        if connection.generation != key.generation {
            return;
        }
        let token = socket::connection(key.slot);
        match connection.send_file(file, registry, token, now) {
            Ok(Flushed::All) => {}
            Ok(Flushed::Blocked) => self.file_deadline(key),
            Ok(Flushed::Paused) => self.ready.push(key),
            Err(_) => self.close(key, Ending::PeerGone),
        }
    }

    /// Answers bytes that no request could be made of, or a request that took too long, with the
    /// page of `status`; the connection ends.
    pub(super) fn refuse(&mut self, key: ConnectionKey, status: u16) {
        let answer = Answer { close: true, ..Answer::page(status) };
        let settings = self.connection(key).and_then(|c| c.settings.clone());
        let context = Context {
            version: Version::Http11,
            keep_alive: false,
            keepalive_header: None,
            head_only: false,
            date: &self.date,
            server: settings.as_deref().map_or("outpour", server_header),
        };
        let begin = self.answers.len();
        self.counters().request(settings.as_ref().map(|s| s.push.role), status);
        encode(&answer, &context, &mut self.answers);
        self.log_refused(key, status, begin);
        self.flush_answers(key);
        self.hang_up(key, std::time::Duration::from_secs(5));
    }

    /// Writes the answers that were made for this connection, in one piece.
    pub(super) fn flush_answers(&mut self, key: ConnectionKey) {
        if self.answers.is_empty() {
            return;
        }
        let mut answers = std::mem::take(&mut self.answers);
        self.send_bytes(key, &answers);
        answers.clear();
        answers.shrink_to(64 * 1024);
        self.answers = answers;
    }

    /// Sends shared bytes; a socket that fails ends the connection.
    pub(super) fn send(&mut self, key: ConnectionKey, piece: &Rc<[u8]>) {
        let registry = self.poll.registry();
        let Some(connection) = self.connections.get_mut(key.slot as usize) else { return };
        let token = socket::connection(key.slot);
        connection.door.counters.sent_bytes.add(piece.len() as u64);
        match connection.send(piece, registry, token, self.now.tick) {
            Ok(_) => self.file_deadline(key),
            Err(_) => self.close(key, Ending::PeerGone),
        }
    }

    /// Sends bytes of this connection alone; false if the socket failed: the caller closes.
    pub(super) fn try_send_bytes(&mut self, key: ConnectionKey, bytes: &[u8]) -> bool {
        let registry = self.poll.registry();
        let Some(connection) = self.connections.get_mut(key.slot as usize) else { return false };
        if connection.generation != key.generation {
            return false;
        }
        let token = socket::connection(key.slot);
        connection.door.counters.sent_bytes.add(bytes.len() as u64);
        connection.send_bytes(bytes, registry, token, self.now.tick).is_ok()
    }

    fn send_bytes(&mut self, key: ConnectionKey, bytes: &[u8]) {
        if self.try_send_bytes(key, bytes) {
            self.file_deadline(key);
        } else {
            self.close(key, Ending::PeerGone);
        }
    }
}

/// Gives the answer what its location adds to it: CORS, `add_header`, compression.
pub(super) fn complete(environment: &Environment, exchange: &mut Exchange, answer: &mut Answer) {
    if exchange.verdict == Verdict::Serve && answer.status != 413 {
        let cors = match &exchange.settings.push.relay {
            Some(relay) => exchange.relay_cors(relay, answer),
            None => exchange.cors(environment),
        };
        answer.headers.extend(cors);
    }
    exchange.keep_type(answer);
    let extra = exchange.extra_headers(environment, answer);
    answer.headers.extend(extra);
    compress(exchange, answer);
}

/// Compresses the answer for its client, if it is to be.
fn compress(exchange: &mut Exchange, answer: &mut Answer) {
    let settings = &exchange.settings.gzip;
    let length = match &answer.body {
        Body::Bytes(bytes) => Some(bytes.len()),
        // An upstream's, which passes as it comes.
        Body::Announced(_) if exchange.file.is_none() => return,
        Body::Announced(length) => Some(usize::try_from(*length).unwrap_or(usize::MAX)),
        Body::Parts(_) => None,
        Body::Empty | Body::Stream | Body::Upgrade => return,
    };
    if exchange.inside.varies && settings.vary {
        return answer.add("Vary", &b"Accept-Encoding"[..]);
    }
    if !settings.on || answer.header("content-encoding").is_some() {
        return;
    }
    let content_type = answer.header("content-type").unwrap_or_default();
    let told = told(exchange, answer);
    let level = gzip::level(settings, &exchange.request, answer.status, content_type, length, told);
    if settings.vary && gzip::eligible(settings, answer.status, content_type, length) {
        answer.add("Vary", &b"Accept-Encoding"[..]);
    }
    let Some(level) = level else { return };
    weaken(answer);
    let chunked = wire_version(exchange) == Version::Http11;
    if let Some(file) = &mut exchange.file {
        answer.body = Body::Stream;
        file.compress(level, chunked);
        return answer.add("Content-Encoding", &b"gzip"[..]);
    }
    gzip::answer(answer, level);
}

/// What the answer says to caches. The module's own headers do not count, as in nginx, which does not
/// know them.
fn told<'a>(exchange: &Exchange, answer: &'a Answer) -> Told<'a> {
    if !matches!(exchange.settings.push.role, Role::None | Role::Application) {
        return Told::NOTHING;
    }
    Told { headers: &answer.headers, unix: exchange.started.unix }
}

/// Compressed bytes are not those of the file: its entity tag only holds weakly, and its ranges
/// not at all.
fn weaken(answer: &mut Answer) {
    answer.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("accept-ranges"));
    for (name, value) in &mut answer.headers {
        if name == "ETag" && value.starts_with(b"\"") {
            *value = [b"W/", &**value].concat().into();
        }
    }
}

/// The version that decides framing: without chunks, only the close can end a body.
pub(super) fn wire_version(exchange: &Exchange) -> Version {
    match exchange.settings.chunked_transfer_encoding {
        true => exchange.request.version,
        false => Version::Http10,
    }
}
