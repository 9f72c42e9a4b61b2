//! A location's templates, compiled for its mode.

use std::hash::{Hash, Hasher};

use crate::message::Message;
use crate::relay::RelayStream;
use crate::settings::SubscriberMode;
use crate::transport::{Parts, Template, event_source};
use crate::wire::websocket;

/// Header, message and footer template of one location.
///
/// Made for the location's own mode: a polling request on an event source location gets the event
/// stream's lines, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendering {
    /// Sent once at the beginning; may be empty. Ready for the socket: comment lines for event
    /// source, a text frame for WebSocket.
    pub header: Box<[u8]>,
    /// Sent once at the end; may be empty. Ready for the socket like the header.
    pub footer: Box<[u8]>,
    message: Template,
    /// `event:` of messages whose publisher gave none; of event source alone.
    event_type: Option<Box<[u8]>>,
    dialect: Dialect,
    /// What takes the templates' place in locations of the relay protocol.
    relay: Option<Box<RelayStream>>,
    /// Sum over the rest, so that a table of formats does not hash long templates.
    digest: u32,
}

/// How templates and texts meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Dialect {
    Plain,
    EventSource,
    WebSocket,
    /// Of the relay protocol, over HTTP.
    Relay,
}

impl Rendering {
    /// Compiles the three templates for a location of the given mode.
    ///
    /// The templates are as the configuration has them: rewriting happens here, and only once.
    #[must_use]
    pub fn compile(mode: SubscriberMode, header: &[u8], message: &[u8], footer: &[u8]) -> Self {
        let dialect = match mode {
            SubscriberMode::Streaming | SubscriberMode::Polling | SubscriberMode::LongPolling => {
                Dialect::Plain
            }
            SubscriberMode::EventSource => Dialect::EventSource,
            SubscriberMode::WebSocket => Dialect::WebSocket,
        };
        let digest = digest(dialect, [header, message, footer]);
        let (header, footer) = match dialect {
            Dialect::Plain => (header.to_vec(), footer.to_vec()),
            Dialect::EventSource => (event_source::header(header), event_source::footer(footer)),
            Dialect::WebSocket => (text_frame(header), text_frame(footer)),
            Dialect::Relay => (Vec::new(), Vec::new()),
        };
        let message = match dialect {
            Dialect::Plain | Dialect::WebSocket | Dialect::Relay => Template::compile(message),
            Dialect::EventSource => event_source::message_template(message),
        };
        let (event_type, relay) = (None, None);
        let (header, footer) = (header.into(), footer.into());
        Self { header, footer, message, event_type, dialect, relay, digest }
    }

    /// The messages of a relay stream.
    #[must_use]
    pub fn relay(stream: RelayStream) -> Self {
        let dialect = match stream {
            RelayStream::Frames { .. } => Dialect::WebSocket,
            RelayStream::EventSource { .. }
            | RelayStream::Multipart { .. }
            | RelayStream::Plain { .. } => Dialect::Relay,
        };
        let (header, footer) = (stream.opening(), stream.closing());
        let digest = digest(dialect, [&header, b"", &footer]);
        Self {
            header: header.into(),
            footer: footer.into(),
            // Not the text alone: a WebSocket asks for the payload then.
            message: Template::compile(b""),
            event_type: None,
            dialect,
            relay: Some(Box::new(stream)),
            digest,
        }
    }

    /// The same with an event name for messages whose publisher gave none; of event source alone.
    #[must_use]
    pub fn with_event_type(mut self, name: &[u8]) -> Self {
        self.event_type = (!name.is_empty()).then(|| name.into());
        self.digest ^= crc32fast::hash(name);
        self
    }

    /// Adds the parts of `message` without any framing, and returns the length in bytes of the
    /// filled template: what padding is reckoned from.
    pub fn message(&self, message: &Message, parts: &mut Parts) -> usize {
        match self.dialect {
            Dialect::Plain | Dialect::WebSocket => {
                parts.write(|out| self.message.render(message, &message.text, out))
            }
            Dialect::EventSource => {
                event_source::message(&self.message, self.event_type.as_deref(), message, parts)
            }
            Dialect::Relay => self.relay.as_ref().map_or(0, |relay| relay.message(message, parts)),
        }
    }

    /// Appends the filled template alone.
    pub(super) fn payload(&self, message: &Message, out: &mut Vec<u8>) {
        if let Some(relay) = &self.relay {
            return relay.write(message, out);
        }
        self.message.render(message, &message.text, out);
    }

    /// Whether messages go out as the bytes that came in.
    #[must_use]
    pub fn is_text_alone(&self) -> bool {
        self.message.is_text_alone()
    }

    /// What a stream of the relay protocol gets after silence.
    pub(super) fn relay_ping(&self) -> &[u8] {
        self.relay.as_ref().map_or(&[], |relay| relay.ping())
    }

    /// Whether it is the relay protocol's.
    pub(super) fn is_relay(&self) -> bool {
        self.relay.is_some()
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }
}

/// A template as the frame that is sent for it; nothing for an empty one.
fn text_frame(template: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    if !template.is_empty() {
        websocket::text(template, &mut out);
    }
    out
}

impl Hash for Rendering {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
    }
}

fn digest(dialect: Dialect, templates: [&[u8]; 3]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(dialect as u32);
    for template in templates {
        hasher.update(template);
        hasher.update(&template.len().to_le_bytes());
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn check(mode: SubscriberMode, header: &str, message: &str, footer: &str) {
        let rendering = Rendering::compile(mode, b"HEAD", b"<~text~>", b"FOOT");
        let mut parts = Parts::default();
        let sent = Message::special(1, Arc::from(*b"ch"), *b"text");
        let len = rendering.message(&sent, &mut parts);
        assert_eq!(*rendering.header, *header.as_bytes());
        assert_eq!(*rendering.footer, *footer.as_bytes());
        assert_eq!(parts.iter().collect::<Vec<_>>(), [message.as_bytes()]);
        assert_eq!(len, message.len());
    }

    #[test]
    fn templates_are_made_for_the_mode() {
        check(SubscriberMode::Streaming, "HEAD", "<text>", "FOOT");
        check(SubscriberMode::Polling, "HEAD", "<text>", "FOOT");
        check(SubscriberMode::LongPolling, "HEAD", "<text>", "FOOT");
        check(SubscriberMode::EventSource, ": HEAD\n", "data: <text>\n\n", ": FOOT\n");
    }

    #[test]
    fn websocket_templates_are_frames() {
        let rendering = Rendering::compile(SubscriberMode::WebSocket, b"HEAD", b"~text~", b"");
        assert_eq!(*rendering.header, *b"\x81\x04HEAD");
        assert_eq!(*rendering.footer, *b"");
        assert!(rendering.is_text_alone());
    }

    #[test]
    fn equal_templates_are_equal_after_a_reload() {
        let make = |footer| Rendering::compile(SubscriberMode::Streaming, b"", b"~text~", footer);
        assert_eq!(make(b"x"), make(b"x"));
        assert_ne!(make(b"x"), make(b"y"));
    }
}
