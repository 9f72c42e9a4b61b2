//! A request of an HTTP/2 connection, with the semantics of a socket.

use std::cell::Cell;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::Response;
use outpour_core::now::Tick;
use outpour_core::wire::chunked;
use outpour_core::wire::http2::split_head;

use super::Session;
use super::response::response;
use crate::connection::ConnectionKey;

/// Bytes of an answer's head that may come in pieces.
const HEAD_MAX: usize = 256 * 1024;

/// Room for what stands around the data of a chunk.
const CHUNK_FRAME: usize = 32;

/// One request: reads are its body, writes its answer.
///
/// What comes out of it is HTTP/1 as [`outpour_core::wire::http1`] reads it: a body without a
/// length comes in chunks. What goes into it is HTTP/1 as that module writes it for HTTP/2: a
/// head, then data without chunks. Both block where the client's flow control says so.
pub(crate) struct Http2Stream {
    /// The connection that it belongs to.
    pub(crate) session: ConnectionKey,
    /// When the request came.
    pub(crate) began: Tick,
    body: RecvStream,
    /// Data of the body that nobody has read.
    data: Bytes,
    framing: Framing,
    answer: Answer,
    /// The request was `HEAD`.
    head_only: bool,
    /// Largest piece of data in one frame.
    chunk_size: usize,
    /// Counts what the session carries.
    carried: Carried,
    /// Rings when there is something to read, room to write, or a reset.
    bell: Waker,
    holds_input: bool,
}

/// Bytes of bodies and answers that the requests of a session carried and nobody has looked at.
pub(super) type Carried = Rc<Cell<u64>>;

/// How the end of the body is told to readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// They know the length, or it is a WebSocket.
    Raw,
    /// By the last chunk.
    Chunks,
    /// It was told.
    Told,
}

/// How far the answer has come.
enum Answer {
    /// Its head is not complete.
    Head(SendResponse<Bytes>, Vec<u8>),
    /// Nothing follows the head, which is sent with the end.
    Held(SendResponse<Bytes>, Response<()>),
    /// Data is sent; so many bytes are left if the head has told their number.
    Body(SendStream<Bytes>, Option<u64>),
    /// All of it is with h2.
    Over,
}

impl std::fmt::Debug for Http2Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http2Stream").field("session", &self.session).finish_non_exhaustive()
    }
}

impl Http2Stream {
    pub(crate) fn new(
        (key, session): (ConnectionKey, &Session),
        body: RecvStream,
        respond: SendResponse<Bytes>,
        bell: Waker,
        now: Tick,
    ) -> Self {
        Self {
            session: key,
            began: now,
            body,
            data: Bytes::new(),
            framing: Framing::Raw,
            answer: Answer::Head(respond, Vec::new()),
            head_only: false,
            chunk_size: session.chunk_size,
            carried: Rc::clone(&session.carried),
            bell,
            holds_input: true,
        }
    }

    /// What the request means for both directions.
    pub(crate) fn prepare(&mut self, framing: Framing, head_only: bool) {
        (self.framing, self.head_only) = (framing, head_only);
    }

    /// Whether another read may bring something although no bell rings.
    pub(crate) fn holds_input(&self) -> bool {
        self.holds_input
    }

    /// Whether the client has given the request up. If not, the bell rings when it does.
    pub(crate) fn is_reset(&mut self) -> bool {
        let mut context = Context::from_waker(&self.bell);
        match &mut self.answer {
            Answer::Head(respond, _) | Answer::Held(respond, _) => {
                respond.poll_reset(&mut context).is_ready()
            }
            Answer::Body(send, _) => send.poll_reset(&mut context).is_ready(),
            Answer::Over => false,
        }
    }

    /// The end of the answer.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.answer, Answer::Over) {
            Answer::Head(..) | Answer::Over => Ok(()),
            Answer::Held(mut respond, response) => {
                respond.send_response(response, true).map(drop).map_err(broken)
            }
            Answer::Body(mut send, _) => send.send_data(Bytes::new(), true).map_err(broken),
        }
    }

    /// Takes the head at the beginning of the answer; how many of the bytes belong to it.
    fn take_head(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Answer::Head(respond, earlier) = &mut self.answer else { return Ok(0) };
        let cut = earlier.len();
        if cut > 0 {
            earlier.extend_from_slice(bytes);
        }
        let whole = if cut == 0 { bytes } else { &earlier[..] };
        let found = split_head(whole).map(|(head, len)| (response(&head), head, len));
        let Some((built, head, len)) = found else {
            if cut == 0 {
                earlier.extend_from_slice(bytes);
            }
            let bounded = earlier.len() <= HEAD_MAX;
            return if bounded { Ok(bytes.len()) } else { Err(ErrorKind::InvalidData.into()) };
        };
        let taken = len - cut;
        self.carried.set(self.carried.get() + len as u64);
        let (length, bodiless) = (head.content_length(), head.is_bodiless() || self.head_only);
        if built.status().is_informational() {
            respond.send_informational(built).map_err(broken)?;
            earlier.clear();
            return Ok(taken);
        }
        let Answer::Head(mut respond, _) = std::mem::replace(&mut self.answer, Answer::Over) else {
            return Ok(taken);
        };
        self.answer = match bodiless && taken == bytes.len() {
            true => Answer::Held(respond, built),
            false => Answer::Body(respond.send_response(built, false).map_err(broken)?, length),
        };
        Ok(taken)
    }

    /// Takes as much data as flow control allows.
    fn take_data(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Answer::Body(send, left) = &mut self.answer else { return Ok(bytes.len()) };
        let mut taken = 0;
        while taken < bytes.len() {
            let wanted = self.chunk_size.min(bytes.len() - taken);
            send.reserve_capacity(wanted);
            let size = send.capacity().min(wanted);
            if size == 0 {
                match send.poll_capacity(&mut Context::from_waker(&self.bell)) {
                    Poll::Pending => break,
                    Poll::Ready(Some(Ok(_))) => continue,
                    Poll::Ready(Some(Err(error))) => return Err(broken(error)),
                    Poll::Ready(None) => return Err(ErrorKind::BrokenPipe.into()),
                }
            }
            *left = left.map(|left| left.saturating_sub(size as u64));
            let last = *left == Some(0);
            let data = Bytes::copy_from_slice(&bytes[taken..taken + size]);
            send.send_data(data, last).map_err(broken)?;
            taken += size;
            self.carried.set(self.carried.get() + size as u64);
            if last {
                self.answer = Answer::Over;
                return Ok(bytes.len());
            }
        }
        Ok(taken)
    }

    /// Waits for data of the body; false at its end.
    fn receive(&mut self) -> io::Result<bool> {
        while self.data.is_empty() {
            match self.body.poll_data(&mut Context::from_waker(&self.bell)) {
                Poll::Ready(Some(Ok(data))) => self.data = data,
                Poll::Ready(Some(Err(error))) => return Err(broken(error)),
                Poll::Ready(None) => return Ok(false),
                Poll::Pending => return Err(ErrorKind::WouldBlock.into()),
            }
        }
        Ok(true)
    }

    /// Hands data over and lets the client send as much more.
    fn hand_over(&mut self, room: usize, mut out: impl Write) -> io::Result<usize> {
        let size = self.data.len().min(room);
        out.write_all(&self.data[..size])?;
        self.data.advance(size);
        self.carried.set(self.carried.get() + size as u64);
        self.body.flow_control().release_capacity(size).map_err(broken)?;
        Ok(size)
    }

    fn read_chunk(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.data.len().min(buffer.len().saturating_sub(CHUNK_FRAME));
        if size == 0 {
            return Err(ErrorKind::InvalidInput.into());
        }
        let mut begin = Vec::with_capacity(CHUNK_FRAME);
        chunked::begin(size, &mut begin);
        let room = buffer.len();
        let mut out = buffer;
        out.write_all(&begin)?;
        self.hand_over(size, &mut out)?;
        out.write_all(chunked::END)?;
        Ok(room - out.len())
    }
}

impl Read for Http2Stream {
    /// Data of the body; 0 at its end. Nothing more is wanted once the answer is over.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if matches!(self.answer, Answer::Over) {
            return Ok(0);
        }
        self.holds_input = true;
        match (self.receive(), self.framing) {
            (Ok(true), Framing::Chunks) => self.read_chunk(buffer),
            (Ok(true), Framing::Raw | Framing::Told) => self.hand_over(buffer.len(), buffer),
            (Ok(false), Framing::Chunks) => {
                self.framing = Framing::Told;
                buffer[..chunked::LAST.len()].copy_from_slice(chunked::LAST);
                Ok(chunked::LAST.len())
            }
            (Ok(false), Framing::Raw | Framing::Told) => Ok(0),
            (Err(error), _) => {
                self.holds_input = false;
                Err(error)
            }
        }
    }
}

impl Write for Http2Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        while matches!(self.answer, Answer::Head(..)) && taken < bytes.len() {
            taken += self.take_head(&bytes[taken..])?;
        }
        taken += self.take_data(&bytes[taken..])?;
        if taken == 0 && !bytes.is_empty() { Err(ErrorKind::WouldBlock.into()) } else { Ok(taken) }
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut done = 0;
        for piece in pieces {
            match self.write(piece) {
                Ok(taken) if taken == piece.len() => done += taken,
                Ok(taken) => return Ok(done + taken),
                Err(error) if error.kind() == ErrorKind::WouldBlock && done > 0 => return Ok(done),
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn broken(error: h2::Error) -> io::Error {
    io::Error::new(ErrorKind::ConnectionAborted, error)
}
