//! A publisher in a closed loop: it sends the next request when the last one is answered.

use std::io::{ErrorKind, Read, Write};

use anyhow::{Result, bail, ensure};
use mio::{Interest, Registry, Token, net::TcpStream};

use crate::{answer::Answer, socket};

/// A keep-alive connection that publishes.
#[derive(Debug)]
pub(crate) struct Publisher {
    stream: TcpStream,
    received: Vec<u8>,
    waiting: bool,
}

impl Publisher {
    /// Connects to `port` and registers the connection under `token`.
    pub(crate) fn connect(
        port: u16,
        index: usize,
        registry: &Registry,
        token: Token,
    ) -> Result<Self> {
        let stream = socket::connect_from(index, port)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        registry.register(&mut stream, token, Interest::READABLE)?;
        Ok(Self { stream, received: Vec::with_capacity(1024), waiting: false })
    }

    /// Sends a request; it must be small enough for an empty socket buffer.
    pub(crate) fn send(&mut self, request: &[u8]) -> Result<()> {
        let sent = self.stream.write(request)?;
        ensure!(sent == request.len(), "a publication of {} bytes does not fit", request.len());
        self.waiting = true;
        Ok(())
    }

    /// True from a request to its answer.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// Reads what has come; true if it completes the answer.
    ///
    /// # Errors
    /// If the connection ends or the answer is anything but 200.
    pub(crate) fn read(&mut self) -> Result<bool> {
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => bail!("the server closed a publisher's connection"),
                Ok(count) => {
                    self.received.extend_from_slice(buffer.get(..count).unwrap_or_default());
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        let Some(answer) = Answer::parse(&self.received, false)? else { return Ok(false) };
        answer.expect_ok("a publication")?;
        self.received.clear();
        self.waiting = false;
        Ok(true)
    }
}
