//! A connection: one socket, one owner, one way out.

mod held;
mod output;
mod served;
mod socket;
mod state;
mod stream;
mod tls;

use std::cell::OnceCell;
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use mio::{Interest, Registry, Token};
use outpour_core::hub::Frame;
use outpour_core::now::Tick;
use outpour_core::settings::LocationSettings;

use crate::counters::Occupation;
use crate::exchange::FileBody;
use crate::listener::Door;
pub(crate) use held::{Hold, OnHold, Socket as HeldSocket, Stream as HeldStream};
pub(crate) use output::{Flushed, Output};
pub(crate) use served::{Accounted, Asked, Held, HeldPlace, Overdue, Served, Streaming, Upgraded};
pub(crate) use socket::Socket;
pub(crate) use state::{
    After, Kind, Logged, Opening, Relayed, Said, State, Subscribed, Then, Upload, Waiting, head_of,
};
pub(crate) use stream::Stream;
pub(crate) use tls::TlsStream;

/// Which connection of the worker. The generation keeps a late event or timer from reaching the
/// next connection in the same slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ConnectionKey {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Everything was said, and one side wished to close.
    Done,
    /// The peer closed, or the socket failed.
    PeerGone,
    /// A time limit passed.
    TimedOut,
    /// More bytes wait for a subscriber than it may have.
    TooSlow,
    /// The server ends.
    Drained,
}

/// How a write went.
#[derive(Debug)]
pub(crate) enum Sent {
    /// The socket took all of it.
    All,
    /// Some of it waits for the socket.
    Waiting,
}

/// A client's connection.
///
/// What the fan-out looks at comes first, in one line of the cache: it comes past very many of
/// them, each of which it finds cold.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Connection {
    pub(crate) stream: Stream,
    /// Bytes that the socket has not taken yet.
    pub(crate) output: Option<Box<Output>>,
    /// Bytes handed to the socket for the present request.
    pub(crate) bytes_sent: u64,
    pub(crate) generation: u32,
    /// Messages for this subscriber are kept apart, because its policy may drop some.
    pub(crate) apart: bool,
    /// Part of a head has arrived: its time limit runs.
    pub(crate) head_begun: bool,
    /// The peer will send nothing more.
    pub(crate) input_ended: bool,
    /// The socket may hold bytes that were not read, and no event will tell.
    pub(crate) unread: bool,
    /// `input` may hold a whole request that waits until earlier answers are sent.
    pub(crate) held: bool,
    /// Under what it is counted.
    pub(crate) occupation: Option<Occupation>,
    /// Requests so far.
    pub(crate) requests: u32,
    pub(crate) state: State,
    /// Settings of the last request: they govern the time between requests and slow answers.
    pub(crate) settings: Option<Arc<LocationSettings>>,
    /// The listener that it came through.
    pub(crate) door: Rc<Door>,
    /// Number over the whole server.
    pub(crate) serial: u64,
    /// Bytes of the present request's head.
    pub(crate) request_length: u64,
    /// Bytes that have arrived and wait their turn; empty, without memory, most of the time.
    pub(crate) input: Vec<u8>,
    pub(crate) accepted: Tick,
    /// When the present phase began.
    pub(crate) since: Tick,
    /// The deadline under which the timer wheel knows this connection.
    pub(crate) filed: Tick,
    /// Seconds after which the kernel gives the peer up; 0: it decides by itself.
    patience: u32,
    pub(crate) remote: Option<SocketAddr>,
    /// See [`Connection::local`].
    local: OnceCell<Option<Box<SocketAddr>>>,
}

impl Connection {
    pub(crate) fn new(
        stream: Stream,
        remote: Option<SocketAddr>,
        door: Rc<Door>,
        serial: u64,
        generation: u32,
        now: Tick,
    ) -> Self {
        Self {
            stream,
            remote,
            local: OnceCell::new(),
            settings: None,
            door,
            serial,
            generation,
            apart: false,
            requests: 0,
            request_length: 0,
            input: Vec::new(),
            output: None,
            bytes_sent: 0,
            accepted: now,
            patience: 0,
            since: now,
            filed: Tick(u64::MAX),
            state: State::Head,
            head_begun: false,
            input_ended: false,
            unread: false,
            held: false,
            occupation: None,
        }
    }

    /// The local address of a TCP connection: asked of the kernel once, not for each request.
    pub(crate) fn local(&self) -> Option<SocketAddr> {
        self.local.get_or_init(|| self.stream.local().map(Box::new)).as_deref().copied()
    }

    /// Goes by these settings from here on: as a rule those of the request before.
    pub(crate) fn adopt(&mut self, settings: &Arc<LocationSettings>) {
        if !self.settings.as_ref().is_some_and(|known| Arc::ptr_eq(known, settings)) {
            self.settings = Some(Arc::clone(settings));
        }
    }

    /// See [`Socket::give_up_after`]: told to the kernel once, not with every long-poll of the
    /// connection. Counted in seconds, rounded up.
    pub(crate) fn give_up_after(&mut self, patience: Duration) {
        let seconds = u32::try_from(patience.as_millis().div_ceil(1000)).unwrap_or(u32::MAX);
        if self.patience != seconds {
            self.patience = seconds;
            self.stream.give_up_after(Duration::from_secs(u64::from(seconds)));
        }
    }

    /// What is known of it where it is held for an application.
    pub(crate) fn held(&self) -> Option<&OnHold> {
        match &self.state {
            State::Held(held) => Some(held),
            State::Head
            | State::Body(_)
            | State::Waiting(_)
            | State::Relayed(_)
            | State::Subscribed(_)
            | State::Application(_)
            | State::Session(_)
            | State::Closing { .. } => None,
        }
    }

    /// Writes `piece`, or queues it behind what waits already.
    ///
    /// # Errors
    /// The socket failed: the connection has to be closed.
    pub(crate) fn send(
        &mut self,
        piece: &Rc<[u8]>,
        registry: &Registry,
        token: Token,
        now: Tick,
    ) -> io::Result<Sent> {
        let keep = |output: &mut Output, taken| output.push(Rc::clone(piece), taken);
        self.send_with(piece, keep, registry, token, now)
    }

    /// The same for bytes that nobody shares: copied only if the socket does not take them all.
    pub(crate) fn send_bytes(
        &mut self,
        bytes: &[u8],
        registry: &Registry,
        token: Token,
        now: Tick,
    ) -> io::Result<Sent> {
        let keep = |output: &mut Output, taken| output.push(Rc::from(&bytes[taken..]), 0);
        self.send_with(bytes, keep, registry, token, now)
    }

    /// The same for messages, which are kept apart where the subscriber's policy may drop some.
    pub(crate) fn send_messages(
        &mut self,
        frame: &Frame,
        registry: &Registry,
        token: Token,
        now: Tick,
    ) -> io::Result<Sent> {
        let apart = self.apart;
        let keep = |output: &mut Output, taken| match apart {
            true => output.push_messages(frame, taken),
            false => output.push(Rc::clone(&frame.bytes), taken),
        };
        self.send_with(&frame.bytes, keep, registry, token, now)
    }

    /// `keep` queues what stands behind the bytes that the socket took.
    fn send_with(
        &mut self,
        bytes: &[u8],
        keep: impl FnOnce(&mut Output, usize),
        registry: &Registry,
        token: Token,
        now: Tick,
    ) -> io::Result<Sent> {
        self.bytes_sent += bytes.len() as u64;
        if let Some(output) = &mut self.output {
            keep(output, 0);
            return Ok(Sent::Waiting);
        }
        let taken = write_some(&mut self.stream, bytes)?;
        if taken == bytes.len() {
            return Ok(Sent::All);
        }
        let counters = Arc::clone(&self.door.counters);
        let mut output = Box::new(Output::new(now, counters));
        keep(&mut output, taken);
        self.output = Some(output);
        self.stream_interest(registry, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Sent::Waiting)
    }

    /// Sends a file behind what waits already.
    ///
    /// # Errors
    /// The socket or the file failed: the connection has to be closed.
    pub(crate) fn send_file(
        &mut self,
        file: FileBody,
        registry: &Registry,
        token: Token,
        now: Tick,
    ) -> io::Result<Flushed> {
        if let Some(output) = &mut self.output {
            output.follow(file);
            return Ok(Flushed::Blocked);
        }
        let mut output = Output::of_file(file, now, Arc::clone(&self.door.counters));
        let flushed = output.flush(&mut self.stream, now)?;
        if flushed != Flushed::All {
            self.output = Some(Box::new(output));
            self.stream_interest(registry, token, Interest::READABLE | Interest::WRITABLE)?;
        }
        Ok(flushed)
    }

    /// The socket takes bytes again.
    ///
    /// # Errors
    /// The socket failed: the connection has to be closed.
    pub(crate) fn flush(
        &mut self,
        registry: &Registry,
        token: Token,
        now: Tick,
    ) -> io::Result<Flushed> {
        let Some(output) = &mut self.output else { return Ok(Flushed::All) };
        let flushed = output.flush(&mut self.stream, now)?;
        if flushed != Flushed::All {
            return Ok(flushed);
        }
        self.output = None;
        self.stream_interest(registry, token, Interest::READABLE)?;
        Ok(Flushed::All)
    }

    fn stream_interest(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        registry.reregister(&mut self.stream, token, interest)
    }
}

/// Writes once; how much was taken, 0 if the socket takes nothing at the moment.
fn write_some(stream: &mut Stream, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match stream.write(bytes) {
            Ok(taken) => return Ok(taken),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::mem::{align_of, offset_of, size_of};

    use super::*;

    #[test]
    fn what_the_fan_out_needs_is_in_one_line_of_the_cache() {
        assert_eq!(align_of::<Connection>(), 64);
        assert!(offset_of!(Connection, state) <= 64);
        // A slab knows vacant places by a value that no connection has.
        assert_eq!(size_of::<Option<Connection>>(), size_of::<Connection>());
        assert!(size_of::<Connection>() <= 320, "{} bytes", size_of::<Connection>());
    }
}
