//! How the subscribers of a stream get messages: streaming, event source, WebSocket.

use std::sync::Arc;

use crate::answer::{Answer, Body};
use crate::message::Message;
use crate::transport::gzip::{self, GzipTail};
use crate::transport::padding::{self, Filler};
use crate::transport::rendering::Dialect;
use crate::transport::{Frame, PaddingSizes, Parts, Rendering, event_source};
use crate::wire::chunked;
use crate::wire::websocket::{self, Opcode};

/// Everything that decides the bytes of a stream.
///
/// ```text
/// head, opening, message or ping..., ending        (ending = footer, end)
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StreamFormat {
    /// The location's templates.
    pub rendering: Arc<Rendering>,
    /// What surrounds each part.
    pub framing: Framing,
    /// Padding for this kind of client; never on a WebSocket.
    pub padding: Option<PaddingSizes>,
    /// Compression level, 1 to 9; never on a WebSocket.
    pub gzip: Option<u32>,
    /// permessage-deflate was negotiated: bytes of the shortest message that is compressed; on a
    /// WebSocket alone. Templates and control frames go out as they are.
    pub deflate: Option<usize>,
}

/// What surrounds each part of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// HTTP/1.1: chunks, and the connection can be used again.
    Chunked,
    /// HTTP/1.0, or `chunked_transfer_encoding off`: bare bytes, ended by the close.
    Raw,
    /// WebSocket frames.
    WebSocket,
}

/// Close code of a WebSocket of Nchan's whose channel or time is over.
const GOING_AWAY: u16 = 1001;

impl StreamFormat {
    /// The format of a WebSocket: no padding, no gzip.
    #[must_use]
    pub fn websocket(rendering: Arc<Rendering>, deflate: Option<usize>) -> Self {
        Self { rendering, framing: Framing::WebSocket, padding: None, gzip: None, deflate }
    }

    /// The head of the answer that the stream is the body of. Not for WebSocket.
    #[must_use]
    pub fn head(&self, content_type: &[u8]) -> Answer {
        let mut head = Answer::new(200).with("Content-Type", content_type.to_vec()).uncached();
        if self.gzip.is_some() {
            head = head.with("Content-Encoding", &b"gzip"[..]);
        }
        head.body = Body::Stream;
        head
    }

    /// Appends what comes before the first message: header template and its padding.
    pub fn opening(&self, frame: &mut Frame) {
        let header = &self.rendering.header;
        if self.framing == Framing::WebSocket {
            frame.bytes.extend_from_slice(header);
            return;
        }
        let mut parts = Parts::default();
        if !header.is_empty() {
            parts.push(header);
            self.pad(self.padding.map(|sizes| sizes.after_header(header.len())), &mut parts);
        }
        match self.gzip {
            Some(level) => self.compress_opening(level, &parts, frame),
            None => self.append(&parts, frame),
        }
    }

    /// Appends a message, with padding if the client wants it.
    pub fn message(&self, message: &Message, frame: &mut Frame) {
        if self.framing == Framing::WebSocket {
            self.websocket_message(message, frame);
            return;
        }
        if self.goes_as_it_is() {
            return self.surround(&message.text, &mut frame.bytes);
        }
        let mut parts = Parts::default();
        let len = self.rendering.message(message, &mut parts);
        self.pad(self.padding.map(|sizes| sizes.after_message(len)), &mut parts);
        self.append(&parts, frame);
    }

    /// Whether a message is its text and nothing else but the framing.
    fn goes_as_it_is(&self) -> bool {
        let text_alone = self.rendering.is_text_alone();
        let plain = self.rendering.dialect() == Dialect::Plain;
        text_alone && plain && self.padding.is_none() && self.gzip.is_none()
    }

    /// Appends what is sent after `ping_message_interval` of silence. `text` is that of
    /// `push_stream_ping_message_text`, used in streaming mode only.
    pub fn ping(&self, text: &[u8], frame: &mut Frame) {
        match self.rendering.dialect() {
            Dialect::Plain => self.message(&Message::ping(text), frame),
            Dialect::WebSocket => frame.bytes.extend_from_slice(&websocket::PING),
            Dialect::Relay => {
                let mut parts = Parts::default();
                parts.push(self.rendering.relay_ping());
                self.append(&parts, frame);
            }
            Dialect::EventSource => {
                let mut parts = Parts::default();
                parts.push(event_source::PING);
                self.append(&parts, frame);
            }
        }
    }

    /// Appends the footer template. The same for all subscribers of the format.
    pub fn footer(&self, frame: &mut Frame) {
        let footer = &self.rendering.footer;
        if self.framing == Framing::WebSocket {
            frame.bytes.extend_from_slice(footer);
            return;
        }
        let mut parts = Parts::default();
        parts.push(footer);
        self.append(&parts, frame);
    }

    /// Appends what ends the stream behind the footer: the last chunk, or an empty close frame.
    ///
    /// `tail` has counted every frame that this subscriber got, footer included; it matters for
    /// compressed formats only.
    pub fn end(&self, tail: GzipTail, out: &mut Vec<u8>) {
        if self.framing == Framing::WebSocket {
            // Without a code, as nginx-push-stream-module ends a connection.
            let code = self.rendering.is_relay().then_some(GOING_AWAY);
            websocket::close(code, b"", out);
            return;
        }
        if self.gzip.is_some() {
            self.surround(&gzip::end(tail), out);
        }
        if self.framing == Framing::Chunked {
            out.extend_from_slice(chunked::LAST);
        }
    }

    /// Footer and end of one subscriber's stream: what it gets when its time is over, when its
    /// last channel is deleted, and when the server stops.
    pub fn ending(&self, mut tail: GzipTail, out: &mut Vec<u8>) {
        let mut footer = Frame::default();
        self.footer(&mut footer);
        tail.add(footer.plain);
        out.extend_from_slice(&footer.bytes);
        self.end(tail, out);
    }

    fn websocket_message(&self, message: &Message, frame: &mut Frame) {
        if self.rendering.is_text_alone() {
            return self.websocket_payload(message.binary, &message.text, frame);
        }
        let relayed = self.rendering.is_relay();
        if relayed && message.id < 0 {
            // The close frame tells it.
            return;
        }
        // A binary text would not survive inside a template of characters.
        let binary = relayed && message.binary;
        let mut payload = Vec::new();
        self.rendering.payload(message, &mut payload);
        self.websocket_payload(binary, &payload, frame);
    }

    fn websocket_payload(&self, binary: bool, payload: &[u8], frame: &mut Frame) {
        if self.deflate.is_some_and(|min_length| payload.len() >= min_length) {
            let compressed = websocket::deflate(payload);
            if compressed.len() < payload.len() {
                let opcode = if binary { Opcode::Binary } else { Opcode::Text };
                return websocket::compressed(opcode, &compressed, &mut frame.bytes);
            }
        }
        match binary {
            true => websocket::binary(payload, &mut frame.bytes),
            false => websocket::text(payload, &mut frame.bytes),
        }
    }

    fn pad(&self, size: Option<usize>, parts: &mut Parts) {
        let filler = match self.rendering.dialect() {
            Dialect::EventSource => Filler::Comment,
            Dialect::Plain | Dialect::WebSocket | Dialect::Relay => Filler::LineEnds,
        };
        parts.write(|out| padding::append(filler, size.unwrap_or(0), out));
    }

    /// Appends the parts, each with its framing.
    fn append(&self, parts: &Parts, frame: &mut Frame) {
        let Frame { bytes, plain } = frame;
        match self.gzip {
            Some(level) => {
                let sum = gzip::frame(level, parts.iter(), |part| self.surround(part, bytes));
                *plain = plain.then(sum);
            }
            None => parts.iter().for_each(|part| self.surround(part, bytes)),
        }
    }

    /// The same with gzip's head before the first part, in its chunk.
    fn compress_opening(&self, level: u32, parts: &Parts, frame: &mut Frame) {
        let Frame { bytes, plain } = frame;
        let mut head = gzip::HEAD.to_vec();
        let sum = gzip::frame(level, parts.iter(), |part| {
            head.extend_from_slice(part);
            self.surround(&head, bytes);
            head.clear();
        });
        if !head.is_empty() {
            self.surround(&head, bytes);
        }
        *plain = plain.then(sum);
    }

    fn surround(&self, part: &[u8], out: &mut Vec<u8>) {
        match self.framing {
            Framing::Chunked => chunked::chunk(part, out),
            Framing::Raw | Framing::WebSocket => out.extend_from_slice(part),
        }
    }
}

#[cfg(test)]
mod tests;
