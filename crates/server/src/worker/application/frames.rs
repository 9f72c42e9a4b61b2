//! What the clients of WebSockets say to the application.

use outpour_core::wire::websocket::{self, Decoder, Event, Rules};

use super::super::Worker;
use crate::application::{CloseReason, InboxEvent};
use crate::connection::{ConnectionKey, Served, State, Upgraded};

/// Bytes of pongs that may wait for a client that does not read.
const PONGS_MAX: usize = 64 * 1024;

impl Worker {
    /// The connection, if it is one of the application's own.
    pub(super) fn upgraded(&mut self, key: ConnectionKey) -> Option<&mut Upgraded> {
        match &mut self.connection(key)?.state {
            State::Application(served) => match &mut **served {
                Served::Upgraded(upgraded) => Some(upgraded),
                Served::Asked(_) | Served::Streaming(_) => None,
            },
            State::Head
            | State::Body(_)
            | State::Held(_)
            | State::Waiting(_)
            | State::Relayed(_)
            | State::Subscribed(_)
            | State::Session(_)
            | State::Closing { .. } => None,
        }
    }

    /// Takes in what a WebSocket client sent.
    pub(in super::super) fn on_application_frames(&mut self, key: ConnectionKey, data: &mut [u8]) {
        let now = self.now.tick;
        let limit = self.shared.port().map_or(0, |port| port.message_bytes_max);
        let Some(upgraded) = self.upgraded(key) else { return };
        upgraded.hear(now);
        let rules = Rules { keep: true, limit, deflate: upgraded.deflate, masked: true };
        let mut decoder = std::mem::take(&mut upgraded.decoder);
        let mut rest = data;
        while !rest.is_empty() {
            let step = decoder.decode(rest, &rules);
            rest = &mut rest[step.consumed..];
            if let Some(event) = step.event
                && !self.on_application_event(key, event)
            {
                return;
            }
        }
        self.keep_decoder(key, decoder);
    }

    fn keep_decoder(&mut self, key: ConnectionKey, decoder: Decoder) {
        if let Some(upgraded) = self.upgraded(key) {
            upgraded.decoder = decoder;
        }
    }

    /// Acts on one event; false if the WebSocket has come to its end.
    fn on_application_event(&mut self, key: ConnectionKey, event: Event) -> bool {
        match event {
            Event::Message { binary, data } => {
                let Some(upgraded) = self.upgraded(key) else { return false };
                let link = std::sync::Arc::clone(&upgraded.link);
                if link.is_open() {
                    self.tell_handler(&link, InboxEvent::Message { binary, data });
                }
                true
            }
            Event::Ping(payload) => {
                let mut pong = Vec::new();
                websocket::pong(&payload, &mut pong);
                self.answer_ping(key, &pong)
            }
            Event::Pong => true,
            Event::Close { code, .. } => {
                self.answers_close(key, code);
                false
            }
            Event::Failure { close_code } => {
                self.end_upgraded(key, Some(close_code), CloseReason::Protocol(close_code));
                false
            }
        }
    }

    fn answer_ping(&mut self, key: ConnectionKey, pong: &[u8]) -> bool {
        self.answers.extend_from_slice(pong);
        let Some(connection) = self.connection(key) else { return false };
        let waiting = connection.output.as_ref().map_or(0, |output| output.bytes_behind());
        if waiting
            > PONGS_MAX.max(connection.settings.as_ref().map_or(0, |s| s.subscriber_buffer_size))
        {
            self.lose_upgraded(key, CloseReason::TooSlow);
            return false;
        }
        true
    }

    /// The client's close frame is answered with its own code.
    fn answers_close(&mut self, key: ConnectionKey, code: Option<u16>) {
        self.flush_outbox(key);
        self.end_upgraded(key, code, CloseReason::Peer(code));
    }
}
