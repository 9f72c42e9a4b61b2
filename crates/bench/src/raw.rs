//! The raw loop: the least that a fan-out can cost.
//!
//! Plain sends of one shared buffer to every subscriber's socket, with no channels, no templates
//! and no timers. It answers the few requests of this benchmark just well enough that the same
//! generator can drive it, and runs as a process of its own so that its CPU is read the same way.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    os::fd::OwnedFd,
};

use anyhow::{Context, Result};
use mio::{Events, Interest, Poll, Token, net};
use rustix::process::{Signal, set_parent_process_death_signal};

use crate::arguments::RawArguments;

/// The listener's token; connections have their index.
const LISTENER: Token = Token(usize::MAX);

/// The answer to a publication.
const PUBLISHED: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// The head that a subscriber gets.
const SUBSCRIBED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Serves until the process is killed, or its parent ends.
///
/// # Errors
/// If the port cannot be bound or the poll fails.
pub(crate) fn serve(arguments: &RawArguments) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let mut listener = net::TcpListener::bind(address)?;
    let poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut raw = Raw { poll, listener, guests: Vec::new(), fan: Fan::new(arguments.joined) };
    let mut events = Events::with_capacity(1024);
    loop {
        raw.turn(&mut events)?;
    }
}

/// The raw server.
#[derive(Debug)]
struct Raw {
    poll: Poll,
    listener: net::TcpListener,
    guests: Vec<Option<Guest>>,
    fan: Fan,
}

/// A connection that is not a subscriber: it has sent nothing yet, or it publishes.
#[derive(Debug)]
struct Guest {
    stream: net::TcpStream,
    /// Bytes of publications that are not complete.
    pending: usize,
}

/// What a guest's bytes are.
enum Request {
    Publications(usize),
    Statistics,
    Subscription,
    Gone,
}

impl Raw {
    /// Handles what is readable, then sends the publications that were in it.
    fn turn(&mut self, events: &mut Events) -> Result<()> {
        match self.poll.poll(events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        let mut publishers = Vec::new();
        for event in &*events {
            match event.token() {
                LISTENER => self.accept()?,
                Token(index) => self.visit(index, &mut publishers)?,
            }
        }
        self.fan.send(publishers.len());
        for index in publishers {
            if let Some(Some(guest)) = self.guests.get_mut(index) {
                guest.stream.write_all(PUBLISHED)?;
            }
        }
        Ok(())
    }

    /// Takes every connection that waits.
    fn accept(&mut self) -> Result<()> {
        loop {
            let (mut stream, _) = match self.listener.accept() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                accepted => accepted?,
            };
            stream.set_nodelay(true)?;
            let token = Token(self.guests.len());
            self.poll.registry().register(&mut stream, token, Interest::READABLE)?;
            self.guests.push(Some(Guest { stream, pending: 0 }));
        }
    }

    /// Reads from one guest; `publishers` gets its index once per publication.
    fn visit(&mut self, index: usize, publishers: &mut Vec<usize>) -> Result<()> {
        let Some(slot) = self.guests.get_mut(index) else { return Ok(()) };
        let Some(guest) = slot else { return Ok(()) };
        match guest.read(&mut self.fan)? {
            Request::Publications(count) => publishers.extend((0..count).map(|_| index)),
            Request::Statistics => guest.stream.write_all(&self.fan.statistics())?,
            Request::Gone => *slot = None,
            Request::Subscription => {
                let Some(mut guest) = slot.take() else { return Ok(()) };
                self.poll.registry().deregister(&mut guest.stream)?;
                self.fan.join(TcpStream::from(OwnedFd::from(guest.stream)))?;
            }
        }
        Ok(())
    }
}

impl Guest {
    /// Reads once; requests of the benchmark are small and come in one piece.
    fn read(&mut self, fan: &mut Fan) -> Result<Request> {
        let mut buffer = [0; 4096];
        let count = match self.stream.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Ok(Request::Publications(0));
            }
            Ok(0) | Err(_) => return Ok(Request::Gone),
            Ok(count) => count,
        };
        let bytes = buffer.get(..count).unwrap_or_default();
        if bytes.starts_with(b"GET /channels-stats") {
            return Ok(Request::Statistics);
        }
        if bytes.starts_with(b"GET ") {
            return Ok(Request::Subscription);
        }
        fan.learn(bytes)?;
        self.pending += bytes.len();
        let complete = self.pending / fan.request_length;
        self.pending %= fan.request_length;
        Ok(Request::Publications(complete))
    }
}

/// The subscribers and the buffer that all of them get.
#[derive(Debug)]
struct Fan {
    joined: bool,
    subscribers: Vec<TcpStream>,
    /// Bytes of a publication; all are of one length. 1 before the first.
    request_length: usize,
    frame: Vec<u8>,
    /// As many frames as were joined in the largest turn.
    frames: Vec<u8>,
}

impl Fan {
    fn new(joined: bool) -> Self {
        Self {
            joined,
            subscribers: Vec::new(),
            request_length: 1,
            frame: Vec::new(),
            frames: Vec::new(),
        }
    }

    /// Takes the frame from the first publication.
    fn learn(&mut self, request: &[u8]) -> Result<()> {
        if !self.frame.is_empty() {
            return Ok(());
        }
        let end =
            memchr::memmem::find(request, b"\r\n\r\n").context("a publication has no head")?;
        let body = request.get(end + 4..).unwrap_or_default();
        self.request_length = request.len().max(1);
        self.frame = format!("{:x}\r\n", body.len()).into_bytes();
        self.frame.extend_from_slice(body);
        self.frame.extend_from_slice(b"\r\n");
        Ok(())
    }

    /// Adds a subscriber.
    fn join(&mut self, mut stream: TcpStream) -> Result<()> {
        stream.write_all(SUBSCRIBED)?;
        self.subscribers.push(stream);
        Ok(())
    }

    /// The number of subscribers, as an answer.
    fn statistics(&self) -> Vec<u8> {
        let body = format!("{{\"subscribers\": {}}}", self.subscribers.len());
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    /// Sends the frame `count` times to every subscriber.
    fn send(&mut self, count: usize) {
        if !self.joined {
            (0..count).for_each(|_| send_to_all(&mut self.subscribers, &self.frame));
        } else if count > 0 {
            while self.frames.len() < count * self.frame.len() {
                self.frames.extend_from_slice(&self.frame);
            }
            let bytes = self.frames.get(..count * self.frame.len()).unwrap_or_default();
            send_to_all(&mut self.subscribers, bytes);
        }
    }
}

/// Sends `bytes` to every subscriber, and drops those that are gone.
fn send_to_all(subscribers: &mut Vec<TcpStream>, bytes: &[u8]) {
    subscribers.retain_mut(|stream| send_whole(stream, bytes).is_ok());
}

/// One non-blocking send; what does not fit waits for the reader.
fn send_whole(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    let sent = match stream.write(bytes) {
        Ok(sent) if sent == bytes.len() => return Ok(()),
        Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
        sent => sent.unwrap_or(0),
    };
    stream.set_nonblocking(false)?;
    stream.write_all(bytes.get(sent..).unwrap_or_default())?;
    stream.set_nonblocking(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the first publication teaches: its length and the frame.
    fn check(request: &str, expected: &str) {
        let mut fan = Fan::new(false);
        fan.learn(request.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(fan.frame).unwrap(), expected);
        assert_eq!(fan.request_length, request.len());
    }

    #[test]
    fn frames() {
        check("POST /pub HTTP/1.1\r\nContent-Length: 2\r\n\r\nab", "2\r\nab\r\n");
        check("POST / HTTP/1.1\r\n\r\n0123456789abcdef", "10\r\n0123456789abcdef\r\n");
    }
}
