//! `Last-Modified` and `Etag`: where a polling client stands.

use crate::answer::Answer;
use crate::message::Message;
use crate::wire::http_date;

/// A place in the row of all messages of the server.
///
/// Ordered by time, then tag; what is absent comes before everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Validators {
    /// Seconds since 1970, for `Last-Modified`.
    pub last_modified: Option<u64>,
    /// The tag, for `Etag: W/TAG`.
    pub etag: Option<u64>,
}

impl Validators {
    /// The place of a message.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        Self { last_modified: Some(message.time), etag: Some(message.tag) }
    }

    /// The place of an answer that carries no published message: this second, tag 0.
    #[must_use]
    pub fn now(unix: u64) -> Self {
        Self { last_modified: Some(unix), etag: Some(0) }
    }

    /// The later place of the two: what a client gave is never taken back.
    #[must_use]
    pub fn or_later(self, message: &Message) -> Self {
        self.max(Self::of(message))
    }

    /// Adds the headers that every polling answer carries, in nginx's order.
    pub(super) fn head(self, status: u16, content_type: &[u8]) -> Answer {
        let mut head = Answer::new(status).with("Content-Type", content_type.to_vec());
        if let Some(time) = self.last_modified {
            head = head.with("Last-Modified", http_date::format(time).to_vec());
        }
        head = head.uncached();
        match self.etag {
            Some(tag) => head.with("Etag", format!("W/{tag}").into_bytes()),
            None => head,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn check(given: (Option<u64>, Option<u64>), message: (u64, u64), expected: (u64, u64)) {
        let mut newest = Message::special(1, Arc::from(*b"ch"), *b"text");
        (newest.time, newest.tag) = message;
        let given = Validators { last_modified: given.0, etag: given.1 };
        let Validators { last_modified, etag } = given.or_later(&newest);
        assert_eq!((last_modified, etag), (Some(expected.0), Some(expected.1)));
    }

    #[test]
    fn the_later_place_wins() {
        check((None, None), (10, 3), (10, 3));
        check((Some(9), Some(7)), (10, 3), (10, 3));
        check((Some(10), Some(2)), (10, 3), (10, 3));
        check((Some(10), None), (10, 3), (10, 3));
        check((Some(10), Some(4)), (10, 3), (10, 4));
        check((Some(11), Some(0)), (10, 3), (11, 0));
        check((None, Some(9)), (10, 3), (10, 3));
    }
}
