//! The mode of a subscriber, and the content type that goes with it.

use crate::settings::SubscriberMode;

/// The content type of event source answers.
pub const EVENT_STREAM: &[u8] = b"text/event-stream; charset=utf-8";

/// The mode of a request: the location's, unless `X-Nginx-PushStream-Mode` asks for a polling one.
///
/// Letter case is ignored, other values change nothing. A long-polling location stays one, whatever
/// the documentation of nginx-push-stream-module says; a WebSocket location does not look.
#[must_use]
pub fn mode(location: SubscriberMode, header: Option<&[u8]>) -> SubscriberMode {
    let asks = |word: &[u8]| header.is_some_and(|value| value.eq_ignore_ascii_case(word));
    match location {
        SubscriberMode::WebSocket | SubscriberMode::LongPolling => location,
        SubscriberMode::Streaming | SubscriberMode::Polling | SubscriberMode::EventSource => {
            if asks(b"long-polling") {
                SubscriberMode::LongPolling
            } else if asks(b"polling") {
                SubscriberMode::Polling
            } else {
                location
            }
        }
    }
}

/// The content type of a stream in the given mode; `location_type` is the location's own.
#[must_use]
pub fn content_type(mode: SubscriberMode, location_type: &[u8]) -> &[u8] {
    match mode {
        SubscriberMode::EventSource => EVENT_STREAM,
        SubscriberMode::Streaming
        | SubscriberMode::Polling
        | SubscriberMode::LongPolling
        | SubscriberMode::WebSocket => location_type,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SubscriberMode::{EventSource, LongPolling, Polling, Streaming, WebSocket};

    fn check(location: SubscriberMode, expected: [SubscriberMode; 4]) {
        let headers: [Option<&[u8]>; 4] =
            [None, Some(b"Polling"), Some(b"LONG-polling"), Some(b"streaming")];
        assert_eq!(headers.map(|header| mode(location, header)), expected);
    }

    #[test]
    fn the_mode_header_asks_for_polling() {
        check(Streaming, [Streaming, Polling, LongPolling, Streaming]);
        check(EventSource, [EventSource, Polling, LongPolling, EventSource]);
        check(Polling, [Polling, Polling, LongPolling, Polling]);
        check(LongPolling, [LongPolling; 4]);
        check(WebSocket, [WebSocket; 4]);
    }

    #[test]
    fn only_event_source_has_a_type_of_its_own() {
        assert_eq!(content_type(EventSource, b"text/html"), EVENT_STREAM);
        assert_eq!(content_type(Streaming, b"text/html"), b"text/html");
        assert_eq!(content_type(Polling, b"text/html"), b"text/html");
    }
}
