//! Client sockets, many of them.

use std::{
    net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result};
use rustix::{
    net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with},
    process::{Resource, Rlimit, getrlimit, setrlimit},
};

/// How many source addresses share the connections: 28,000 ports each are more than enough.
const SOURCES: usize = 240;

/// Opens a blocking connection to `port` on 127.0.0.1, from an address that `index` chooses.
///
/// One source address has as many connections to one port as there are ephemeral ports; spread over
/// 127.0.0.0/8 they do not run out.
pub(crate) fn connect_from(index: usize, port: u16) -> Result<TcpStream> {
    let last = u8::try_from(index % SOURCES + 1).unwrap_or(1);
    let source = SocketAddrV4::new(Ipv4Addr::new(127, 1, 0, last), 0);
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    bind(&socket, &source).with_context(|| format!("cannot bind to {source}"))?;
    let target = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    connect(&socket, &target).with_context(|| format!("cannot connect to {target}"))?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Opens a blocking connection to `port` on 127.0.0.1 whose reads and writes give up in time.
pub(crate) fn connect_patient(port: u16, patience: Duration) -> Result<TcpStream> {
    let stream = TcpStream::connect(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    Ok(stream)
}

/// A port of 127.0.0.1 that nobody listens on at the moment.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
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
