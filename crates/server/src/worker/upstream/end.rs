//! How a request that was handed to an upstream ends, and what becomes of the connection.

use outpour_core::now::Tick;
use outpour_core::upstream::PeerEnd;
use outpour_core::variables::Outcome;

use super::super::{Phase as WorkerPhase, Worker};
use super::{account, millis};
use crate::connection::{ConnectionKey, Ending, Hold, State};
use crate::exchange::{Exchange, Finding};
use crate::upstream::{
    Employment, Fetched, Phase, Purpose, Relay, Sink, UpstreamConnection, UpstreamKey,
};

/// nginx's status for a client that left before its answer.
const CLIENT_CLOSED_REQUEST: u16 = 499;

impl Worker {
    /// The answer has come to its end; `clean`: nothing came behind it.
    pub(super) fn answer_done(&mut self, key: UpstreamKey, clean: bool) {
        let now = self.now.tick;
        if !clean {
            self.tell_of_more(key);
        }
        let Some(mut relay) = self.release(key, clean) else { return };
        account(&mut relay, now, |attempt, elapsed| attempt.response = Some(elapsed));
        self.conclude(relay, true);
    }

    /// The client has all that it will get of the answer; `complete`: all there is.
    pub(super) fn conclude(&mut self, mut relay: Box<Relay>, complete: bool) {
        match relay.purpose {
            Purpose::Nobody => {}
            Purpose::Notice(notice) => {
                let status = relay.attempt().and_then(|attempt| attempt.status);
                self.notice_ended(notice, status.filter(|_| complete), relay.exchange);
            }
            Purpose::Errand { waiting, errand, .. } => {
                let status = relay.attempt().and_then(|a| a.status).unwrap_or(502);
                let body = match std::mem::replace(&mut relay.phase, Phase::Connecting) {
                    Phase::Body(_, Sink::Memory(body, _)) => body,
                    Phase::Body(..) | Phase::Connecting | Phase::Head(_) | Phase::Tunnel => {
                        Vec::new()
                    }
                };
                let fetched = Fetched { status, exchange: relay.exchange, body };
                self.fetched(waiting, errand, fetched);
            }
            Purpose::Client(client) if relay.instructed => self.obey(client, relay, complete),
            Purpose::Client(client) => {
                let Some(connection) = self.connection(client) else { return };
                let bytes = connection.bytes_sent;
                let earlier = relay.logged.earlier;
                let close = relay.logged.close || !complete;
                self.log_relayed(&mut relay, bytes.saturating_sub(earlier), complete);
                let Some(exchange) = self.take_back(client, relay) else { return };
                if close || !exchange.request.keep_alive || self.phase != WorkerPhase::Serving {
                    self.hang_up(client, exchange.settings.lingering_timeout);
                }
                self.go_on(client);
            }
        }
    }

    /// Takes the request off its connection, which waits for another one if it may.
    pub(super) fn release(&mut self, key: UpstreamKey, clean: bool) -> Option<Box<Relay>> {
        let now = self.now.tick;
        let serving = self.phase == WorkerPhase::Serving;
        let upstream = self.upstream(key)?;
        let Employment::Busy(relay) = &upstream.employment else { return None };
        let idle = reusable(upstream, relay, clean && serving, now);
        let route = upstream.route.clone();
        self.peer_ended(&route, PeerEnd::Served);
        let upstream = self.upstream(key)?;
        match idle {
            Some(until) => {
                upstream.requests += 1;
                let idle = Employment::Idle { until };
                let employment = std::mem::replace(&mut upstream.employment, idle);
                if let Some(other) = self.pool.put(key, route) {
                    self.close_idle(other);
                }
                self.file_upstream_deadline(key);
                match employment {
                    Employment::Busy(relay) => Some(relay),
                    Employment::Idle { .. } => None,
                }
            }
            None => match self.upstreams.remove(key.slot as usize).employment {
                Employment::Busy(relay) => Some(relay),
                Employment::Idle { .. } => None,
            },
        }
    }

    /// Closes a connection that waits for a request.
    pub(super) fn close_idle(&mut self, key: UpstreamKey) {
        let Some(upstream) = self.upstream(key) else { return };
        if matches!(upstream.employment, Employment::Idle { .. }) {
            let upstream = self.upstreams.remove(key.slot as usize);
            self.pool.forget(key, &upstream.route.upstream);
        }
    }

    /// Closes the connections that no settings in force would use.
    pub(in super::super) fn close_outdated(&mut self) {
        let running = std::sync::Arc::clone(&self.running);
        let upstreams = running.http().map_or(&[][..], |http| &http.upstreams);
        for key in self.pool.outdated(upstreams) {
            self.close_idle(key);
        }
        self.client_configs.clear();
        self.balancers.keep(upstreams);
    }

    /// The client of a request has gone, or its connection ends: so does the upstream's, unless
    /// `proxy_ignore_client_abort` lets it finish. `bytes` were sent of the answer.
    pub(in super::super) fn client_left(&mut self, key: UpstreamKey, bytes: u64, ending: Ending) {
        let now = self.now.tick;
        let serving = self.phase == WorkerPhase::Serving;
        let Some(relay) = self.relay_of(key) else { return };
        if relay.proxy.ignore_client_abort && serving && !matches!(relay.phase, Phase::Tunnel) {
            relay.purpose = Purpose::Nobody;
            relay.paused = false;
            if let Phase::Body(_, sink) = &mut relay.phase {
                *sink = Sink::Nowhere;
            }
            self.ready_upstreams.push(key);
            return;
        }
        let tunnel = matches!(relay.phase, Phase::Tunnel);
        account(relay, now, |attempt, elapsed| attempt.response = Some(elapsed));
        if relay.logged.status == 0 {
            relay.logged.status = CLIENT_CLOSED_REQUEST;
            if ending == Ending::PeerGone {
                let text = "client prematurely closed connection, so upstream connection is \
                            closed too while waiting for upstream";
                self.log_upstream(key, outpour_core::settings::Level::Info, text);
            }
        }
        let upstream = self.upstreams.remove(key.slot as usize);
        self.peer_ended(&upstream.route, PeerEnd::Served);
        if let Employment::Busy(mut relay) = upstream.employment {
            let earlier = relay.logged.earlier;
            self.log_relayed(&mut relay, bytes.saturating_sub(earlier), tunnel);
        }
    }

    /// Writes the access log of an answer that was passed on in pieces; the client got `bytes`.
    pub(super) fn log_relayed(&mut self, relay: &mut Relay, bytes: u64, complete: bool) {
        let exchange = &relay.exchange;
        if exchange.settings.access_log.is_empty() {
            return;
        }
        let head = std::mem::take(&mut relay.logged.head);
        let outcome = Outcome {
            status: relay.logged.status,
            bytes_sent: bytes,
            body_bytes_sent: bytes.saturating_sub(head.len() as u64),
            request_length: exchange.request.bytes.len() as u64,
            request_millis: millis(exchange.started.tick, self.now.tick),
            complete,
            head,
        };
        self.log_access(exchange, &outcome);
    }

    /// An errand that nobody could be asked about.
    pub(super) fn errand_failed(
        &mut self,
        waiting: ConnectionKey,
        errand: u32,
        exchange: Box<Exchange>,
        status: u16,
    ) {
        self.fetched(waiting, errand, Fetched { status, exchange, body: Vec::new() });
    }

    /// An errand has come to its end: its request goes on, if it still waits for that.
    fn fetched(&mut self, waiting: ConnectionKey, errand: u32, fetched: Fetched) {
        let Some(connection) = self.connection(waiting) else { return };
        match &mut connection.state {
            State::Waiting(request) if request.errand == errand => {
                request.exchange.fetched = Some(Box::new(fetched));
                self.resume(waiting, errand, Finding::Fetched);
            }
            State::Subscribed(subscribed) if subscribed.asks(errand) => {
                let answer = fetched.answer(&self.shared.environment);
                self.message_judged(waiting, answer);
            }
            State::Held(held) if held.errand == Some(errand) => match held.hold {
                Hold::Socket(_) => self.events_answered(waiting, &fetched),
                Hold::Stream(_) | Hold::Response { .. } => self.page_fetched(waiting, &fetched),
            },
            State::Head
            | State::Body(_)
            | State::Held(_)
            | State::Waiting(_)
            | State::Relayed(_)
            | State::Subscribed(_)
            | State::Application(_)
            | State::Session(_)
            | State::Closing { .. } => {}
        }
    }
}

/// Until when the connection may wait for another request; `None` if it has to go.
fn reusable(upstream: &UpstreamConnection, relay: &Relay, clean: bool, now: Tick) -> Option<Tick> {
    let keepalive = upstream.route.upstream.keepalive.as_ref()?;
    let done = relay.complete && relay.unsent() == 0 && !relay.deaf;
    let young =
        upstream.requests + 1 < keepalive.requests && now.since(upstream.opened) < keepalive.time;
    (clean && relay.keep && done && young).then(|| now.after(keepalive.timeout))
}
