//! Listening sockets: one per address and worker.

use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::Path;
use std::sync::Arc;

use mio::net::{TcpListener, UnixListener};
use outpour_core::settings::{Listen, ListenAddress};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::connection::Socket as ClientSocket;
use crate::counters::WorkerCounters;

/// What a connection knows about the listener it came through; outlives reloads.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) address: ListenAddress,
    /// Those of the worker.
    pub(crate) counters: Arc<WorkerCounters>,
}

/// A bound socket that nobody accepts from yet.
#[derive(Debug)]
pub(crate) enum Bound {
    Tcp(Socket),
    Unix(StdUnixListener),
}

/// A listening socket of a worker.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Bound {
    /// Binds `listen` for `workers` workers: a socket each (`SO_REUSEPORT`), or one that they
    /// share where the address family has no such thing.
    pub(crate) fn for_workers(listen: &Listen, workers: usize) -> io::Result<Vec<Self>> {
        match &listen.address {
            ListenAddress::Tcp(address) => {
                (0..workers).map(|_| tcp(*address, listen).map(Self::Tcp)).collect()
            }
            ListenAddress::Unix(path) => {
                let listener = unix(path)?;
                (0..workers).map(|_| listener.try_clone().map(Self::Unix)).collect()
            }
        }
    }

    /// Fails if somebody else listens on a TCP address: `SO_REUSEPORT` alone would let two servers
    /// of one user share a port without a word. To be asked before anything of ours is bound.
    pub(crate) fn probe(listen: &Listen) -> io::Result<()> {
        match &listen.address {
            ListenAddress::Tcp(address) if address.port() != 0 => {
                plain_tcp(*address, listen)?.bind(&SockAddr::from(*address))
            }
            ListenAddress::Tcp(_) | ListenAddress::Unix(_) => Ok(()),
        }
    }

    /// The TCP address that it is bound to.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(socket) => socket.local_addr().ok()?.as_socket(),
            Self::Unix(_) => None,
        }
    }

    /// The socket, ready for an event loop.
    pub(crate) fn listen(self, backlog: u32) -> io::Result<Listener> {
        match self {
            Self::Tcp(socket) => {
                socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
                Ok(Listener::Tcp(TcpListener::from_std(socket.into())))
            }
            Self::Unix(listener) => {
                listener.set_nonblocking(true)?;
                Ok(Listener::Unix(UnixListener::from_std(listener)))
            }
        }
    }
}

impl Listener {
    /// The next connection.
    pub(crate) fn accept(&self) -> io::Result<(ClientSocket, Option<SocketAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, remote) = listener.accept()?;
                Ok((ClientSocket::Tcp(stream), Some(remote)))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept()?;
                Ok((ClientSocket::Unix(stream), None))
            }
        }
    }

    /// The source to register.
    pub(crate) fn source(&mut self) -> &mut dyn mio::event::Source {
        match self {
            Self::Tcp(listener) => listener,
            Self::Unix(listener) => listener,
        }
    }
}

fn tcp(address: SocketAddr, listen: &Listen) -> io::Result<Socket> {
    let socket = plain_tcp(address, listen)?;
    socket.set_reuse_port(true)?;
    if let Some(bytes) = listen.rcvbuf {
        socket.set_recv_buffer_size(bytes)?;
    }
    if let Some(bytes) = listen.sndbuf {
        socket.set_send_buffer_size(bytes)?;
    }
    socket.set_keepalive(listen.so_keepalive)?;
    socket.bind(&SockAddr::from(address))?;
    Ok(socket)
}

fn plain_tcp(address: SocketAddr, listen: &Listen) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(listen.ipv6only)?;
    }
    Ok(socket)
}

/// Binds a unix socket; one that a server left behind (nobody answers) is replaced.
fn unix(path: &Path) -> io::Result<StdUnixListener> {
    match StdUnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(error);
            }
            std::fs::remove_file(path)?;
            StdUnixListener::bind(path)
        }
        bound => bound,
    }
}
