//! HTTP/2 connections of the generator, driven by its own loop.
//!
//! A [`Session`] is one connection: the h2 crate runs in it without a runtime, over a [`Wire`]
//! that is a link. A [`Stream`] is one request after the other with the bytes of HTTP/1.1, so that
//! members need not know. What h2 would wake a task for rings a bell, by the token of whom it is
//! for; publishers have connections of their own and stay with HTTP/1.1.

mod bells;
mod head;
mod session;
mod stream;
mod wire;

use anyhow::Result;
use mio::{Registry, Token};

pub(super) use self::stream::Stream;
use self::{bells::Bells, session::Session, wire::Wire};
use super::link::Link;
use crate::endpoint::Endpoint;

/// Tokens from here on belong to HTTP/2 connections.
pub(super) const SESSIONS: usize = 1 << 41;

/// All HTTP/2 connections of a crowd.
#[derive(Debug)]
pub(super) struct Sessions {
    bells: Bells,
    /// Members on each.
    streams: usize,
    /// All that were ever opened; one that is over is a husk.
    sessions: Vec<Session>,
    /// Which of them takes the requests of the first so many members, of the next, and so on.
    current: Vec<usize>,
}

impl Sessions {
    /// None yet; each will have so many `streams`.
    pub(super) fn new(streams: usize) -> Self {
        Self {
            bells: Bells::default(),
            streams: streams.max(1),
            sessions: Vec::new(),
            current: Vec::new(),
        }
    }

    /// A stream for the member `index`, on a connection that takes requests.
    ///
    /// Members have to come in their order the first time.
    ///
    /// # Errors
    /// If a connection cannot be opened.
    pub(super) fn stream(
        &mut self,
        registry: &Registry,
        endpoint: &Endpoint,
        index: usize,
    ) -> Result<Stream> {
        let place = index / self.streams;
        let session = self.current.get(place).and_then(|&number| self.sessions.get(number));
        let shared = match session.filter(|session| session.takes_requests()) {
            Some(session) => session.shared(),
            None => self.open(registry, endpoint, place)?,
        };
        Ok(Stream::new(shared, endpoint.is_encrypted(), self.bells.bell(index)))
    }

    /// Opens the connection for the members of a place.
    fn open(
        &mut self,
        registry: &Registry,
        endpoint: &Endpoint,
        place: usize,
    ) -> Result<std::rc::Rc<session::Shared>> {
        let number = self.sessions.len();
        let token = SESSIONS + number;
        let link = Link::open_http2(registry, Token(token), endpoint, number)?;
        let members = place * self.streams..(place + 1) * self.streams;
        let session = Session::new(link, self.bells.clone(), token, members);
        let shared = session.shared();
        self.sessions.push(session);
        match self.current.get_mut(place) {
            Some(current) => *current = number,
            None => self.current.push(number),
        }
        self.bells.ring(token);
        Ok(shared)
    }

    /// Goes on with a connection as far as it can.
    pub(super) fn go_on(&mut self, session: usize) {
        if let Some(session) = self.sessions.get_mut(session) {
            session.go_on();
        }
    }

    /// The tokens of those whose bells have rung: members, then connections.
    pub(super) fn rung(&self) -> Vec<usize> {
        self.bells.take()
    }
}
