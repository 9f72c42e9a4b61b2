//! A stream with the manners of an HTTP/1.1 connection.

use std::{
    fmt, io,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use bytes::{Buf, Bytes};
use h2::{RecvStream, SendStream, client::ResponseFuture};

use super::{
    head::{request, status_line},
    session::Shared,
};
use crate::generator::link::Input;

/// What a member has instead of a connection: a request written to it is sent on a new stream, its
/// answer is read as a head of HTTP/1.1 and then the data without chunks, up to the close.
pub(in crate::generator) struct Stream {
    shared: Rc<Shared>,
    encrypted: bool,
    bell: Waker,
    state: State,
    /// Bytes of the answer that the last read had no room for.
    rest: Bytes,
}

/// How far the request is.
enum State {
    /// None was sent.
    Idle,
    /// The head of the answer is awaited. A WebSocket's own direction has to stay open.
    Asked(ResponseFuture, SendStream<Bytes>),
    /// The rest of it is.
    Answered(RecvStream, SendStream<Bytes>),
    /// The answer is over.
    Over,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("rest", &self.rest.len()).finish_non_exhaustive()
    }
}

impl Stream {
    /// A stream of a session.
    pub(super) fn new(shared: Rc<Shared>, encrypted: bool, bell: Waker) -> Self {
        Self { shared, encrypted, bell, state: State::Idle, rest: Bytes::new() }
    }

    /// Sends a whole request without a body, or nothing of it yet: the bell rings then.
    ///
    /// # Errors
    /// If the connection is refused or broken, or cannot take such a request.
    pub(in crate::generator) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let request = request(bytes, self.encrypted)?;
        let extended = request.method() == http::Method::CONNECT;
        if self.shared.is_closed() && !matches!(self.state, State::Idle) {
            // Reading tells that this one is closed, and the next is on another connection.
            return Ok(self.retire());
        }
        let Some(mut sender) = self.shared.sender(extended)? else { return Ok(0) };
        let (answer, body) = match sender.send_request(request, !extended) {
            Ok(sent) => sent,
            Err(error) if error.is_go_away() => return Ok(self.retire()),
            Err(error) => return Err(io::Error::other(error)),
        };
        self.state = State::Asked(answer, body);
        // h2 rings only for answers that were asked for once.
        self.bell.wake_by_ref();
        Ok(bytes.len())
    }

    /// Why no other connection to this server would fare better, if that is so.
    pub(in crate::generator) fn hopelessness(&self) -> Option<String> {
        self.shared.hopelessness()
    }

    /// Gives way to a stream of another connection.
    fn retire(&mut self) -> usize {
        self.shared.close();
        self.state = State::Over;
        self.bell.wake_by_ref();
        0
    }

    /// Reads what there is and fits, as from a link.
    pub(in crate::generator) fn read(&mut self, buffer: &mut [u8]) -> Input {
        let mut count = 0;
        loop {
            let room = buffer.get_mut(count..).unwrap_or_default();
            let size = self.rest.len().min(room.len());
            if size > 0 {
                self.rest.copy_to_slice(room.get_mut(..size).unwrap_or_default());
                count += size;
            }
            if count == buffer.len() {
                return Input::More(count);
            }
            match self.advance() {
                Poll::Ready(true) => {}
                Poll::Ready(false) if count == 0 => return Input::Closed,
                Poll::Ready(false) => return Input::More(count),
                Poll::Pending => return Input::Drained(count),
            }
        }
    }

    /// Takes the next piece of the answer; false at its end.
    fn advance(&mut self) -> Poll<bool> {
        let mut context = Context::from_waker(&self.bell);
        match std::mem::replace(&mut self.state, State::Over) {
            State::Idle => {
                self.state = State::Idle;
                if self.shared.is_closed() { Poll::Ready(false) } else { Poll::Pending }
            }
            State::Asked(mut answer, body) => {
                match std::pin::Pin::new(&mut answer).poll(&mut context) {
                    Poll::Pending => {
                        self.state = State::Asked(answer, body);
                        Poll::Pending
                    }
                    Poll::Ready(Err(error)) => {
                        if error.is_go_away() && error.is_library() {
                            self.shared.fail(Some(&error));
                        }
                        Poll::Ready(false)
                    }
                    Poll::Ready(Ok(response)) => {
                        self.rest = status_line(&response).into();
                        self.state = State::Answered(response.into_body(), body);
                        Poll::Ready(true)
                    }
                }
            }
            State::Answered(mut data, body) => {
                let polled = data.poll_data(&mut context);
                if let Poll::Ready(Some(Ok(bytes))) = polled {
                    let released = data.flow_control().release_capacity(bytes.len());
                    self.rest = bytes;
                    self.state = State::Answered(data, body);
                    return Poll::Ready(released.is_ok());
                }
                if polled.is_pending() {
                    self.state = State::Answered(data, body);
                    return Poll::Pending;
                }
                Poll::Ready(false)
            }
            State::Over => Poll::Ready(false),
        }
    }
}
