//! Bytes that a socket has not taken yet.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Write};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use outpour_core::hub::Frame;
use outpour_core::now::Tick;

use super::Stream;
use crate::counters::WorkerCounters;
use crate::exchange::FileBody;

/// Most pieces that go into one write.
const PIECES_MAX: usize = 32;

/// Reads from a file, or calls that send from it, before everybody else gets their turn.
const FILE_READS_MAX: usize = 8;

/// How far a flush came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flushed {
    /// Nothing waits any more.
    All,
    /// The socket takes no more for now; an event will tell.
    Blocked,
    /// The socket would take more, and no event will tell.
    Paused,
}

/// Pieces in order, shared with everybody else who is sent the same.
#[derive(Debug)]
pub(crate) struct Output {
    pieces: VecDeque<Piece>,
    /// What comes behind all pieces.
    file: Option<Box<FileBody>>,
    /// All bytes that wait.
    bytes: usize,
    /// When the socket took something last: `send_timeout` counts from here.
    pub(crate) progress: Tick,
    /// They know how much waits in all outputs.
    counters: Arc<WorkerCounters>,
}

#[derive(Debug)]
struct Piece {
    bytes: Rc<[u8]>,
    /// What of it waits.
    range: Range<usize>,
    /// A message of which nothing is written yet, and that may be dropped.
    droppable: bool,
}

impl Output {
    pub(crate) fn new(now: Tick, counters: Arc<WorkerCounters>) -> Self {
        Self { pieces: VecDeque::new(), file: None, bytes: 0, progress: now, counters }
    }

    /// Nothing but a file.
    pub(crate) fn of_file(file: FileBody, now: Tick, counters: Arc<WorkerCounters>) -> Self {
        let mut output = Self::new(now, counters);
        output.follow(file);
        output
    }

    /// A file behind the pieces; there is none yet, and nothing is pushed until it is gone.
    pub(crate) fn follow(&mut self, file: FileBody) {
        self.file = Some(Box::new(file));
    }

    pub(crate) fn has_file(&self) -> bool {
        self.file.is_some()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that wait behind the piece that is being written. That piece does not count: a message
    /// larger than any bound reaches a client that reads.
    pub(crate) fn bytes_behind(&self) -> usize {
        self.bytes - self.pieces.front().map_or(0, |piece| piece.range.len())
    }

    /// Queues what stands behind the first `taken` bytes.
    pub(crate) fn push(&mut self, bytes: Rc<[u8]>, taken: usize) {
        let range = taken..bytes.len();
        self.push_piece(Piece { bytes, range, droppable: false });
    }

    /// Queues the messages of `frame` behind the first `taken` bytes, each by itself. One that has
    /// begun to be written cannot be dropped any more.
    pub(crate) fn push_messages(&mut self, frame: &Frame, taken: usize) {
        let len = frame.bytes.len();
        let mut begin = 0;
        let ends = frame.ends.iter().flat_map(|ends| ends.iter());
        for end in ends.map(|end| (*end as usize).min(len)).chain([len]) {
            let range = begin.max(taken)..end;
            if range.start < range.end {
                let droppable = range.start == begin;
                self.push_piece(Piece { bytes: Rc::clone(&frame.bytes), range, droppable });
            }
            begin = end;
        }
    }

    fn push_piece(&mut self, piece: Piece) {
        if !piece.range.is_empty() {
            self.bytes += piece.range.len();
            self.counters.waiting_bytes.add(piece.range.len() as u64);
            self.pieces.push_back(piece);
        }
    }

    /// Drops messages, oldest first, until no more than `bytes_max` wait behind the first piece;
    /// the newest always stays. Returns how many went.
    pub(crate) fn drop_oldest(&mut self, bytes_max: usize) -> u64 {
        let mut dropped = 0;
        let mut at = 0;
        let mut newest = self.pieces.iter().rposition(|piece| piece.droppable).unwrap_or(0);
        while at < newest && self.bytes_behind() > bytes_max {
            if !self.pieces[at].droppable {
                at += 1;
                continue;
            }
            if let Some(piece) = self.pieces.remove(at) {
                self.bytes -= piece.range.len();
                self.counters.waiting_bytes.sub(piece.range.len() as u64);
                dropped += 1;
                newest -= 1;
            }
        }
        dropped
    }

    /// Bytes behind the first piece that no policy drops: everything but the newest message.
    pub(crate) fn bytes_kept(&self) -> usize {
        let newest = self.pieces.iter().skip(1).rfind(|piece| piece.droppable);
        self.bytes_behind() - newest.map_or(0, |piece| piece.range.len())
    }

    /// Writes until everything is gone, the socket takes no more, or others have to have their
    /// turn.
    pub(crate) fn flush(&mut self, stream: &mut Stream, now: Tick) -> io::Result<Flushed> {
        let mut reads = 0;
        loop {
            if !self.write_pieces(stream, now)? {
                return Ok(Flushed::Blocked);
            }
            let Some(file) = &mut self.file else { return Ok(Flushed::All) };
            if reads == FILE_READS_MAX {
                return Ok(Flushed::Paused);
            }
            reads += 1;
            match stream.plain().map_or(Ok(None), |socket| file.send(socket)) {
                Ok(Some(sent)) => {
                    self.counters.sent_bytes.add(sent as u64);
                    self.progress = now;
                    continue;
                }
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(Flushed::Blocked);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            match file.next()? {
                Some(piece) => {
                    self.counters.sent_bytes.add(piece.len() as u64);
                    self.push(piece.into(), 0);
                }
                None => self.file = None,
            }
        }
    }

    /// False if the socket takes no more.
    fn write_pieces(&mut self, stream: &mut Stream, now: Tick) -> io::Result<bool> {
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
            *slice = IoSlice::new(&piece.bytes[piece.range.clone()]);
            count += 1;
        }
        stream.write_vectored(&slices[..count])
    }

    fn take_off(&mut self, mut taken: usize) {
        self.bytes -= taken;
        self.counters.waiting_bytes.sub(taken as u64);
        while let Some(first) = self.pieces.front_mut() {
            let rest = first.range.len();
            if taken < rest {
                first.range.start += taken;
                first.droppable &= taken == 0;
                return;
            }
            taken -= rest;
            self.pieces.pop_front();
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.counters.waiting_bytes.sub(self.bytes as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An output with the messages, of which the socket took the first bytes at once.
    fn output(messages: &[&str], taken: usize) -> Output {
        let mut ends = Vec::new();
        let mut bytes = Vec::new();
        for message in messages {
            bytes.extend_from_slice(message.as_bytes());
            ends.push(u32::try_from(bytes.len()).unwrap());
        }
        let ends = (ends.len() > 1).then(|| ends.into());
        let frame = Frame { bytes: bytes.into(), ends, ..Frame::empty() };
        let mut output = Output::new(Tick(0), Arc::default());
        output.push_messages(&frame, taken);
        output
    }

    fn text(output: &Output) -> String {
        let pieces = output.pieces.iter().map(|piece| &piece.bytes[piece.range.clone()]);
        let bytes: Vec<u8> = pieces.flatten().copied().collect();
        assert_eq!(bytes.len(), output.bytes());
        assert_eq!(bytes.len() as u64, output.counters.waiting_bytes.read());
        String::from_utf8(bytes).unwrap()
    }

    fn check(mut output: Output, bytes_max: usize, dropped: u64, expected: &str) {
        assert_eq!(output.drop_oldest(bytes_max), dropped);
        assert_eq!(text(&output), expected);
    }

    #[test]
    fn what_fits_stays() {
        check(output(&["aaa", "bbb", "ccc"], 0), 6, 0, "aaabbbccc");
        check(output(&["aaa"], 0), 0, 0, "aaa");
        check(output(&["aaa"], 2), 0, 0, "a");
    }

    #[test]
    fn the_oldest_go_until_the_rest_fits() {
        check(output(&["aaa", "bbb", "ccc"], 0), 5, 1, "bbbccc");
        check(output(&["aaa", "bbb", "ccc"], 0), 0, 2, "ccc");
        check(output(&["aaa", "bbb", "ccc"], 3), 2, 1, "ccc");
    }

    #[test]
    fn a_message_that_has_begun_is_finished() {
        check(output(&["aaa", "bbb", "ccc"], 1), 5, 1, "aaccc");
        check(output(&["aaa", "bbb", "ccc"], 1), 0, 1, "aaccc");
        check(output(&["aaa", "bbb", "ccc"], 7), 0, 0, "cc");
        let mut begun = output(&["aaa", "bbb", "ccc"], 0);
        begun.take_off(4);
        check(begun, 0, 0, "bbccc");
    }

    #[test]
    fn what_is_no_message_stays() {
        let mut output = Output::new(Tick(0), Arc::default());
        output.push(Rc::from(*b"HEAD"), 1);
        for text in ["aaa", "bbb"] {
            output.push_messages(&Frame { bytes: text.as_bytes().into(), ..Frame::empty() }, 0);
        }
        output.push(Rc::from(*b"PONG"), 0);
        assert_eq!(output.bytes_kept(), 7);
        assert_eq!(output.drop_oldest(0), 1);
        assert_eq!(output.bytes_kept(), 4);
        assert_eq!(text(&output), "EADbbbPONG");
    }
}
