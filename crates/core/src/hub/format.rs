//! How a group of subscribers gets messages, down to the last byte on the wire.

use std::rc::Rc;
use std::time::Duration;

use crate::answer::{Answer, Header};
use crate::message::Message;
use crate::relay::RelayAnswer;
use crate::request::Version;
use crate::transport::gzip::{self, Checksum, GzipTail};
use crate::transport::{self, AnswerFormat, StreamFormat};
use crate::wire::http1;

/// Subscribers with equal formats get the same bytes, rendered once for all of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Streaming, event source, WebSocket: message after message.
    Stream(StreamFormat),
    /// A waiting long-poll: the first message is a whole answer.
    LongPoll(LongPoll),
    /// A connection that is held for an application: it gets messages, not bytes.
    Held,
}

/// Whose answer a long-poll gets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PollAnswer {
    /// That of a push_stream location: templates, content type and callback.
    Stream(AnswerFormat),
    /// That of the relay protocol.
    Relay(RelayAnswer),
}

/// What decides the bytes of a long-poll's answer, head included.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LongPoll {
    /// What the message becomes.
    pub answer: PollAnswer,
    /// CORS and `add_header`, as they came out for this request.
    pub extra: Vec<Header>,
    /// Compression level, if the client takes gzip.
    pub gzip: Option<u32>,
    /// The version of the request.
    pub version: Version,
    /// Whether the connection goes on.
    pub keep_alive: bool,
    /// See [`http1::Context::keepalive_header`].
    pub keepalive_header: Option<Duration>,
    /// The value of `Server`.
    pub server: &'static str,
}

/// Bytes that many sockets get, ready to be written.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The bytes, shared.
    pub bytes: Rc<[u8]>,
    /// Sum over what was compressed into them, for gzip streams.
    pub plain: Checksum,
    /// Where each message ends, if several were joined; `None`: the bytes are one message.
    pub ends: Option<Rc<[u32]>>,
    /// When its oldest message was published, as [`crate::now::Now::micros`]; 0: it tells of no
    /// publication.
    pub published: u64,
}

impl Frame {
    /// No bytes.
    #[must_use]
    pub fn empty() -> Self {
        Self { bytes: Rc::from([]), plain: Checksum::default(), ends: None, published: 0 }
    }

    /// How many messages it carries.
    #[must_use]
    pub fn messages(&self) -> usize {
        self.ends.as_ref().map_or(1, |ends| ends.len())
    }
}

impl From<transport::Frame> for Frame {
    fn from(frame: transport::Frame) -> Self {
        Self { bytes: frame.bytes.into(), plain: frame.plain, ends: None, published: 0 }
    }
}

impl Format {
    /// Whether messages may come and go compressed by permessage-deflate.
    #[must_use]
    pub fn deflates(&self) -> bool {
        matches!(self, Self::Stream(StreamFormat { deflate: Some(_), .. }))
    }

    /// A message as this format's subscribers get it. `date` is the HTTP date for a long-poll's
    /// head.
    #[must_use]
    pub fn frame(&self, message: &Message, date: &[u8]) -> Frame {
        match self {
            _ if message.is_silent() => Frame::empty(),
            Self::Held => Frame::empty(),
            Self::Stream(stream) => {
                let mut frame = transport::Frame::default();
                stream.message(message, &mut frame);
                frame.into()
            }
            Self::LongPoll(poll) => {
                let mut bytes = Vec::new();
                poll.encode(poll.live(message, date), date, &mut bytes);
                Frame { bytes: bytes.into(), ..Frame::empty() }
            }
        }
    }

    /// The ping; nothing for a long-poll.
    #[must_use]
    pub fn ping(&self, text: &[u8]) -> Frame {
        match self {
            Self::Stream(stream) => {
                let mut frame = transport::Frame::default();
                stream.ping(text, &mut frame);
                frame.into()
            }
            Self::LongPoll(_) | Self::Held => Frame::empty(),
        }
    }

    /// What ends a stream that has been sent what `tail` counted; nothing for a long-poll.
    #[must_use]
    pub fn ending(&self, tail: &GzipTail) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Self::Stream(stream) = self {
            stream.ending(*tail, &mut bytes);
        }
        bytes
    }
}

impl LongPoll {
    /// The answer that a message brings: a published one, or the one that tells a deletion.
    fn live(&self, message: &Message, date: &[u8]) -> Answer {
        match &self.answer {
            PollAnswer::Relay(answer) => answer.message(message),
            PollAnswer::Stream(answer) if message.id == Message::DELETED_ID => {
                answer.deleted(message, crate::wire::http_date::parse(date).unwrap_or(0))
            }
            PollAnswer::Stream(answer) => answer.live(message),
        }
    }

    /// The answer at the time limit.
    #[must_use]
    pub fn timed_out(&self, with_body: bool, unix: u64) -> Answer {
        match &self.answer {
            PollAnswer::Relay(answer) => answer.timed_out(),
            PollAnswer::Stream(answer) if with_body => answer.timed_out_with_body(unix),
            PollAnswer::Stream(answer) => answer.timed_out(unix),
        }
    }

    /// Appends `answer` as bytes of HTTP/1, extra headers and compression included.
    pub fn encode(&self, mut answer: Answer, date: &[u8], out: &mut Vec<u8>) {
        answer.headers.extend(self.extra.iter().cloned());
        if let Some(level) = self.gzip {
            gzip::answer(&mut answer, level);
        }
        let context = http1::Context {
            version: self.version,
            keep_alive: self.keep_alive,
            keepalive_header: self.keepalive_header,
            head_only: false,
            date,
            server: self.server,
        };
        http1::encode(&answer, &context, out);
    }
}
