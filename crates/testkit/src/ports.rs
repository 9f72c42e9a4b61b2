use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range from which systems choose the ports of clients: a connection on its way out
/// never holds a port that a server is about to bind.
const FIRST: u16 = 12_000;
const COUNT: u16 = 20_000;

/// How many ports this process has looked at.
static LOOKED_AT: AtomicU16 = AtomicU16::new(0);

/// A port that is free at this moment on every address of this machine, and that this process has
/// not handed out before.
///
/// Another process may take it before it is used: whoever starts a server on it retries.
///
/// # Errors
/// All ports are taken.
pub fn free_port() -> io::Result<u16> {
    for _ in 0..COUNT {
        let port = port(std::process::id(), LOOKED_AT.fetch_add(1, Ordering::Relaxed));
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

/// The port that a process looks at as its `index`th: processes begin far from each other.
fn port(process: u32, index: u16) -> u16 {
    let place = (process % 97 * 211 + u32::from(index)) % u32::from(COUNT);
    FIRST + u16::try_from(place).expect("less than COUNT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_not_repeated() {
        let mut ports: Vec<_> = (0..COUNT).map(|index| port(4711, index)).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), usize::from(COUNT));
        assert!(ports.iter().all(|p| (FIRST..FIRST + COUNT).contains(p)));
        assert_ne!(free_port().unwrap(), free_port().unwrap());
    }
}
