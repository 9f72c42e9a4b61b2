//! GRIP: connections that are held for an application behind `proxy_pass`.
//!
//! ```text
//! Relayed ──▶ answer: an instruct ──▶ hold ──▶ message, link, keep-alive ... ──▶ end
//! upgrade ──▶ socket: OPEN is told ──▶ hold ──▶ events to and fro ───────────▶ end
//! ```

mod answer;
mod items;
mod link;
mod message;
mod socket;

use std::time::Duration;

use outpour_core::answer::Answer;
use outpour_core::channels::{ChannelKey, Refusal, SubscribeRules};
use outpour_core::grip::Subscription;
use outpour_core::hub::{Outlet, Output};
use outpour_core::settings::Level;
use outpour_core::variables::Outcome;
use outpour_core::wire::chunked;

use super::Worker;
use super::notices::Notice;
use crate::connection::{ConnectionKey, Ending, Hold, OnHold, State};
use crate::exchange::{Exchange, Extra};

pub(super) use answer::is_instructed;
pub(super) use message::Handed;

/// How long a client may take to close its side once the server has closed its own.
const FAREWELL: Duration = Duration::from_secs(2);

impl Worker {
    /// What is known of a connection that is held.
    fn held(&mut self, key: ConnectionKey) -> Option<&mut OnHold> {
        match &mut self.connection(key)?.state {
            State::Held(held) => Some(held),
            State::Head
            | State::Body(_)
            | State::Waiting(_)
            | State::Relayed(_)
            | State::Subscribed(_)
            | State::Application(_)
            | State::Session(_)
            | State::Closing { .. } => None,
        }
    }

    /// Subscribes to channels; where that is not possible, to none of them.
    fn join_all(&self, wanted: &[Subscription]) -> Result<Vec<ChannelKey>, Refusal> {
        let mut channels = self.shared.channels(self.id);
        channels.connect(self.id)?;
        let mut keys: Vec<ChannelKey> = Vec::with_capacity(wanted.len());
        for one in wanted {
            match channels.join(self.id, &one.channel, &SubscribeRules::default(), self.now) {
                Ok(key) => keys.push(key),
                Err(refusal) => {
                    channels.unsubscribe(self.id, &keys, self.now);
                    return Err(refusal);
                }
            }
        }
        Ok(keys)
    }

    /// Those of the channels that have gone on since the application looked at them.
    fn outdated(&self, wanted: &[Subscription], keys: &[ChannelKey]) -> Vec<(Box<[u8]>, Box<str>)> {
        if wanted.iter().all(|one| one.last_id.is_none()) {
            return Vec::new();
        }
        let channels = self.shared.channels(self.id);
        let pairs = wanted.iter().zip(keys).filter_map(|(one, key)| {
            let (given, last) = (one.last_id.as_deref()?, channels.last_item(*key)?);
            (given != last).then(|| (one.channel.clone(), given.into()))
        });
        pairs.collect()
    }

    /// A place in the hub for a connection that is held, with its channels.
    fn hold(
        &mut self,
        key: ConnectionKey,
        keys: &[ChannelKey],
    ) -> outpour_core::hub::SubscriberKey {
        let cursor = self.delivered;
        let subscriber = self.hub.hold(Outlet(key.slot), cursor, self.now.tick);
        for channel in keys {
            self.hub.join(subscriber, *channel, cursor);
        }
        subscriber
    }

    /// Takes the hold off a connection, which is between two requests then.
    fn release_hold(&mut self, key: ConnectionKey) -> Option<Box<OnHold>> {
        let now = self.now.tick;
        let connection = self.connection(key)?;
        if !matches!(connection.state, State::Held(_)) {
            return None;
        }
        let state = std::mem::replace(&mut connection.state, State::Head);
        connection.since = now;
        let State::Held(held) = state else { return None };
        self.departed.push(self.hub.unsubscribe(held.subscriber));
        Some(held)
    }

    /// Hands over what was published up to now to a connection whose channels are about to change.
    fn drain_hold(&mut self, key: ConnectionKey) {
        let Some(subscriber) = self.held(key).map(|held| held.subscriber) else { return };
        let mut handed = Vec::new();
        self.hub.drain(subscriber, self.now.tick, |outlet, output| {
            if let Output::Message(message, deleted) = output {
                handed.push((outlet.0, std::sync::Arc::clone(message), deleted));
            }
        });
        for (_, message, deleted) in handed {
            self.hold_message(key, &message, deleted);
        }
    }

    /// The connection that was held is closed by its peer, or the server.
    pub(super) fn held_lost(&mut self, held: &OnHold, bytes_sent: u64, ending: Ending) {
        self.departed.push(self.hub.unsubscribe(held.subscriber));
        self.log_held(held, bytes_sent, ending == Ending::Done);
        self.tell_gone(held);
    }

    /// Tells the application that the client of a hold has left, where it wants to know.
    fn tell_gone(&mut self, held: &OnHold) {
        let Some(grip) = held.settings.proxy.as_ref().and_then(|proxy| proxy.grip.clone()) else {
            return;
        };
        match &held.hold {
            Hold::Socket(socket) => self.tell_disconnected(held, socket, &grip),
            Hold::Stream(stream) => {
                let Some(link) = &stream.gone else { return };
                let mut extra = Extra::of(&grip, &self.shared.environment, self.now.unix);
                extra.target = link::target(&link.uri);
                let exchange = as_get(held.exchange.again());
                let name = "link \"gone\"";
                self.notify(Notice::grip(name, &held.settings.name, exchange, extra, Vec::new()));
            }
            Hold::Response { .. } => {}
        }
    }

    /// A deadline of a hold has come.
    pub(super) fn expire_held(&mut self, key: ConnectionKey) {
        let now = self.now.tick;
        let Some(held) = self.held(key) else { return };
        let alive = held.keep_alive.as_ref();
        let alive =
            alive.map(|(alive, _)| held.last_sent.after(Duration::from_secs(alive.timeout)));
        if alive.is_some_and(|due| due <= now) {
            self.keep_alive(key);
        }
        let Some(held) = self.held(key) else { return };
        match &held.hold {
            Hold::Response { due, .. } if *due <= now => self.end_hold(key),
            Hold::Stream(stream) => {
                if held.errand.is_none() && stream.next.as_ref().is_some_and(|(_, due)| *due <= now)
                {
                    self.follow_link(key);
                }
            }
            Hold::Socket(_) => self.look_at_socket(key),
            Hold::Response { .. } => {}
        }
    }

    /// Ends a hold politely: at its time, and when the server ends.
    pub(super) fn end_hold(&mut self, key: ConnectionKey) {
        let Some(held) = self.held(key) else { return };
        match &held.hold {
            Hold::Response { .. } => {
                let Some(held) = self.release_hold(key) else { return };
                let OnHold { exchange, hold: Hold::Response { answer, .. }, .. } = *held else {
                    return;
                };
                self.respond(key, exchange, *answer);
                self.go_on(key);
            }
            Hold::Stream(_) => self.end_stream(key),
            Hold::Socket(_) => self.close_socket(key, Some(1001), b""),
        }
    }

    /// The body of a stream is complete.
    fn end_stream(&mut self, key: ConnectionKey) {
        let Some(held) = self.release_hold(key) else { return };
        let Hold::Stream(stream) = &held.hold else { return };
        if stream.chunked && !self.try_send_bytes(key, chunked::LAST) {
            return self.close(key, Ending::PeerGone);
        }
        let bytes = self.connection(key).map_or(0, |c| std::mem::take(&mut c.bytes_sent));
        self.log_held(&held, bytes, true);
        if !stream.keep_alive || self.phase != super::Phase::Serving {
            self.hang_up(key, FAREWELL);
        }
        self.go_on(key);
    }

    /// Sends a piece of a held connection's body or row of frames.
    fn send_held(&mut self, key: ConnectionKey, bytes: &[u8]) {
        let now = self.now.tick;
        if !self.try_send_bytes(key, bytes) {
            return self.close(key, Ending::PeerGone);
        }
        let Some(connection) = self.connection(key) else { return };
        let waiting = connection.output.as_ref().map_or(0, |output| output.bytes_behind());
        let State::Held(held) = &mut connection.state else { return };
        held.last_sent = now;
        if waiting > held.settings.subscriber_buffer_size {
            return self.close(key, Ending::TooSlow);
        }
        self.file_deadline(key);
    }

    /// Sends a piece of a stream's body.
    fn send_body_piece(&mut self, key: ConnectionKey, piece: &[u8]) {
        let Some(held) = self.held(key) else { return };
        let chunked = matches!(&held.hold, Hold::Stream(stream) if stream.chunked);
        if piece.is_empty() {
            return;
        }
        if !chunked {
            return self.send_held(key, piece);
        }
        let mut bytes = Vec::with_capacity(piece.len() + 16);
        chunked::chunk(piece, &mut bytes);
        self.send_held(key, &bytes);
    }

    fn log_held(&self, held: &OnHold, bytes: u64, complete: bool) {
        if held.exchange.settings.access_log.is_empty() || held.status == 0 {
            return;
        }
        let bytes = bytes.saturating_sub(held.earlier);
        let elapsed = self.now.tick.since(held.exchange.started.tick);
        let outcome = Outcome {
            status: held.status,
            bytes_sent: bytes,
            body_bytes_sent: bytes.saturating_sub(held.head.len() as u64),
            request_length: held.exchange.request.bytes.len() as u64,
            request_millis: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            complete,
            head: held.head.clone(),
        };
        self.log_access(&held.exchange, &outcome);
    }

    /// Says what is wrong with what an application has answered.
    fn tell_of_application(&self, exchange: &Exchange, level: Level, what: &str) {
        let location = &exchange.settings.name;
        self.log_exchange(exchange, level, &format!("GRIP of location \"{location}\": {what}"));
    }

    /// The client is told that the application has failed.
    fn fail_application(&mut self, key: ConnectionKey, mut exchange: Box<Exchange>, status: u16) {
        exchange.verdict = crate::exchange::Verdict::Refused(status);
        self.proceed(key, exchange);
        self.go_on(key);
    }
}

/// The request as GET without a body.
fn as_get(mut exchange: Box<Exchange>) -> Box<Exchange> {
    exchange.request.become_get();
    exchange.request.body = outpour_core::request::BodyLength::None;
    exchange
}

/// The answer to a hold whose channels are refused.
fn refused(refusal: Refusal) -> Answer {
    Answer::refusal(refusal.status(), refusal.explain())
}
