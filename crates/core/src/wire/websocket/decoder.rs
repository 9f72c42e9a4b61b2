//! Frames of the client, read.

use super::deflate::inflate;
use super::header::{FrameHeader, HEADER_MAX};
use super::mask::unmask;
use super::utf8::Utf8;
use super::{Opcode, code};

/// Bytes of payload for which room is made before they have come.
const ROOM_MAX: u64 = 16 * 1024;

/// What the server wants of its clients' messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whether messages are wanted. If not, they are checked and dropped byte by byte, of any
    /// length, and there is no [`Event::Message`].
    pub keep: bool,
    /// Bytes of the longest message that is kept, all its fragments together, compressed or not.
    pub limit: u64,
    /// Whether permessage-deflate was negotiated. Compressed messages that are not wanted are
    /// dropped without being inflated, and without a check of what is in them.
    pub deflate: bool,
    /// Whether a frame without a mask breaks the rules, as RFC 6455 has it.
    pub masked: bool,
}

/// What the client said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message, its fragments joined; a text is valid UTF-8.
    Message {
        /// Whether it came as binary.
        binary: bool,
        /// The payload; may be empty.
        data: Vec<u8>,
    },
    /// A ping with this payload, to be echoed.
    Ping(Vec<u8>),
    /// A pong.
    Pong,
    /// The client ends the connection. Nothing behind it is read.
    Close {
        /// Its status code, if it gave one.
        code: Option<u16>,
        /// Its reason, valid UTF-8.
        reason: Vec<u8>,
    },
    /// The client broke the rules. Nothing behind it is read.
    Failure {
        /// What to tell it: 1002, 1007 or 1009.
        close_code: u16,
    },
}

/// What [`Decoder::decode`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Bytes of the input that were read; at least one unless it was empty.
    pub consumed: usize,
    /// What they completed.
    pub event: Option<Event>,
}

/// Reads frames however the bytes are cut, masked or not if [`Rules::masked`] does not mind, as nginx-push-stream-module does.
///
/// ```text
/// Idle ── part of a frame or message ─▶ Busy ── its end ─▶ Idle
///   └────────────┴── close, failure ─▶ Closed
/// ```
///
/// Two words while idle, so that a parked subscriber costs nothing more; it may also be dropped
/// then, and begun anew with the next byte.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// Between two messages.
    #[default]
    Idle,
    /// Within a frame, or between the fragments of a message.
    Busy(Box<Progress>),
    /// Behind a close frame or a failure: whatever comes is dropped.
    Closed,
}

/// How far a frame and a message have come.
#[derive(Debug, Default)]
struct Progress {
    header: Partial,
    frame: Option<Frame>,
    message: Option<Assembly>,
    /// The payload of a control frame so far.
    control: Vec<u8>,
}

/// The bytes of a header that is not complete.
#[derive(Debug, Default)]
struct Partial {
    bytes: [u8; HEADER_MAX],
    len: usize,
}

/// A frame whose header is known.
#[derive(Debug)]
struct Frame {
    header: FrameHeader,
    /// Bytes of its payload so far.
    done: u64,
}

/// A message that has begun.
#[derive(Debug)]
struct Assembly {
    binary: bool,
    data: Vec<u8>,
    /// Bytes that its frames have announced.
    len: u64,
    utf8: Utf8,
    coding: Coding,
}

/// How the payload of a message stands for its bytes.
#[derive(Debug)]
enum Coding {
    Plain,
    /// Compressed, and kept so until it is whole: what a message needs until then follows what has
    /// come of it.
    Deflate,
    /// Compressed, and of no interest.
    Ignored,
}

impl Decoder {
    /// Whether nothing has begun: the decoder may be dropped and made anew.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Reads from `input` up to the end of the first event and takes the masks off in place.
    /// Linear in the bytes consumed. The caller repeats it with the rest.
    ///
    /// Room grows with the bytes that have come, not with what a header promises.
    pub fn decode(&mut self, input: &mut [u8], rules: &Rules) -> Step {
        let mut progress = match std::mem::replace(&mut self.state, State::Closed) {
            State::Idle => Progress::default(),
            State::Busy(progress) => *progress,
            State::Closed => return Step { consumed: input.len(), event: None },
        };
        let mut consumed = 0;
        let mut event = None;
        while consumed < input.len() && event.is_none() {
            let (used, found) = progress.step(&mut input[consumed..], rules);
            consumed += used;
            event = found;
        }
        if !matches!(event, Some(Event::Close { .. } | Event::Failure { .. })) {
            let idle = progress.is_idle();
            self.state = if idle { State::Idle } else { State::Busy(Box::new(progress)) };
        }
        Step { consumed, event }
    }
}

impl Progress {
    fn is_idle(&self) -> bool {
        self.header.len == 0 && self.frame.is_none() && self.message.is_none()
    }

    /// Reads part of a header, or of a payload; `input` is not empty.
    fn step(&mut self, input: &mut [u8], rules: &Rules) -> (usize, Option<Event>) {
        let result = match self.frame.take() {
            None => self.header(input, rules),
            Some(frame) => self.payload(frame, input, rules),
        };
        result.unwrap_or_else(|close_code| (input.len(), Some(Event::Failure { close_code })))
    }

    fn header(&mut self, input: &[u8], rules: &Rules) -> Result<(usize, Option<Event>), u16> {
        let Partial { bytes, len } = &mut self.header;
        let before = *len;
        let added = input.len().min(HEADER_MAX - before);
        bytes[before..before + added].copy_from_slice(&input[..added]);
        let Some((header, used)) =
            FrameHeader::parse(&bytes[..before + added], self.message.is_some(), rules)?
        else {
            *len += added;
            return Ok((added, None));
        };
        *len = 0;
        self.begin(&header, rules)?;
        let frame = Frame { header, done: 0 };
        let event = if header.len == 0 { self.end(&frame, rules)? } else { None };
        self.frame = (header.len > 0).then_some(frame);
        Ok((used - before, event))
    }

    /// Makes ready for the payload of a frame.
    fn begin(&mut self, header: &FrameHeader, rules: &Rules) -> Result<(), u16> {
        let room = usize::try_from(header.len.min(ROOM_MAX)).unwrap_or(0);
        if header.opcode.is_control() {
            self.control = Vec::with_capacity(room);
            return Ok(());
        }
        let message = self.message.get_or_insert_with(|| Assembly {
            binary: header.opcode == Opcode::Binary,
            data: Vec::new(),
            len: 0,
            utf8: Utf8::default(),
            coding: match (header.compressed, rules.keep) {
                (false, _) => Coding::Plain,
                (true, true) => Coding::Deflate,
                (true, false) => Coding::Ignored,
            },
        });
        message.len = message.len.saturating_add(header.len);
        if rules.keep && message.len > rules.limit {
            return Err(code::TOO_BIG);
        }
        if rules.keep {
            message.data.reserve(room);
        }
        Ok(())
    }

    fn payload(
        &mut self,
        mut frame: Frame,
        input: &mut [u8],
        rules: &Rules,
    ) -> Result<(usize, Option<Event>), u16> {
        let left = frame.header.len - frame.done;
        let used = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
        let data = &mut input[..used];
        let offset = usize::try_from(frame.done % 4).unwrap_or(0);
        unmask(data, frame.header.mask, offset);
        self.take(frame.header.opcode, data, rules)?;
        frame.done += data.len() as u64;
        if frame.done == frame.header.len {
            return Ok((used, self.end(&frame, rules)?));
        }
        self.frame = Some(frame);
        Ok((used, None))
    }

    /// Takes unmasked payload.
    fn take(&mut self, opcode: Opcode, data: &[u8], rules: &Rules) -> Result<(), u16> {
        if opcode.is_control() {
            self.control.extend_from_slice(data);
            return Ok(());
        }
        match &mut self.message {
            Some(message) => message.take(data, rules),
            None => Ok(()),
        }
    }

    /// The frame is complete.
    fn end(&mut self, frame: &Frame, rules: &Rules) -> Result<Option<Event>, u16> {
        match frame.header.opcode {
            Opcode::Ping => Ok(Some(Event::Ping(std::mem::take(&mut self.control)))),
            Opcode::Pong => Ok(Some(Event::Pong)),
            Opcode::Close => close(&self.control).map(Some),
            Opcode::Continuation | Opcode::Text | Opcode::Binary if !frame.header.fin => Ok(None),
            Opcode::Continuation | Opcode::Text | Opcode::Binary => self.message(rules),
        }
    }

    /// The message is complete.
    fn message(&mut self, rules: &Rules) -> Result<Option<Event>, u16> {
        let Some(mut message) = self.message.take() else { return Ok(None) };
        message.finish(rules)?;
        let Assembly { binary, data, .. } = message;
        Ok(rules.keep.then_some(Event::Message { binary, data }))
    }
}

impl Assembly {
    /// Takes unmasked payload.
    fn take(&mut self, payload: &[u8], rules: &Rules) -> Result<(), u16> {
        match self.coding {
            Coding::Plain => self.take_plain(payload, rules),
            Coding::Deflate => {
                self.data.extend_from_slice(payload);
                Ok(())
            }
            Coding::Ignored => Ok(()),
        }
    }

    /// Takes bytes as they are meant.
    fn take_plain(&mut self, part: &[u8], rules: &Rules) -> Result<(), u16> {
        if !self.binary && !self.utf8.feed(part) {
            return Err(code::INVALID_DATA);
        }
        if rules.keep {
            if (self.data.len() + part.len()) as u64 > rules.limit {
                return Err(code::TOO_BIG);
            }
            self.data.extend_from_slice(part);
        }
        Ok(())
    }

    /// There is no more payload.
    fn finish(&mut self, rules: &Rules) -> Result<(), u16> {
        if matches!(self.coding, Coding::Deflate) {
            let compressed = std::mem::take(&mut self.data);
            inflate(&compressed, |part| self.take_plain(part, rules))?;
        }
        if self.utf8.is_whole() { Ok(()) } else { Err(code::INVALID_DATA) }
    }
}

/// The event of a close frame's payload.
fn close(payload: &[u8]) -> Result<Event, u16> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        let empty = Event::Close { code: None, reason: Vec::new() };
        return if payload.is_empty() { Ok(empty) } else { Err(code::PROTOCOL_ERROR) };
    };
    let code = u16::from_be_bytes(*code);
    if !may_be_sent(code) {
        return Err(code::PROTOCOL_ERROR);
    }
    if simdutf8::basic::from_utf8(reason).is_err() {
        return Err(code::INVALID_DATA);
    }
    Ok(Event::Close { code: Some(code), reason: reason.to_vec() })
}

/// Whether a close frame may carry this code (RFC 6455 7.4 and IANA's registry).
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests;
