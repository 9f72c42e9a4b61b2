//! Requests that wait for something: parked, resumed, given up.

use std::sync::Arc;
use std::time::Duration;

use super::Worker;
use crate::connection::{ConnectionKey, Ending, State, Then, Waiting};
use crate::exchange::{Exchange, Finding, Wait, verify_password};
use crate::helpers::{Helpers, Reply};
use crate::names::{Lookup, NameError, Names};

/// How long a request waits for a helper at most.
const HELPER_PATIENCE: Duration = Duration::from_secs(60);

/// The same for an upstream, whose own time limits are what counts.
const UPSTREAM_PATIENCE: Duration = Duration::from_secs(3600);

/// How an errand begins.
enum Sent {
    /// Somebody is on the way.
    Away,
    /// This is known at once.
    Back(Finding),
}

impl Worker {
    /// Sends somebody on the errand and parks the connection until its end.
    ///
    /// What the client sends meanwhile stays in the socket. A peer that hangs up, as far as that can
    /// be told, is let go: the errand is forgotten with it.
    pub(super) fn wait(&mut self, key: ConnectionKey, exchange: Box<Exchange>, wait: Wait) {
        self.wait_then(key, exchange, wait, Then::Settle);
    }

    /// The same, going on as `then` says.
    pub(super) fn wait_then(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        wait: Wait,
        then: Then,
    ) {
        let errand = self.next_errand();
        let reply = Reply { worker: self.id, key, errand };
        let wanted = Arc::new(());
        let mut asked = None;
        let (sent, patience, expiry) = match wait {
            Wait::Answer { inner, body, body_max, extra } => {
                asked = Some((inner, body, body_max, extra));
                (Sent::Away, UPSTREAM_PATIENCE, Finding::TimedOut)
            }
            Wait::Pause(pause) => (Sent::Away, pause, Finding::Paused),
            Wait::Password { hash, password } => {
                let sent = self.ask_helper(hash, password, reply, &wanted);
                (sent, HELPER_PATIENCE, Finding::TimedOut)
            }
            Wait::Name { host, resolver } => {
                let sent = match Names::look_up(&self.shared, &host, &resolver, reply) {
                    Lookup::Waits => Sent::Away,
                    Lookup::Found(Err(NameError::Busy)) => Sent::Back(Finding::Busy),
                    Lookup::Found(_) => Sent::Back(Finding::Named),
                };
                (sent, resolver.timeout, Finding::TimedOut)
            }
        };
        if let Sent::Back(finding) = sent {
            return self.go_on_with(key, exchange, then, finding);
        }
        let due = self.now.tick.after(patience);
        let waiting = Waiting { exchange, then, errand, due, expiry, _wanted: wanted };
        let Some(connection) = self.connection(key) else { return };
        connection.state = State::Waiting(Box::new(waiting));
        if connection.input_ended {
            // No event will tell again.
            return self.close(key, Ending::PeerGone);
        }
        self.file_deadline(key);
        if let Some((inner, body, body_max, extra)) = asked {
            self.fetch(inner, &body, extra, key, errand, body_max);
        }
    }

    /// A number for an errand.
    pub(super) fn next_errand(&mut self) -> u32 {
        self.errands = self.errands.wrapping_add(1);
        self.errands
    }

    fn go_on_with(
        &mut self,
        key: ConnectionKey,
        mut exchange: Box<Exchange>,
        then: Then,
        finding: Finding,
    ) {
        match then {
            Then::Settle => {
                exchange.learn(finding);
                self.proceed(key, exchange);
            }
            Then::Open(opening) => self.socket_opened(key, exchange, *opening),
            Then::Publish(message) => {
                let answer = exchange.fetched_answer(&self.shared.environment);
                self.publish_as_told(key, exchange, message, answer);
            }
        }
    }

    /// Has a password verified.
    fn ask_helper(
        &self,
        hash: Box<[u8]>,
        password: Vec<u8>,
        reply: Reply,
        wanted: &Arc<()>,
    ) -> Sent {
        let shared = Arc::clone(&self.shared);
        let job = Box::new(move || verify_password(&shared.access, &hash, &password));
        match Helpers::submit(&self.shared, job, reply, wanted) {
            true => Sent::Away,
            false => Sent::Back(Finding::Busy),
        }
    }

    /// The errand has come to an end: its request goes on, if it still waits for that.
    pub(super) fn resume(&mut self, key: ConnectionKey, errand: u32, finding: Finding) {
        let Some(connection) = self.connection(key) else { return };
        if !matches!(&connection.state, State::Waiting(waiting) if waiting.errand == errand) {
            return;
        }
        let state = std::mem::replace(&mut connection.state, State::Head);
        let State::Waiting(waiting) = state else { return };
        let Waiting { exchange, then, .. } = *waiting;
        self.go_on_with(key, exchange, then, finding);
        self.flush_answers(key);
        self.file_deadline(key);
        // Behind the request's head there may be its body, or the next request.
        self.ready.push(key);
    }

    /// The time of an errand is over.
    pub(super) fn give_up(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connection(key) else { return };
        if let State::Waiting(waiting) = &connection.state {
            let (errand, expiry) = (waiting.errand, waiting.expiry);
            self.resume(key, errand, expiry);
        }
    }
}
