//! Messages in the streams of Nchan: event source, WebSocket, multipart, chunks, raw.

use sha1::{Digest as _, Sha1};

use super::IdStyle;
use crate::message::Message;
use crate::transport::Parts;
use crate::wire::http_date;

/// How a group of subscribers gets its messages one behind the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RelayStream {
    /// `text/event-stream`
    EventSource {
        /// How messages are told apart.
        ids: IdStyle,
        /// What is sent after silence.
        ping: Box<[u8]>,
    },
    /// Frames of a WebSocket.
    Frames {
        /// Each begins with the message's id and type: the WebSocket protocol `ws+meta.nchan`.
        meta: Option<IdStyle>,
    },
    /// `multipart/mixed`
    Multipart {
        /// How messages are told apart.
        ids: IdStyle,
        /// What stands between the parts.
        boundary: Box<[u8]>,
        /// Content type of messages whose publisher gave none.
        default_type: Box<[u8]>,
    },
    /// Texts with something behind each: nothing where a chunk tells its end.
    Plain {
        /// What stands behind each text.
        separator: Box<[u8]>,
    },
}

impl RelayStream {
    /// What comes before the first message.
    #[must_use]
    pub fn opening(&self) -> Vec<u8> {
        match self {
            Self::EventSource { .. } => b": hi\n\n".to_vec(),
            Self::Multipart { boundary, .. } => [b"--", &**boundary].concat(),
            Self::Frames { .. } | Self::Plain { .. } => Vec::new(),
        }
    }

    /// What is sent after silence; nothing where nothing can be told from a message.
    #[must_use]
    pub fn ping(&self) -> &[u8] {
        match self {
            Self::EventSource { ping, .. } => ping,
            Self::Frames { .. } | Self::Multipart { .. } | Self::Plain { .. } => &[],
        }
    }

    /// What comes behind the last one.
    #[must_use]
    pub fn closing(&self) -> Vec<u8> {
        match self {
            Self::Multipart { .. } => b"--\r\n".to_vec(),
            Self::EventSource { .. } | Self::Frames { .. } | Self::Plain { .. } => Vec::new(),
        }
    }

    /// Adds a message as one part; returns its length in bytes.
    pub fn message(&self, message: &Message, parts: &mut Parts) -> usize {
        parts.write(|out| self.write(message, out))
    }

    /// Appends a message. Those that tell an end are a comment where there are comments.
    pub fn write(&self, message: &Message, out: &mut Vec<u8>) {
        if message.id < 0 {
            if matches!(self, Self::EventSource { .. }) && message.id == Message::DELETED_ID {
                out.extend_from_slice(b":410: 410 Gone\n\n");
            }
            return;
        }
        match self {
            Self::EventSource { ids, .. } => event(ids, message, out),
            Self::Frames { meta: Some(ids) } => meta(ids, message, out),
            Self::Frames { meta: None } => out.extend_from_slice(&message.text),
            Self::Multipart { ids, boundary, default_type } => {
                let content_type = message.content_type.as_deref().unwrap_or(default_type);
                out.extend_from_slice(b"\r\nLast-Modified: ");
                http_date::write(message.time, out);
                field(b"\r\nEtag: ", &ids.tag(message), out);
                field(b"\r\nContent-Type: ", content_type, out);
                field(b"\r\n\r\n", &message.text, out);
                field(b"\r\n--", boundary, out);
            }
            Self::Plain { separator } => field(&message.text, separator, out),
        }
    }
}

fn field(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name);
    out.extend_from_slice(value);
}

/// Every line of the text is a `data:` line, empty ones too.
fn event(ids: &IdStyle, message: &Message, out: &mut Vec<u8>) {
    if let Some(kind) = &message.event_type {
        field(b"event: ", &one_line(kind), out);
        out.push(b'\n');
    }
    out.extend_from_slice(b"id: ");
    ids.write(message, out);
    out.push(b'\n');
    let mut rest = &*message.text;
    loop {
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        field(b"data: ", &rest[..end.unwrap_or(rest.len())], out);
        out.push(b'\n');
        let Some(end) = end else { break };
        let both = rest[end..].starts_with(b"\r\n");
        rest = &rest[end + 1 + usize::from(both)..];
        // A line end that ends the text begins no further line.
        if rest.is_empty() {
            break;
        }
    }
    out.push(b'\n');
}

fn meta(ids: &IdStyle, message: &Message, out: &mut Vec<u8>) {
    out.extend_from_slice(b"id: ");
    ids.write(message, out);
    if let Some(content_type) = &message.content_type {
        field(b"\ncontent-type: ", &one_line(content_type), out);
    }
    field(b"\n\n", &message.text, out);
}

fn one_line(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect()
}

/// A boundary that nobody can put into a message without having seen it: `seed` is random.
#[must_use]
pub fn boundary(seed: u128) -> Box<[u8]> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyzABCDEFGH";
    let digest = Sha1::new().chain_update(b"boundary").chain_update(seed.to_le_bytes()).finalize();
    digest.iter().map(|byte| LETTERS[usize::from(byte % 32)]).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn ids() -> IdStyle {
        IdStyle { several: false, header: "Etag".into(), compound: false }
    }

    fn message(text: &[u8]) -> Message {
        let mut message = Message::special(1, Arc::from(*b"ch"), text);
        (message.time, message.order, message.tag) = (784_111_777, 2, 9);
        message
    }

    fn check(stream: &RelayStream, message: &Message, expected: &str) {
        let mut out = Vec::new();
        stream.write(message, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn events_keep_empty_lines() {
        let stream = RelayStream::EventSource { ids: ids(), ping: Box::from([]) };
        let id = "id: 784111777:2\n";
        check(
            &stream,
            &message(b"a\nb\n\nc"),
            &format!("{id}data: a\ndata: b\ndata: \ndata: c\n\n"),
        );
        check(&stream, &message(b"a\r\nb\r"), &format!("{id}data: a\ndata: b\n\n"));
        check(&stream, &message(b""), &format!("{id}data: \n\n"));
        let mut kind = message(b"x");
        kind.event_type = Some(Box::from(*b"ki\nnd"));
        check(&stream, &kind, &format!("event: kind\n{id}data: x\n\n"));
        let gone = Message::special(Message::DELETED_ID, Arc::from(*b"ch"), *b"Channel deleted");
        check(&stream, &gone, ":410: 410 Gone\n\n");
    }

    #[test]
    fn several_channels_are_told_apart_by_the_server() {
        let ids = IdStyle { several: true, ..ids() };
        let stream = RelayStream::EventSource { ids, ping: Box::from([]) };
        check(&stream, &message(b"x"), "id: 784111777:8\ndata: x\n\n");
    }

    #[test]
    fn parts_end_with_the_boundary() {
        let boundary = Box::from(*b"BOUND");
        let default_type = Box::from(*b"text/plain");
        let stream = RelayStream::Multipart { ids: ids(), boundary, default_type };
        check(
            &stream,
            &message(b"x"),
            "\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nEtag: 2\r\n\
             Content-Type: text/plain\r\n\r\nx\r\n--BOUND",
        );
        assert_eq!(stream.opening(), b"--BOUND");
    }

    #[test]
    fn meta_comes_before_the_text() {
        let frames = RelayStream::Frames { meta: Some(ids()) };
        let mut sent = message(b"x\ny");
        check(&RelayStream::Frames { meta: None }, &sent, "x\ny");
        check(&frames, &sent, "id: 784111777:2\n\nx\ny");
        sent.content_type = Some(Box::from(*b"a/b"));
        check(&frames, &sent, "id: 784111777:2\ncontent-type: a/b\n\nx\ny");
    }

    #[test]
    fn boundaries_are_of_the_process() {
        assert_eq!(boundary(1).len(), 20);
        assert_ne!(boundary(1), boundary(2));
    }
}
