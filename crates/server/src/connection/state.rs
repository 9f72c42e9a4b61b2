//! What a connection is doing.

use std::collections::VecDeque;
use std::sync::Arc;

use outpour_core::answer::Answer;
use outpour_core::hub::SubscriberKey;
use outpour_core::now::Tick;
use outpour_core::settings::{LocationSettings, SubscriberPolicy};
use outpour_core::wire::http1::BodyReader;
use outpour_core::wire::websocket::Decoder;

use super::Served;
use super::held::{OnHold, Socket};
use crate::counters::Transport;
use crate::exchange::{Exchange, Finding};
use crate::http2::Session;
use crate::upstream::UpstreamKey;

/// What a connection is doing.
///
/// ```text
/// Head ── request with a body ──▶ Body ── done ──▶ Head
///  ├───── something is to be found out ──▶ Waiting ── found ──▶ any of the others
///  ├───── an upstream serves it ──▶ Relayed ── answered ──▶ Head or Closing
///  ├───── the application serves it ──▶ Application ── answered, closed ──▶ Head or Closing
///  ├───── an application's hold ▶ OnHold ── answered, or ended ──▶ Head or Closing
///  ├───── subscription ─────────▶ Subscribed ── end of the transport ──▶ Head or Closing
///  ├───── preface of HTTP/2 ────▶ Session ── its end ──▶ Closing
///  └───── refusal, close ───────▶ Closing ── peer's end, or time limit ──▶ (closed)
/// ```
#[derive(Debug)]
pub(crate) enum State {
    /// Idle, or in the middle of a request's head.
    Head,
    /// In the middle of a request's body.
    Body(Box<Upload>),
    /// Parked until something is found out about its request.
    Waiting(Box<Waiting>),
    /// An upstream serves its request.
    Relayed(Box<Relayed>),
    /// Parked: it gets what is published.
    Subscribed(Subscribed),
    /// The application has its request, or the connection that this became.
    Application(Box<Served>),
    /// Parked: an application behind `proxy_pass` has it held.
    Held(Box<OnHold>),
    /// Its socket speaks HTTP/2: requests are connections of their own.
    Session(Box<Session>),
    /// The last answer is on its way or gone; what the peer still sends is dropped.
    Closing {
        /// The writing side is shut: only the peer's end is awaited.
        shut: bool,
        /// How long that may take at most, from `Connection::since`.
        linger: std::time::Duration,
    },
}

/// What happens when the body is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// The request is served with it.
    Serve,
    /// The request is handed to an upstream with it, or before it is complete.
    Relay,
    /// Nothing: the answer is out, the body was only read to get past it.
    Nothing,
}

/// A request whose body is arriving.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) exchange: Box<Exchange>,
    pub(crate) reader: BodyReader,
    pub(crate) body: Vec<u8>,
    pub(crate) after: After,
    /// When something arrived last.
    pub(crate) progress: Tick,
}

/// How a request goes on when its errand has ended.
#[derive(Debug)]
pub(crate) enum Then {
    /// Where it stopped: [`Exchange::settle`].
    Settle,
    /// This message is published, or what the application says instead.
    Publish(Vec<u8>),
    /// A WebSocket is opened, if the application accepts it.
    Open(Box<Opening>),
}

/// A WebSocket that an application may accept.
#[derive(Debug)]
pub(crate) struct Opening {
    /// The answer to the handshake.
    pub(crate) answer: Answer,
    pub(crate) socket: Box<Socket>,
}

/// A request that cannot go on before an errand ends.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) exchange: Box<Exchange>,
    /// How it goes on then.
    pub(crate) then: Then,
    /// Which errand: what another one finds is not for this request.
    pub(crate) errand: u32,
    /// When it ends by itself.
    pub(crate) due: Tick,
    /// What is found then.
    pub(crate) expiry: Finding,
    /// Dropped with the request: nobody needs to do what nobody waits for.
    pub(crate) _wanted: Arc<()>,
}

/// A request that an upstream serves. What is known of it is there, with its connection.
#[derive(Debug)]
pub(crate) struct Relayed {
    pub(crate) upstream: UpstreamKey,
    /// Reads the rest of the request's body.
    pub(crate) reader: BodyReader,
    /// The body goes on in chunks.
    pub(crate) chunks: bool,
    /// It is no request any more: both sides talk as they like.
    pub(crate) tunnel: bool,
    /// The upstream takes no more for now.
    pub(crate) full: bool,
    /// When something arrived last.
    pub(crate) progress: Tick,
}

impl Relayed {
    /// Whether the upstream is to get what the client sends, and can take it.
    pub(crate) fn takes_input(&self) -> bool {
        !self.full && (self.tunnel || !self.reader.is_done())
    }
}

/// How a subscription ends and what its client may say.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Streaming and event source.
    Stream,
    /// A long-poll that waits for its answer.
    LongPoll,
    /// A WebSocket; the decoder holds memory only while a frame or message is incomplete.
    WebSocket(Decoder),
}

/// A parked subscriber.
#[derive(Debug)]
pub(crate) struct Subscribed {
    pub(crate) subscriber: SubscriberKey,
    pub(crate) kind: Kind,
    pub(crate) transport: Transport,
    /// Of a long-poll's answer, when that is made.
    pub(crate) status: u16,
    pub(crate) settings: Arc<LocationSettings>,
    /// What happens to messages that the socket does not take in time.
    pub(crate) policy: SubscriberPolicy,
    /// When it ends, if it has a time limit.
    pub(crate) ends: Option<Tick>,
    /// Whether the connection is used again afterwards.
    pub(crate) keep_alive: bool,
    /// The request, where it is to be logged at the end or hooks tell of it.
    pub(crate) logged: Option<Box<Logged>>,
}

/// What the access log wants to know of a subscription when that ends.
#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) exchange: Box<Exchange>,
    /// Head of the answer; empty until a long-poll is answered.
    pub(crate) head: Vec<u8>,
    /// Bytes of earlier answers that were sent in one piece with the head.
    pub(crate) earlier: u64,
    /// Messages of a WebSocket that the application has not judged yet.
    pub(crate) unjudged: Option<Box<Unjudged>>,
}

/// Messages of a WebSocket that wait for what the application says about them, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Unjudged {
    /// The errand of the message that it is asked about.
    pub(crate) errand: u32,
    /// That message.
    pub(crate) asked: Option<Said>,
    /// Those behind it.
    pub(crate) queue: VecDeque<Said>,
    /// The client has closed: so does the server, behind the last of them.
    pub(crate) closing: bool,
}

/// What a WebSocket client said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) text: Vec<u8>,
    pub(crate) binary: bool,
}

impl Subscribed {
    /// How long it may be silent before it gets a ping.
    pub(crate) fn ping_interval(&self) -> Option<std::time::Duration> {
        let push = &self.settings.push;
        match (&push.relay, self.transport) {
            (None, _) => push.ping_message_interval,
            (Some(relay), Transport::WebSocket) => relay.websocket_ping_interval,
            (Some(relay), Transport::EventSource) => relay.event_source_ping_interval,
            (Some(_), Transport::Streaming | Transport::LongPolling | Transport::Polling) => None,
        }
    }

    /// Whether that errand is about what its client has said.
    pub(crate) fn asks(&self, errand: u32) -> bool {
        let unjudged = self.logged.as_ref().and_then(|logged| logged.unjudged.as_ref());
        unjudged.is_some_and(|unjudged| unjudged.asked.is_some() && unjudged.errand == errand)
    }

    /// Whether what its client has said waits for the application.
    pub(crate) fn is_judged(&self) -> bool {
        let unjudged = self.logged.as_ref().and_then(|logged| logged.unjudged.as_ref());
        unjudged.is_some_and(|unjudged| unjudged.asked.is_some())
    }

    /// A long-poll is answered: keeps the head of the answer for the access log.
    pub(crate) fn keep_head(&mut self, answer: &[u8]) {
        if let Some(logged) = &mut self.logged
            && logged.head.is_empty()
        {
            logged.head = head_of(answer).to_vec();
        }
    }
}

/// The head of an answer, with the empty line.
pub(crate) fn head_of(answer: &[u8]) -> &[u8] {
    let end = memchr::memmem::find(answer, b"\r\n\r\n").map_or(answer.len(), |at| at + 4);
    &answer[..end]
}
