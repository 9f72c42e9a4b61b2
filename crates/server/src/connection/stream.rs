//! What a connection reads from and writes to: a socket, or TLS over one.

use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use mio::event::Source;
use mio::{Interest, Registry, Token};

use super::{Socket, TlsStream};

/// A non-blocking stream of bytes.
#[derive(Debug)]
pub(crate) enum Stream {
    /// Bytes as they are.
    Plain(Socket),
    /// Bytes that are encrypted on their way.
    Tls(Box<TlsStream>),
}

impl Stream {
    fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => stream.socket(),
        }
    }

    /// The TLS side, if the address is one for TLS.
    pub(crate) fn tls(&self) -> Option<&TlsStream> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(stream) => Some(stream),
        }
    }

    /// Whether the handshake is not over.
    pub(crate) fn is_handshaking(&self) -> bool {
        self.tls().is_some_and(TlsStream::is_handshaking)
    }

    /// Whether another read may bring something although the socket announces nothing.
    pub(crate) fn holds_input(&self) -> bool {
        self.tls().is_some_and(TlsStream::holds_input)
    }

    /// The socket takes bytes again: sends what no caller waits for (the handshake's part).
    ///
    /// # Errors
    /// The socket failed: the connection has to be closed.
    pub(crate) fn push_out(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(stream) => stream.push_out().map(drop),
        }
    }

    /// Tells the peer that the connection ends here, where its protocol has a word for it.
    pub(crate) fn farewell(&mut self) {
        if let Self::Tls(stream) = self {
            stream.farewell();
        }
    }

    /// No more data from us: the peer sees the end after what was sent.
    pub(crate) fn shutdown_write(&mut self) -> io::Result<()> {
        self.farewell();
        self.socket().shutdown_write()
    }

    /// See [`Socket::local`].
    pub(crate) fn local(&self) -> Option<SocketAddr> {
        self.socket().local()
    }

    /// See [`Socket::give_up_after`].
    pub(crate) fn give_up_after(&self, patience: Duration) {
        self.socket().give_up_after(patience);
    }

    /// See [`Socket::reset_on_close`].
    pub(crate) fn reset_on_close(&self) {
        self.socket().reset_on_close();
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write_vectored(pieces),
            Self::Tls(stream) => stream.write_vectored(pieces),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A TLS stream is always told of writability: its handshake writes on its own.
impl Source for Stream {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.register(registry, token, interest),
            Self::Tls(stream) => {
                stream.socket_mut().register(registry, token, interest | Interest::WRITABLE)
            }
        }
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.reregister(registry, token, interest),
            Self::Tls(stream) => {
                stream.socket_mut().reregister(registry, token, interest | Interest::WRITABLE)
            }
        }
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.deregister(registry),
            Self::Tls(stream) => stream.socket_mut().deregister(registry),
        }
    }
}
