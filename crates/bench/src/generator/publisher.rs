//! A connection that publishes, one message at a time; kept alive as long as the server wants.

use std::collections::VecDeque;

use anyhow::{Context, Result, bail};
use mio::{Registry, Token};

use super::link::{Input, Link};
use crate::{
    answer::Answer, endpoint::Endpoint, request::Publication, stamp::Stamp, target::Target,
};

/// A publisher.
#[derive(Debug)]
pub(super) struct Publisher {
    link: Link,
    publication: Publication,
    /// Bytes of the request that are sent; all of them from its end to the answer.
    sent: usize,
    received: Vec<u8>,
    waiting: bool,
    token: Token,
    endpoint: Endpoint,
    /// The channel of its next message.
    pub(super) channel: u32,
    /// Which of the channel's publishers it is.
    pub(super) origin: u32,
    /// When messages were due that wait for it, in the generator's nanoseconds.
    pub(super) due: VecDeque<u64>,
}

impl Publisher {
    /// Opens the connection.
    pub(super) fn open(
        registry: &Registry,
        token: Token,
        target: &Target,
        publication: Publication,
        (channel, origin): (u32, u32),
    ) -> Result<Self> {
        let endpoint = target.publish_endpoint.clone();
        Ok(Self {
            link: Link::open(registry, token, &endpoint, token.0 % 4096)?,
            token,
            endpoint,
            publication,
            sent: 0,
            received: Vec::with_capacity(1024),
            waiting: false,
            channel,
            origin,
            due: VecDeque::new(),
        })
    }

    /// True from a request to its answer.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// Sends the message with this stamp.
    pub(super) fn send(&mut self, stamp: Stamp) -> Result<()> {
        self.publication.stamped(stamp);
        (self.sent, self.waiting) = (0, true);
        self.go_on()
    }

    /// Sends what is left of the request.
    fn go_on(&mut self) -> Result<()> {
        let rest = self.publication.rest(self.sent);
        if self.waiting && !rest.is_empty() {
            self.sent += self.link.write(rest).context("a publisher's connection failed")?;
        } else if !self.waiting {
            // Nothing to send: a TLS handshake goes on.
            self.link.write(&[]).context("a publisher's connection failed")?;
        }
        Ok(())
    }

    /// Goes on with what it can; true if the answer to its message is complete.
    ///
    /// A server that closes the connection behind an answer gets a new one.
    ///
    /// # Errors
    /// If the connection ends or the answer refuses the message.
    pub(super) fn visit(&mut self, registry: &Registry) -> Result<bool> {
        self.go_on()?;
        let closed = self.receive();
        let answer = if self.waiting && (closed || !self.received.is_empty()) {
            Answer::parse(&self.received, closed).context("a publisher's connection failed")?
        } else {
            None
        };
        if closed || answer.as_ref().is_some_and(|answer| answer.closes) {
            self.link = Link::open(registry, self.token, &self.endpoint, self.token.0 % 4096)?;
        }
        let Some(answer) = answer else { return Ok(false) };
        if !answer.is_success() {
            let text = String::from_utf8_lossy(&self.received).into_owned();
            bail!("a publication was answered {}: {text}", answer.status);
        }
        self.received.clear();
        self.waiting = false;
        Ok(true)
    }

    /// Reads all that is there; true at the end of the connection.
    fn receive(&mut self) -> bool {
        let mut buffer = [0; 4096];
        loop {
            let (count, more) = match self.link.read(&mut buffer) {
                Input::More(count) => (count, true),
                Input::Drained(count) => (count, false),
                Input::Closed => return true,
            };
            self.received.extend_from_slice(buffer.get(..count).unwrap_or_default());
            if !more {
                return false;
            }
        }
    }
}
