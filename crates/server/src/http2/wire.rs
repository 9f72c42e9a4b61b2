//! What h2 reads from and writes to: bytes in memory, which the worker moves.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that h2 may write before they are with the socket.
const OUTPUT_MAX: usize = 64 * 1024;

/// Both directions. Nothing here wakes anybody: the worker polls when it has moved bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Wire(Rc<RefCell<Bytes>>);

#[derive(Debug, Default)]
struct Bytes {
    input: Vec<u8>,
    /// How much of the input was read.
    read: usize,
    output: Vec<u8>,
    /// The socket takes no more for now.
    blocked: bool,
    /// h2 wanted to write more than it could.
    wanting: bool,
}

impl Wire {
    /// Bytes from the socket.
    pub(super) fn feed(&self, bytes: &[u8]) {
        self.0.borrow_mut().input.extend_from_slice(bytes);
    }

    /// Whether bytes are left that h2 has not read.
    pub(super) fn has_input(&self) -> bool {
        !self.0.borrow().input.is_empty()
    }

    /// Bytes for the socket.
    pub(super) fn take_output(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.borrow_mut().output)
    }

    pub(super) fn set_blocked(&self, blocked: bool) {
        self.0.borrow_mut().blocked = blocked;
    }

    /// Whether h2 has more to write than fitted the last time.
    pub(super) fn take_wanting(&self) -> bool {
        std::mem::take(&mut self.0.borrow_mut().wanting)
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = self.0.borrow_mut();
        let bytes = &mut *bytes;
        let rest = &bytes.input[bytes.read..];
        if rest.is_empty() {
            return Poll::Pending;
        }
        let taken = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..taken]);
        bytes.read += taken;
        if bytes.read == bytes.input.len() {
            // An idle connection keeps no buffer.
            (bytes.input, bytes.read) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        piece: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut bytes = self.0.borrow_mut();
        let room = OUTPUT_MAX.saturating_sub(bytes.output.len());
        if room == 0 || bytes.blocked {
            bytes.wanting = true;
            return Poll::Pending;
        }
        let taken = piece.len().min(room);
        bytes.output.extend_from_slice(&piece[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn write(wire: &Wire, bytes: &[u8]) -> Poll<usize> {
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(&mut wire.clone()).poll_write(&mut context, bytes).map(Result::unwrap)
    }

    fn read(wire: &Wire, len: usize) -> Poll<Vec<u8>> {
        let mut context = Context::from_waker(Waker::noop());
        let mut room = vec![0; len];
        let mut buffer = ReadBuf::new(&mut room);
        let polled = Pin::new(&mut wire.clone()).poll_read(&mut context, &mut buffer);
        polled.map(|result| result.map(|()| buffer.filled().to_vec()).unwrap())
    }

    #[test]
    fn input_is_read_once() {
        let wire = Wire::default();
        assert_eq!(read(&wire, 4), Poll::Pending);
        wire.feed(b"abcdef");
        assert_eq!(read(&wire, 4), Poll::Ready(b"abcd".to_vec()));
        assert!(wire.has_input());
        assert_eq!(read(&wire, 4), Poll::Ready(b"ef".to_vec()));
        assert!(!wire.has_input());
        assert_eq!(read(&wire, 4), Poll::Pending);
    }

    #[test]
    fn output_is_bounded() {
        let wire = Wire::default();
        assert_eq!(write(&wire, &[0; 70_000]), Poll::Ready(OUTPUT_MAX));
        assert_eq!(write(&wire, b"a"), Poll::Pending);
        assert!(wire.take_wanting() && !wire.take_wanting());
        assert_eq!(wire.take_output().len(), OUTPUT_MAX);
        wire.set_blocked(true);
        assert_eq!(write(&wire, b"a"), Poll::Pending);
        wire.set_blocked(false);
        assert_eq!(write(&wire, b"a"), Poll::Ready(1));
    }
}
