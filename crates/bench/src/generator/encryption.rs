//! TLS between a link and its socket.

use std::{
    io::{self, ErrorKind, Read, Write},
    mem,
};

use mio::net::TcpStream;
use rustls::ClientConnection;

use super::link::{Input, waits};

/// The TLS of one connection.
#[derive(Debug)]
pub(super) struct Encryption {
    session: ClientConnection,
    /// Bytes that the session has taken and the socket has not; not told as written yet.
    unsent: usize,
}

/// What the socket had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fill {
    /// Bytes, and there may be more.
    More,
    /// All bytes that there were.
    Last,
    /// Nothing.
    Empty,
    /// The end of the connection.
    End,
}

impl Encryption {
    /// Before the handshake.
    pub(super) fn new(session: ClientConnection) -> Self {
        Self { session, unsent: 0 }
    }

    /// Goes on with the handshake where it is not over, then writes what fits. As with a plain
    /// socket, the poll tells when more fits if fewer bytes are told than were given.
    ///
    /// # Errors
    /// If the connection is refused or broken, or the server does not speak TLS.
    pub(super) fn write(&mut self, stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
        if !self.shake_hands(stream)? || !self.flush(stream)? {
            return Ok(0);
        }
        let mut written = mem::take(&mut self.unsent);
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            let taken = self.session.writer().write(rest)?;
            if !self.flush(stream)? {
                self.unsent = taken;
                break;
            }
            written += taken;
        }
        Ok(written)
    }

    /// Reads what there is and fits.
    pub(super) fn read(&mut self, stream: &mut TcpStream, buffer: &mut [u8]) -> Input {
        let (mut count, mut last) = (0, false);
        loop {
            let room = buffer.get_mut(count..).unwrap_or_default();
            if room.is_empty() {
                return Input::More(count);
            }
            match self.session.reader().read(room) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // What came before the end is told first.
                Ok(0) | Err(_) if count > 0 => return Input::More(count),
                Ok(0) | Err(_) => return Input::Closed,
                Ok(more) => {
                    count += more;
                    continue;
                }
            }
            if last {
                return Input::Drained(count);
            }
            last = match self.fill(stream) {
                Ok(fill) => matches!(fill, Fill::Last | Fill::Empty),
                Err(_) if count > 0 => return Input::More(count),
                Err(_) => return Input::Closed,
            };
        }
    }

    /// The protocol that was agreed upon; `None` before that, or if the server does not say.
    pub(super) fn protocol(&self) -> Option<&[u8]> {
        self.session.alpn_protocol()
    }

    /// Whether nothing but the handshake has happened so far.
    pub(super) fn is_handshaking(&self) -> bool {
        self.session.is_handshaking()
    }

    /// True when the handshake is over.
    fn shake_hands(&mut self, stream: &mut TcpStream) -> io::Result<bool> {
        while self.session.is_handshaking() {
            if self.session.wants_write() {
                if !self.flush(stream)? {
                    return Ok(false);
                }
                continue;
            }
            match self.fill(stream)? {
                Fill::More | Fill::Last => {}
                Fill::Empty => return Ok(false),
                Fill::End => return Err(ErrorKind::UnexpectedEof.into()),
            }
        }
        Ok(true)
    }

    /// Hands what is encrypted to the socket; false if it does not take all.
    fn flush(&mut self, stream: &mut TcpStream) -> io::Result<bool> {
        while self.session.wants_write() {
            match self.session.write_tls(stream) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if waits(&error) => return Ok(false),
                written => drop(written?),
            }
        }
        Ok(true)
    }

    /// Reads from the socket once and decrypts.
    fn fill(&mut self, stream: &mut TcpStream) -> io::Result<Fill> {
        let mut socket = Socket { stream, emptied: false };
        let count = loop {
            match self.session.read_tls(&mut socket) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if waits(&error) => return Ok(Fill::Empty),
                read => break read?,
            }
        };
        let emptied = socket.emptied;
        if let Err(error) = self.session.process_new_packets() {
            // The server is told why, if it listens.
            let _ = self.flush(stream);
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
        Ok(match count {
            0 => Fill::End,
            _ if emptied => Fill::Last,
            _ => Fill::More,
        })
    }
}

/// A socket that notices when a read has emptied it.
struct Socket<'a> {
    stream: &'a mut TcpStream,
    emptied: bool,
}

impl Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.emptied = count < buffer.len();
        Ok(count)
    }
}
