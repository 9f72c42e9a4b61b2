//! A client's messages as bytes of its protocol.

use std::sync::Arc;

use outpour_core::transport;
use outpour_core::wire::chunked;
use outpour_core::wire::websocket::{self, Opcode};

use super::{Event, Outgoing, Upgrade};

/// How a connection's messages become bytes.
#[derive(Clone, Debug)]
pub(crate) enum Wire {
    /// Frames.
    WebSocket {
        /// Bytes of the shortest message that is compressed, where that was negotiated.
        deflate: Option<usize>,
    },
    /// Events.
    Sse {
        /// In chunks of HTTP/1.1.
        chunked: bool,
        /// `event:` of messages that say nothing else; empty for none.
        event_name: Arc<str>,
    },
}

impl Wire {
    pub(crate) fn protocol(&self) -> Upgrade {
        match self {
            Self::WebSocket { .. } => Upgrade::WebSocket,
            Self::Sse { .. } => Upgrade::Sse,
        }
    }

    /// Appends a message; false, and nothing appended, if it cannot be said in this protocol.
    pub(super) fn message(&self, message: &Outgoing<'_>, out: &mut Vec<u8>) -> bool {
        match self {
            Self::WebSocket { deflate } => {
                frame(message, *deflate, out);
                true
            }
            Self::Sse { chunked, event_name } => {
                let Some(event) = as_event(message) else { return false };
                let mut bytes = Vec::with_capacity(event.data.len() + 32);
                write_event(&event, event_name, &mut bytes);
                surround(*chunked, &bytes, out);
                true
            }
        }
    }

    /// Appends what tells an idle peer that the connection lives.
    pub(crate) fn ping(&self, out: &mut Vec<u8>) {
        match self {
            Self::WebSocket { .. } => out.extend_from_slice(&websocket::PING),
            Self::Sse { chunked, .. } => surround(*chunked, b": ping\n\n", out),
        }
    }

    /// Appends what shows the peer that a stream has begun; nothing for a WebSocket.
    pub(crate) fn comment(&self, out: &mut Vec<u8>) {
        if let Self::Sse { chunked, .. } = self {
            surround(*chunked, b":\n\n", out);
        }
    }

    /// Appends what ends the connection, with the code of a close frame.
    pub(crate) fn end(&self, code: Option<u16>, out: &mut Vec<u8>) {
        match self {
            Self::WebSocket { .. } => websocket::close(code, b"", out),
            Self::Sse { chunked: true, .. } => out.extend_from_slice(chunked::LAST),
            Self::Sse { chunked: false, .. } => {}
        }
    }
}

fn frame(message: &Outgoing<'_>, deflate: Option<usize>, out: &mut Vec<u8>) {
    let (opcode, payload) = match message {
        Outgoing::Text(text) => (Opcode::Text, text.as_bytes()),
        Outgoing::Binary(bytes) => (Opcode::Binary, &**bytes),
        Outgoing::Event(event) => (Opcode::Text, event.data.as_bytes()),
    };
    if deflate.is_some_and(|min_length| payload.len() >= min_length) {
        let compressed = websocket::deflate(payload);
        if compressed.len() < payload.len() {
            return websocket::compressed(opcode, &compressed, out);
        }
    }
    websocket::frame_header(opcode, payload.len(), out);
    out.extend_from_slice(payload);
}

fn as_event<'a>(message: &'a Outgoing<'_>) -> Option<Event<'a>> {
    let plain = |data: &'a str| Event { data: data.into(), ..Event::default() };
    match message {
        Outgoing::Text(text) => Some(plain(text)),
        Outgoing::Binary(bytes) => str::from_utf8(bytes).ok().map(plain),
        Outgoing::Event(event) => Some(event.clone()),
    }
}

fn write_event(event: &Event<'_>, default_name: &str, out: &mut Vec<u8>) {
    let name = event.name.as_deref().unwrap_or(default_name);
    if !name.is_empty() {
        field(b"event: ", name, out);
    }
    if let Some(id) = &event.id {
        field(b"id: ", id, out);
    }
    if let Some(retry) = event.retry {
        field(b"retry: ", &retry.as_millis().to_string(), out);
    }
    transport::event_data(event.data.as_bytes(), out);
}

/// One line; a value that holds a line end stops before it.
fn field(name: &[u8], value: &str, out: &mut Vec<u8>) {
    let line = value.split(['\r', '\n', '\0']).next().unwrap_or_default();
    out.extend_from_slice(name);
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
}

fn surround(chunked: bool, bytes: &[u8], out: &mut Vec<u8>) {
    match chunked {
        true => chunked::chunk(bytes, out),
        false => out.extend_from_slice(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sse(event_name: &str) -> Wire {
        Wire::Sse { chunked: false, event_name: event_name.into() }
    }

    fn check<'a>(wire: &Wire, message: impl Into<Outgoing<'a>>, expected: Option<&str>) {
        let mut out = Vec::new();
        let taken = wire.message(&message.into(), &mut out);
        let found = taken.then(|| String::from_utf8(out.clone()).unwrap());
        assert_eq!(found.as_deref(), expected);
        assert!(taken || out.is_empty());
    }

    #[test]
    fn texts_become_events() {
        check(&sse(""), "x", Some("data: x\n\n"));
        check(&sse("msg"), "x", Some("event: msg\ndata: x\n\n"));
        check(&sse(""), "", Some("data: \n\n"));
        check(&sse(""), "a\nb\rc\r\nd", Some("data: a\ndata: b\ndata: c\ndata: d\n\n"));
        check(&sse(""), "a\n", Some("data: a\ndata: \n\n"));
        check(&sse(""), &b"\xff"[..], None);
        let chunked = Wire::Sse { chunked: true, event_name: "".into() };
        check(&chunked, "x", Some("9\r\ndata: x\n\n\r\n"));
    }

    #[test]
    fn events_have_fields_of_one_line() {
        let event = Event {
            data: "x".into(),
            name: Some("tick\ndata: no".into()),
            id: Some("7".into()),
            retry: Some(std::time::Duration::from_millis(1500)),
        };
        check(&sse("msg"), event, Some("event: tick\nid: 7\nretry: 1500\ndata: x\n\n"));
        let unnamed = Event { name: Some("".into()), data: "x".into(), ..Event::default() };
        check(&sse("msg"), unnamed, Some("data: x\n\n"));
    }

    #[test]
    fn frames_keep_their_kind() {
        let wire = Wire::WebSocket { deflate: None };
        let mut out = Vec::new();
        assert!(wire.message(&"ab".into(), &mut out));
        assert!(wire.message(&(&b"\xff"[..]).into(), &mut out));
        wire.end(Some(1001), &mut out);
        assert_eq!(out, b"\x81\x02ab\x82\x01\xff\x88\x02\x03\xe9");
    }
}
