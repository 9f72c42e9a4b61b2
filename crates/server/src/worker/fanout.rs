//! The fan-out: a slice of the hub's walk, and what it means for the connections.

use mio::Registry;
use outpour_core::hub::{Outlet, Output};
use outpour_core::now::Tick;
use slab::Slab;

use super::{Finish, Worker, socket};
use crate::connection::{Connection, Ending, Sent, State};

impl Worker {
    /// Brings up to `visits` subscribers up to date.
    pub(super) fn fan_out(&mut self, visits: usize) {
        if !self.hub.is_behind() {
            return;
        }
        let Self { hub, connections, poll, finished, departed, date, now, .. } = self;
        let mut outlets =
            Outlets { connections, registry: poll.registry(), finished, now: now.tick };
        hub.walk(visits, now.tick, date, |outlet, output| match output {
            Output::Send(piece) => outlets.send(outlet, piece),
            Output::Answered(piece, left) => {
                departed.push(left);
                outlets.finished.push(Finish::Answered(outlet.0));
                outlets.keep_head(outlet, piece);
                outlets.send(outlet, piece);
            }
            Output::Ended(piece, left) => {
                departed.push(left);
                outlets.finished.push(Finish::Ended(outlet.0));
                outlets.send(outlet, piece);
            }
        });
        self.carry_out();
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
    now: Tick,
}

impl Outlets<'_> {
    fn keep_head(&mut self, outlet: Outlet, answer: &[u8]) {
        if let State::Subscribed(subscribed) = &mut self.connections[outlet.0 as usize].state {
            subscribed.keep_head(answer);
        }
    }

    fn send(&mut self, outlet: Outlet, piece: &std::rc::Rc<[u8]>) {
        let connection = &mut self.connections[outlet.0 as usize];
        let stalled_before = connection.output.is_some();
        let token = socket::connection(outlet.0);
        match connection.send(piece, self.registry, token, self.now) {
            Ok(Sent::All) => {}
            Ok(Sent::Waiting) if is_too_slow(connection) => {
                self.finished.push(Finish::Close(outlet.0, Ending::TooSlow));
            }
            Ok(Sent::Waiting) if stalled_before => {}
            Ok(Sent::Waiting) => self.finished.push(Finish::Stalled(outlet.0)),
            Err(_) => self.finished.push(Finish::Close(outlet.0, Ending::PeerGone)),
        }
    }
}

/// Whether more waits for a subscriber than its location allows.
fn is_too_slow(connection: &Connection) -> bool {
    let State::Subscribed(subscribed) = &connection.state else { return false };
    let waiting = connection.output.as_ref().map_or(0, |output| output.bytes_behind());
    waiting > subscribed.settings.subscriber_buffer_size
}
