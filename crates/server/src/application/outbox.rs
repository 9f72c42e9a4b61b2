//! What was written to a client and has not left for the kernel.

use super::wire::Wire;
use super::{CloseReason, Outgoing};

/// How much may wait for a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

/// How a connection is to end, said by the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) code: u16,
    pub(crate) reason: CloseReason,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrote {
    /// Refused: closed, too much waits, or it cannot be said in the client's protocol.
    Refused,
    /// Taken; the worker knows that something waits.
    Taken,
    /// Taken; the worker has to be told.
    Tell,
}

/// Messages on their way to the worker, and the count of those that the socket has not taken.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    lengths: Vec<usize>,
    pending: usize,
    pending_bytes: usize,
    told: bool,
    end: Option<End>,
    closed: bool,
}

/// What the worker takes away.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Ready for the socket.
    pub(crate) bytes: Vec<u8>,
    /// How long each message in them is.
    pub(crate) lengths: Vec<usize>,
    /// What comes behind them.
    pub(crate) end: Option<End>,
}

impl Outbox {
    pub(super) fn is_open(&self) -> bool {
        !self.closed
    }

    pub(super) fn pending(&self) -> usize {
        self.pending
    }

    pub(super) fn write(&mut self, wire: &Wire, message: &Outgoing<'_>, limits: Limits) -> Wrote {
        let room = limits.bytes.saturating_sub(self.pending_bytes);
        // A message larger than the bound is taken by a client for whom nothing waits.
        let fits = message.len() <= room || self.pending == 0;
        if self.closed || self.pending >= limits.messages || !fits {
            return Wrote::Refused;
        }
        let before = self.bytes.len();
        if !wire.message(message, &mut self.bytes) {
            return Wrote::Refused;
        }
        let length = self.bytes.len() - before;
        self.lengths.push(length);
        self.pending += 1;
        self.pending_bytes += length;
        self.tell()
    }

    /// Nothing is taken from here on; `end` follows what was written.
    pub(super) fn end(&mut self, end: End) -> Wrote {
        if self.closed {
            return Wrote::Refused;
        }
        (self.closed, self.end) = (true, Some(end));
        self.tell()
    }

    /// The worker has to look at the connection.
    pub(super) fn tell(&mut self) -> Wrote {
        match std::mem::replace(&mut self.told, true) {
            true => Wrote::Taken,
            false => Wrote::Tell,
        }
    }

    /// The connection is gone, or ends by itself: what waits here is forgotten.
    pub(super) fn shut(&mut self) {
        *self = Self { closed: true, told: true, ..Self::default() };
    }

    pub(super) fn take(&mut self) -> Taken {
        self.told = false;
        Taken {
            bytes: std::mem::take(&mut self.bytes),
            lengths: std::mem::take(&mut self.lengths),
            end: self.end.take(),
        }
    }

    /// So many messages with so many bytes are with the kernel; true if nothing waits any more.
    pub(super) fn settle(&mut self, messages: usize, bytes: usize) -> bool {
        self.pending = self.pending.saturating_sub(messages);
        self.pending_bytes = self.pending_bytes.saturating_sub(bytes);
        messages > 0 && self.pending == 0 && !self.closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIRE: Wire = Wire::WebSocket { deflate: None };
    const LIMITS: Limits = Limits { messages: 3, bytes: 10 };

    fn write(outbox: &mut Outbox, text: &str) -> Wrote {
        outbox.write(&WIRE, &text.into(), LIMITS)
    }

    #[test]
    fn the_worker_is_told_once() {
        let mut outbox = Outbox::default();
        assert_eq!(write(&mut outbox, "a"), Wrote::Tell);
        assert_eq!(write(&mut outbox, "b"), Wrote::Taken);
        let taken = outbox.take();
        assert_eq!((&*taken.bytes, &*taken.lengths), (&b"\x81\x01a\x81\x01b"[..], &[3, 3][..]));
        assert_eq!(outbox.pending(), 2);
        assert!(outbox.settle(2, 6));
        assert_eq!(write(&mut outbox, "c"), Wrote::Tell);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut outbox = Outbox::default();
        assert_eq!(write(&mut outbox, "a message beyond the bound"), Wrote::Tell);
        assert_eq!(write(&mut outbox, "b"), Wrote::Refused);
        let taken = outbox.take();
        assert!(outbox.settle(1, taken.bytes.len()));
        for _ in 0..3 {
            assert_ne!(write(&mut outbox, ""), Wrote::Refused);
        }
        assert_eq!(write(&mut outbox, ""), Wrote::Refused);
        assert!(!outbox.settle(1, 2));
        assert_eq!(write(&mut outbox, ""), Wrote::Taken);
    }

    #[test]
    fn the_end_follows_what_was_written() {
        let mut outbox = Outbox::default();
        assert_eq!(write(&mut outbox, "a"), Wrote::Tell);
        let end = End { code: 1000, reason: CloseReason::Closed };
        assert_eq!(outbox.end(end), Wrote::Taken);
        assert_eq!(outbox.end(End { code: 1001, ..end }), Wrote::Refused);
        assert_eq!(write(&mut outbox, "b"), Wrote::Refused);
        let taken = outbox.take();
        assert_eq!((taken.lengths.len(), taken.end), (1, Some(end)));
        assert!(!outbox.settle(1, 3));
    }
}
