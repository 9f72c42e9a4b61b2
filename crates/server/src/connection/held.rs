//! Connections that are held for an application (GRIP).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use outpour_core::answer::Answer;
use outpour_core::channels::ChannelKey;
use outpour_core::grip::{Event, KeepAlive, Link, MessageKind, Subscriptions};
use outpour_core::hub::SubscriberKey;
use outpour_core::now::Tick;
use outpour_core::settings::LocationSettings;
use outpour_core::wire::websocket::Decoder;

use crate::counters::Transport;
use crate::exchange::Exchange;

/// Bytes of a WebSocket client's events that may wait for the application before it is read no
/// further.
const EVENTS_MAX: usize = 200_000;

/// Seconds between two looks at an application that has nothing to be told, at least.
const INTERVAL_MIN: u64 = 20;

/// A connection that is held.
///
/// ```text
/// Relayed ── the answer says so ──▶ Response ── message, time ──▶ Head
///                              └──▶ Stream ── close ──▶ Head or Closing
/// Waiting ── OPEN is answered ────▶ Socket ── close ──▶ Closing
/// ```
#[derive(Debug)]
pub(crate) struct OnHold {
    pub(crate) exchange: Box<Exchange>,
    pub(crate) settings: Arc<LocationSettings>,
    pub(crate) subscriber: SubscriberKey,
    /// Its channels; `keys` are those of the list, in order.
    pub(crate) subscriptions: Subscriptions,
    pub(crate) keys: Vec<ChannelKey>,
    pub(crate) hold: Hold,
    /// The application is being asked.
    pub(crate) errand: Option<u32>,
    /// What keeps it alive.
    pub(crate) keep_alive: Option<(KeepAlive, MessageKind)>,
    /// When the client was sent something last.
    pub(crate) last_sent: Tick,
    /// When that was something to keep it alive.
    pub(crate) alive_sent: Tick,
    /// For the access log: the status, the answer's head, bytes that went before it.
    pub(crate) status: u16,
    pub(crate) head: Vec<u8>,
    pub(crate) earlier: u64,
}

/// How it is held.
#[derive(Debug)]
pub(crate) enum Hold {
    /// This is the answer when nothing comes until then.
    Response {
        /// The answer.
        answer: Box<Answer>,
        /// When it goes out.
        due: Tick,
    },
    /// The head is out, and the body goes on.
    Stream(Stream),
    /// A WebSocket.
    Socket(Box<Socket>),
}

/// An answer that goes on.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Parts go out as chunks.
    pub(crate) chunked: bool,
    /// The connection is used again afterwards.
    pub(crate) keep_alive: bool,
    /// Where more of it comes from, and when.
    pub(crate) next: Option<(Link, Tick)>,
    /// What is asked for when the client has left.
    pub(crate) gone: Option<Link>,
    /// There is no hold: page follows page.
    pub(crate) paged: bool,
}

/// A WebSocket whose events go to the application as requests.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) decoder: Decoder,
    /// `Connection-Id`
    pub(crate) id: Box<[u8]>,
    /// What stands in front of messages for the client; `None`: there are no control messages.
    pub(crate) prefix: Option<Vec<u8>>,
    /// What the application does not know yet.
    pub(crate) queue: VecDeque<Event>,
    pub(crate) queued_bytes: usize,
    /// What it is being told, kept until it has answered.
    pub(crate) told: Vec<Event>,
    /// `Meta-NAME` headers.
    pub(crate) meta: Vec<(Box<str>, Box<[u8]>)>,
    /// How long it may hear nothing.
    pub(crate) interval: Option<Duration>,
    /// When it was asked last.
    pub(crate) asked: Tick,
    /// It is asked no more.
    pub(crate) detached: bool,
    /// The client has closed, with what.
    pub(crate) closing: Option<Option<u16>>,
    /// How often nobody could be asked, and when that is tried again.
    pub(crate) failures: usize,
    pub(crate) retry: Option<Tick>,
}

impl Socket {
    pub(crate) fn new(id: Box<[u8]>, now: Tick) -> Self {
        Self {
            decoder: Decoder::default(),
            id,
            prefix: None,
            queue: VecDeque::new(),
            queued_bytes: 0,
            told: Vec::new(),
            meta: Vec::new(),
            interval: None,
            asked: now,
            detached: false,
            closing: None,
            failures: 0,
            retry: None,
        }
    }

    /// Puts an event behind those that wait.
    pub(crate) fn push(&mut self, event: Event) {
        self.queued_bytes += cost(&event);
        self.queue.push_back(event);
    }

    /// What the application is told next: all that waits, or what it has not heard.
    pub(crate) fn tell(&mut self) -> &[Event] {
        self.told.extend(self.queue.drain(..));
        self.queued_bytes = 0;
        &self.told
    }

    /// `Keep-Alive-Interval`
    pub(crate) fn set_interval(&mut self, seconds: u64) {
        self.interval = Some(Duration::from_secs(seconds.max(INTERVAL_MIN)));
    }

    /// `Set-Meta-NAME`; an empty value takes it away.
    pub(crate) fn set_meta(&mut self, name: &str, value: &[u8]) {
        self.meta.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        if !value.is_empty() {
            self.meta.push((name.into(), value.into()));
        }
    }
}

/// Small events cost, too: their number is bounded with their bytes.
fn cost(event: &Event) -> usize {
    event.content.as_ref().map_or(0, Vec::len) + 64
}

impl OnHold {
    /// Under which transport it is counted.
    pub(crate) fn transport(&self) -> Transport {
        match self.hold {
            Hold::Response { .. } => Transport::LongPolling,
            Hold::Stream(_) => Transport::Streaming,
            Hold::Socket(_) => Transport::WebSocket,
        }
    }

    /// Whether frames of the client are read.
    pub(crate) fn takes_input(&self) -> bool {
        matches!(&self.hold, Hold::Socket(socket) if socket.closing.is_none())
    }

    /// Whether the application has to hear first what the client has said.
    pub(crate) fn is_full(&self) -> bool {
        matches!(&self.hold, Hold::Socket(socket) if socket.queued_bytes > EVENTS_MAX)
    }

    /// When it is to be kept alive.
    pub(crate) fn alive_due(&self) -> Option<Tick> {
        let (keep_alive, _) = self.keep_alive.as_ref()?;
        let since = if keep_alive.interval { self.alive_sent } else { self.last_sent };
        Some(since.after(Duration::from_secs(keep_alive.timeout)))
    }

    /// When something is to be done about it.
    pub(crate) fn due(&self) -> Option<Tick> {
        let alive = self.alive_due();
        let own = match &self.hold {
            Hold::Response { due, .. } => Some(*due),
            Hold::Stream(stream) => {
                let next = stream.next.as_ref().filter(|_| self.errand.is_none());
                next.map(|(_, due)| *due)
            }
            Hold::Socket(_) if self.errand.is_some() => None,
            Hold::Socket(socket) => {
                let interval = socket.interval.filter(|_| !socket.detached);
                let look = interval.map(|interval| socket.asked.after(interval));
                match (socket.retry, look) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                }
            }
        };
        match (alive, own) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}
