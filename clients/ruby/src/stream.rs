//! `Outpour::Stream`: what a body writes itself into, piece by piece.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use magnus::typed_data::Obj;
use magnus::{Class, Error, Module, RModule, RString, Ruby, Value, method};
use outpour_server::application::{Body, BodyWriter, Responder, Response};

use crate::{gvl, text};

/// How long a thread that waits for a slow client does not look at Ruby's interrupts.
const PATIENCE: Duration = Duration::from_millis(100);

/// The writing end of an answer.
#[magnus::wrap(class = "Outpour::Stream", size, free_immediately)]
pub(crate) struct Stream(Mutex<State>);

enum State {
    /// Nothing is sent.
    Head(Box<(Responder, Response)>),
    /// The head is out.
    Open(BodyWriter),
    /// It has ended, by itself or by the client.
    Closed,
}

impl Stream {
    pub(crate) fn new(responder: Responder, response: Response) -> Self {
        Self(Mutex::new(State::Head(Box::new((responder, response)))))
    }

    /// Sends the head, if it is not out yet.
    pub(crate) fn open(&self) {
        self.lock().open();
    }

    /// The answer is complete.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        match std::mem::replace(&mut *state, State::Closed) {
            State::Head(head) => head.0.respond(head.1),
            State::Open(writer) => drop(writer),
            State::Closed => {}
        }
    }

    /// The answer is broken off: 500 if nothing was sent (so does a responder that is dropped).
    pub(crate) fn abort(&self) {
        let mut state = self.lock();
        match std::mem::replace(&mut *state, State::Closed) {
            State::Open(writer) => writer.abort(),
            State::Head(_) | State::Closed => {}
        }
    }

    /// Writes all of `part`, waiting for the client without Ruby's lock; false if it has gone.
    fn push(ruby: &Ruby, stream: &Self, part: Value) -> Result<bool, Error> {
        let bytes = text::bytes(text::string(ruby, part)?);
        let mut state = match stream.0.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(state)) => state.into_inner(),
            Err(TryLockError::WouldBlock) => {
                let text = "another thread is writing to this stream";
                return Err(Error::new(ruby.exception_io_error(), text));
            }
        };
        state.open();
        let State::Open(writer) = &mut *state else { return Ok(false) };
        match write(ruby, writer, &bytes)? {
            Ok(()) => Ok(true),
            Err(_) => {
                *state = State::Closed;
                Ok(false)
            }
        }
    }

    fn write(ruby: &Ruby, stream: &Self, part: Value) -> Result<usize, Error> {
        let length = RString::from_value(part).map_or(0, RString::len);
        match Self::push(ruby, stream, part)? {
            true => Ok(length),
            false => Err(Error::new(ruby.exception_io_error(), "closed stream")),
        }
    }

    fn append(ruby: &Ruby, stream: Obj<Self>, part: Value) -> Result<Obj<Self>, Error> {
        Self::write(ruby, &stream, part).map(|_| stream)
    }

    fn flush(stream: Obj<Self>) -> Obj<Self> {
        stream
    }

    fn is_closed(&self) -> bool {
        match &*self.lock() {
            State::Head(_) => false,
            State::Open(writer) => writer.is_closed(),
            State::Closed => true,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn open(&mut self) {
        *self = match std::mem::replace(self, Self::Closed) {
            Self::Head(head) => {
                let (writer, body) = Body::channel();
                let (responder, response) = *head;
                responder.respond(response.body(body));
                Self::Open(writer)
            }
            state @ (Self::Open(_) | Self::Closed) => state,
        };
    }
}

/// The outer error is Ruby's (a signal, a `kill`), the inner one the client's.
fn write(ruby: &Ruby, writer: &mut BodyWriter, mut bytes: &[u8]) -> Result<io::Result<()>, Error> {
    while !bytes.is_empty() {
        let taken = match writer.try_write(bytes) {
            Ok(taken) => taken,
            Err(error) => return Ok(Err(error)),
        };
        bytes = &bytes[taken..];
        if taken == 0 {
            let writer = &*writer;
            let waited = gvl::without_gvl(|| writer.wait_for_room(PATIENCE), &|| ());
            if let Some(Err(error)) = waited {
                return Ok(Err(error));
            }
            ruby.thread_check_ints()?;
        }
    }
    Ok(Ok(()))
}

/// Defines the class.
///
/// # Errors
/// Ruby has no memory left.
pub(crate) fn define(ruby: &Ruby, outpour: RModule) -> Result<(), Error> {
    let class = outpour.define_class("Stream", ruby.class_object())?;
    class.undef_default_alloc_func();
    class.define_method("push", method!(Stream::push, 1))?;
    class.define_method("write", method!(Stream::write, 1))?;
    class.define_method("<<", method!(Stream::append, 1))?;
    class.define_method("flush", method!(Stream::flush, 0))?;
    class.define_method("close", method!(Stream::end, 0))?;
    class.define_method("close_write", method!(Stream::end, 0))?;
    class.define_method("closed?", method!(Stream::is_closed, 0))?;
    Ok(())
}
