//! One turn of the loop: events, mail, a slice of the fan-out, deadlines.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use mio::Events;
use mio::event::Event;

use super::{Phase, Worker, socket};
use crate::application::has_touched;
use crate::connection::{ConnectionKey, Ending};
use crate::mailbox::Mail;
use crate::running::Running;

/// Steps of handshakes before everything else gets its turn: each may take a millisecond.
const HANDSHAKES_PER_TURN: usize = 8;

/// How often the channel store is swept; what is due is decided there.
pub(super) const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

impl Worker {
    /// One turn; false when the worker has ended.
    pub(super) fn turn(&mut self, events: &mut Events) -> io::Result<bool> {
        match self.poll.poll(events, self.patience()) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => self.read_clock(),
        }
        self.agenda.advance(self.now.tick);
        self.upstream_agenda.advance(self.now.tick);
        self.handshakes = HANDSHAKES_PER_TURN;
        for event in events.iter() {
            self.dispatch(event);
        }
        if self.viewers.scanning {
            self.look_for_slow();
        }
        self.read_mail();
        self.look_again();
        self.look_at_upstreams_again();
        self.fan_out();
        self.expire_deadlines();
        self.expire_upstream_deadlines();
        self.look_at_touched();
        self.tell_viewers();
        self.answer_bells();
        self.send_notices();
        self.tell_departures();
        self.tell_slow_ones();
        let spent = self.shared.clock.micros().saturating_sub(self.now.micros);
        self.counters().turns.record(spent, 1);
        Ok(!self.is_over())
    }

    fn read_clock(&mut self) {
        let unix = self.now.unix;
        self.now = self.shared.clock.behind(self.now);
        if self.now.unix != unix {
            self.date = outpour_core::wire::http_date::format(self.now.unix);
        }
    }

    /// How long to wait for events.
    fn patience(&self) -> Option<Duration> {
        let mailbox = &self.shared.mailboxes[usize::from(self.id.0)];
        let ready = !self.ready.is_empty()
            || !self.ready_upstreams.is_empty()
            || !self.bells.are_silent()
            || !self.touched.is_empty()
            || self.viewers.scanning
            || has_touched();
        if self.hub.is_behind() || ready || !mailbox.is_empty() {
            return Some(Duration::ZERO);
        }
        let sweep = (self.id.0 == 0).then_some(self.sweep_due);
        let tell = self.has_slow_ones_to_tell().then(|| self.now.tick.after(SWEEP_INTERVAL / 4));
        let fixed =
            [sweep, tell, self.accept_due, self.drained, self.notices.due(), self.viewers.due]
                .into_iter()
                .flatten()
                .min();
        let fixed = fixed.map(|due| due.since(self.now.tick));
        let deadline = self.agenda.next_wakeup(self.now.tick);
        let upstreams = self.upstream_agenda.next_wakeup(self.now.tick);
        fixed.into_iter().chain(deadline).chain(upstreams).min()
    }

    fn dispatch(&mut self, event: &Event) {
        match socket::Subject::of(event.token()) {
            socket::Subject::Mailbox => {}
            socket::Subject::Entrance(slot) => self.accept(slot),
            socket::Subject::Upstream(slot) => self.on_upstream(slot, event),
            socket::Subject::Connection(slot) => {
                let Some(connection) = self.connections.get(slot as usize) else { return };
                let key = ConnectionKey { slot, generation: connection.generation };
                if event.is_error() {
                    return self.close(key, Ending::PeerGone);
                }
                if event.is_writable() {
                    self.on_writable(key);
                }
                if event.is_readable() || event.is_read_closed() {
                    self.on_readable(key, event.is_read_closed());
                }
            }
        }
    }

    fn read_mail(&mut self) {
        let mut mails = std::mem::take(&mut self.mails);
        self.shared.mailboxes[usize::from(self.id.0)].take(&mut mails);
        for mail in mails.drain(..) {
            match mail {
                Mail::Delivery(delivery) => {
                    self.delivered += 1;
                    if !self.listeners.is_empty() {
                        self.hear(&delivery);
                    }
                    self.hub.deliver(self.delivered, delivery);
                }
                Mail::Application(post) => self.take_post(post),
                Mail::Found(reply, finding) => self.resume(reply.key, reply.errand, finding),
                Mail::LookForSlow => self.look_for_slow(),
                Mail::Reload(running) => self.reload(running),
                Mail::Open(address, listener) => self.open(address, listener),
                Mail::Stop => self.stop(),
                Mail::Quit => self.quit(),
            }
        }
        self.mails = mails;
    }

    /// Connections that have bytes to look at although no event told so.
    fn look_again(&mut self) {
        for key in std::mem::take(&mut self.ready) {
            let output = self.connection(key).and_then(|connection| connection.output.as_ref());
            if output.is_some_and(|output| output.has_file()) {
                self.on_writable(key);
            }
            self.on_readable(key, false);
        }
    }

    fn reload(&mut self, running: Arc<Running>) {
        let keep = running.http().map(|http| &http.listens);
        self.entrances.retain(|_, entrance| {
            keep.is_some_and(|k| k.iter().any(|l| l.address == entrance.door.address))
        });
        self.running = running;
        self.close_outdated();
        self.full = false;
        self.drain_sessions();
    }

    fn stop(&mut self) {
        self.entrances.clear();
        self.end_all(Phase::Stopping);
    }

    fn quit(&mut self) {
        self.entrances.clear();
        let patience = self.running.settings.main.worker_shutdown_timeout;
        self.drained = patience.map(|patience| self.now.tick.after(patience));
        self.end_all(Phase::Quitting);
    }

    fn is_over(&self) -> bool {
        let told = self.phase == Phase::Stopping || self.notices.is_empty();
        self.phase != Phase::Serving && self.connections.is_empty() && told
    }
}
