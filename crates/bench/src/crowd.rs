//! Very many connections that wait for messages, read by one cheap loop.

use std::{
    io::{ErrorKind, Read, Write},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use mio::{Events, Interest, Poll, Registry, Token, net::TcpStream};

use crate::{client, client::MARK, socket, transport::Transport};

/// Connections opened before the server's answers are waited for, within an ordinary backlog.
const BATCH: usize = 250;

/// Tokens from here on belong to others than the crowd.
pub(crate) const FOREIGN: usize = 1 << 40;

/// One connection of the crowd.
#[derive(Debug)]
struct Member {
    stream: TcpStream,
    head: HeadEnd,
    messages: u32,
    open: bool,
}

/// Many connections, all read into one buffer.
#[derive(Debug)]
pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    members: Vec<Member>,
    answered: usize,
    messages: u64,
    lost: usize,
}

impl Crowd {
    /// An empty crowd.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            buffer: vec![0; 256 * 1024],
            members: Vec::new(),
            answered: 0,
            messages: 0,
            lost: 0,
        })
    }

    /// Where connections of others are registered, with tokens from [`FOREIGN`] on.
    pub(crate) fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// Opens `count` connections to `port` that wait on `channel`, and waits until all of them do.
    ///
    /// # Errors
    /// If a connection fails or the server does not take all of them within `patience`.
    pub(crate) fn gather(
        &mut self,
        (port, channel): (u16, &str),
        transport: Transport,
        count: usize,
        patience: Duration,
    ) -> Result<()> {
        let request = transport.request(channel);
        while self.members.len() < count {
            for _ in 0..BATCH.min(count - self.members.len()) {
                self.join(port, &request)?;
            }
            if transport.answers_at_once() {
                self.wait_for_answers(patience)?;
            }
            if transport.subscribes() {
                self.wait_for_subscriptions(port, channel, patience)?;
            }
        }
        Ok(())
    }

    /// Opens one connection and sends its request.
    fn join(&mut self, port: u16, request: &[u8]) -> Result<()> {
        let index = self.members.len();
        let mut stream = socket::connect_from(index, port)?;
        stream.write_all(request)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        self.poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
        self.members.push(Member { stream, head: HeadEnd::default(), messages: 0, open: true });
        Ok(())
    }

    /// Waits until the head of an answer has come on every connection.
    fn wait_for_answers(&mut self, patience: Duration) -> Result<()> {
        let count = self.members.len();
        self.turn_until(patience, |crowd| crowd.answered == count)?;
        ensure!(self.answered == count, "only {} of {count} requests were answered", self.answered);
        Ok(())
    }

    /// Waits until the server counts all connections as subscribers.
    fn wait_for_subscriptions(&self, port: u16, channel: &str, patience: Duration) -> Result<()> {
        let deadline = Instant::now() + patience;
        let wanted = u64::try_from(self.members.len())?;
        loop {
            let counted = client::subscribers(port, channel, patience)?;
            if counted >= wanted {
                return Ok(());
            }
            let in_time = Instant::now() < deadline;
            ensure!(in_time, "the server counts {counted} subscribers of {wanted}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Sends `request` again on every connection and waits for all answers.
    ///
    /// # Errors
    /// If a connection is broken or an answer does not come within `patience`.
    pub(crate) fn ask_again(&mut self, request: &[u8], patience: Duration) -> Result<()> {
        self.answered = 0;
        for member in &mut self.members {
            member.head = HeadEnd::default();
            member.stream.write_all(request)?;
        }
        self.wait_for_answers(patience)
    }

    /// Turns until `done` or until `patience` has passed.
    pub(crate) fn turn_until(
        &mut self,
        patience: Duration,
        done: impl Fn(&Self) -> bool,
    ) -> Result<()> {
        let deadline = Instant::now() + patience;
        let mut foreign = Vec::new();
        while !done(self) && Instant::now() < deadline {
            self.turn(Duration::from_millis(20), &mut foreign)?;
        }
        Ok(())
    }

    /// Waits for something to read, at most for `timeout`, and reads it.
    ///
    /// `foreign` gets the tokens of others that are readable.
    pub(crate) fn turn(&mut self, timeout: Duration, foreign: &mut Vec<usize>) -> Result<()> {
        foreign.clear();
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        for event in &self.events {
            let token = event.token().0;
            let Some(member) = self.members.get_mut(token) else {
                foreign.push(token);
                continue;
            };
            let read = member.read(&mut self.buffer);
            self.answered += usize::from(read.answered);
            self.messages += u64::from(read.messages);
            self.lost += usize::from(read.lost);
        }
        Ok(())
    }

    /// Messages read on all connections together.
    pub(crate) fn messages(&self) -> u64 {
        self.messages
    }

    /// Connections that the server has closed.
    pub(crate) fn lost(&self) -> usize {
        self.lost
    }

    /// Connections that have read a message `times` times.
    pub(crate) fn members_with(&self, times: u32) -> usize {
        self.members.iter().filter(|member| member.messages == times).count()
    }

    /// Connections with a complete answer.
    pub(crate) fn answered(&self) -> usize {
        self.answered
    }
}

/// What one visit of a connection found.
#[derive(Debug, Default)]
struct Reading {
    answered: bool,
    messages: u32,
    lost: bool,
}

impl Member {
    /// Reads all that is there.
    ///
    /// A read that does not fill the buffer has emptied the socket; the poll tells of anything
    /// that comes later, the end of the connection included.
    fn read(&mut self, buffer: &mut [u8]) -> Reading {
        let mut reading = Reading::default();
        while self.open {
            match self.stream.read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => {
                    self.open = false;
                    reading.lost = true;
                }
                Ok(count) => {
                    self.count(buffer.get(..count).unwrap_or_default(), &mut reading);
                    if count < buffer.len() {
                        break;
                    }
                }
            }
        }
        reading
    }

    /// Counts what `bytes` hold.
    fn count(&mut self, bytes: &[u8], reading: &mut Reading) {
        reading.answered |= self.head.feed(bytes);
        let messages = memchr::memchr_iter(MARK, bytes).count();
        let messages = u32::try_from(messages).unwrap_or(u32::MAX);
        self.messages = self.messages.saturating_add(messages);
        reading.messages = reading.messages.saturating_add(messages);
    }
}

/// Finds the empty line behind the head of an answer, however it is cut into reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct HeadEnd {
    /// How many bytes of CR LF CR LF were seen last; 4 when the head is over.
    matched: u8,
}

impl HeadEnd {
    /// Takes the next bytes; true if the head ends within them.
    fn feed(&mut self, bytes: &[u8]) -> bool {
        for byte in bytes {
            if self.matched == 4 {
                return false;
            }
            self.matched = match (byte, self.matched) {
                (b'\r', 2) => 3,
                (b'\r', _) => 1,
                (b'\n', 1) => 2,
                (b'\n', 3) => 4,
                _ => 0,
            };
            if self.matched == 4 {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the pieces and tells in which of them the head ended.
    fn check(pieces: &[&str], expected: Option<usize>) {
        let mut head = HeadEnd::default();
        let ends: Vec<usize> =
            (0..pieces.len()).filter(|&piece| head.feed(pieces[piece].as_bytes())).collect();
        assert_eq!(ends, Vec::from_iter(expected), "{pieces:?}");
    }

    #[test]
    fn head_ends() {
        check(&["HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody"], Some(0));
        check(&["HTTP/1.1 200 OK\r\nA: b\r", "\n\r\n", "body\r\n\r\n"], Some(1));
        check(&["a\r\r\n\r", "\n"], Some(1));
        check(&["a\r\nb\r\n", "\n"], None);
        check(&[], None);
    }
}
