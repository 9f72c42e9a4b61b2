//! Connections that ask for the same thing again and again, one request at a time each.

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use mio::{Events, Poll, Registry, Token};

use super::{
    crowd::Tally,
    link::{Input, Link},
};
use crate::{answer::Answer, endpoint::Endpoint, progress::Progress};

/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 256 * 1024;

/// Connections that are opened before the first of them is answered.
const UNANSWERED_MAX: usize = 256;

/// How long the loop may wait for an answer before it looks at the clock.
const TICK: Duration = Duration::from_millis(20);

/// What is asked, and what has to be answered.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// Where.
    pub endpoint: Endpoint,
    /// The request.
    pub request: Vec<u8>,
    /// What every answer has to end with.
    pub content: Vec<u8>,
}

/// All connections that ask.
#[derive(Debug)]
pub(crate) struct Clients {
    poll: Poll,
    question: Question,
    clients: Vec<Client>,
    buffer: Vec<u8>,
    /// The moment that times count from.
    epoch: Instant,
    tally: Tally,
    tally_began: Instant,
    /// Answers since the beginning.
    answered: u64,
    /// Requests without an answer yet.
    waiting: usize,
    /// Whether whoever is answered asks again.
    again: bool,
}

/// One connection.
#[derive(Debug)]
struct Client {
    link: Link,
    /// Bytes of the request that are sent.
    sent: usize,
    /// When it began to ask.
    asked_at: u64,
    waiting: bool,
    /// The server has closed it, or will.
    closed: bool,
    received: Vec<u8>,
}

impl Clients {
    /// Nobody yet.
    ///
    /// # Errors
    /// If the poll cannot be opened.
    pub(crate) fn new(question: Question) -> Result<Self> {
        let epoch = Instant::now();
        Ok(Self {
            poll: Poll::new()?,
            question,
            clients: Vec::new(),
            buffer: vec![0; BUFFER_BYTES],
            epoch,
            tally: Tally::new(),
            tally_began: epoch,
            answered: 0,
            waiting: 0,
            again: false,
        })
    }

    /// Opens `count` connections and has each answered once; the time of that.
    ///
    /// # Errors
    /// If a connection fails, an answer is another one than expected, or none comes in time.
    pub(crate) fn gather(&mut self, count: usize, patience: Duration) -> Result<Duration> {
        let begin = Instant::now();
        let (mut events, mut moved, mut seen) = (Events::with_capacity(1024), begin, 0);
        while self.clients.len() < count || self.waiting > 0 {
            while self.clients.len() < count && self.waiting < UNANSWERED_MAX {
                let index = self.clients.len();
                let client = Client::open(self.poll.registry(), index, &self.question.endpoint)?;
                self.clients.push(client);
                self.ask(index)?;
            }
            self.turn(&mut events)?;
            if self.answered > seen {
                (seen, moved) = (self.answered, Instant::now());
            }
            ensure!(moved.elapsed() < patience, "only {seen} of {count} requests were answered");
        }
        Ok(begin.elapsed())
    }

    /// Asks for `time`, then waits for the last answers; the time of all that.
    ///
    /// # Errors
    /// As [`Clients::gather`].
    pub(crate) fn run(
        &mut self,
        time: Duration,
        patience: Duration,
        progress: &mut Progress,
    ) -> Result<Duration> {
        self.tally.clear();
        self.tally_began = Instant::now();
        let begin = self.tally_began;
        let (mut events, mut moved, mut seen) = (Events::with_capacity(1024), begin, self.answered);
        self.again = true;
        for index in 0..self.clients.len() {
            self.ask(index)?;
        }
        while self.again || self.waiting > 0 {
            self.turn(&mut events)?;
            self.again = begin.elapsed() < time;
            if self.answered > seen {
                (seen, moved) = (self.answered, Instant::now());
            }
            ensure!(moved.elapsed() < patience, "a request is not answered");
            progress.show(|| {
                let seconds = begin.elapsed().as_secs_f64();
                let rate = self.tally.delivered as f64 / seconds.max(0.001);
                format!("{seconds:.0} s, {rate:.0} answers/s")
            });
        }
        Ok(begin.elapsed())
    }

    /// What was counted in the last run.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Waits for something to read or write, and goes on with it.
    fn turn(&mut self, events: &mut Events) -> Result<()> {
        match self.poll.poll(events, Some(TICK)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        let before = self.answered;
        for event in &*events {
            self.visit(event.token().0)?;
        }
        let answered = self.answered - before;
        if answered > 0 {
            self.tally.timeline.add(self.tally_began.elapsed(), answered);
        }
        Ok(())
    }

    /// Begins the next request of a connection; one that the server has closed is opened again.
    fn ask(&mut self, index: usize) -> Result<()> {
        let now = self.now();
        let Some(client) = self.clients.get_mut(index) else { return Ok(()) };
        if client.closed {
            *client = Client::open(self.poll.registry(), index, &self.question.endpoint)?;
        }
        (client.sent, client.asked_at, client.waiting) = (0, now, true);
        self.waiting += 1;
        client.send(&self.question.request)
    }

    /// Goes on with one connection.
    fn visit(&mut self, index: usize) -> Result<()> {
        let Some(client) = self.clients.get_mut(index) else { return Ok(()) };
        client.send(&self.question.request)?;
        if !client.receive(&mut self.buffer, &self.question.content)? {
            return Ok(());
        }
        let asked_at = client.asked_at;
        self.waiting -= 1;
        self.answered += 1;
        self.tally.delivered += 1;
        self.tally.latencies.record(self.now().saturating_sub(asked_at));
        if self.again { self.ask(index) } else { Ok(()) }
    }

    /// Nanoseconds since the clients were made.
    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Client {
    /// Opens a connection that asks nothing yet.
    fn open(registry: &Registry, index: usize, endpoint: &Endpoint) -> Result<Self> {
        Ok(Self {
            link: Link::open(registry, Token(index), endpoint, index)?,
            sent: 0,
            asked_at: 0,
            waiting: false,
            closed: false,
            received: Vec::new(),
        })
    }

    /// Sends what is left of the request.
    fn send(&mut self, request: &[u8]) -> Result<()> {
        let rest = request.get(self.sent..).unwrap_or_default();
        if self.waiting && !rest.is_empty() {
            self.sent += self.link.write(rest).context("a connection failed")?;
        }
        Ok(())
    }

    /// Reads what there is; true if that completes the answer.
    fn receive(&mut self, buffer: &mut [u8], content: &[u8]) -> Result<bool> {
        loop {
            let input = self.link.read(buffer);
            let count = match input {
                Input::More(count) | Input::Drained(count) => count,
                Input::Closed => 0,
            };
            self.closed |= input == Input::Closed;
            let bytes = buffer.get(..count).unwrap_or_default();
            if self.waiting && self.take(bytes, content)? {
                return Ok(true);
            }
            if !matches!(input, Input::More(_)) {
                return Ok(false);
            }
        }
    }

    /// Adds bytes to the answer; true if it is complete.
    fn take(&mut self, bytes: &[u8], content: &[u8]) -> Result<bool> {
        if bytes.is_empty() && !self.closed {
            return Ok(false);
        }
        // An answer that comes in one piece, as nearly all do, is not copied.
        let whole = if self.received.is_empty() {
            bytes
        } else {
            self.received.extend_from_slice(bytes);
            &self.received
        };
        let Some(answer) = Answer::parse(whole, self.closed)? else {
            if self.received.is_empty() {
                self.received.extend_from_slice(bytes);
            }
            return Ok(false);
        };
        if !answer.is_success() {
            bail!("a request was answered {}", answer.status);
        }
        let answered = whole.get(..answer.length).unwrap_or_default();
        ensure!(answered.ends_with(content), "an answer has another content than it should");
        self.closed |= answer.closes;
        self.waiting = false;
        self.received.clear();
        Ok(true)
    }
}
