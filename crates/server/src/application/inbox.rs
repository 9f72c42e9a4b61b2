//! What a connection's handler has yet to hear.

use std::collections::VecDeque;
use std::sync::Arc;

use outpour_core::message::Message;

use super::{CloseReason, Listener, PushHandler};

/// Bytes of messages that may wait for a handler before no more is read from its client.
const BYTES_MAX: usize = 256 * 1024;

/// The same for messages.
const EVENTS_MAX: usize = 256;

/// Something to tell a handler.
pub(crate) enum Event {
    Open,
    /// A text is valid UTF-8.
    Message {
        binary: bool,
        data: Vec<u8>,
    },
    /// A message of a channel, for whoever subscribed to it.
    Published(Listener, Arc<Message>),
    Drained,
    Shutdown,
    Replace(Arc<dyn PushHandler>),
    Close(CloseReason),
}

impl Event {
    fn bytes(&self) -> usize {
        match self {
            Self::Message { data, .. } => data.len(),
            Self::Published(_, message) => message.text.len(),
            Self::Open | Self::Drained | Self::Shutdown | Self::Replace(_) | Self::Close(_) => 0,
        }
    }
}

/// Events in their order. While a turn is under way (`busy`) nobody else begins one.
#[derive(Default)]
pub(super) struct Inbox {
    events: VecDeque<Event>,
    bytes: usize,
    busy: bool,
    opened: bool,
    closed: bool,
    /// The worker stopped reading and waits for room.
    starved: bool,
}

impl Inbox {
    /// Takes an event; back it comes if a turn has to begin with it.
    pub(super) fn post(&mut self, event: Event) -> Option<Event> {
        if self.closed {
            return None;
        }
        self.opened |= matches!(event, Event::Open);
        self.closed = matches!(event, Event::Close(_));
        if !self.opened {
            // The connection went before its handler heard of it.
            return None;
        }
        if !std::mem::replace(&mut self.busy, true) {
            return Some(event);
        }
        self.bytes += event.bytes();
        self.events.push_back(event);
        None
    }

    /// The next event of the turn; `None`: the turn is over.
    pub(super) fn next(&mut self) -> Option<Event> {
        match self.events.pop_front() {
            Some(event) => {
                self.bytes -= event.bytes();
                Some(event)
            }
            None => {
                self.busy = false;
                self.events = VecDeque::new();
                None
            }
        }
    }

    /// Whether there is room again for a worker that waits for it; told once.
    pub(super) fn feeds(&mut self) -> bool {
        let room = self.bytes <= BYTES_MAX / 2 && self.events.len() <= EVENTS_MAX / 2;
        room && std::mem::take(&mut self.starved)
    }

    /// Whether no more is to be read from the client for now; the worker will be told of room.
    pub(super) fn is_full(&mut self) -> bool {
        self.starved = self.bytes >= BYTES_MAX || self.events.len() >= EVENTS_MAX;
        self.starved
    }

    /// Nothing is handled any more: whoever ran the turns has given them up.
    pub(super) fn abandon(&mut self) {
        *self = Self { busy: true, closed: true, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: usize) -> Event {
        Event::Message { binary: false, data: vec![b'x'; bytes] }
    }

    #[test]
    fn one_turn_at_a_time() {
        let mut inbox = Inbox::default();
        assert!(matches!(inbox.post(Event::Open), Some(Event::Open)));
        assert!(inbox.post(text(1)).is_none());
        assert!(inbox.post(Event::Close(CloseReason::Gone)).is_none());
        assert!(inbox.post(text(2)).is_none());
        assert!(matches!(inbox.next(), Some(Event::Message { .. })));
        assert!(matches!(inbox.next(), Some(Event::Close(CloseReason::Gone))));
        assert!(inbox.next().is_none());
        assert!(inbox.post(Event::Drained).is_none());
    }

    #[test]
    fn there_is_no_end_without_a_beginning() {
        let mut inbox = Inbox::default();
        assert!(inbox.post(Event::Close(CloseReason::Gone)).is_none());
        assert!(inbox.post(Event::Open).is_none());
    }

    #[test]
    fn a_full_inbox_asks_for_a_pause() {
        let mut inbox = Inbox::default();
        assert!(inbox.post(Event::Open).is_some());
        assert!(!inbox.is_full());
        assert!(inbox.post(text(BYTES_MAX)).is_none());
        assert!(inbox.is_full() && !inbox.feeds());
        assert!(inbox.next().is_some());
        assert!(inbox.feeds() && !inbox.feeds());
    }
}
