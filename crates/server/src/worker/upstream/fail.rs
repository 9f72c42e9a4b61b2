//! What goes wrong with upstreams, and whom to ask then.

use std::io;

use outpour_core::now::Tick;
use outpour_core::settings::Level;
use outpour_core::upstream::PeerEnd;

use super::super::Worker;
use super::account;
use crate::connection::{ConnectionKey, Ending, State};
use crate::os_error;
use crate::upstream::{Employment, Phase, Purpose, Relay, Route, UpstreamKey};

/// Why an upstream has failed, in the words of `proxy_next_upstream`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// No connection, or it broke.
    Error,
    /// It took too long.
    Timeout,
    /// What came is no answer.
    Invalid,
    /// An answer that says that another one may do better.
    Status(u16),
}

impl Cause {
    /// The status that a client gets for it.
    fn status(self) -> u16 {
        match self {
            Self::Timeout => 504,
            Self::Error | Self::Invalid => 502,
            Self::Status(status) => status,
        }
    }
}

impl Relay {
    /// Whether another peer may be asked.
    pub(super) fn may_try_next(&self, cause: Cause, now: Tick) -> bool {
        let next = &self.proxy.next;
        let wanted = match cause {
            Cause::Error => next.error,
            Cause::Timeout => next.timeout,
            Cause::Invalid => next.invalid_header,
            Cause::Status(status) => next.statuses.contains(&status),
        };
        let repeatable = self.sent == 0 || !self.asked.unrepeatable || next.non_idempotent;
        let peers = self.upstream.peers.iter().filter(|peer| !peer.down).count();
        let tries = match next.tries {
            0 => peers,
            tries => peers.min(tries as usize),
        };
        // A connection that was kept may have been closed at any moment: that says nothing of its
        // peer.
        let stale = self.is_stale(cause);
        let left = stale || self.failures + 1 < tries;
        let in_time = next.time.is_none_or(|time| now.since(self.begun) < time);
        let here = !self.streamed && !self.has_begun();
        wanted && repeatable && left && in_time && here
    }

    /// The connection was kept, and its other side has closed it before it answered.
    pub(super) fn is_stale(&self, cause: Cause) -> bool {
        let silent = matches!(&self.phase, Phase::Head(part) if part.is_empty());
        self.reused && silent && cause == Cause::Error
    }
}

impl Worker {
    /// The upstream's socket failed.
    pub(super) fn upstream_broke(&mut self, key: UpstreamKey, error: &io::Error) {
        let Some(upstream) = self.upstream(key) else { return };
        let handshaking = upstream.stream.is_handshaking();
        let Some(relay) = upstream.relay() else { return self.close_idle(key) };
        let call = match relay.phase {
            Phase::Connecting if handshaking && error.kind() == io::ErrorKind::InvalidData => {
                let text = format!(
                    "SSL_do_handshake() failed (SSL: {error}) while SSL handshaking to upstream"
                );
                return self.upstream_failed(key, Cause::Error, &text);
            }
            Phase::Connecting if handshaking => "recv()",
            Phase::Connecting => "connect()",
            Phase::Head(_) | Phase::Body(..) | Phase::Tunnel => "recv()",
        };
        let (error, doing) = (os_error::describe(error), doing(relay));
        let text = format!("{call} failed ({error}) while {doing}");
        self.upstream_failed(key, Cause::Error, &text);
    }

    /// The upstream has said everything that it will.
    pub(super) fn upstream_ended(&mut self, key: UpstreamKey) {
        let Some(relay) = self.relay_of(key) else { return self.close_idle(key) };
        match &relay.phase {
            Phase::Body(reader, sink) if reader.may_end() => {
                if matches!(sink, crate::upstream::Sink::Client(crate::upstream::Framing::Chunked))
                {
                    self.answers.extend_from_slice(outpour_core::wire::chunked::LAST);
                }
                self.end_body(key);
            }
            Phase::Tunnel => self.end_tunnel(key),
            Phase::Connecting | Phase::Head(_) | Phase::Body(..) => {
                let text = format!("upstream prematurely closed connection while {}", doing(relay));
                self.upstream_failed(key, Cause::Error, &text);
            }
        }
    }

    fn end_body(&mut self, key: UpstreamKey) {
        let Some(relay) = self.relay_of(key) else { return };
        relay.keep = false;
        if let Purpose::Client(client) = relay.purpose {
            self.flush_answers(client);
        }
        self.answer_done(key, true);
    }

    fn end_tunnel(&mut self, key: UpstreamKey) {
        let Some(relay) = self.release(key, false) else { return };
        self.conclude_tunnel(relay);
    }

    fn conclude_tunnel(&mut self, mut relay: Box<Relay>) {
        let now = self.now.tick;
        account(&mut relay, now, |attempt, elapsed| attempt.response = Some(elapsed));
        relay.logged.close = true;
        self.conclude(relay, true);
    }

    /// The upstream took too long.
    pub(super) fn upstream_timed_out(&mut self, key: UpstreamKey) {
        let Some(relay) = self.relay_of(key) else { return };
        let doing = doing(relay);
        let text = format!("upstream timed out (110: Connection timed out) while {doing}");
        self.upstream_failed(key, Cause::Timeout, &text);
    }

    /// What comes behind the head is no body.
    pub(super) fn upstream_broke_off(&mut self, key: UpstreamKey, reason: &str) {
        self.upstream_failed(key, Cause::Invalid, &format!("{reason} while reading upstream"));
    }

    /// Ends the present attempt. Another peer is asked, or the client told.
    pub(super) fn upstream_failed(&mut self, key: UpstreamKey, cause: Cause, text: &str) {
        if !text.is_empty() {
            self.log_upstream(key, Level::Error, text);
        }
        let Some(upstream) = self.upstream(key) else { return };
        if upstream.relay().is_none() {
            return self.close_idle(key);
        }
        let upstream = self.upstreams.remove(key.slot as usize);
        let Employment::Busy(relay) = upstream.employment else { return };
        // Whoever is asked again is still busy with the request.
        let again = relay.is_stale(cause) && relay.may_try_next(cause, self.now.tick);
        let served = matches!(cause, Cause::Status(403 | 404)) || relay.is_stale(cause);
        if !again {
            let end = if served { PeerEnd::Served } else { PeerEnd::Failed };
            self.peer_ended(&upstream.route, end);
        }
        if let Some(relay) = self.next_upstream(relay, &upstream.route, cause) {
            self.ask(relay);
        }
    }

    /// The request for another peer; `None` if there is none to ask, and the client was told.
    pub(super) fn next_upstream(
        &mut self,
        mut relay: Box<Relay>,
        route: &Route,
        cause: Cause,
    ) -> Option<Box<Relay>> {
        let now = self.now.tick;
        let begun = relay.has_begun();
        account(&mut relay, now, |attempt, elapsed| {
            attempt.response = Some(elapsed);
            if !begun {
                attempt.status = Some(cause.status());
            }
        });
        if begun {
            self.conclude(relay, false);
            return None;
        }
        if !relay.may_try_next(cause, now) {
            self.relay_failed(relay, cause.status());
            return None;
        }
        match relay.is_stale(cause) {
            true => relay.again = Some(route.peer),
            false => relay.failures += 1,
        }
        Some(relay)
    }

    /// Nobody answers the request.
    pub(super) fn relay_failed(&mut self, relay: Box<Relay>, status: u16) {
        match relay.purpose {
            Purpose::Nobody => {}
            Purpose::Notice(notice) => self.notice_ended(notice, None, relay.exchange),
            Purpose::Errand { waiting, errand, .. } => {
                self.errand_failed(waiting, errand, relay.exchange, status);
            }
            Purpose::Client(client) => {
                let reading = matches!(
                    self.connection(client).map(|connection| &connection.state),
                    Some(State::Relayed(_))
                );
                if !reading {
                    return;
                }
                let Some(mut exchange) = self.take_back(client, relay) else { return };
                exchange.verdict = crate::exchange::Verdict::Refused(status);
                self.proceed(client, exchange);
                self.go_on(client);
            }
        }
    }

    /// The client's part of a request is none: it hears so, unless it has begun to get an answer.
    pub(in super::super) fn refuse_relayed(&mut self, client: ConnectionKey, status: u16) {
        let Some(connection) = self.connection(client) else { return };
        let State::Relayed(relayed) = &connection.state else { return };
        let key = relayed.upstream;
        if self.relay_of(key).is_none_or(|relay| relay.has_begun()) {
            return self.close(client, Ending::TimedOut);
        }
        let Some(relay) = self.release(key, false) else { return };
        let Some(exchange) = self.take_back(client, relay) else { return };
        self.fail(client, exchange, status);
        self.go_on(client);
    }

    /// Writes about an upstream to the error log of the request's location.
    pub(super) fn log_upstream(&mut self, key: UpstreamKey, level: Level, text: &str) {
        let Some(upstream) = self.upstreams.get(key.slot as usize) else { return };
        if let Employment::Busy(relay) = &upstream.employment {
            self.log_relay(relay, Some(&upstream.route), level, text);
        }
    }

    pub(super) fn log_relay(&self, relay: &Relay, route: Option<&Route>, level: Level, text: &str) {
        let target = relay.request.split(|b| *b == b' ').nth(1).unwrap_or_default();
        let address = route.map(|route| {
            let scheme = if route.tls.is_some() { "https" } else { "http" };
            [format!("{scheme}://{}", route.label()).as_bytes(), target].concat()
        });
        self.log_handed_on(&relay.exchange, address.as_deref(), level, text);
    }
}

/// What is being done with an upstream, in nginx's words for its log.
fn doing(relay: &Relay) -> &'static str {
    match relay.phase {
        Phase::Connecting => "connecting to upstream",
        Phase::Head(_) if relay.unsent() > 0 => "sending request to upstream",
        Phase::Head(_) => "reading response header from upstream",
        Phase::Body(..) => "reading upstream",
        Phase::Tunnel => "proxying upgraded connection",
    }
}
