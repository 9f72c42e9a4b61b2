//! What the worker writes into error and access logs.

use std::fmt;

use outpour_core::answer::Answer;
use outpour_core::settings::{ErrorLog, Level};
use outpour_core::variables::Outcome;

use super::Worker;
use crate::connection::{ConnectionKey, Subscribed};
use crate::exchange::Exchange;

impl Worker {
    /// Writes to the error log of the main level.
    pub(super) fn log(&self, level: Level, message: fmt::Arguments<'_>) {
        let targets = &self.running.settings.main.error_log;
        self.shared.logs.error(targets, level, self.now, None, message);
    }

    /// The same about a client.
    pub(super) fn log_client(&self, key: ConnectionKey, level: Level, message: &str) {
        let Some(connection) = self.connections.get(key.slot as usize) else { return };
        let targets = match &connection.settings {
            Some(settings) => &settings.error_log,
            None => &self.running.settings.main.error_log,
        };
        if !is_on(targets, level) {
            return;
        }
        let client = connection.remote.map_or_else(|| "unix:".to_owned(), |r| r.ip().to_string());
        let serial = connection.serial;
        let message = format_args!("*{serial} {message}, client: {client}");
        self.shared.logs.error(targets, level, self.now, None, message);
    }

    /// Writes the access log of an answer whose bytes begin at `begin` of those to be sent.
    pub(super) fn log_answer(
        &self,
        key: ConnectionKey,
        exchange: &Exchange,
        answer: &Answer,
        begin: usize,
    ) {
        if exchange.settings.access_log.is_empty() {
            return;
        }
        let bytes = &self.answers[begin..];
        let head = memchr::memmem::find(bytes, b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
        let length = self.connections.get(key.slot as usize).map_or(0, |c| c.request_length);
        let outcome = Outcome {
            status: answer.status,
            bytes_sent: bytes.len() as u64,
            body_bytes_sent: (bytes.len() - head) as u64,
            request_length: length,
            request_millis: self.millis_since(exchange),
            complete: true,
            head: bytes[..head].to_vec(),
        };
        self.log_access(exchange, &outcome);
    }

    /// Writes the access log of a subscription that has ended.
    pub(super) fn log_subscription(&self, subscribed: &Subscribed, bytes: u64, complete: bool) {
        let Some(exchange) = &subscribed.logged else { return };
        let status = match subscribed.kind {
            crate::connection::Kind::WebSocket(_) => 101,
            crate::connection::Kind::Stream => 200,
            crate::connection::Kind::LongPoll if complete => 200,
            crate::connection::Kind::LongPoll => 499,
        };
        let outcome = Outcome {
            status,
            bytes_sent: bytes,
            body_bytes_sent: bytes,
            request_length: exchange.request.bytes.len() as u64,
            request_millis: self.millis_since(exchange),
            complete,
            head: Vec::new(),
        };
        self.log_access(exchange, &outcome);
    }

    /// Writes the access log of a refusal that no request could be made of.
    pub(super) fn log_refusal(&self, key: ConnectionKey, status: u16) {
        let message = match status {
            408 => "client timed out",
            413 => "client intended to send too large body",
            414 => "client sent too long URI",
            431 => "client sent too large request header fields",
            _ => return,
        };
        self.log_client(key, Level::Info, message);
    }

    fn log_access(&self, exchange: &Exchange, outcome: &Outcome) {
        let scope = exchange.scope(&self.shared.environment, self.now, Some(outcome));
        self.shared.logs.access(&exchange.settings, exchange.http(), &scope);
    }

    fn millis_since(&self, exchange: &Exchange) -> u64 {
        let elapsed = self.now.tick.since(exchange.started.tick);
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }
}

fn is_on(targets: &[ErrorLog], level: Level) -> bool {
    targets.is_empty() || targets.iter().any(|target| target.level >= level)
}
