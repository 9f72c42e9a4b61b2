//! Ends: of subscriptions, of connections, of the worker.

use std::io::Read;
use std::time::Duration;

use outpour_core::hub::Format;
use outpour_core::settings::Level;

use super::{Phase, Worker};
use crate::connection::{Connection, ConnectionKey, Ending, Kind, State, Subscribed};

/// How long a peer may take to close its side once we have closed ours.
const FAREWELL: Duration = Duration::from_secs(2);

/// The same when the server ends.
const LAST_FAREWELL: Duration = Duration::from_millis(300);

impl Worker {
    /// The one way out of a connection: whatever it was doing ends here.
    pub(super) fn close(&mut self, key: ConnectionKey, ending: Ending) {
        if self.connection(key).is_none() {
            return;
        }
        if ending == Ending::TooSlow {
            let text = "subscriber disconnected: more than push_stream_subscriber_buffer_size \
                        bytes wait for it";
            self.log_client(key, Level::Info, text);
            self.counters().slow_subscribers.add(1);
        }
        let mut connection = self.connections.remove(key.slot as usize);
        if let Some(occupation) = connection.occupation {
            self.counters().occupations[occupation.index()].sub(1);
        }
        if connection.stream.is_handshaking() {
            self.counters().failed_handshakes.add(1);
        }
        self.part(key, &mut connection);
        if ending != Ending::PeerGone {
            connection.stream.farewell();
        }
        match connection.state {
            State::Subscribed(subscribed) => {
                self.departed.push(self.hub.unsubscribe(subscribed.subscriber));
                self.subscription_over(subscribed, connection.bytes_sent, ending == Ending::Done);
            }
            State::Application(served) => {
                self.application_lost(key, *served, connection.bytes_sent, ending);
            }
            State::Held(held) => self.held_lost(&held, connection.bytes_sent, ending),
            State::Relayed(relayed) => {
                self.client_left(relayed.upstream, connection.bytes_sent, ending);
            }
            State::Head
            | State::Body(_)
            | State::Waiting(_)
            | State::Session(_)
            | State::Closing { .. } => {}
        }
        let resets = connection.settings.is_some_and(|s| s.reset_timedout_connection);
        if resets && ending == Ending::TimedOut {
            connection.stream.reset_on_close();
        }
    }

    /// Ends a subscription politely: at its time limit, and when the server ends.
    pub(super) fn end_subscription(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get(key.slot as usize) else { return };
        let State::Subscribed(Subscribed { subscriber, .. }) = &connection.state else { return };
        let subscriber = *subscriber;
        let mut status = 200;
        let bytes = match &**self.hub.format(subscriber) {
            Format::Stream(_) | Format::Held => self.hub.ending(subscriber),
            Format::LongPoll(poll) => {
                let with_body = self.running.http().is_some_and(|h| h.store.timeout_with_body);
                let mut bytes = Vec::new();
                let answer = poll.timed_out(with_body, self.now.unix);
                status = answer.status;
                poll.encode(answer, &self.date, &mut bytes);
                bytes
            }
        };
        self.departed.push(self.hub.unsubscribe(subscriber));
        if let Some(Connection { state: State::Subscribed(subscribed), .. }) = self.connection(key)
            && matches!(subscribed.kind, Kind::LongPoll)
        {
            subscribed.status = status;
            subscribed.keep_head(&bytes);
        }
        if self.try_send_bytes(key, &bytes) {
            self.after_subscription(key);
        } else {
            // The hub has let it go: only the socket is left to be dropped.
            self.forget(key);
        }
    }

    /// The subscription is over and everything about it was sent: on to the next request, or to
    /// the end of the connection.
    pub(super) fn after_subscription(&mut self, key: ConnectionKey) {
        let now = self.now.tick;
        let Some(connection) = self.connection(key) else { return };
        if matches!(connection.state, State::Application(_)) {
            return self.forget_ended(key);
        }
        let state = std::mem::replace(&mut connection.state, State::Head);
        connection.since = now;
        let bytes_sent = std::mem::take(&mut connection.bytes_sent);
        // Else an event will tell of the next request: asking the socket now would be in vain.
        let waits = connection.unread || !connection.input.is_empty();
        let State::Subscribed(subscribed) = state else {
            connection.state = state;
            return;
        };
        if matches!(subscribed.kind, Kind::LongPoll) {
            self.counters().request(Some(subscribed.settings.push.role), subscribed.status);
        }
        let reusable = subscribed.keep_alive && !matches!(subscribed.kind, Kind::WebSocket(_));
        self.subscription_over(subscribed, bytes_sent, true);
        if reusable && self.phase == Phase::Serving {
            if waits {
                self.ready.push(key);
            }
            self.file_deadline(key);
        } else {
            self.hang_up(key, FAREWELL);
        }
    }

    /// The last bytes are queued: closes our side behind them and waits for the peer's.
    ///
    /// Closing at once would reset the connection if the peer still sends, and with it bytes that
    /// the peer has not read yet.
    pub(super) fn hang_up(&mut self, key: ConnectionKey, linger: Duration) {
        let now = self.now.tick;
        let linger = if self.phase == Phase::Stopping { linger.min(LAST_FAREWELL) } else { linger };
        let Some(connection) = self.connection(key) else { return };
        connection.since = now;
        connection.input = Vec::new();
        connection.state = State::Closing { shut: false, linger };
        self.shut(key);
    }

    /// Closes our side once nothing waits for the socket any more.
    pub(super) fn shut(&mut self, key: ConnectionKey) {
        let now = self.now.tick;
        let Some(connection) = self.connection(key) else { return };
        if connection.output.is_some() {
            return self.file_deadline(key);
        }
        if let State::Closing { shut, .. } = &mut connection.state {
            if *shut {
                return;
            }
            *shut = true;
        }
        connection.since = now;
        if connection.stream.shutdown_write().is_err() {
            return self.close(key, Ending::Done);
        }
        self.file_deadline(key);
        // Not at once: the read buffer may be in use, and bytes left unread reset the connection.
        self.ready.push(key);
    }

    /// Reads and drops what the peer still sends; its end ends the connection.
    pub(super) fn drop_input(&mut self, key: ConnectionKey) {
        let mut buffer = std::mem::take(&mut self.read_buffer);
        let mut over = false;
        let mut more = true;
        for _ in 0..4 {
            let Some(connection) = self.connection(key) else { break };
            match connection.stream.read(&mut buffer) {
                Ok(0) => over = true,
                Ok(_) => continue,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    more = connection.stream.holds_input();
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => over = true,
            }
            break;
        }
        self.read_buffer = buffer;
        if over {
            self.close(key, Ending::Done);
        } else if more {
            self.ready.push(key);
        }
    }

    /// Drops a connection whose socket failed after its subscription had ended.
    fn forget(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connection(key) else { return };
        let bytes = connection.bytes_sent;
        let state = std::mem::replace(&mut connection.state, State::Head);
        if let State::Subscribed(subscribed) = state {
            self.subscription_over(subscribed, bytes, false);
        }
        self.close(key, Ending::PeerGone);
    }

    /// Nothing is accepted any more and every subscriber is ended; at `Stopping` open requests are
    /// dropped too.
    pub(super) fn end_all(&mut self, phase: Phase) {
        self.phase = phase;
        let keys: Vec<_> = self
            .connections
            .iter()
            .map(|(_, c)| c.generation)
            .zip(self.connections.iter().map(|(slot, _)| slot))
            .filter_map(|(generation, slot)| {
                Some(ConnectionKey { slot: u32::try_from(slot).ok()?, generation })
            })
            .collect();
        for key in keys {
            self.end_one(key, phase);
        }
    }

    fn end_one(&mut self, key: ConnectionKey, phase: Phase) {
        let Some(connection) = self.connection(key) else { return };
        match &connection.state {
            State::Subscribed(_) => self.end_subscription(key),
            State::Held(_) => self.end_hold(key),
            State::Session(_) => self.drain_session(key),
            State::Head if connection.input.is_empty() && connection.output.is_none() => {
                self.close(key, Ending::Drained);
            }
            State::Application(_) => self.end_application(key, phase),
            State::Relayed(_) if phase == Phase::Stopping => self.close(key, Ending::Drained),
            State::Relayed(_) => {}
            State::Head | State::Body(_) | State::Waiting(_) | State::Closing { .. }
                if phase == Phase::Stopping =>
            {
                self.hang_up(key, FAREWELL);
            }
            State::Head | State::Body(_) | State::Waiting(_) | State::Closing { .. } => {}
        }
    }

    /// Tells the channel store about subscribers that left since the last time.
    pub(super) fn tell_departures(&mut self) {
        if self.departed.is_empty() {
            return;
        }
        let mut channels = self.shared.channels(self.id);
        for channels_left in self.departed.drain(..) {
            channels.unsubscribe(self.id, &channels_left, self.now);
        }
    }
}
