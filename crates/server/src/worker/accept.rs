//! New connections.

use std::io::ErrorKind;
use std::rc::Rc;
use std::sync::Arc;

use mio::Interest;
use outpour_core::settings::{Level, ListenAddress};

use super::{Entrance, Worker, socket};
use crate::connection::{Connection, ConnectionKey, Socket, Stream, TlsStream};
use crate::listener::{Door, Listener};

/// Connections accepted from one listener before everything else gets its turn.
const ACCEPTS_PER_TURN: usize = 64;

/// How long nothing is accepted when descriptors or connection slots have run out.
const ACCEPT_PAUSE: std::time::Duration = std::time::Duration::from_millis(250);

impl Worker {
    /// Takes over a listening socket.
    pub(crate) fn open(&mut self, address: ListenAddress, mut listener: Listener) {
        let entry = self.entrances.vacant_entry();
        let token = socket::entrance(entry.key());
        if let Err(error) =
            self.poll.registry().register(listener.source(), token, Interest::READABLE)
        {
            self.log(Level::Alert, format_args!("epoll_ctl() failed for a listener ({error})"));
            return;
        }
        let counters = Arc::clone(&self.shared.counters[usize::from(self.id.0)]);
        entry.insert(Entrance { listener, door: Rc::new(Door { address, counters }) });
    }

    /// Accepts until nobody waits, or until it is somebody else's turn.
    pub(super) fn accept(&mut self, slot: usize) {
        for _ in 0..ACCEPTS_PER_TURN {
            if self.is_full() {
                return self.pause_accepting();
            }
            let Some(entrance) = self.entrances.get(slot) else { return };
            match entrance.listener.accept() {
                Ok((socket, remote)) => {
                    let door = Rc::clone(&entrance.door);
                    self.admit(socket, remote, door);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    // Everybody was let in: the next shortage is another one, and told again.
                    (self.accept_failing, self.full) = (false, false);
                    return;
                }
                Err(error) if is_transient(&error) => {}
                Err(error) => {
                    if !self.accept_failing {
                        self.accept_failing = true;
                        self.log(Level::Crit, format_args!("accept4() failed ({error})"));
                    }
                    return self.pause_accepting();
                }
            }
        }
        self.accept_again(slot);
    }

    /// The listener is edge-triggered: what was left in its queue needs another look.
    fn accept_again(&mut self, slot: usize) {
        let Some(entrance) = self.entrances.get_mut(slot) else { return };
        let token = socket::entrance(slot);
        let source = entrance.listener.source();
        let _ = self.poll.registry().reregister(source, token, Interest::READABLE);
    }

    /// Accepting stops for a moment: descriptors or connection slots have run out.
    fn pause_accepting(&mut self) {
        self.counters().accept_pauses.add(1);
        self.accept_due = Some(self.now.tick.after(ACCEPT_PAUSE));
    }

    /// Tries the listeners again after a pause.
    pub(super) fn resume_accepting(&mut self) {
        if self.accept_due.is_none_or(|due| due > self.now.tick) {
            return;
        }
        self.accept_due = None;
        let slots: Vec<_> = self.entrances.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            self.accept(slot);
        }
    }

    fn is_full(&mut self) -> bool {
        let limit = self.running.settings.main.worker_connections;
        let full = limit.is_some_and(|limit| self.connections.len() - self.streams >= limit);
        if full && !self.full {
            self.full = true;
            self.log(Level::Alert, format_args!("worker_connections are not enough"));
        }
        full
    }

    fn admit(&mut self, socket: Socket, remote: Option<std::net::SocketAddr>, door: Rc<Door>) {
        door.counters.accepted.add(1);
        if let Socket::Tcp(stream) = &socket {
            let _ = stream.set_nodelay(true);
        }
        let mut stream = match self.running.gate(&door) {
            Some(gate) => Stream::Tls(Box::new(TlsStream::new(socket, Arc::clone(gate)))),
            None => Stream::Plain(socket),
        };
        let entry = self.connections.vacant_entry();
        let Ok(slot) = u32::try_from(entry.key()) else { return };
        let token = socket::connection(slot);
        if self.poll.registry().register(&mut stream, token, Interest::READABLE).is_err() {
            door.counters.unhandled.add(1);
            return;
        }
        self.generation = self.generation.wrapping_add(1);
        let serial = self.shared.next_connection();
        let generation = self.generation;
        entry.insert(Connection::new(stream, remote, door, serial, generation, self.now.tick));
        self.file_deadline(ConnectionKey { slot, generation });
    }
}

/// The client gave up before it was accepted, or a signal came.
fn is_transient(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted)
}
