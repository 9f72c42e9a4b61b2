//! Choosing a peer, connecting to it, sending it the request.

use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use outpour_core::settings::Level;
use outpour_core::upstream::{Attempt, PeerEnd};

use super::super::{Worker, socket};
use super::account;
use super::fail::Cause;
use crate::connection::State;
use crate::os_error;
use crate::upstream::{
    ClientTls, Employment, Phase, Purpose, Relay, Route, UpstreamConnection, UpstreamKey,
    UpstreamStream, connect,
};

/// Bytes of a request that may wait for the upstream before the client is read no further.
const UNSENT_MAX: usize = 64 * 1024;

/// How far a step came without its upstream.
enum Asked {
    /// It is under way.
    Yes,
    /// Another peer may be asked.
    Again(Box<Relay>),
}

impl Worker {
    /// Asks one peer after the other until there is one to talk to.
    pub(super) fn ask(&mut self, mut relay: Box<Relay>) {
        loop {
            let Some(peer) = self.choose(&mut relay) else {
                let text = "no live upstreams while connecting to upstream";
                self.log_relay(&relay, None, Level::Error, text);
                let addr = relay.upstream.name.clone();
                begin_attempt(&mut relay, &addr, self.now.tick);
                account(&mut relay, self.now.tick, |attempt, _| attempt.status = Some(502));
                return self.relay_failed(relay, 502);
            };
            let route = relay.route(peer);
            begin_attempt(&mut relay, route.label(), self.now.tick);
            match self.ask_peer(relay, route) {
                Asked::Yes => return,
                Asked::Again(again) => relay = again,
            }
        }
    }

    /// The peer that is asked next.
    fn choose(&mut self, relay: &mut Relay) -> Option<usize> {
        if let Some(again) = relay.again.take() {
            return Some(again);
        }
        if is_made_up(&relay.upstream) {
            return (relay.failures < relay.upstream.peers.len()).then_some(relay.failures);
        }
        let Self { balancers, shared, random, now, .. } = self;
        let balancer = balancers.of(&relay.upstream);
        let selection = match &mut relay.selection {
            Some(selection) => selection,
            none => {
                let scope = relay.exchange.scope(&shared.environment, *now, None);
                none.insert(balancer.begin(&scope))
            }
        };
        balancer.pick(selection, now.tick, &mut || draw(random))
    }

    /// A request to a peer is over.
    pub(super) fn peer_ended(&mut self, route: &Route, end: PeerEnd) {
        if is_made_up(&route.upstream) {
            return;
        }
        let passed_over = self.balancers.of(&route.upstream).end(route.peer, end, self.now.tick);
        if passed_over {
            let label = route.label();
            self.log(Level::Warn, format_args!("upstream server temporarily disabled: {label}"));
        }
    }

    fn ask_peer(&mut self, mut relay: Box<Relay>, route: Route) -> Asked {
        if let Some(key) = self.pool.take(&route)
            && self.upstream(key).is_some()
        {
            relay.reused = true;
            relay.phase = Phase::Head(Vec::new());
            let now = self.now.tick;
            account(&mut relay, now, |attempt, elapsed| attempt.connect = Some(elapsed));
            let Some(upstream) = self.upstream(key) else { return Asked::Again(relay) };
            let purpose = relay.purpose;
            upstream.employment = Employment::Busy(relay);
            self.link(purpose, key);
            self.push_request(key);
            self.file_upstream_deadline(key);
            return Asked::Yes;
        }
        relay.reused = false;
        relay.phase = Phase::Connecting;
        match self.open_upstream(&relay, &route) {
            Ok(stream) => {
                self.employ(stream, route, relay);
                Asked::Yes
            }
            Err(error) => {
                self.tell_shortage(&error);
                let text = format!(
                    "connect() failed ({}) while connecting to upstream",
                    os_error::describe(&error)
                );
                self.log_relay(&relay, Some(&route), Level::Error, &text);
                self.peer_ended(&route, PeerEnd::Failed);
                match self.next_upstream(relay, &route, Cause::Error) {
                    Some(relay) => Asked::Again(relay),
                    None => Asked::Yes,
                }
            }
        }
    }

    /// Opens a socket to the peer; the connection comes about later.
    fn open_upstream(&mut self, relay: &Relay, route: &Route) -> io::Result<UpstreamStream> {
        let bind = relay.proxy.bind.as_ref().and_then(|bind| {
            let scope = relay.exchange.scope(&self.shared.environment, self.now, None);
            let text = bind.evaluate(&scope);
            let text = str::from_utf8(&text).ok()?;
            let alone = || text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 0));
            text.parse().ok().or_else(alone)
        });
        let socket = connect(route.address(), bind)?;
        if relay.proxy.socket_keepalive {
            socket.keep_alive();
        }
        match &route.tls {
            None => Ok(UpstreamStream::Plain(socket)),
            Some((settings, name)) => {
                let config = self.client_configs.of(settings).map_err(io::Error::other)?;
                let tls = ClientTls::new(socket, Arc::clone(&config), name)?;
                Ok(UpstreamStream::Tls(Box::new(tls)))
            }
        }
    }

    /// Gives a new connection its first request.
    fn employ(&mut self, mut stream: UpstreamStream, route: Route, relay: Box<Relay>) {
        let entry = self.upstreams.vacant_entry();
        let slot = u32::try_from(entry.key()).unwrap_or(u32::MAX);
        let registered = stream.register(self.poll.registry(), socket::upstream(slot));
        self.generation = self.generation.wrapping_add(1);
        let key = UpstreamKey { slot, generation: self.generation };
        let purpose = relay.purpose;
        entry.insert(UpstreamConnection {
            stream,
            route,
            generation: key.generation,
            opened: self.now.tick,
            requests: 0,
            filed: outpour_core::now::Tick(u64::MAX),
            unread: false,
            employment: Employment::Busy(relay),
        });
        self.link(purpose, key);
        match registered {
            Ok(()) => self.on_connected(key),
            Err(error) => self.upstream_broke(key, &error),
        }
        self.file_upstream_deadline(key);
    }

    /// Lets the client's connection know which upstream its request is with.
    fn link(&mut self, purpose: Purpose, key: UpstreamKey) {
        if let Purpose::Client(client) = purpose
            && let Some(connection) = self.connection(client)
            && let State::Relayed(relayed) = &mut connection.state
        {
            relayed.upstream = key;
        }
    }

    /// Goes on as far as the connection has come about.
    pub(super) fn on_connected(&mut self, key: UpstreamKey) {
        let now = self.now.tick;
        let Some(upstream) = self.upstream(key) else { return };
        match upstream.stream.is_connected() {
            Ok(false) => return,
            Ok(true) => {}
            Err(error) => return self.upstream_broke(key, &error),
        }
        if let Err(error) = upstream.stream.push_out() {
            return self.upstream_broke(key, &error);
        }
        if upstream.stream.is_handshaking() {
            return;
        }
        let Some(relay) = upstream.relay() else { return };
        if matches!(relay.phase, Phase::Connecting) {
            relay.phase = Phase::Head(Vec::new());
            relay.progress = now;
            account(relay, now, |attempt, elapsed| attempt.connect = Some(elapsed));
        }
        self.push_request(key);
    }

    /// Sends of the request what the upstream takes.
    pub(in super::super) fn push_request(&mut self, key: UpstreamKey) {
        let now = self.now.tick;
        let Some(upstream) = self.upstreams.get_mut(key.slot as usize) else { return };
        if upstream.generation != key.generation {
            return;
        }
        let Employment::Busy(relay) = &mut upstream.employment else { return };
        if matches!(relay.phase, Phase::Connecting) {
            return;
        }
        let mut written = 0;
        while relay.unsent() > 0 && !relay.deaf {
            match upstream.stream.write(&relay.request[relay.sent..]) {
                Ok(taken) => {
                    relay.sent += taken;
                    written += taken as u64;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // It may have answered before it closed: that is read first.
                Err(_) => {
                    relay.deaf = true;
                    upstream.unread = true;
                    self.ready_upstreams.push(key);
                }
            }
        }
        if written > 0 {
            relay.progress = now;
            account(relay, now, |attempt, _| attempt.bytes_sent += written);
        }
        let spent = relay.deaf || relay.unsent() == 0;
        if spent && (relay.streamed || relay.has_begun()) {
            relay.request = Vec::new();
            relay.sent = 0;
            relay.deaf = false;
            relay.interim = 0;
        }
        let (room, purpose) = (relay.unsent() < UNSENT_MAX, relay.purpose);
        if let Purpose::Client(client) = purpose
            && let Some(connection) = self.connection(client)
            && let State::Relayed(relayed) = &mut connection.state
        {
            let was_full = std::mem::replace(&mut relayed.full, !room);
            if was_full && room {
                self.ready.push(client);
            }
        }
    }

    /// Tells once when file descriptors have run out.
    fn tell_shortage(&mut self, error: &io::Error) {
        let short = matches!(error.raw_os_error(), Some(23 | 24));
        if short && !self.descriptors_short {
            let text = os_error::describe(error);
            self.log(Level::Alert, format_args!("socket() failed ({text}) for an upstream"));
        }
        self.descriptors_short = short;
    }
}

/// Whether an upstream is no part of the settings: variables have made it up for one request, and
/// there is nothing to remember of its peers.
fn is_made_up(upstream: &outpour_core::settings::Upstream) -> bool {
    upstream.origin.line == 0
}

/// A number that nobody foresees who does not look for it (SplitMix64).
pub(in super::super) fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn begin_attempt(relay: &mut Relay, addr: &str, now: outpour_core::now::Tick) {
    relay.attempt_begun = now;
    relay.progress = now;
    relay.sent = 0;
    relay.attempts += 1;
    let first = relay.attempts == 1;
    let Some(account) = relay.exchange.state.upstream.as_mut() else { return };
    let redirected = first && !account.attempts.is_empty();
    account.attempts.push(Attempt { addr: addr.into(), redirected, ..Attempt::default() });
}
