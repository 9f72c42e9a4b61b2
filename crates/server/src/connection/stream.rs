//! What a connection reads from and writes to: a socket, TLS over one, or a request of an HTTP/2
//! connection.

use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use mio::event::Source;
use mio::{Interest, Registry, Token};

use super::{ConnectionKey, Socket, TlsStream};
use crate::http2::Http2Stream;

/// A non-blocking stream of bytes.
#[derive(Debug)]
pub(crate) enum Stream {
    /// Bytes as they are.
    Plain(Socket),
    /// Bytes that are encrypted on their way.
    Tls(Box<TlsStream>),
    /// One request of an HTTP/2 connection.
    Http2(Box<Http2Stream>),
}

impl Stream {
    fn socket(&self) -> Option<&Socket> {
        match self {
            Self::Plain(socket) => Some(socket),
            Self::Tls(stream) => Some(stream.socket()),
            Self::Http2(_) => None,
        }
    }

    /// The socket, if bytes go out on it as they are.
    pub(crate) fn plain(&self) -> Option<&Socket> {
        match self {
            Self::Plain(socket) => Some(socket),
            Self::Tls(_) | Self::Http2(_) => None,
        }
    }

    /// The connection whose socket it is, if it is not its own.
    pub(crate) fn session(&self) -> Option<ConnectionKey> {
        match self {
            Self::Plain(_) | Self::Tls(_) => None,
            Self::Http2(stream) => Some(stream.session),
        }
    }

    /// The TLS side, if the address is one for TLS.
    pub(crate) fn tls(&self) -> Option<&TlsStream> {
        match self {
            Self::Plain(_) | Self::Http2(_) => None,
            Self::Tls(stream) => Some(stream),
        }
    }

    /// Whether the handshake is not over.
    pub(crate) fn is_handshaking(&self) -> bool {
        self.tls().is_some_and(TlsStream::is_handshaking)
    }

    /// Whether another read may bring something although the socket announces nothing.
    pub(crate) fn holds_input(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.holds_input(),
            Self::Http2(stream) => stream.holds_input(),
        }
    }

    /// The socket takes bytes again: sends what no caller waits for (the handshake's part).
    ///
    /// # Errors
    /// The socket failed: the connection has to be closed.
    pub(crate) fn push_out(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) | Self::Http2(_) => Ok(()),
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
        match self {
            Self::Plain(socket) => socket.shutdown_write(),
            Self::Tls(stream) => stream.socket().shutdown_write(),
            Self::Http2(stream) => stream.finish(),
        }
    }

    /// See [`Socket::local`].
    pub(crate) fn local(&self) -> Option<SocketAddr> {
        self.socket()?.local()
    }

    /// See [`Socket::give_up_after`].
    pub(crate) fn give_up_after(&self, patience: Duration) {
        if let Some(socket) = self.socket() {
            socket.give_up_after(patience);
        }
    }

    /// See [`Socket::reset_on_close`].
    pub(crate) fn reset_on_close(&self) {
        if let Some(socket) = self.socket() {
            socket.reset_on_close();
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
            Self::Http2(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
            Self::Http2(stream) => stream.write(bytes),
        }
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write_vectored(pieces),
            Self::Tls(stream) => stream.write_vectored(pieces),
            Self::Http2(stream) => stream.write_vectored(pieces),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A TLS stream is always told of writability: its handshake writes on its own. A request of an
/// HTTP/2 connection is told of both by a bell.
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
            Self::Http2(_) => Ok(()),
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
            Self::Http2(_) => Ok(()),
        }
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.deregister(registry),
            Self::Tls(stream) => stream.socket_mut().deregister(registry),
            Self::Http2(_) => Ok(()),
        }
    }
}
