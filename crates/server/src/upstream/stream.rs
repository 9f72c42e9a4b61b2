//! What a connection to an upstream reads from and writes to: a socket, or TLS over one.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use mio::event::Source;
use mio::net::{TcpStream, UnixStream};
use mio::{Interest, Registry, Token};
use outpour_core::settings::PeerAddress;

use super::ClientTls;
use crate::connection::Socket;

/// A non-blocking stream of bytes to an upstream.
#[derive(Debug)]
pub(crate) enum UpstreamStream {
    /// Bytes as they are.
    Plain(Socket),
    /// Bytes that are encrypted on their way.
    Tls(Box<ClientTls>),
}

/// Begins to connect, from the local address `bind` if there is one.
///
/// # Errors
/// The system refuses at once.
pub(crate) fn connect(address: &PeerAddress, bind: Option<SocketAddr>) -> io::Result<Socket> {
    match (address, bind) {
        (PeerAddress::Unix(path), _) => UnixStream::connect(path).map(Socket::Unix),
        (PeerAddress::Tcp(address), None) => connected(TcpStream::connect(*address)?),
        (PeerAddress::Tcp(address), Some(bind)) => {
            let domain = socket2::Domain::for_address(*address);
            let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
            socket.set_nonblocking(true)?;
            socket.bind(&bind.into())?;
            match socket.connect(&(*address).into()) {
                Err(error) if error.raw_os_error() != Some(IN_PROGRESS) => Err(error),
                _ => connected(TcpStream::from_std(socket.into())),
            }
        }
    }
}

/// `EINPROGRESS` of Linux.
const IN_PROGRESS: i32 = 115;

fn connected(stream: TcpStream) -> io::Result<Socket> {
    stream.set_nodelay(true)?;
    Ok(Socket::Tcp(stream))
}

impl UpstreamStream {
    pub(crate) fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => stream.socket(),
        }
    }

    fn socket_mut(&mut self) -> &mut Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => stream.socket_mut(),
        }
    }

    /// Whether TLS is still being agreed on.
    pub(crate) fn is_handshaking(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.is_handshaking(),
        }
    }

    /// Sends what no caller waits for: handshakes, bytes that are encrypted already.
    ///
    /// # Errors
    /// The socket failed.
    pub(crate) fn push_out(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(stream) => stream.push_out(),
        }
    }

    /// Whether a read that filled less than its buffer has emptied the socket.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// Watches for everything, once and for all: events come as edges, and whoever cannot take more
    /// does not read.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.socket_mut().register(registry, token, Interest::READABLE | Interest::WRITABLE)
    }

    /// Whether the connection has come about: `Ok(false)` while it is being made.
    ///
    /// # Errors
    /// It will not.
    pub(crate) fn is_connected(&self) -> io::Result<bool> {
        let peer = match self.socket() {
            Socket::Unix(_) => return Ok(true),
            Socket::Tcp(stream) => {
                if let Some(error) = stream.take_error()? {
                    return Err(error);
                }
                stream.peer_addr()
            }
        };
        match peer {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Read for UpstreamStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for UpstreamStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.push_out()
    }
}
