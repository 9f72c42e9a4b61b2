//! The bytes of one connection.
//!
//! Nothing else of the generator touches a socket, and nothing above it knows of TLS.

use std::io::{self, ErrorKind, Read, Write};

use anyhow::Result;
use mio::{Interest, Registry, Token, net::TcpStream};
use rustls::ClientConnection;

use super::encryption::Encryption;
use crate::{endpoint::Endpoint, socket};

/// A non-blocking connection, registered edge-triggered.
#[derive(Debug)]
pub(crate) struct Link {
    stream: TcpStream,
    encryption: Option<Box<Encryption>>,
}

/// What a read gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// That many bytes, and there may be more.
    More(usize),
    /// That many bytes, maybe 0, and nothing is left.
    Drained(usize),
    /// The server has closed or reset the connection.
    Closed,
}

impl Link {
    /// Opens a connection without waiting for it, from the source address that `index` chooses.
    ///
    /// # Errors
    /// If this machine has no descriptor or port left for it.
    pub(crate) fn open(
        registry: &Registry,
        token: Token,
        target: &Endpoint,
        index: usize,
    ) -> Result<Self> {
        Self::connect((registry, token), target, index, target.session()?)
    }

    /// The same for HTTP/2, where TLS has to agree upon it.
    ///
    /// # Errors
    /// As [`Link::open`].
    pub(super) fn open_http2(
        registry: &Registry,
        token: Token,
        target: &Endpoint,
        index: usize,
    ) -> Result<Self> {
        Self::connect((registry, token), target, index, target.http2_session()?)
    }

    /// Opens a connection with what is spoken over it.
    fn connect(
        (registry, token): (&Registry, Token),
        target: &Endpoint,
        index: usize,
        session: Option<ClientConnection>,
    ) -> Result<Self> {
        let mut stream = TcpStream::from_std(socket::connect_from(index, target.address)?);
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let encryption = session.map(|session| Box::new(Encryption::new(session)));
        Ok(Self { stream, encryption })
    }

    /// Whether TLS has agreed upon another protocol than HTTP/2, or upon none.
    pub(super) fn refuses_http2(&self) -> bool {
        self.encryption.as_ref().is_some_and(|encryption| {
            !encryption.is_handshaking() && encryption.protocol() != Some(b"h2")
        })
    }

    /// Writes what fits; 0 while the connection is not there yet.
    ///
    /// # Errors
    /// If the connection is refused or broken, or a TLS handshake fails.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(encryption) = &mut self.encryption {
            return encryption.write(&mut self.stream, bytes);
        }
        match self.stream.write(bytes) {
            Err(error) if waits(&error) => Ok(0),
            written => written,
        }
    }

    /// Reads once. A read that does not fill the buffer has emptied the socket, and the poll tells
    /// of anything that comes later, the end of the connection included.
    #[inline]
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Input {
        if let Some(encryption) = &mut self.encryption {
            return encryption.read(&mut self.stream, buffer);
        }
        loop {
            return match self.stream.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if waits(&error) => Input::Drained(0),
                Ok(0) | Err(_) => Input::Closed,
                Ok(count) if count < buffer.len() => Input::Drained(count),
                Ok(count) => Input::More(count),
            };
        }
    }
}

/// Whether an operation has to wait for the socket, or for the connection itself.
pub(super) fn waits(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected)
}
