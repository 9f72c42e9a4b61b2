//! Client sockets, many of them.

use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result};
use rustix::{
    io::Errno,
    net::{
        AddressFamily, SocketFlags, SocketType, bind, connect, socket_with,
        sockopt::set_tcp_nodelay,
    },
    process::{Resource, Rlimit, getrlimit, setrlimit},
};

/// How many source addresses share the connections: 28,000 ports each are more than enough.
const SOURCES: usize = 250;

/// Opens a connection without waiting for it; a loopback target gets it from an address that
/// `index` chooses.
///
/// One source address has as many connections to one port as there are ephemeral ports; spread over
/// 127.0.0.0/8 they do not run out.
pub(crate) fn connect_from(index: usize, target: SocketAddr) -> Result<TcpStream> {
    let family = if target.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)
        .context("cannot open another connection")?;
    if target.is_ipv4() && target.ip().is_loopback() {
        let last = u8::try_from(index % SOURCES + 1).unwrap_or(1);
        let source = SocketAddrV4::new(Ipv4Addr::new(127, 1, 0, last), 0);
        bind(&socket, &source).with_context(|| format!("cannot bind to {source}"))?;
    }
    match connect(&socket, &target) {
        Ok(()) | Err(Errno::INPROGRESS) => {}
        Err(error) => return Err(error).with_context(|| format!("cannot connect to {target}")),
    }
    set_tcp_nodelay(&socket, true)?;
    Ok(TcpStream::from(socket))
}

/// Opens a blocking connection whose reads and writes give up in time.
pub(crate) fn connect_patient(target: SocketAddr, patience: Duration) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&target, patience)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    Ok(stream)
}

/// Ports of 127.0.0.1 that nobody listens on at the moment.
pub(crate) fn free_ports<const COUNT: usize>() -> Result<[u16; COUNT]> {
    let listen = |_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let listeners = (0..COUNT).map(listen).collect::<Result<Vec<_>, _>>()?;
    let ports = listeners.iter().map(|listener| Ok(listener.local_addr()?.port()));
    let ports = ports.collect::<Result<Vec<_>>>()?;
    <[u16; COUNT]>::try_from(ports).ok().context("there are no free ports")
}

/// Raises the limit of open files of this process, and of the servers it starts, to the hard limit.
pub(crate) fn raise_open_file_limit() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).context("cannot raise the limit of open files")
}

/// The limit of open files of this process.
pub(crate) fn open_file_limit() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(1 << 20)
}
