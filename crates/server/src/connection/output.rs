//! Bytes that a socket has not taken yet.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Write};
use std::rc::Rc;

use outpour_core::now::Tick;

use super::Stream;

/// Most pieces that go into one write.
const PIECES_MAX: usize = 32;

/// Pieces in order, shared with everybody else who is sent the same.
#[derive(Debug)]
pub(crate) struct Output {
    pieces: VecDeque<Rc<[u8]>>,
    /// How much of the first piece is gone.
    gone: usize,
    /// All bytes that wait.
    bytes: usize,
    /// When the socket took something last: `send_timeout` counts from here.
    pub(crate) progress: Tick,
}

impl Output {
    pub(crate) fn new(first: Rc<[u8]>, gone: usize, now: Tick) -> Self {
        let bytes = first.len() - gone;
        Self { pieces: VecDeque::from([first]), gone, bytes, progress: now }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that wait behind the piece that is being written. That piece does not count: a message
    /// larger than any bound reaches a client that reads.
    pub(crate) fn bytes_behind(&self) -> usize {
        let first = self.pieces.front().map_or(0, |piece| piece.len() - self.gone);
        self.bytes - first
    }

    pub(crate) fn push(&mut self, piece: Rc<[u8]>) {
        if !piece.is_empty() {
            self.bytes += piece.len();
            self.pieces.push_back(piece);
        }
    }

    /// Writes until everything is gone (true) or the socket takes no more (false).
    pub(crate) fn flush(&mut self, stream: &mut Stream, now: Tick) -> io::Result<bool> {
        while self.bytes > 0 {
            let taken = match self.write_once(stream) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(taken) => taken,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.progress = now;
            self.take_off(taken);
        }
        Ok(true)
    }

    fn write_once(&self, stream: &mut Stream) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); PIECES_MAX];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            let gone = if count == 0 { self.gone } else { 0 };
            *slice = IoSlice::new(&piece[gone..]);
            count += 1;
        }
        stream.write_vectored(&slices[..count])
    }

    fn take_off(&mut self, mut taken: usize) {
        self.bytes -= taken;
        while let Some(first) = self.pieces.front() {
            let rest = first.len() - self.gone;
            if taken < rest {
                self.gone += taken;
                return;
            }
            taken -= rest;
            self.gone = 0;
            self.pieces.pop_front();
        }
    }
}
