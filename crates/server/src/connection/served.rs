//! What the application has of a connection: its request, an answer on the way, or all of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use outpour_core::channels::{ChannelKey, Pattern};
use outpour_core::hub::SubscriberKey;
use outpour_core::now::Tick;
use outpour_core::wire::websocket::Decoder;

use super::state::Logged;
use crate::application::{Address, Body, CloseReason, Link, Request, Upgrade};
use crate::counters::Transport;
use crate::exchange::Exchange;

/// What the application has of a connection.
///
/// ```text
/// Asked ── answer ───────────▶ (Head) or Streaming ── end of the body ──▶ (Head, Closing)
///   └───── upgrade ──────────▶ Upgraded ── either side closes ──▶ (Head, Closing)
/// ```
#[derive(Debug)]
pub(crate) enum Served {
    /// It has the request and has not answered.
    Asked(Asked),
    /// It answers in pieces.
    Streaming(Streaming),
    /// The connection is its own.
    Upgraded(Upgraded),
}

/// A request that the application has not answered.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) exchange: Box<Exchange>,
    pub(crate) request: Request,
}

/// An answer whose body comes in pieces.
#[derive(Debug)]
pub(crate) struct Streaming {
    pub(crate) exchange: Box<Exchange>,
    pub(crate) address: Address,
    pub(crate) body: Body,
    /// Pieces go out as chunks.
    pub(crate) chunked: bool,
    /// Bytes that the head has announced and that are not sent, if it has.
    pub(crate) left: Option<u64>,
    /// The connection ends behind it.
    pub(crate) close: bool,
    pub(crate) logged: Accounted,
}

/// What the access log wants to know of an answer in pieces.
#[derive(Debug, Default)]
pub(crate) struct Accounted {
    pub(crate) status: u16,
    pub(crate) head: Vec<u8>,
    pub(crate) earlier: u64,
}

/// A connection of the application's own.
#[derive(Debug)]
pub(crate) struct Upgraded {
    pub(crate) link: Arc<Link>,
    /// Holds memory only while a frame or message is incomplete.
    pub(crate) decoder: Decoder,
    pub(crate) deflate: bool,
    /// The connection is used again behind an EventSource's end.
    pub(crate) keep_alive: bool,
    /// Lengths of the messages that the socket has not taken.
    pub(crate) waiting: VecDeque<usize>,
    /// Its subscriptions.
    pub(crate) held: Vec<Held>,
    /// When something came from the peer, or, for an EventSource, went to it.
    pub(crate) heard: Tick,
    /// A ping has gone out since.
    pub(crate) pinged: bool,
    /// When it ends whatever its handler does: the server ends.
    pub(crate) ends: Option<Tick>,
    /// The request, where it is to be logged at the end.
    pub(crate) logged: Option<Box<Logged>>,
}

/// A subscription of an application's client.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) name: Box<[u8]>,
    pub(crate) place: HeldPlace,
}

/// Where a subscription's messages come from.
#[derive(Debug)]
pub(crate) enum HeldPlace {
    /// The hub: they go straight to the socket.
    Hub(SubscriberKey),
    /// The worker's listeners, which know it by its channel.
    Listener(ChannelKey),
    /// The same, by its pattern.
    Pattern(Pattern),
}

impl Served {
    /// Whether it wants to hear what the client sends.
    pub(crate) fn takes_input(&self) -> bool {
        self.transport() == Some(Transport::WebSocket)
    }

    /// Whether its handler is behind with what the client has sent.
    pub(crate) fn is_full(&self) -> bool {
        match self {
            Self::Upgraded(upgraded) => upgraded.link.is_full(),
            Self::Asked(_) | Self::Streaming(_) => false,
        }
    }

    /// As what it counts, if it is a subscriber.
    pub(crate) fn transport(&self) -> Option<Transport> {
        match self {
            Self::Asked(_) | Self::Streaming(_) => None,
            Self::Upgraded(upgraded) => Some(upgraded.transport()),
        }
    }

    /// The request that it is busy with, where that is kept.
    pub(crate) fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::Asked(asked) => Some(&asked.exchange),
            Self::Streaming(streaming) => Some(&streaming.exchange),
            Self::Upgraded(upgraded) => Some(&upgraded.logged.as_ref()?.exchange),
        }
    }

    /// When to look at it again.
    pub(crate) fn due(&self) -> Option<Tick> {
        match self {
            Self::Asked(_) | Self::Streaming(_) => None,
            Self::Upgraded(upgraded) => Some(upgraded.due()),
        }
    }
}

impl Upgraded {
    pub(crate) fn transport(&self) -> Transport {
        match self.link.wire.protocol() {
            Upgrade::WebSocket => Transport::WebSocket,
            Upgrade::Sse => Transport::EventSource,
        }
    }

    /// When the peer is pinged next, or given up.
    fn due(&self) -> Tick {
        let timeout = self.link.timeout();
        let patience = if self.pinged { timeout.saturating_mul(2) } else { timeout };
        let due = self.heard.after(patience);
        self.ends.map_or(due, |ends| ends.min(due))
    }

    /// What to do about a peer that is due at `now`.
    pub(crate) fn overdue(&self, now: Tick) -> Overdue {
        match self.ends {
            Some(ends) if ends <= now => Overdue::Gone(CloseReason::Shutdown),
            Some(_) | None if self.pinged => Overdue::Gone(CloseReason::TimedOut),
            Some(_) | None => Overdue::Ping,
        }
    }

    /// Something came from the peer.
    pub(crate) fn hear(&mut self, now: Tick) {
        (self.heard, self.pinged) = (now, false);
    }

    /// A ping goes out at `now`; an EventSource never answers one.
    pub(crate) fn ping(&mut self, now: Tick) {
        match self.transport() {
            Transport::WebSocket => self.pinged = true,
            Transport::EventSource
            | Transport::Streaming
            | Transport::LongPolling
            | Transport::Polling => self.heard = now,
        }
    }

    /// It has to be gone within `patience`.
    pub(crate) fn end_within(&mut self, patience: Duration, now: Tick) {
        let ends = now.after(patience);
        self.ends = Some(self.ends.map_or(ends, |before| before.min(ends)));
    }
}

/// What to do about a peer that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    Ping,
    Gone(CloseReason),
}
