//! The raw loop: the least that a fan-out can cost.
//!
//! Plain sends of one shared buffer to every subscriber's socket, with no templates, no history
//! and no timers. It answers the few requests of the generator just well enough that it can be
//! driven like a server, and runs as a process of its own so that its CPU is read the same way.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    os::fd::OwnedFd,
};

use anyhow::{Context, Result};
use clap::Args;
use memchr::memmem;
use mio::{Events, Interest, Poll, Token, net};
use rustix::process::{Signal, set_parent_process_death_signal};

use crate::request::INDEX_DIGITS;

/// Arguments of the hidden `raw`.
#[derive(Debug, Clone, Args)]
pub(crate) struct RawArguments {
    /// Port to listen on, on 127.0.0.1
    #[arg(long)]
    pub(crate) port: u16,

    /// Join all publications of a turn into one send per subscriber
    #[arg(long)]
    pub(crate) joined: bool,
}

/// The listener's token; connections have their index.
const LISTENER: Token = Token(usize::MAX);

/// Channels beyond this are not served.
const CHANNELS_MAX: usize = 1 << 20;

/// The answer to a publication.
const PUBLISHED: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// The answer to anything that is neither a publication nor a subscription.
const READY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready";

/// The head that a subscriber gets.
const SUBSCRIBED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Serves until the process is killed, or its parent ends.
///
/// # Errors
/// If the port cannot be bound or the poll fails.
pub(crate) fn serve(arguments: &RawArguments) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    crate::socket::raise_open_file_limit()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let mut listener = net::TcpListener::bind(address)?;
    let poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let fan = Fan { joined: arguments.joined, channels: Vec::new(), queue: Vec::new() };
    let mut raw = Raw { poll, listener, guests: Vec::new(), buffer: vec![0; 1 << 16], fan };
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
    buffer: Vec<u8>,
    fan: Fan,
}

/// A connection that is not a subscriber: it has sent nothing yet, or it publishes.
#[derive(Debug)]
struct Guest {
    stream: net::TcpStream,
    /// Bytes that are no complete request.
    received: Vec<u8>,
}

/// What a complete request wants.
#[derive(Debug, PartialEq, Eq)]
enum Request<'a> {
    Publication { channel: usize, text: &'a [u8], length: usize },
    Subscription { channel: usize },
    Other { length: usize },
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
        self.fan.flush();
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
            self.guests.push(Some(Guest { stream, received: Vec::new() }));
        }
    }

    /// Reads from one guest; `publishers` gets its index once per publication.
    fn visit(&mut self, index: usize, publishers: &mut Vec<usize>) -> Result<()> {
        let Some(slot) = self.guests.get_mut(index) else { return Ok(()) };
        let Some(guest) = slot else { return Ok(()) };
        if !guest.read(&mut self.buffer) {
            *slot = None;
            return Ok(());
        }
        let mut done = 0;
        while let Some(request) = parse(guest.received.get(done..).unwrap_or_default()) {
            match request {
                Request::Publication { channel, text, length } => {
                    self.fan.queue(channel, text);
                    publishers.push(index);
                    done += length;
                }
                Request::Other { length } => {
                    guest.stream.write_all(READY)?;
                    done += length;
                }
                Request::Subscription { channel } => {
                    let Some(mut guest) = slot.take() else { return Ok(()) };
                    self.poll.registry().deregister(&mut guest.stream)?;
                    return self.fan.join(channel, TcpStream::from(OwnedFd::from(guest.stream)));
                }
            }
        }
        guest.received.drain(..done);
        Ok(())
    }
}

impl Guest {
    /// Reads all that is there; false at the end of the connection.
    fn read(&mut self, buffer: &mut [u8]) -> bool {
        loop {
            match self.stream.read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return false,
                Ok(count) => {
                    self.received.extend_from_slice(buffer.get(..count).unwrap_or_default());
                    if count < buffer.len() {
                        return true;
                    }
                }
            }
        }
    }
}

/// Takes the request at the start of `bytes`; `None` if something is missing.
fn parse(bytes: &[u8]) -> Option<Request<'_>> {
    let head = memmem::find(bytes, b"\r\n\r\n")? + 4;
    let path = bytes.split(|&byte| byte == b' ').nth(1)?;
    let digits = path.get(path.len().saturating_sub(INDEX_DIGITS)..)?;
    let channel = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    let channel = channel.filter(|&channel| channel < CHANNELS_MAX);
    if !bytes.starts_with(b"POST ") {
        let subscription = channel.map(|channel| Request::Subscription { channel });
        return Some(subscription.unwrap_or(Request::Other { length: head }));
    }
    let length = head + content_length(bytes.get(..head)?)?;
    let text = bytes.get(head..length)?;
    let publication = channel.map(|channel| Request::Publication { channel, text, length });
    Some(publication.unwrap_or(Request::Other { length }))
}

/// The value of `Content-Length`, as this program writes it.
fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"Content-Length: ";
    let value = head.get(memmem::find(head, NAME)? + NAME.len()..)?;
    let value = value.split(|&byte| byte == b'\r').next()?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// The subscribers, and the buffers that they get.
#[derive(Debug)]
struct Fan {
    joined: bool,
    channels: Vec<Vec<TcpStream>>,
    /// What is to be sent at the end of the turn; joined: one buffer per channel.
    queue: Vec<(usize, Vec<u8>)>,
}

impl Fan {
    /// Adds a subscriber.
    fn join(&mut self, channel: usize, mut stream: TcpStream) -> Result<()> {
        stream.write_all(SUBSCRIBED).context("a subscriber is gone")?;
        if self.channels.len() <= channel {
            self.channels.resize_with(channel + 1, Vec::new);
        }
        if let Some(subscribers) = self.channels.get_mut(channel) {
            subscribers.push(stream);
        }
        Ok(())
    }

    /// Frames a text and puts it where it is sent from.
    fn queue(&mut self, channel: usize, text: &[u8]) {
        let same = self.queue.iter_mut().find(|(other, _)| self.joined && *other == channel);
        let mut new = Vec::new();
        let frame = same.map_or(&mut new, |(_, frames)| frames);
        frame.extend_from_slice(format!("{:x}\r\n", text.len()).as_bytes());
        frame.extend_from_slice(text);
        frame.extend_from_slice(b"\r\n");
        if !new.is_empty() {
            self.queue.push((channel, new));
        }
    }

    /// Sends what is queued, and drops the subscribers that are gone.
    fn flush(&mut self) {
        for (channel, bytes) in self.queue.drain(..) {
            if let Some(subscribers) = self.channels.get_mut(channel) {
                subscribers.retain_mut(|stream| send_whole(stream, &bytes).is_ok());
            }
        }
    }
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

    #[test]
    fn requests() {
        let check =
            |bytes: &str, expected| assert_eq!(parse(bytes.as_bytes()), expected, "{bytes}");
        check("GET /sub/b-0000012 HTTP/1.1\r\n\r\n", Some(Request::Subscription { channel: 12 }));
        check("GET /ready HTTP/1.1\r\n\r\n", Some(Request::Other { length: 23 }));
        check("GET /ready HTTP/1.1\r\n", None);
        let head = "POST /pub?id=b-0000002 HTTP/1.1\r\nContent-Length: 2\r\n\r\n";
        let length = head.len() + 2;
        let publication = Request::Publication { channel: 2, text: b"ab", length };
        check(&format!("{head}abPOST"), Some(publication));
        check(&format!("{head}a"), None);
        check("POST /pub?id=b-0000002 HTTP/1.1\r\nContent-Length: x\r\n\r\n", None);
        check("\r\n\r\n", None);
    }

    #[test]
    fn frames() {
        let check = |joined, expected: &[(usize, &str)]| {
            let mut fan = Fan { joined, channels: Vec::new(), queue: Vec::new() };
            for (channel, text) in [(1, "ab"), (2, "0123456789abcdef"), (1, "c")] {
                fan.queue(channel, text.as_bytes());
            }
            let expected = expected.iter().map(|&(channel, text)| (channel, text.into()));
            assert_eq!(fan.queue, expected.collect::<Vec<_>>());
        };
        let long = "10\r\n0123456789abcdef\r\n";
        check(false, &[(1, "2\r\nab\r\n"), (2, long), (1, "1\r\nc\r\n")]);
        check(true, &[(1, "2\r\nab\r\n1\r\nc\r\n"), (2, long)]);
    }
}
