//! TLS to an upstream, with the semantics of a non-blocking socket.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use crate::connection::Socket;

/// Plain bytes that may be encrypted and wait for the socket.
const BUFFER: usize = 64 * 1024;

/// TLS to an upstream.
#[derive(Debug)]
pub(crate) struct ClientTls {
    socket: Socket,
    tls: ClientConnection,
}

impl ClientTls {
    /// Begins a handshake with `name`.
    ///
    /// # Errors
    /// `name` is no name of a host.
    pub(crate) fn new(socket: Socket, config: Arc<ClientConfig>, name: &[u8]) -> io::Result<Self> {
        let name = String::from_utf8_lossy(name).into_owned();
        let name = ServerName::try_from(name).map_err(io::Error::other)?;
        let mut tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
        tls.set_buffer_limit(Some(BUFFER));
        Ok(Self { socket, tls })
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    pub(crate) fn socket_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// Sends what is encrypted, as far as the socket takes it.
    pub(crate) fn push_out(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            match self.tls.write_tls(&mut self.socket) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Read for ClientTls {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tls.reader().read(buffer) {
                // The end without a word is the end, too: HTTP tells by itself what is complete.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
            let ended = self.tls.read_tls(&mut self.socket)? == 0;
            let processed = self.tls.process_new_packets();
            // Also the alert that says what is wrong.
            let pushed = self.push_out();
            processed.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            pushed?;
            if ended && self.tls.is_handshaking() {
                return Ok(0);
            }
        }
    }
}

impl Write for ClientTls {
    /// Takes bytes as far as the buffer goes; [`ClientTls::push_out`] sends the rest of them.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_handshaking() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let taken = self.tls.writer().write(bytes)?;
        self.push_out()?;
        if taken == 0 && !bytes.is_empty() { Err(ErrorKind::WouldBlock.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.push_out()
    }
}
