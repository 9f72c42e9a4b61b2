//! The fan-out: a slice of the hub's walk, and what it means for the connections.

use std::io;
use std::sync::Arc;

use mio::{Registry, Token};
use outpour_core::hub::{Outlet, Output};
use outpour_core::now::Tick;
use slab::Slab;

use super::slow::keeps_up;
use super::tally::Tally;
use super::{Finish, Worker, socket};
use crate::connection::{Connection, Ending, Sent, State};
use crate::counters::WorkerCounters;

/// Subscribers visited in a turn before everything else gets its turn.
const VISITS_PER_TURN: usize = 128;

/// Subscribers visited between two looks at the clock.
const VISITS_PER_LOOK: usize = 32;

/// Microseconds that the visits of a turn may take, to within a look. Small messages never take so
/// long.
const TIME_PER_TURN: u64 = 1000;

impl Worker {
    /// Brings a slice of the subscribers up to date, bounded in number and time.
    pub(super) fn fan_out(&mut self) {
        if !self.hub.is_behind() {
            return;
        }
        let begun = self.shared.clock.micros();
        for _ in 0..VISITS_PER_TURN / VISITS_PER_LOOK {
            let tally = self.visit(VISITS_PER_LOOK);
            let now = self.shared.clock.micros();
            tally.record(now, self.counters());
            if !self.hub.is_behind() || now - begun > TIME_PER_TURN {
                return;
            }
        }
    }

    /// Brings up to `visits` subscribers up to date; tells what was written.
    fn visit(&mut self, visits: usize) -> Tally {
        let Self {
            hub, connections, poll, finished, handed, departed, date, now, shared, id, ..
        } = self;
        let counters = &shared.counters[usize::from(id.0)];
        let registry = poll.registry();
        let tally = Tally::default();
        let now = now.tick;
        let mut outlets = Outlets { connections, registry, finished, counters, now, tally };
        hub.walk(visits, now, date, |outlet, output| match output {
            Output::Send(frame) => {
                outlets.tally.add(frame);
                outlets.send(outlet, |c, registry, token, now| {
                    c.send_messages(frame, registry, token, now)
                });
            }
            Output::Answered(frame, left) => {
                departed.push(left);
                outlets.finished.push(Finish::Answered(outlet.0));
                outlets.keep_head(outlet, &frame.bytes);
                outlets.tally.add(frame);
                outlets.send(outlet, |c, registry, token, now| {
                    c.send(&frame.bytes, registry, token, now)
                });
            }
            Output::Message(message, deleted) => {
                handed.push((outlet.0, Arc::clone(message), deleted));
            }
            Output::Ended(piece, left) => {
                departed.push(left);
                outlets.finished.push(Finish::Ended(outlet.0));
                outlets.tally.bytes += piece.len() as u64;
                // An application's client has other subscriptions, or goes on without any.
                if !outlets.is_application(outlet) {
                    outlets.send(outlet, |c, registry, token, now| {
                        c.send(piece, registry, token, now)
                    });
                }
            }
        });
        let tally = outlets.tally;
        self.carry_out();
        if !self.handed.is_empty() {
            self.take_messages();
        }
        tally
    }

    /// What the walk found out about connections, carried out behind it.
    ///
    /// Ends of subscriptions come first: the hub has forgotten those subscribers, which closing
    /// their connection must not ask it to do again. A dead socket may be found out right before.
    fn carry_out(&mut self) {
        let mut finished = std::mem::take(&mut self.finished);
        finished.sort_by_key(|finish| !matches!(finish, Finish::Answered(_) | Finish::Ended(_)));
        for finish in finished {
            let (Finish::Answered(slot)
            | Finish::Ended(slot)
            | Finish::Stalled(slot)
            | Finish::Close(slot, _)) = finish;
            if !self.connections.contains(slot as usize) {
                continue;
            }
            let key = self.key(slot);
            match finish {
                Finish::Answered(_) | Finish::Ended(_) => self.after_subscription(key),
                Finish::Stalled(_) => self.file_deadline(key),
                Finish::Close(_, ending) => self.close(key, ending),
            }
        }
    }
}

/// The connections, as the walk writes to them.
struct Outlets<'a> {
    connections: &'a mut Slab<Connection>,
    registry: &'a Registry,
    finished: &'a mut Vec<Finish>,
    counters: &'a WorkerCounters,
    now: Tick,
    tally: Tally,
}

impl Outlets<'_> {
    fn is_application(&self, outlet: Outlet) -> bool {
        matches!(self.connections[outlet.0 as usize].state, State::Application(_))
    }

    fn keep_head(&mut self, outlet: Outlet, answer: &[u8]) {
        if let State::Subscribed(subscribed) = &mut self.connections[outlet.0 as usize].state {
            subscribed.keep_head(answer);
        }
    }

    fn send(
        &mut self,
        outlet: Outlet,
        write: impl FnOnce(&mut Connection, &Registry, Token, Tick) -> io::Result<Sent>,
    ) {
        let connection = &mut self.connections[outlet.0 as usize];
        let stalled_before = connection.output.is_some();
        let token = socket::connection(outlet.0);
        match write(connection, self.registry, token, self.now) {
            Ok(Sent::All) => {}
            Ok(Sent::Waiting) if !keeps_up(connection, self.counters) => {
                self.finished.push(Finish::Close(outlet.0, Ending::TooSlow));
            }
            Ok(Sent::Waiting) if stalled_before => {}
            Ok(Sent::Waiting) => self.finished.push(Finish::Stalled(outlet.0)),
            Err(_) => self.finished.push(Finish::Close(outlet.0, Ending::PeerGone)),
        }
    }
}
