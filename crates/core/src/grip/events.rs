//! WebSocket events in the bodies of HTTP requests and their answers.

/// The content type of such bodies.
pub const EVENTS_TYPE: &str = "application/websocket-events";

/// Something that happens to a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// What comes with it.
    pub content: Option<Vec<u8>>,
}

/// The name of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// `OPEN`
    Open,
    /// `TEXT`
    Text,
    /// `BINARY`
    Binary,
    /// `PING`
    Ping,
    /// `PONG`
    Pong,
    /// `CLOSE`
    Close,
    /// `DISCONNECT`
    Disconnect,
}

const NAMES: [(&[u8], EventKind); 7] = [
    (b"OPEN", EventKind::Open),
    (b"TEXT", EventKind::Text),
    (b"BINARY", EventKind::Binary),
    (b"PING", EventKind::Ping),
    (b"PONG", EventKind::Pong),
    (b"CLOSE", EventKind::Close),
    (b"DISCONNECT", EventKind::Disconnect),
];

/// The bytes are no events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is no row of WebSocket events")]
pub struct EventsError;

impl Event {
    /// An event with nothing.
    #[must_use]
    pub fn bare(kind: EventKind) -> Self {
        Self { kind, content: None }
    }

    /// An event with a content.
    #[must_use]
    pub fn new(kind: EventKind, content: Vec<u8>) -> Self {
        Self { kind, content: Some(content) }
    }

    /// Code and reason of a [`EventKind::Close`]. Without content, or with code 0, there is none.
    #[must_use]
    pub fn close_code(&self) -> Option<(u16, &[u8])> {
        let (code, reason) = self.content.as_deref()?.split_first_chunk()?;
        let code = u16::from_be_bytes(*code);
        (code != 0).then_some((code, reason))
    }
}

/// The events of a body: `TYPE CRLF`, or `TYPE SP HEXLENGTH CRLF content CRLF`, one behind the
/// other. Events of names that are not known are left out.
///
/// # Errors
/// What is no such row, or broken off.
pub fn decode(body: &[u8]) -> Result<Vec<Event>, EventsError> {
    let mut events = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let end = memchr::memmem::find(rest, b"\r\n").ok_or(EventsError)?;
        let line = &rest[..end];
        rest = &rest[end + 2..];
        let (name, content) = match memchr::memchr(b' ', line) {
            None => (line, None),
            Some(blank) => {
                let length = length(&line[blank + 1..])?;
                let content = rest.get(..length).ok_or(EventsError)?;
                rest = rest[length..].strip_prefix(b"\r\n").ok_or(EventsError)?;
                (&line[..blank], Some(content.to_vec()))
            }
        };
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return Err(EventsError);
        }
        if let Some((_, kind)) = NAMES.iter().find(|(known, _)| *known == name) {
            events.push(Event { kind: *kind, content });
        }
    }
    Ok(events)
}

fn length(digits: &[u8]) -> Result<usize, EventsError> {
    let valid = (1..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    let text = str::from_utf8(digits).ok().filter(|_| valid).ok_or(EventsError)?;
    usize::from_str_radix(text, 16).map_err(|_| EventsError)
}

/// Appends an event to a body.
pub fn encode(event: &Event, out: &mut Vec<u8>) {
    let name =
        NAMES.iter().find(|(_, kind)| *kind == event.kind).map_or(&b""[..], |(name, _)| name);
    out.extend_from_slice(name);
    if let Some(content) = &event.content {
        out.extend_from_slice(format!(" {:x}\r\n", content.len()).as_bytes());
        out.extend_from_slice(content);
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(body: &str, expected: Option<&[Event]>) {
        assert_eq!(decode(body.as_bytes()).ok().as_deref(), expected, "{body:?}");
    }

    #[test]
    fn events_follow_each_other() {
        use EventKind::{Binary, Close, Open, Text};
        check("", Some(&[]));
        check("OPEN\r\n", Some(&[Event::bare(Open)]));
        let texts = [Event::new(Text, b"a\r\nTEXT".to_vec()), Event::new(Text, vec![])];
        check("TEXT 7\r\na\r\nTEXT\r\nTEXT 0\r\n\r\n", Some(&texts));
        let events = [Event::bare(Open), Event::new(Binary, vec![b'x'; 17]), Event::bare(Close)];
        check("OPEN\r\nBINARY 11\r\nxxxxxxxxxxxxxxxxx\r\nNEW 1\r\nx\r\nCLOSE\r\n", Some(&events));
    }

    #[test]
    fn broken_rows_are_none() {
        for body in ["OPEN", "OPEN\n", "TEXT 5\r\nabc\r\n", "TEXT 3\r\nabcd\r\n", "TEXT x\r\n\r\n"]
        {
            check(body, None);
        }
        for body in
            ["TEXT -1\r\n\r\n", "TEXT \r\n\r\n", "\r\n", "TEXT ffffffffff\r\n", "A\u{e9}\r\n"]
        {
            check(body, None);
        }
    }

    #[test]
    fn close_codes() {
        let close = |content: &[u8]| Event::new(EventKind::Close, content.to_vec());
        assert_eq!(close(b"\x03\xe8bye").close_code(), Some((1000, &b"bye"[..])));
        assert_eq!(close(b"\0\0").close_code(), None);
        assert_eq!(close(b"\x03").close_code(), None);
        assert_eq!(Event::bare(EventKind::Close).close_code(), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(contents: Vec<Option<Vec<u8>>>) {
            let kinds = NAMES.iter().map(|(_, kind)| *kind).cycle();
            let events: Vec<Event> =
                contents.into_iter().zip(kinds).map(|(content, kind)| Event { kind, content }).collect();
            let mut body = Vec::new();
            events.iter().for_each(|event| encode(event, &mut body));
            prop_assert_eq!(decode(&body), Ok(events));
        }

        #[test]
        fn any_bytes_are_decided(body: Vec<u8>) {
            let _ = decode(&body);
        }
    }
}
