//! What h2 reads from and writes to: a link.

use std::{
    cell::Cell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::generator::link::{Input, Link};

/// Bytes that are read before the members are asked what they make of them.
const ALLOWANCE: usize = 256 * 1024;

/// How much was read; shared with the session, since h2 keeps the wire.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// Bytes that may be read until the session's next turn.
    left: Cell<usize>,
    /// Whether the server has said anything.
    heard: Cell<bool>,
}

impl Meter {
    /// Begins a turn.
    pub(super) fn begin(&self) {
        self.left.set(ALLOWANCE);
    }

    /// Whether the server has said anything. Its first words are its settings.
    pub(super) fn has_heard(&self) -> bool {
        self.heard.get()
    }
}

/// A link as h2 wants it. The poll tells when it goes on, as with any other link.
#[derive(Debug)]
pub(super) struct Wire {
    link: Link,
    meter: Rc<Meter>,
}

impl Wire {
    /// A link whose bytes are counted.
    pub(super) fn new(link: Link, meter: Rc<Meter>) -> Self {
        Self { link, meter }
    }

    /// Refuses a TLS connection that has not agreed upon HTTP/2.
    fn check(&self) -> io::Result<()> {
        match self.link.refuses_http2() {
            true => Err(io::Error::other("the server does not speak HTTP/2 over TLS")),
            false => Ok(()),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let left = self.meter.left.get();
        if left == 0 {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let input = self.link.read(buffer.initialize_unfilled());
        self.check()?;
        match input {
            Input::Drained(0) => return Poll::Pending,
            Input::Closed => {}
            Input::More(count) | Input::Drained(count) => {
                buffer.advance(count);
                self.meter.left.set(left.saturating_sub(count));
                self.meter.heard.set(true);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.link.write(bytes);
        self.check()?;
        match written {
            Ok(0) if !bytes.is_empty() => Poll::Pending,
            written => Poll::Ready(written),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
