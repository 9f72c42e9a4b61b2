//! A request that was handed to an upstream, and how far its answer has come.

use std::sync::Arc;
use std::time::Duration;

use outpour_core::now::Tick;
use outpour_core::settings::{Proxy, Upstream};
use outpour_core::upstream::{Asked, Attempt, Selection};
use outpour_core::wire::http1::response::ResponseReader;

use super::Route;
use crate::connection::ConnectionKey;
use crate::exchange::Exchange;

/// Whom an upstream's answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A client that waits in [`crate::connection::State::Relayed`].
    Client(ConnectionKey),
    /// A request that waits for what another one finds out. It gets a [`Fetched`] under the number
    /// of its errand, and the body as far as it has no more than so many bytes.
    Errand {
        /// The connection of the request that waits.
        waiting: ConnectionKey,
        /// Which of its errands.
        errand: u32,
        /// Bytes of body that are of interest; what is behind them is read and dropped.
        body_max: usize,
    },
    /// Nobody any more (`proxy_ignore_client_abort`): it is read to its end.
    Nobody,
    /// Nobody, as long as it is one: the application is told something. Which notice of the worker.
    Notice(u32),
}

/// What a request that was made for another one has brought.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// The status; 502, 503 or 504 of ours where there was no answer.
    pub(crate) status: u16,
    /// The exchange: `state.upstream` has the head of the answer.
    pub(crate) exchange: Box<Exchange>,
    /// The body, complete or cut at its bound.
    pub(crate) body: Vec<u8>,
}

/// How far a request has come. The next step is always that of the upstream, or the client's.
#[derive(Debug)]
pub(crate) enum Phase {
    /// The connection is being made, or TLS agreed on.
    Connecting,
    /// The answer's head is awaited; what has come of it.
    Head(Vec<u8>),
    /// The answer's body goes to whom it is for.
    Body(ResponseReader, Sink),
    /// Both sides talk about what is not ours to know.
    Tunnel,
}

/// Where the body of an answer goes to.
#[derive(Debug)]
pub(crate) enum Sink {
    /// To the client, as it comes.
    Client(Framing),
    /// Into memory, up to a bound.
    Memory(Vec<u8>, usize),
    /// Nowhere.
    Nowhere,
}

/// How the client is told where the body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Bytes as they are: their number was announced, the end is the close, or a frame below.
    Plain,
    /// Chunks.
    Chunked,
}

/// A request that was handed to an upstream.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) purpose: Purpose,
    pub(crate) exchange: Box<Exchange>,
    pub(crate) proxy: Arc<Proxy>,
    /// What may be asked.
    pub(crate) upstream: Arc<Upstream>,
    /// `https://`: the name of the other side.
    pub(crate) tls_name: Option<Box<[u8]>>,
    /// How its peers are chosen; nothing before the first one is.
    pub(crate) selection: Option<Selection>,
    /// A peer that is asked once more, because a connection to it that was kept had been closed.
    pub(crate) again: Option<usize>,
    /// Peers that were asked and failed.
    pub(crate) failures: usize,
    /// Attempts so far.
    pub(crate) attempts: u32,
    /// The request: head, and body as far as it is here.
    pub(crate) request: Vec<u8>,
    /// Bytes of it that the socket has taken.
    pub(crate) sent: usize,
    /// Body has come that was not there at first: what was sent cannot be sent again.
    pub(crate) streamed: bool,
    /// All of the request is in `request`, or sent.
    pub(crate) complete: bool,
    /// The upstream takes nothing more of the request; its answer may have come before.
    pub(crate) deaf: bool,
    pub(crate) asked: Asked,
    pub(crate) phase: Phase,
    /// The client takes no more for now.
    pub(crate) paused: bool,
    /// The connection was used before: its other side may have closed it meanwhile.
    pub(crate) reused: bool,
    /// The upstream lets its connection be used again.
    pub(crate) keep: bool,
    /// Answers so far that only said that another one follows.
    pub(crate) interim: u32,
    /// Bytes that may wait for the client before the upstream is read no further.
    pub(crate) ahead: usize,
    /// When the first upstream was chosen, and the present one.
    pub(crate) begun: Tick,
    pub(crate) attempt_begun: Tick,
    /// When anything moved last.
    pub(crate) progress: Tick,
    /// The answer is an instruct, which is read as a whole.
    pub(crate) instructed: bool,
    /// What the log is to hear of the answer.
    pub(crate) logged: Answered,
}

/// What the access log wants to know of an answer when it ends.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    /// Its head as the client gets it.
    pub(crate) head: Vec<u8>,
    /// Bytes that the client had been sent before.
    pub(crate) earlier: u64,
    /// The connection ends behind it.
    pub(crate) close: bool,
}

impl Fetched {
    /// Whether no connection came about: the upstream has heard nothing of the request.
    pub(crate) fn is_unheard(&self) -> bool {
        let account = self.exchange.state.upstream.as_deref();
        let last = account.and_then(|account| account.attempts.last());
        last.is_none_or(|attempt| attempt.connect.is_none())
    }
}

impl Relay {
    /// Bytes that wait for the upstream's socket.
    pub(crate) fn unsent(&self) -> usize {
        self.request.len() - self.sent
    }

    /// Whether anything of an answer has gone to whom it is for.
    pub(crate) fn has_begun(&self) -> bool {
        matches!(self.phase, Phase::Body(..) | Phase::Tunnel)
    }

    /// The way to the peer with this index.
    pub(crate) fn route(&self, peer: usize) -> Route {
        let tls = self.tls_name.clone().map(|name| (Arc::clone(&self.proxy.tls), name));
        Route { upstream: Arc::clone(&self.upstream), peer, tls }
    }

    /// The present attempt, for the variables of the log.
    pub(crate) fn attempt(&mut self) -> Option<&mut Attempt> {
        self.exchange.state.upstream.as_mut()?.attempts.last_mut()
    }

    /// When the upstream has taken too long; `None` while that is not up to it.
    pub(crate) fn due(&self) -> Option<Tick> {
        let limits = &self.proxy.limits;
        let patience: Duration = match &self.phase {
            Phase::Connecting => return Some(self.attempt_begun.after(limits.connect_timeout)),
            _ if self.paused => return None,
            _ if self.unsent() > 0 && !self.deaf => limits.send_timeout,
            Phase::Head(_) if !self.complete && !self.deaf => return None,
            Phase::Head(_) | Phase::Body(..) | Phase::Tunnel => limits.read_timeout,
        };
        Some(self.progress.after(patience))
    }
}
