use std::io;
use std::net::TcpListener;

/// A port of the loopback address that the system considers free at this moment.
///
/// Somebody else may take it before it is used: whoever starts a server on it retries.
///
/// # Errors
/// Those of the operating system.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
