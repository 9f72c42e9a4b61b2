//! Very many connections that wait for messages, read by one cheap loop.

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use anyhow::Result;
use mio::{Events, Poll, Registry, Token};

use super::{
    http2::{SESSIONS, Sessions},
    line::Line,
    link::Link,
    member::{Member, Phase},
    silences::Silences,
};
use crate::{
    histogram::Histogram,
    ledger::{Faults, Ledger},
    load::Load,
    progress::Progress,
    request::{Names, text_bytes},
    target::Target,
    timeline::Timeline,
    transport::Transport,
};

/// Tokens from here on belong to publishers, up to those of HTTP/2 connections.
pub(super) const PUBLISHERS: usize = 1 << 40;

/// Bytes of the buffer that all connections are read into.
const BUFFER_BYTES: usize = 4 << 20;

/// How long the loop may wait while subscribers poll at a rate.
const POLL_TICK: Duration = Duration::from_millis(1);

/// What was counted since the last reset.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    /// Messages delivered, repeated ones not counted.
    pub delivered: u64,
    /// Times from sending to delivery.
    pub latencies: Histogram,
    /// Deliveries over time.
    pub timeline: Timeline,
}

impl Tally {
    /// Nothing counted yet.
    pub(crate) fn new() -> Self {
        Self { delivered: 0, latencies: Histogram::new(), timeline: Timeline::new() }
    }

    /// Begins to count from 0.
    pub(crate) fn clear(&mut self) {
        self.delivered = 0;
        self.latencies.clear();
        self.timeline.clear();
    }
}

/// All connections that wait.
#[derive(Debug)]
pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    pub(super) members: Vec<Member>,
    pub(super) target: Target,
    pub(super) transport: Transport,
    pub(super) names: Names,
    ledger: Ledger,
    text_bytes: usize,
    /// The moment that stamps count from.
    epoch: Instant,
    tally: Tally,
    tally_began: Instant,
    poll_rate: f64,
    polls: Option<(Instant, u64)>,
    /// The connections that members share, where they speak HTTP/2.
    sessions: Option<Sessions>,
    /// While connections are held.
    silences: Option<Silences>,
    /// Messages delivered since the beginning.
    pub(super) delivered: u64,
    /// Connections whose first request was sent.
    pub(super) asked: usize,
    /// Connections whose first request was answered.
    pub(super) answered: usize,
    /// Subscriptions that the server has ended.
    pub(super) closed: usize,
}

impl Crowd {
    /// A crowd without connections yet.
    ///
    /// # Errors
    /// If the poll cannot be opened.
    pub(crate) fn new(load: &Load, target: &Target, names: &Names) -> Result<Self> {
        let epoch = Instant::now();
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            buffer: vec![0; BUFFER_BYTES],
            members: Vec::new(),
            target: target.clone(),
            transport: load.transport,
            names: names.clone(),
            ledger: Ledger::new(usize::try_from(load.subscribers)?, load.channels, load.origins()),
            text_bytes: text_bytes(load.size),
            epoch,
            tally: Tally::new(),
            tally_began: epoch,
            poll_rate: load.poll_rate,
            polls: None,
            sessions: target.endpoint.streams.map(Sessions::new),
            silences: None,
            delivered: 0,
            asked: 0,
            answered: 0,
            closed: 0,
        })
    }

    /// Where publishers are registered, with tokens from [`PUBLISHERS`] on.
    pub(super) fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// Nanoseconds since the crowd was made: what stamps hold.
    #[inline]
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Opens one more connection.
    pub(super) fn join(&mut self) -> Result<()> {
        let index = self.members.len();
        let line = self.open(index)?;
        self.members.push(Member::new(line, self.transport));
        self.ask(index)
    }

    /// Opens a connection for the member `index`.
    fn open(&mut self, index: usize) -> Result<Line> {
        let (registry, endpoint) = (self.poll.registry(), &self.target.endpoint);
        match &mut self.sessions {
            None => Ok(Line::Own(Link::open(registry, Token(index), endpoint, index)?)),
            Some(sessions) => {
                Ok(Line::Shared(Box::new(sessions.stream(registry, endpoint, index)?)))
            }
        }
    }

    /// Sends the request of a member as far as it can be sent.
    fn ask(&mut self, index: usize) -> Result<()> {
        let channel = self.names.of(self.ledger.channel_of(index));
        let mut request = self.target.subscription(self.transport, &channel);
        let Some(member) = self.members.get_mut(index) else { return Ok(()) };
        if !member.validators.is_empty() {
            request.truncate(request.len() - 2);
            request.extend_from_slice(&member.validators);
            request.extend_from_slice(b"\r\n");
        }
        let next = if self.transport.asks_again() { Phase::Waiting } else { Phase::Head };
        let first = !member.answered;
        if member.ask(&request, next)? && first {
            self.asked += 1;
        }
        Ok(())
    }

    /// Waits for something to read, at most for `timeout`, and reads it.
    ///
    /// `publishers` gets the tokens of publishers that are ready, counted from 0.
    ///
    /// # Errors
    /// If an answer is not understood, or a connection cannot be opened again.
    pub(super) fn turn(&mut self, timeout: Duration, publishers: &mut Vec<usize>) -> Result<()> {
        publishers.clear();
        let before = self.delivered;
        self.answer_bells()?;
        let timeout = if self.polls.is_some() { timeout.min(POLL_TICK) } else { timeout };
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        let ready: Vec<(usize, bool)> =
            self.events.iter().map(|event| (event.token().0, event.is_readable())).collect();
        for (token, readable) in ready {
            match (token.checked_sub(SESSIONS), token.checked_sub(PUBLISHERS)) {
                (Some(session), _) => self.go_on(session),
                (None, Some(publisher)) => publishers.push(publisher),
                (None, None) => self.visit(token, readable)?,
            }
        }
        self.answer_bells()?;
        self.poll_again()?;
        let delivered = self.delivered - before;
        if delivered > 0 {
            self.tally.timeline.add(self.tally_began.elapsed(), delivered);
        }
        Ok(())
    }

    /// Goes on with a connection that members share.
    fn go_on(&mut self, session: usize) {
        if let Some(sessions) = &mut self.sessions {
            sessions.go_on(session);
        }
    }

    /// Goes on with what HTTP/2 has more to do for, until there is nothing left.
    fn answer_bells(&mut self) -> Result<()> {
        while let Some(rung) = self.sessions.as_ref().map(Sessions::rung)
            && !rung.is_empty()
        {
            for token in rung {
                match token.checked_sub(SESSIONS) {
                    Some(session) => self.go_on(session),
                    None => self.visit(token, true)?,
                }
            }
        }
        Ok(())
    }

    /// Goes on with one connection.
    #[inline]
    fn visit(&mut self, index: usize, readable: bool) -> Result<()> {
        let Some(member) = self.members.get_mut(index) else { return Ok(()) };
        if matches!(member.phase, Phase::Asking(_)) {
            self.ask(index)?;
        }
        if readable { self.read(index) } else { Ok(()) }
    }

    /// Reads from one connection and enters what came.
    #[inline]
    fn read(&mut self, index: usize) -> Result<()> {
        let now = self.now();
        let Some(member) = self.members.get_mut(index) else { return Ok(()) };
        let (ledger, tally) = (&mut self.ledger, &mut self.tally);
        let mut delivered = 0;
        let visit = member.read(&mut self.buffer, self.text_bytes, |stamp| {
            if ledger.enter(index, &stamp) {
                tally.latencies.record(now.saturating_sub(stamp.sent));
                delivered += 1;
            }
        })?;
        tally.delivered += delivered;
        self.delivered += delivered;
        self.answered += usize::from(visit.answered);
        if let Some(silences) = &mut self.silences
            && visit.bytes > 0
        {
            silences.hear(index, now);
        }
        match member.phase {
            Phase::Closed => self.reopen(index),
            Phase::Resting if self.transport == Transport::LongPolling => {
                member.phase = Phase::Asking(0);
                self.ask(index)
            }
            Phase::Asking(_) | Phase::Head | Phase::Streaming | Phase::Waiting | Phase::Resting => {
                Ok(())
            }
        }
    }

    /// What the end of a connection means: the next one, where each message has its own request,
    /// and else a subscription that the server should not have ended.
    fn reopen(&mut self, index: usize) -> Result<()> {
        if !self.transport.asks_again() {
            self.closed += 1;
            return Ok(());
        }
        let line = self.open(index)?;
        if let Some(member) = self.members.get_mut(index) {
            member.replace(line);
            if self.transport == Transport::Polling && member.answered {
                member.phase = Phase::Resting;
                return Ok(());
            }
        }
        self.ask(index)
    }

    /// Lets as many polling subscribers ask as their rate wants, in turn.
    fn poll_again(&mut self) -> Result<()> {
        let Some((begin, asked)) = self.polls else { return Ok(()) };
        let rate = self.poll_rate * self.members.len() as f64;
        let due = begin.elapsed().as_secs_f64() * rate;
        let mut done = asked;
        while (done as f64) < due && done - asked < 256 {
            let index = usize::try_from(done).unwrap_or(0) % self.members.len().max(1);
            done += 1;
            if let Some(member) = self.members.get_mut(index)
                && member.phase == Phase::Resting
            {
                member.phase = Phase::Asking(0);
                self.ask(index)?;
            }
        }
        self.polls = Some((begin, done));
        Ok(())
    }

    /// Begins to poll, where that is the transport.
    pub(super) fn begin_polling(&mut self) {
        if self.transport == Transport::Polling {
            self.polls = Some((Instant::now(), 0));
        }
    }

    /// Begins to count from 0.
    pub(crate) fn reset(&mut self) {
        self.tally.clear();
        self.tally_began = Instant::now();
    }

    /// What was counted since the last reset.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Subscriptions that the server has ended.
    pub(crate) fn closed(&self) -> usize {
        self.closed
    }

    /// Lets everybody wait for `time`; the longest that each heard nothing, not even a ping.
    ///
    /// # Errors
    /// As [`Crowd::turn`].
    pub(crate) fn hold(&mut self, time: Duration, progress: &mut Progress) -> Result<Silences> {
        self.silences = Some(Silences::new(self.members.len(), self.now()));
        let begin = Instant::now();
        let end = begin + time;
        while let Some(left) = end.checked_duration_since(Instant::now())
            && !left.is_zero()
        {
            self.turn(left.min(Duration::from_millis(100)), &mut Vec::new())?;
            progress.show(|| format!("holding: {:.0} s", begin.elapsed().as_secs_f64()));
        }
        let mut silences = self.silences.take().unwrap_or_default();
        silences.end(self.now());
        Ok(silences)
    }

    /// What went wrong, after everything published should have come.
    pub(crate) fn faults(&self, published: impl Fn(u32, u32) -> u32) -> Faults {
        if !self.transport.subscribes() {
            return Faults::default();
        }
        self.ledger.close(published)
    }
}
