use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// When a read gives up.
pub type Deadline = Instant;

/// What a closed connection looked like from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The peer sent FIN.
    Orderly,
    /// The peer sent RST.
    Reset,
}

/// One TCP connection whose bytes are sent and read exactly as they are.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    closed: Option<Closed>,
}

impl Connection {
    /// Opens a connection.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(10))?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self { stream, received: Vec::new(), closed: None })
    }

    /// Sends `bytes`, unchanged.
    ///
    /// # Errors
    /// When the peer has gone, or accepts nothing for 20 seconds.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Says that nothing more will be sent, and goes on reading.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn finish_sending(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// What has been received and not been taken yet.
    pub fn pending(&self) -> &[u8] {
        &self.received
    }

    /// Takes bytes up to and including `delimiter`.
    ///
    /// # Errors
    /// When the deadline passes or the connection ends before; the text shows what there was.
    pub fn take_until(&mut self, delimiter: &[u8], deadline: Deadline) -> Result<Vec<u8>> {
        let mut searched = 0;
        loop {
            if let Some(at) = find(&self.received[searched..], delimiter) {
                return Ok(self.take(searched + at + delimiter.len()));
            }
            searched = self.received.len().saturating_sub(delimiter.len() - 1);
            self.need_more(deadline, delimiter.escape_ascii())?;
        }
    }

    /// Takes exactly `count` bytes.
    ///
    /// # Errors
    /// When the deadline passes or the connection ends before.
    pub fn take_exactly(&mut self, count: usize, deadline: Deadline) -> Result<Vec<u8>> {
        while self.received.len() < count {
            self.need_more(deadline, format_args!("{count} bytes"))?;
        }
        Ok(self.take(count))
    }

    /// Takes all that arrives until the peer closes.
    ///
    /// # Errors
    /// When the deadline passes before the connection is closed.
    pub fn take_to_end(&mut self, deadline: Deadline) -> Result<Vec<u8>> {
        while self.closed.is_none() {
            if !self.fill(deadline)? {
                bail!("still open, after {}", shown(&self.received));
            }
        }
        Ok(std::mem::take(&mut self.received))
    }

    /// Waits until the peer closes, without anything more having been sent.
    ///
    /// # Errors
    /// When bytes arrive, or when the deadline passes.
    pub fn expect_closed(&mut self, deadline: Deadline) -> Result<Closed> {
        let rest = self.take_to_end(deadline)?;
        match self.closed {
            Some(closed) if rest.is_empty() => Ok(closed),
            _ => bail!("expected the end of the connection, got {}", shown(&rest)),
        }
    }

    /// Checks that nothing at all happens for `duration`.
    ///
    /// # Errors
    /// When bytes arrive or the connection ends.
    pub fn expect_silence(&mut self, duration: Duration) -> Result<()> {
        let deadline = Instant::now() + duration;
        while self.received.is_empty() && self.closed.is_none() {
            if !self.fill(deadline)? {
                return Ok(());
            }
        }
        bail!("expected silence, got {}", shown(&self.received))
    }

    /// Whether the peer has closed, as far as seen by earlier reads.
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let rest = self.received.split_off(count);
        std::mem::replace(&mut self.received, rest)
    }

    fn need_more(&mut self, deadline: Deadline, wanted: impl std::fmt::Display) -> Result<()> {
        if self.closed.is_some() {
            bail!("expected {wanted}, the connection ended after {}", shown(&self.received));
        }
        if !self.fill(deadline)? {
            bail!("expected {wanted}, nothing more came after {}", shown(&self.received));
        }
        Ok(())
    }

    /// Reads once; false when the deadline has passed.
    fn fill(&mut self, deadline: Deadline) -> io::Result<bool> {
        let mut chunk = [0; 65536];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            self.stream.set_read_timeout(Some(left))?;
            match self.stream.read(&mut chunk) {
                Ok(0) => self.closed = Some(Closed::Orderly),
                Ok(count) => self.received.extend_from_slice(&chunk[..count]),
                Err(error) if is_timeout(&error) => continue,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                    self.closed = Some(Closed::Reset);
                }
                Err(error) => return Err(error),
            }
            return Ok(true);
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Bytes for a person to read: escaped, and cut when there are many.
fn shown(bytes: &[u8]) -> String {
    const SHOWN_MAX: usize = 400;
    let start = &bytes[..bytes.len().min(SHOWN_MAX)];
    let more =
        if bytes.len() > SHOWN_MAX { format!(" ... {} bytes", bytes.len()) } else { "".into() };
    format!("\"{}\"{more}", start.escape_ascii())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn soon() -> Deadline {
        Instant::now() + Duration::from_secs(5)
    }

    /// A server that accepts one connection and sends `bytes`, then closes.
    fn sending(bytes: &'static [u8]) -> Connection {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || listener.accept().unwrap().0.write_all(bytes).unwrap());
        Connection::open(address).unwrap()
    }

    #[test]
    fn takes_what_is_asked_for_and_keeps_the_rest() {
        let mut connection = sending(b"head\r\n\r\nbody");
        assert_eq!(connection.take_until(b"\r\n\r\n", soon()).unwrap(), b"head\r\n\r\n");
        assert_eq!(connection.take_exactly(2, soon()).unwrap(), b"bo");
        assert_eq!(connection.take_to_end(soon()).unwrap(), b"dy");
        assert_eq!(connection.expect_closed(soon()).unwrap(), Closed::Orderly);
    }

    #[test]
    fn says_what_came_instead() {
        let error = sending(b"abc").take_until(b"\n", soon()).unwrap_err().to_string();
        assert_eq!(error, r#"expected \n, the connection ended after "abc""#);
        let error = sending(b"x").expect_closed(soon()).unwrap_err().to_string();
        assert!(error.contains("got \"x\""), "{error}");
    }

    #[test]
    fn an_early_byte_breaks_the_silence() {
        let mut connection = sending(b"!");
        connection.take_exactly(1, soon()).unwrap();
        let error = connection.expect_silence(Duration::from_secs(5)).unwrap_err();
        assert!(error.to_string().starts_with("expected silence"));
    }
}
