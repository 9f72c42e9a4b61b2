//! A worker: one thread, one event loop, one table of connections, one hub.

mod accept;
mod agenda;
mod application;
mod close;
mod dashboard;
mod deadlines;
mod encryption;
mod exchange;
mod fanout;
mod grip;
mod hooks;
mod http2;
mod input;
mod log;
mod notices;
mod occupation;
mod relay;
mod respond;
mod slow;
mod socket;
mod subscribe;
mod tally;
mod turn;
mod upstream;
mod waiting;
mod websocket;

use std::io;
use std::rc::Rc;
use std::sync::Arc;

use agenda::Agenda;
use mio::Poll;
use notices::Notices;
use outpour_core::channels::WorkerId;
use outpour_core::hub::{Departed, Hub};
use outpour_core::now::{Now, Tick};
use outpour_core::wire::http1::Encoder;
use slab::Slab;

use crate::connection::{Connection, ConnectionKey, Ending};
use crate::http2::Bells;
use crate::listener::{Door, Listener};
use crate::mailbox::Mail;
use crate::running::Running;
use crate::shared::Shared;
use crate::tls::ClientConfigs;
use crate::upstream::{Balancers, Pool, UpstreamConnection, UpstreamKey};

pub(crate) use socket::MAILBOX;

/// Bytes that one read may bring.
const READ_SIZE: usize = 64 * 1024;

/// A listener of this worker.
struct Entrance {
    listener: Listener,
    door: Rc<Door>,
}

/// Whether the worker goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Serving,
    /// Nothing is accepted, subscribers were ended, open requests may finish.
    Quitting,
    /// Whatever still waits for a socket gets a moment, then all is closed.
    Stopping,
}

/// A subscription's end that the walk found out, carried out behind it.
enum Finish {
    /// A long-poll was answered: the connection is free for its next request.
    Answered(u32),
    /// A stream's last channel is gone; its ending is sent.
    Ended(u32),
    /// The socket takes no more for now: `send_timeout` begins.
    Stalled(u32),
    /// The connection has to go.
    Close(u32, Ending),
}

/// A worker.
pub(crate) struct Worker {
    id: WorkerId,
    shared: Arc<Shared>,
    running: Arc<Running>,
    poll: Poll,
    entrances: Slab<Entrance>,
    connections: Slab<Connection>,
    /// How many of them are requests of HTTP/2 connections.
    streams: usize,
    /// What h2 woke.
    bells: Bells,
    generation: u32,
    /// Connections to upstreams, and those of them that wait for a request.
    upstreams: Slab<UpstreamConnection>,
    pool: Pool,
    client_configs: ClientConfigs,
    upstream_agenda: Agenda,
    /// Upstreams to look at again without an event.
    ready_upstreams: Vec<UpstreamKey>,
    balancers: Balancers,
    /// What the balancers draw their numbers from.
    random: u64,
    /// A socket for an upstream could not be made, and that was told.
    descriptors_short: bool,
    hub: Hub,
    agenda: Agenda,
    phase: Phase,
    now: Now,
    /// The HTTP date of `now`.
    date: [u8; 29],
    /// Deliveries taken from the mailbox so far.
    delivered: u64,
    mails: Vec<Mail>,
    /// Connections to look at again without an event.
    ready: Vec<ConnectionKey>,
    /// Subscriptions whose messages go to the application.
    listeners: application::Listeners,
    /// Connections that the application has written to.
    touched: Vec<ConnectionKey>,
    /// Subscribers that left, for the channel store to know in one go.
    departed: Vec<Departed>,
    finished: Vec<Finish>,
    /// Messages for connections that are held, as the walk has handed them over.
    handed: Vec<grip::Handed>,
    /// What the application is told.
    notices: Notices,
    /// Number of the latest errand.
    errands: u32,
    /// Steps of handshakes that this turn still has time for.
    handshakes: usize,
    read_buffer: Vec<u8>,
    encoder: Encoder,
    /// Answers of the connection at hand, written together.
    answers: Vec<u8>,
    /// When the channel store is to be swept; only worker 0 does it.
    sweep_due: Tick,
    /// Accepting pauses until then: descriptors or connection slots have run out.
    accept_due: Option<Tick>,
    /// The last accept failed, and that was told.
    accept_failing: bool,
    /// When open requests have to end, too: `worker_shutdown_timeout` after `quit`.
    drained: Option<Tick>,
    /// `worker_connections` was reached and told.
    full: bool,
    /// What the log knows of slow subscribers.
    told: slow::Told,
    /// Who looks at the dashboard.
    viewers: dashboard::Viewers,
}

impl Worker {
    /// A worker over `poll`, whose waker is in its mailbox already.
    pub(crate) fn new(
        id: WorkerId,
        shared: Arc<Shared>,
        running: Arc<Running>,
        poll: Poll,
    ) -> Self {
        let now = shared.clock.now();
        let random = u64::try_from(shared.environment.seed >> 64).unwrap_or_default();
        Self {
            id,
            shared,
            running,
            poll,
            entrances: Slab::new(),
            connections: Slab::new(),
            streams: 0,
            bells: Bells::default(),
            generation: 0,
            upstreams: Slab::new(),
            pool: Pool::default(),
            client_configs: ClientConfigs::default(),
            upstream_agenda: Agenda::new(now.tick),
            ready_upstreams: Vec::new(),
            balancers: Balancers::default(),
            random: random.wrapping_add(u64::from(id.0)),
            descriptors_short: false,
            hub: Hub::new(),
            agenda: Agenda::new(now.tick),
            phase: Phase::Serving,
            now,
            date: outpour_core::wire::http_date::format(now.unix),
            delivered: 0,
            mails: Vec::new(),
            ready: Vec::new(),
            listeners: application::Listeners::default(),
            touched: Vec::new(),
            departed: Vec::new(),
            finished: Vec::new(),
            handed: Vec::new(),
            notices: Notices::default(),
            errands: 0,
            handshakes: 0,
            read_buffer: vec![0; READ_SIZE],
            encoder: Encoder::default(),
            answers: Vec::new(),
            sweep_due: now.tick,
            accept_due: None,
            accept_failing: false,
            drained: None,
            full: false,
            told: slow::Told::default(),
            viewers: dashboard::Viewers::default(),
        }
    }

    /// Serves until told to end.
    ///
    /// # Errors
    /// The event loop itself failed.
    pub(crate) fn run(mut self) -> io::Result<()> {
        self.shared.life.worker_began();
        crate::application::settle_here(&self.shared, self.id);
        let mut events = mio::Events::with_capacity(1024);
        while self.turn(&mut events)? {}
        Ok(())
    }

    /// The connection, if that key is still its own.
    fn connection(&mut self, key: ConnectionKey) -> Option<&mut Connection> {
        self.connections.get_mut(key.slot as usize).filter(|c| c.generation == key.generation)
    }

    fn key(&self, slot: u32) -> ConnectionKey {
        ConnectionKey { slot, generation: self.connections[slot as usize].generation }
    }
}
