//! One HTTP/2 connection.

use std::{
    cell::{Cell, RefCell},
    fmt,
    future::Future,
    io,
    ops::Range,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};

use super::{Bells, Wire, wire::Meter};
use crate::generator::link::Link;

/// The largest window of flow control: the generator never holds a server back by it.
const WINDOW: u32 = 0x7fff_ffff;

/// The connection before its preface is sent.
type Greeting = Pin<Box<dyn Future<Output = Result<Opened, h2::Error>>>>;

/// Both halves of an open connection.
type Opened = (SendRequest<Bytes>, Connection<Wire, Bytes>);

/// A connection whose streams belong to members.
pub(super) struct Session {
    machine: Machine,
    bell: Waker,
    bells: Bells,
    /// Whose streams it has.
    members: Range<usize>,
    shared: Rc<Shared>,
}

/// How far it is.
enum Machine {
    Greeting(Greeting),
    Open(Box<Connection<Wire, Bytes>>),
    Over,
}

/// What the streams of a session know of it.
#[derive(Default)]
pub(super) struct Shared {
    /// Takes requests, once the connection is there.
    sender: RefCell<Option<SendRequest<Bytes>>>,
    meter: Rc<Meter>,
    /// It takes no more requests.
    closed: Cell<bool>,
    /// Why it is over.
    failure: RefCell<Option<String>>,
    /// What the server has sent is not HTTP/2: no other connection would fare better.
    is_foreign: Cell<bool>,
    /// Whether a stream waits for it to be there.
    awaited: Cell<bool>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("members", &self.members).finish_non_exhaustive()
    }
}

impl Session {
    /// Before anything is sent.
    pub(super) fn new(link: Link, bells: Bells, token: usize, members: Range<usize>) -> Self {
        let shared = Rc::new(Shared::default());
        let wire = Wire::new(link, Rc::clone(&shared.meter));
        let mut builder = Builder::new();
        builder
            .enable_push(false)
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            // A message is a frame, and there is no end to them.
            .data_frame_budget(usize::MAX);
        let greeting: Greeting = Box::pin(builder.handshake(wire));
        let bell = bells.bell(token);
        Self { machine: Machine::Greeting(greeting), bell, bells, members, shared }
    }

    /// What its streams need.
    pub(super) fn shared(&self) -> Rc<Shared> {
        Rc::clone(&self.shared)
    }

    /// Whether another request may be sent on it.
    pub(super) fn takes_requests(&self) -> bool {
        !self.shared.closed.get()
    }

    /// Goes on as far as bytes and room allow.
    pub(super) fn go_on(&mut self) {
        self.shared.meter.begin();
        let mut context = Context::from_waker(&self.bell);
        if let Machine::Greeting(greeting) = &mut self.machine {
            match greeting.as_mut().poll(&mut context) {
                Poll::Pending => return,
                Poll::Ready(Err(error)) => return self.end(Some(&error)),
                Poll::Ready(Ok((sender, connection))) => {
                    self.machine = Machine::Open(Box::new(connection));
                    self.shared.sender.replace(Some(sender));
                }
            }
        }
        let Machine::Open(connection) = &mut self.machine else { return };
        match Pin::new(&mut **connection).poll(&mut context) {
            Poll::Ready(result) => self.end(result.err().as_ref()),
            Poll::Pending if self.shared.awaited.take() => self.ring_all(),
            Poll::Pending => {}
        }
    }

    /// The connection is over; everybody on it has to hear of that.
    fn end(&mut self, error: Option<&h2::Error>) {
        self.machine = Machine::Over;
        self.shared.fail(error);
        self.ring_all();
    }

    /// Has all members looked at.
    fn ring_all(&self) {
        for member in self.members.clone() {
            self.bells.ring(member);
        }
    }
}

impl Shared {
    /// What takes a request; `None` if the connection is not there yet, and the bell of every
    /// member rings when it is. An extended CONNECT has to wait for the server's settings.
    ///
    /// # Errors
    /// If the connection is over, or the server does not take an extended CONNECT.
    pub(super) fn sender(&self, extended: bool) -> io::Result<Option<SendRequest<Bytes>>> {
        if let Some(why) = &*self.failure.borrow() {
            return Err(io::Error::other(format!("HTTP/2: {why}")));
        }
        let sender = self.sender.borrow().clone();
        let Some(sender) = sender.filter(|_| !extended || self.meter.has_heard()) else {
            self.awaited.set(true);
            return Ok(None);
        };
        if extended && !sender.is_extended_connect_protocol_enabled() {
            let text = "the server takes no WebSocket over HTTP/2 (RFC 8441)";
            return Err(io::Error::other(text));
        }
        Ok(Some(sender))
    }

    /// Notes why the connection is over. A stream may hear of that first.
    pub(super) fn fail(&self, error: Option<&h2::Error>) {
        let foreign = error.is_some_and(|error| !error.is_io() && !error.is_remote());
        let why = match error {
            None => "the server has closed it".to_owned(),
            Some(error) if foreign => format!("what the server says is not HTTP/2 ({error})"),
            Some(error) => error.to_string(),
        };
        self.closed.set(true);
        if !self.is_foreign.get() {
            self.is_foreign.set(foreign);
            self.failure.replace(Some(why));
        }
    }

    /// Why no other connection would fare better, if that is so.
    pub(super) fn hopelessness(&self) -> Option<String> {
        self.failure.borrow().clone().filter(|_| self.is_foreign.get())
    }

    /// Notes that the server wants further requests on another connection.
    pub(super) fn close(&self) {
        self.closed.set(true);
    }

    /// Whether it takes no more requests.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.get()
    }
}
