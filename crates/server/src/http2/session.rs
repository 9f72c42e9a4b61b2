//! What the connection of a socket does once it speaks HTTP/2.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::server::{Builder, Connection, Handshake, SendResponse};
use h2::{Reason, RecvStream};
use outpour_core::now::Tick;
use outpour_core::settings::{Http2, ServerSettings};
use outpour_core::wire::http2::Budget;

use super::Wire;
use super::stream::Carried;
use crate::connection::ConnectionKey;

/// Bytes of one answer that h2 keeps until they are sent: what does not fit waits with everybody
/// else's, under the rules for slow subscribers.
const SEND_BUFFER: usize = 64 * 1024;

/// Largest window of flow control.
const WINDOW_MAX: u32 = 0x7fff_ffff;

/// An HTTP/2 connection.
pub(crate) struct Session {
    machine: Machine,
    wire: Wire,
    bell: Waker,
    /// The requests under way.
    pub(crate) streams: Vec<ConnectionKey>,
    pub(crate) budget: Budget,
    /// When something was sent last.
    pub(crate) progress: Tick,
    pub(super) chunk_size: usize,
    pub(super) carried: Carried,
    /// No further requests are wanted.
    draining: bool,
}

enum Machine {
    /// The client's preface is awaited.
    Greeting(Handshake<Wire, Bytes>),
    Open(Connection<Wire, Bytes>),
    Over,
}

/// What a session came to.
#[expect(clippy::large_enum_variant, reason = "it is matched as soon as it is made")]
pub(crate) enum Progress {
    /// More bytes are needed, or room for some.
    Waits,
    /// A request has come.
    Request(http::Request<RecvStream>, SendResponse<Bytes>),
    /// It is over; why, if it was not for good.
    Over(Option<h2::Error>),
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("streams", &self.streams).finish_non_exhaustive()
    }
}

impl Session {
    pub(crate) fn new(settings: &Http2, limits: &ServerSettings, bell: Waker, now: Tick) -> Self {
        let wire = Wire::default();
        Self {
            machine: Machine::Greeting(builder(settings, limits).handshake(wire.clone())),
            wire,
            bell,
            streams: Vec::new(),
            budget: Budget::new(now),
            progress: now,
            chunk_size: settings.chunk_size,
            carried: Carried::default(),
            draining: false,
        }
    }

    /// Bytes from the socket.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.wire.feed(bytes);
        self.budget.carry(self.carried.take());
        if !self.budget.receive(bytes.len()) {
            self.abort(Reason::ENHANCE_YOUR_CALM);
        }
    }

    /// Whether bytes are left that were not looked at.
    pub(crate) fn has_input(&self) -> bool {
        self.wire.has_input()
    }

    /// Goes on as far as bytes and room allow.
    pub(crate) fn poll(&mut self) -> Progress {
        let mut context = Context::from_waker(&self.bell);
        if let Machine::Greeting(handshake) = &mut self.machine {
            match Pin::new(handshake).poll(&mut context) {
                Poll::Pending => return Progress::Waits,
                Poll::Ready(Err(error)) => return self.over(Some(error)),
                Poll::Ready(Ok(connection)) => self.machine = Machine::Open(connection),
            }
        }
        let Machine::Open(connection) = &mut self.machine else { return Progress::Over(None) };
        match connection.poll_accept(&mut context) {
            Poll::Pending => Progress::Waits,
            Poll::Ready(Some(Ok((request, respond)))) => Progress::Request(request, respond),
            Poll::Ready(Some(Err(error))) => self.over(Some(error)),
            Poll::Ready(None) => self.over(None),
        }
    }

    fn over(&mut self, error: Option<h2::Error>) -> Progress {
        self.machine = Machine::Over;
        Progress::Over(error)
    }

    /// Bytes for the socket.
    pub(crate) fn take_output(&mut self) -> Vec<u8> {
        self.wire.take_output()
    }

    /// Tells whether the socket takes no more; true if there is more to write.
    pub(crate) fn set_blocked(&mut self, blocked: bool) -> bool {
        self.wire.set_blocked(blocked);
        self.wire.take_wanting() && !blocked
    }

    /// Whether the preface is still awaited.
    pub(crate) fn is_greeting(&self) -> bool {
        matches!(self.machine, Machine::Greeting(_))
    }

    /// Whether answers are on their way, or requests under way.
    pub(crate) fn is_busy(&self) -> bool {
        let pending =
            matches!(&self.machine, Machine::Open(connection) if connection.has_streams());
        pending || !self.streams.is_empty()
    }

    /// Tells the client to ask elsewhere from now on; what is under way goes on.
    pub(crate) fn drain(&mut self) {
        if let Machine::Open(connection) = &mut self.machine
            && !self.draining
        {
            self.draining = true;
            connection.graceful_shutdown();
            self.bell.wake_by_ref();
        }
    }

    /// Whether the client was told to ask elsewhere.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining
    }

    /// Tells the client that the connection ends, and why.
    pub(crate) fn abort(&mut self, reason: Reason) {
        if let Machine::Open(connection) = &mut self.machine {
            connection.abrupt_shutdown(reason);
            self.bell.wake_by_ref();
        }
    }
}

fn builder(settings: &Http2, limits: &ServerSettings) -> Builder {
    let streams = settings.max_concurrent_streams;
    // Each stream may fill its window without taking anything from the others.
    let window = streams.saturating_mul(settings.body_preread_size).min(WINDOW_MAX);
    let (number, size) = limits.large_client_header_buffers;
    let head = number.saturating_mul(size).max(limits.client_header_buffer_size);
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(streams)
        .initial_window_size(settings.body_preread_size)
        .initial_connection_window_size(window)
        .max_header_list_size(u32::try_from(head).unwrap_or(u32::MAX))
        .max_send_buffer_size(SEND_BUFFER)
        .enable_connect_protocol();
    builder
}
