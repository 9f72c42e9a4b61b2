//! What a connection may still take its time for, and what happens when that is over.

use std::time::Duration;

use outpour_core::now::Tick;
use outpour_core::settings::{Level, ServerSettings};

use super::{Phase, Worker, agenda};
use crate::connection::{Connection, ConnectionKey, Ending, Kind, State};

impl Worker {
    /// Makes sure that the timer wheel looks at the connection when its next deadline comes,
    /// and that the connection is counted under what it is doing.
    pub(super) fn file_deadline(&mut self, key: ConnectionKey) {
        self.recount(key);
        let Some(due) = self.due(key) else { return };
        let Some(connection) = self.connections.get_mut(key.slot as usize) else { return };
        self.agenda.file(key.slot, due, &mut connection.filed, self.now.tick);
    }

    /// The connection's next deadline.
    fn due(&self, key: ConnectionKey) -> Option<Tick> {
        let connection = self.connections.get(key.slot as usize)?;
        let send = connection
            .output
            .as_ref()
            .map(|output| output.progress.after(self.send_timeout(connection)));
        let phase = self.phase_due(connection);
        match (send, phase) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    fn phase_due(&self, connection: &Connection) -> Option<Tick> {
        match &connection.state {
            // Whoever still takes an answer in, however slowly, is only under `send_timeout`.
            State::Head if connection.output.is_some() => None,
            State::Closing { shut: false, .. } if self.phase != Phase::Stopping => None,
            State::Head => Some(connection.since.after(self.head_patience(connection))),
            State::Body(upload) => {
                let timeout = upload.exchange.settings.client_body_timeout;
                Some(upload.progress.after(timeout))
            }
            State::Waiting(waiting) => Some(waiting.due),
            State::Held(held) => held.due(),
            // Whatever else takes long is up to the upstream.
            State::Relayed(relayed) if relayed.tunnel || relayed.full => None,
            State::Relayed(relayed) if relayed.reader.is_done() => None,
            State::Relayed(relayed) => {
                let timeout = connection.settings.as_ref()?.client_body_timeout;
                Some(relayed.progress.after(timeout))
            }
            State::Application(served) => served.due(),
            State::Session(session) => self.session_due(connection, session),
            State::Closing { linger, .. } => Some(connection.since.after(*linger)),
            State::Subscribed(subscribed) => {
                let ping = match subscribed.kind {
                    Kind::LongPoll => None,
                    Kind::Stream | Kind::WebSocket(_) => subscribed.ping_interval(),
                };
                let ping = ping.map(|p| self.hub.last_sent(subscribed.subscriber).after(p));
                match (ping, subscribed.ends) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                }
            }
        }
    }

    /// How long a head, or the next request, may take.
    pub(super) fn head_patience(&self, connection: &Connection) -> Duration {
        if connection.requests > 0 && connection.input.is_empty() {
            return connection.settings.as_ref().map_or(Duration::ZERO, |s| s.keepalive_timeout);
        }
        self.head_limits(connection).client_header_timeout
    }

    /// Limits that hold before the request has told which server it wants.
    fn head_limits(&self, connection: &Connection) -> &ServerSettings {
        self.running.limits(&connection.door)
    }

    pub(super) fn send_timeout(&self, connection: &Connection) -> Duration {
        match (&connection.state, &connection.settings) {
            (State::Subscribed(subscribed), _) => subscribed.settings.send_timeout,
            (_, Some(settings)) => settings.send_timeout,
            (_, None) => Duration::from_secs(60),
        }
    }

    /// Acts on every deadline that has passed.
    pub(super) fn expire_deadlines(&mut self) {
        let now = self.now.tick;
        for slot in self.agenda.take() {
            let Some(connection) = self.connections.get_mut(slot as usize) else { continue };
            if !agenda::is_due(&mut connection.filed, now) {
                continue;
            }
            let key = self.key(slot);
            if self.due(key).is_some_and(|due| due <= now) {
                self.expire(key);
            }
            self.file_deadline(key);
        }
        self.resume_accepting();
        if self.drained.is_some_and(|due| due <= now) {
            self.drained = None;
            self.end_all(Phase::Stopping);
        }
        if self.id.0 == 0 && self.sweep_due <= now {
            self.shared.logs.flush_due(self.now);
            let more = self.shared.channels(self.id).sweep(self.now);
            let pause = if more { Duration::ZERO } else { super::turn::SWEEP_INTERVAL };
            self.sweep_due = now.after(pause);
        }
    }

    fn expire(&mut self, key: ConnectionKey) {
        let now = self.now.tick;
        let Some(connection) = self.connections.get(key.slot as usize) else { return };
        let stuck = connection
            .output
            .as_ref()
            .is_some_and(|output| output.progress.after(self.send_timeout(connection)) <= now);
        if stuck {
            self.log_client(key, Level::Info, "push stream module: client timed out");
            return self.close(key, Ending::TimedOut);
        }
        match &connection.state {
            State::Head if connection.input.is_empty() => {
                if connection.stream.is_handshaking() {
                    let text = "client timed out while SSL handshaking";
                    self.log_client(key, Level::Info, text);
                }
                self.close(key, Ending::TimedOut);
            }
            State::Head => {
                let text = "client timed out while reading client request headers";
                self.log_client(key, Level::Info, text);
                self.refuse(key, 408);
            }
            State::Body(_) => {
                self.log_client(key, Level::Info, "client timed out while sending its body");
                self.refuse(key, 408);
            }
            State::Waiting(_) => self.give_up(key),
            State::Held(_) => self.expire_held(key),
            State::Relayed(_) => {
                self.log_client(key, Level::Info, "client timed out while sending its body");
                self.refuse_relayed(key, 408);
            }
            State::Application(_) => self.expire_application(key),
            State::Session(_) => self.expire_session(key),
            State::Closing { .. } => self.close(key, Ending::TimedOut),
            State::Subscribed(subscribed) => {
                if subscribed.ends.is_some_and(|ends| ends <= now) {
                    self.end_subscription(key);
                } else {
                    self.ping(key);
                }
            }
        }
    }

    fn ping(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get(key.slot as usize) else { return };
        let State::Subscribed(subscribed) = &connection.state else { return };
        let subscriber = subscribed.subscriber;
        if connection.output.is_some() {
            // Behind bytes that wait it would tell nothing.
            return self.hub.postpone_ping(subscriber, self.now.tick);
        }
        let store = self.running.http().map(|http| &http.store);
        let text = store.map_or(&b" "[..], |store| &store.ping_message_text);
        let ping = self.hub.ping(subscriber, text, self.now.tick);
        self.send(key, &ping);
    }
}
