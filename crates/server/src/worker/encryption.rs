//! What TLS means for requests, and what is told of it.

use std::io::{self, ErrorKind};

use outpour_core::answer::Answer;
use outpour_core::settings::{Level, VerifyClient};

use super::Worker;
use crate::connection::ConnectionKey;
use crate::exchange::Exchange;
use crate::tls::ClientVerdict;

impl Worker {
    /// What speaks against a request because of the way it came: not encrypted, or without the
    /// certificate that its server wants to see.
    pub(super) fn objection(&self, key: ConnectionKey, exchange: &Exchange) -> Option<Answer> {
        let tls = self.carrier(self.connections.get(key.slot as usize)?).stream.tls()?;
        if tls.is_clear() {
            let text = "client sent plain HTTP request to HTTPS port while reading client request \
                        headers";
            self.log_exchange(exchange, Level::Info, text);
            let text = "The plain HTTP request was sent to HTTPS port";
            return Some(Answer::bad_request(text, text));
        }
        let wanted = &exchange.http().servers.get(exchange.server)?.tls;
        if wanted.verify_client == VerifyClient::Off {
            return None;
        }
        let (shown_to, verdict) = tls.client()?;
        if *shown_to != **wanted {
            // The certificate was looked at for a server with other authorities.
            let text = "client attempted to request the server name different from the one that \
                        was negotiated";
            self.log_exchange(exchange, Level::Info, text);
            return Some(Answer::page(421));
        }
        match verdict {
            ClientVerdict::Good => None,
            ClientVerdict::None if wanted.verify_client == VerifyClient::Optional => None,
            ClientVerdict::None => {
                let text = "client sent no required SSL certificate while reading client request \
                            headers";
                self.log_exchange(exchange, Level::Info, text);
                let text = "No required SSL certificate was sent";
                Some(Answer::bad_request(text, text))
            }
            ClientVerdict::Bad(reason) => {
                let text = format!(
                    "client SSL certificate verify error: ({reason}) while reading client request \
                     headers"
                );
                self.log_exchange(exchange, Level::Info, &text);
                let text = "The SSL certificate error";
                Some(Answer::bad_request(text, text))
            }
        }
    }

    /// Whether a connection may be read from in this turn: handshakes cost time, and many clients
    /// may come at once. One that may not comes back in the next turn.
    pub(super) fn has_time_for(&mut self, key: ConnectionKey) -> bool {
        let spent = self.handshakes == 0;
        let Some(connection) = self.connection(key) else { return false };
        if !connection.stream.is_handshaking() {
            return true;
        }
        connection.unread = spent;
        self.handshakes = self.handshakes.saturating_sub(1);
        !spent
    }

    /// Tells what was wrong with a client's TLS; failures of sockets are everyday.
    pub(super) fn log_broken(&self, key: ConnectionKey, error: &io::Error) {
        let Some(connection) = self.connections.get(key.slot as usize) else { return };
        if connection.stream.tls().is_none() || error.kind() != ErrorKind::InvalidData {
            return;
        }
        let text = if connection.stream.is_handshaking() {
            format!("SSL_do_handshake() failed (SSL: {error}) while SSL handshaking")
        } else {
            format!("SSL_read() failed (SSL: {error})")
        };
        self.log_client(key, Level::Info, &text);
    }
}
