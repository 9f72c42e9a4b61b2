//! The id of a message: the second of its publication and its order within that.

use crate::message::Message;
use crate::wire::http_date;

/// The id of a message, as clients give it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageId {
    /// Seconds since 1970.
    pub time: u64,
    /// Order within the second, from 0.
    pub order: u64,
}

/// How ids are written for a group of subscribers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdStyle {
    /// They have several channels: orders are the server's, else the channel's.
    pub several: bool,
    /// The header for the order; `Etag` unless the configuration has another one.
    pub header: Box<str>,
    /// That header holds the whole id.
    pub compound: bool,
}

impl MessageId {
    /// Reads `TIME:ORDER` as it stands in `Last-Event-ID`; `None` if it is something else.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let colon = text.iter().position(|byte| *byte == b':')?;
        Some(Self { time: number(&text[..colon])?, order: number(&text[colon + 1..])? })
    }

    /// From `If-Modified-Since` and `If-None-Match`. No date that can be read means 1970, and what
    /// is no decimal number means 0.
    #[must_use]
    pub fn from_validators(time: Option<&[u8]>, order: Option<&[u8]>) -> Self {
        let time = time.and_then(http_date::parse).unwrap_or(0);
        Self { time, order: order.and_then(tag).unwrap_or(0) }
    }
}

impl IdStyle {
    /// The order of `message` for these subscribers.
    #[must_use]
    pub fn order(&self, message: &Message) -> u64 {
        if self.several { message.tag.saturating_sub(1) } else { message.order.into() }
    }

    /// Appends `TIME:ORDER`.
    pub fn write(&self, message: &Message, out: &mut Vec<u8>) {
        append(message.time, out);
        out.push(b':');
        append(self.order(message), out);
    }

    /// The value of [`Self::header`].
    #[must_use]
    pub fn tag(&self, message: &Message) -> Vec<u8> {
        let mut out = Vec::with_capacity(24);
        match self.compound {
            true => self.write(message, &mut out),
            false => append(self.order(message), &mut out),
        }
        out
    }
}

fn append(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// A tag that may be written as an entity tag: `7`, `"7"`, `W/"7"`.
fn tag(text: &[u8]) -> Option<u64> {
    let text = text.strip_prefix(b"W/").unwrap_or(text);
    let inner = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
    number(inner.unwrap_or(text))
}

/// A decimal number without sign; `None` if it is too large or none.
fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Option<(u64, u64)>) {
        let found = MessageId::parse(text.as_bytes()).map(|id| (id.time, id.order));
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn ids() {
        check("1467822018:3", Some((1_467_822_018, 3)));
        check("0:0", Some((0, 0)));
        for other in ["", ":", "1", "1:", ":1", "1:-1", "1:[0],-", "a:1", "1:99999999999999999999"]
        {
            check(other, None);
        }
    }

    #[test]
    fn validators() {
        let date = Some(&b"Sun, 06 Nov 1994 08:49:37 GMT"[..]);
        let id = |time, order| {
            let id = MessageId::from_validators(time, order);
            (id.time, id.order)
        };
        assert_eq!(id(date, Some(b"3")), (784_111_777, 3));
        assert_eq!(id(date, Some(b"\"3\"")), (784_111_777, 3));
        assert_eq!(id(date, Some(b"W/\"3\"")), (784_111_777, 3));
        assert_eq!(id(date, Some(b"-3")), (784_111_777, 0));
        assert_eq!(id(Some(b"yesterday"), Some(b"x")), (0, 0));
        assert_eq!(id(None, None), (0, 0));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(time: u64, order: u32) {
            let style = IdStyle { several: false, header: "Etag".into(), compound: false };
            let mut message = Message::special(1, std::sync::Arc::from(*b"ch"), *b"");
            (message.time, message.order) = (time, order);
            let mut text = Vec::new();
            style.write(&message, &mut text);
            prop_assert_eq!(MessageId::parse(&text), Some(MessageId { time, order: order.into() }));
        }

        #[test]
        fn any_bytes_are_read_or_refused(text: Vec<u8>) {
            let _ = MessageId::parse(&text);
            let _ = MessageId::from_validators(Some(&text), Some(&text));
        }
    }
}
