//! TLS over a socket, with the semantics of a non-blocking socket.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::sync::Arc;

use outpour_core::request::Encryption;
use outpour_core::settings::Tls;
use rustls::server::{Accepted, Acceptor};
use rustls::{HandshakeKind, ServerConnection};
use smallvec::SmallVec;

use super::Socket;
use crate::tls::{ClientVerdict, Gate, HTTP2, Host, encryption};

/// Records that one read may look at without anything for its caller.
const STEPS_PER_READ: usize = 32;

/// Bytes that are encrypted and wait for the socket, at most: one record.
const RECORD: usize = 16 * 1024;

/// Bytes of a caller that one write encrypts.
const WRITE_MAX: usize = 256 * 1024;

/// What a TLS record of a handshake begins with; every bit pattern with the highest bit set may
/// be SSLv2's. As in nginx, anything else is taken for HTTP.
const HANDSHAKE: u8 = 0x16;

/// A fatal alert that says `unrecognized_name`, as nginx answers where `ssl_reject_handshake` is on.
const UNRECOGNIZED_NAME: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 112];

/// TLS over a socket.
#[derive(Debug)]
pub(crate) struct TlsStream {
    socket: Socket,
    phase: Phase,
    /// Bytes of the caller that are encrypted but not all with the socket: they count as written
    /// only then, and the caller comes with them again.
    in_flight: usize,
    holds_input: bool,
    /// A read has failed: every other will.
    failed: bool,
}

enum Phase {
    /// Nothing has come.
    Silent(Arc<Gate>),
    /// The client's first message is arriving.
    Greeting(Box<Acceptor>, Arc<Gate>),
    /// The server is chosen; handshake, then data.
    Talking(Box<Talk>),
    /// The client speaks HTTP without TLS.
    Clear,
}

struct Talk {
    tls: ServerConnection,
    host: Arc<Host>,
    /// What the client's certificate is worth; known from the end of the handshake on.
    client: ClientVerdict,
    handshaking: bool,
}

impl std::fmt::Debug for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Silent(_) => "Silent",
            Self::Greeting(..) => "Greeting",
            Self::Talking(_) => "Talking",
            Self::Clear => "Clear",
        })
    }
}

impl TlsStream {
    pub(crate) fn new(socket: Socket, gate: Arc<Gate>) -> Self {
        Self { socket, phase: Phase::Silent(gate), in_flight: 0, holds_input: false, failed: false }
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    pub(crate) fn socket_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        match &self.phase {
            Phase::Silent(_) | Phase::Greeting(..) => true,
            Phase::Talking(talk) => talk.handshaking,
            Phase::Clear => false,
        }
    }

    /// The client spoke HTTP without TLS.
    pub(crate) fn is_clear(&self) -> bool {
        matches!(self.phase, Phase::Clear)
    }

    /// Whether another read may bring something although the socket announces nothing.
    pub(crate) fn holds_input(&self) -> bool {
        self.holds_input
    }

    /// What the handshake agreed on.
    pub(crate) fn encryption(&self) -> Option<Arc<Encryption>> {
        let Phase::Talking(talk) = &self.phase else { return None };
        Some(Arc::new(encryption(&talk.tls, &talk.client)))
    }

    /// Whether the handshake went on with an earlier session; `None` before its end, and without
    /// one.
    pub(crate) fn is_resumed(&self) -> Option<bool> {
        let Phase::Talking(talk) = &self.phase else { return None };
        Some(talk.tls.handshake_kind()? == HandshakeKind::Resumed)
    }

    /// Whether the handshake agreed on HTTP/2.
    pub(crate) fn is_http2(&self) -> bool {
        matches!(&self.phase, Phase::Talking(talk) if talk.tls.alpn_protocol() == Some(HTTP2))
    }

    /// Under which settings the client's certificate was looked at, and what it is worth.
    pub(crate) fn client(&self) -> Option<(&Tls, &ClientVerdict)> {
        let Phase::Talking(talk) = &self.phase else { return None };
        Some((&talk.host.settings, &talk.client))
    }

    /// Sends what is encrypted; false if the socket takes no more for now.
    pub(crate) fn push_out(&mut self) -> io::Result<bool> {
        let Phase::Talking(talk) = &mut self.phase else { return Ok(true) };
        while talk.tls.wants_write() {
            match talk.tls.write_tls(&mut self.socket) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Tells the peer that nothing comes any more, if the socket still takes that.
    pub(crate) fn farewell(&mut self) {
        if let Phase::Talking(talk) = &mut self.phase {
            talk.tls.send_close_notify();
            let _ = self.push_out();
        }
    }

    /// One step: bytes for the caller (0: the end), or nothing but progress.
    fn step(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match &mut self.phase {
            Phase::Clear => self.socket.read(buffer).map(Some),
            Phase::Silent(gate) => {
                let gate = Arc::clone(gate);
                self.first_byte(gate, buffer)
            }
            Phase::Greeting(acceptor, _) => match acceptor.read_tls(&mut self.socket)? {
                0 => Ok(Some(0)),
                _ => self.greet(),
            },
            Phase::Talking(talk) => match talk.tls.reader().read(buffer) {
                Ok(taken) => Ok(Some(taken)),
                // The end without a word is the end, too: HTTP tells by itself what is complete.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(Some(0)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.take_records(),
                Err(error) => Err(error),
            },
        }
    }

    fn first_byte(&mut self, gate: Arc<Gate>, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let mut first = [0];
        if self.socket.read(&mut first)? == 0 {
            return Ok(Some(0));
        }
        if first[0] != HANDSHAKE && first[0] & 0x80 == 0 {
            self.phase = Phase::Clear;
            buffer[0] = first[0];
            return Ok(Some(1));
        }
        let mut acceptor = Box::new(Acceptor::default());
        acceptor.read_tls(&mut &first[..])?;
        self.phase = Phase::Greeting(acceptor, gate);
        Ok(None)
    }

    /// Looks whether the client's first message is complete.
    fn greet(&mut self) -> io::Result<Option<usize>> {
        let Phase::Greeting(acceptor, gate) = &mut self.phase else { return Ok(None) };
        let gate = Arc::clone(gate);
        match acceptor.accept() {
            Ok(None) => Ok(None),
            Ok(Some(accepted)) => self.choose(&gate, accepted).map(|()| None),
            Err((error, mut alert)) => {
                let _ = alert.write(&mut self.socket);
                Err(broken(error))
            }
        }
    }

    fn choose(&mut self, gate: &Gate, accepted: Accepted) -> io::Result<()> {
        let Some((host, http2)) = gate.host(accepted.client_hello().server_name()) else {
            let _ = self.socket.write(&UNRECOGNIZED_NAME);
            let text = "the handshake is rejected by ssl_reject_handshake";
            return Err(io::Error::new(ErrorKind::InvalidData, text));
        };
        match accepted.into_connection(Arc::clone(host.config(http2))) {
            Ok(mut tls) => {
                tls.set_buffer_limit(Some(RECORD));
                let client = ClientVerdict::None;
                let talk = Talk { tls, host, client, handshaking: true };
                self.phase = Phase::Talking(Box::new(talk));
                self.process()
            }
            Err((error, mut alert)) => {
                let _ = alert.write(&mut self.socket);
                Err(broken(error))
            }
        }
    }

    fn take_records(&mut self) -> io::Result<Option<usize>> {
        let Phase::Talking(talk) = &mut self.phase else { return Ok(None) };
        let ended = talk.tls.read_tls(&mut self.socket)? == 0;
        self.process()?;
        let Phase::Talking(talk) = &mut self.phase else { return Ok(None) };
        Ok((ended && talk.tls.is_handshaking()).then_some(0))
    }

    /// Acts on the records that have arrived.
    fn process(&mut self) -> io::Result<()> {
        let Phase::Talking(talk) = &mut self.phase else { return Ok(()) };
        let processed = talk.tls.process_new_packets();
        if talk.handshaking && !talk.tls.is_handshaking() {
            talk.handshaking = false;
            talk.client = talk.host.verdict(&talk.tls);
        }
        // Also the alert that says what is wrong.
        let pushed = self.push_out();
        processed.map_err(broken)?;
        pushed.map(drop)
    }
}

impl Read for TlsStream {
    /// Fills as much of `buffer` as there is: with room left, the socket has nothing more, or
    /// [`TlsStream::holds_input`].
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failed {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        self.holds_input = true;
        let mut filled = 0;
        for _ in 0..STEPS_PER_READ {
            match self.step(&mut buffer[filled..]) {
                Ok(Some(0)) => return Ok(filled),
                Ok(Some(taken)) => filled += taken,
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.holds_input = false;
                    return if filled > 0 { Ok(filled) } else { Err(error) };
                }
                Err(error) => {
                    self.failed = true;
                    // What came before is good; the next read tells of the failure.
                    return if filled > 0 { Ok(filled) } else { Err(error) };
                }
            }
            if filled == buffer.len() {
                return Ok(filled);
            }
        }
        if filled > 0 { Ok(filled) } else { Err(ErrorKind::WouldBlock.into()) }
    }
}

impl Write for TlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    /// Encrypts and sends. What was encrypted and not sent does not count: the next call must begin
    /// with the same bytes, as those of [`super::Output`] do.
    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.is_clear() {
            return self.socket.write_vectored(pieces);
        }
        let mut rest: SmallVec<[IoSlice<'_>; 32]> = SmallVec::from_slice(pieces);
        let mut rest = &mut rest[..];
        let mut done = 0;
        loop {
            if self.is_handshaking() || !self.push_out()? {
                return if done > 0 { Ok(done) } else { Err(ErrorKind::WouldBlock.into()) };
            }
            let sent = std::mem::take(&mut self.in_flight);
            done += sent;
            IoSlice::advance_slices(&mut rest, sent);
            let Phase::Talking(talk) = &mut self.phase else { return Ok(done) };
            if rest.is_empty() || done >= WRITE_MAX {
                return Ok(done);
            }
            self.in_flight = talk.tls.writer().write_vectored(rest)?;
            if self.in_flight == 0 {
                return Ok(done);
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is wrong with the client's TLS; [`ErrorKind::InvalidData`] tells it from the socket's failures.
fn broken(error: rustls::Error) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}
