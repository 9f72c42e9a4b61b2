//! A connection that waits for messages.

use anyhow::{Context, Result, bail};
use memchr::memmem;

use super::{line::Line, link::Input};
use crate::{
    answer::Answer,
    stamp::{self, Rest, Stamp},
    transport::Transport,
};

/// The validator of somebody who has seen nothing.
const EPOCH: &[u8] = b"If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n";

/// One connection of the crowd, or one stream of such.
///
/// ```text
/// Asking ── request sent ──▶ Head ── end of the head ──▶ Streaming
///    ▲                        └──── whole answers ─────▶ Resting (asks again)
///    └──────────────────────────────────────────────────────┘
/// ```
#[derive(Debug)]
pub(super) struct Member {
    pub(super) line: Line,
    pub(super) phase: Phase,
    /// Bytes of the last read that cannot be understood without those that follow.
    carry: Vec<u8>,
    /// The header lines of the next request.
    pub(super) validators: Vec<u8>,
    /// Whether it has been answered once.
    pub(super) answered: bool,
}

/// What a connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// So many bytes of its request are sent.
    Asking(usize),
    /// It waits for the head of an endless answer.
    Head,
    /// It receives messages without end.
    Streaming,
    /// It waits for an answer with an end.
    Waiting,
    /// It has an answer and has not asked again.
    Resting,
    /// The server has closed it.
    Closed,
}

/// What one visit of a connection found.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Visit {
    pub(super) bytes: usize,
    /// The first answer has come.
    pub(super) answered: bool,
}

impl Member {
    /// A connection that has sent nothing yet.
    ///
    /// A first poll without validators would be told that nothing is new, and not since when.
    pub(super) fn new(line: Line, transport: Transport) -> Self {
        let polls = transport == Transport::Polling;
        let validators = if polls { EPOCH.to_vec() } else { Vec::new() };
        Self { line, phase: Phase::Asking(0), carry: Vec::new(), validators, answered: false }
    }

    /// Takes a new connection; the old one is closed.
    pub(super) fn replace(&mut self, line: Line) {
        self.line = line;
        self.phase = Phase::Asking(0);
        self.carry.clear();
    }

    /// Sends the rest of its request; `next` is the phase behind it. True when all is sent.
    ///
    /// # Errors
    /// If the connection is refused or broken.
    pub(super) fn ask(&mut self, request: &[u8], next: Phase) -> Result<bool> {
        let Phase::Asking(sent) = self.phase else { return Ok(false) };
        let rest = request.get(sent..).unwrap_or_default();
        let sent = sent + self.line.write(rest).context("the connection failed")?;
        let done = sent >= request.len();
        self.phase = if done { next } else { Phase::Asking(sent) };
        Ok(done)
    }

    /// Reads all that is there and hands each stamp to `found`.
    ///
    /// # Errors
    /// If an answer is not understood or refuses the subscription.
    pub(super) fn read(
        &mut self,
        buffer: &mut [u8],
        text_bytes: usize,
        mut found: impl FnMut(Stamp),
    ) -> Result<Visit> {
        let mut visit = Visit::default();
        while self.phase != Phase::Closed {
            let kept = self.carry.len();
            if buffer.len() < kept + 4096 {
                bail!("an answer is larger than {} bytes", buffer.len());
            }
            let (carried, room) = buffer.split_at_mut(kept);
            carried.copy_from_slice(&self.carry);
            let input = self.line.read(room);
            let count = match input {
                Input::More(count) | Input::Drained(count) => count,
                Input::Closed => {
                    self.line.check()?;
                    0
                }
            };
            visit.bytes += count;
            let bytes = buffer.get(..kept + count).unwrap_or_default();
            if count > 0 || input == Input::Closed {
                self.carry.clear();
                self.take(bytes, input == Input::Closed, text_bytes, &mut visit, &mut found)?;
            }
            match input {
                Input::More(_) => {}
                Input::Drained(_) => break,
                Input::Closed => self.phase = Phase::Closed,
            }
        }
        Ok(visit)
    }

    /// Understands `bytes`; what is cut off is carried to the next read.
    #[inline]
    fn take(
        &mut self,
        mut bytes: &[u8],
        closed: bool,
        text_bytes: usize,
        visit: &mut Visit,
        found: &mut impl FnMut(Stamp),
    ) -> Result<()> {
        if self.phase == Phase::Head {
            let Some(end) = memmem::find(bytes, b"\r\n\r\n") else {
                self.carry.extend_from_slice(bytes);
                return Ok(());
            };
            expect_subscription(bytes)?;
            (self.phase, self.answered, visit.answered) = (Phase::Streaming, true, true);
            bytes = bytes.get(end + 4..).unwrap_or_default();
        }
        match self.phase {
            Phase::Streaming => {
                if let Rest::At(at) = stamp::scan(bytes, text_bytes, found) {
                    self.carry.extend_from_slice(bytes.get(at..).unwrap_or_default());
                }
                Ok(())
            }
            Phase::Waiting => self.take_answer(bytes, closed, text_bytes, visit, found),
            Phase::Asking(_) | Phase::Head | Phase::Resting | Phase::Closed => Ok(()),
        }
    }

    /// Takes an answer with an end: the messages in it, and what the next request has to say.
    fn take_answer(
        &mut self,
        bytes: &[u8],
        closed: bool,
        text_bytes: usize,
        visit: &mut Visit,
        found: &mut impl FnMut(Stamp),
    ) -> Result<()> {
        if bytes.is_empty() && closed {
            return Ok(());
        }
        let Some(answer) = Answer::parse(bytes, closed)? else {
            self.carry.extend_from_slice(bytes);
            return Ok(());
        };
        match answer.status {
            200 => {
                stamp::scan(bytes.get(..answer.length).unwrap_or_default(), text_bytes, found);
            }
            // Nothing new; 408 is Nchan's word for the end of a wait.
            304 | 408 => {}
            status => bail!("a subscriber was answered {status}"),
        }
        if !answer.validators.is_empty() {
            self.validators = answer.validators;
        }
        visit.answered = !self.answered;
        self.answered = true;
        self.phase = if answer.closes { Phase::Closed } else { Phase::Resting };
        Ok(())
    }
}

/// Refuses any answer that does not begin a subscription.
fn expect_subscription(head: &[u8]) -> Result<()> {
    let line = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
    let status = line.get(b"HTTP/1.1 ".len()..).unwrap_or_default();
    if !status.starts_with(b"200") && !status.starts_with(b"101") {
        bail!("a subscriber was answered: {}", String::from_utf8_lossy(line));
    }
    Ok(())
}
