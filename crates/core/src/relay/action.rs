//! What a request to a relay location asks for.

use crate::request::{Method, Request};
use crate::settings::{Relay, RelayDialect, RelayTransport};

/// What a request to a relay location asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// OPTIONS.
    Options,
    /// To be told about its channels.
    Inform,
    /// To publish its body.
    Publish,
    /// To delete its channels.
    Delete,
    /// To get messages.
    Subscribe(RelayTransport),
    /// To publish what it sends in WebSocket frames, and to get nothing.
    PublishFrames,
    /// Something that the location does not do: 403 in Nchan, 405 elsewhere.
    Nothing,
}

/// What `request` asks for.
#[must_use]
pub fn action(relay: &Relay, request: &Request) -> Action {
    if wants_websocket(request) {
        return match relay.transports.has(RelayTransport::WebSocket) {
            true => Action::Subscribe(RelayTransport::WebSocket),
            false if relay.publishers.websocket => Action::PublishFrames,
            false => plain(relay, request),
        };
    }
    plain(relay, request)
}

fn plain(relay: &Relay, request: &Request) -> Action {
    match request.method {
        Method::Options => Action::Options,
        Method::Get => match transport(relay, request) {
            Some(transport) => Action::Subscribe(transport),
            None if relay.publishers.http => Action::Inform,
            None => Action::Nothing,
        },
        Method::Post | Method::Put if relay.publishers.http => Action::Publish,
        Method::Delete if relay.publishers.http => Action::Delete,
        Method::Post | Method::Put | Method::Delete | Method::Head | Method::Other => {
            Action::Nothing
        }
    }
}

/// The way that the request asks for among those of the location. What needs a word of the client
/// comes first, as in Nchan.
fn transport(relay: &Relay, request: &Request) -> Option<RelayTransport> {
    let accepts = |media: &[u8]| {
        let values = request.header_values("accept");
        values.into_iter().any(|value| contains(value, media))
    };
    let takes_chunks = || request.header_values("te").any(|value| contains(value, b"chunked"));
    let ways = [
        (RelayTransport::EventSource, accepts(b"text/event-stream")),
        (RelayTransport::Chunked, takes_chunks()),
        (RelayTransport::Multipart, accepts(b"multipart/mixed")),
        (RelayTransport::IntervalPoll, true),
        (RelayTransport::RawStream, true),
        (RelayTransport::LongPoll, true),
    ];
    let mut mine = ways.into_iter().filter(|(way, asked)| *asked && relay.transports.has(*way));
    mine.next().map(|(way, _)| way)
}

/// `Upgrade: websocket`, or what stands for it over HTTP/2.
fn wants_websocket(request: &Request) -> bool {
    let upgrade = || request.header("upgrade");
    request.is_extended_connect()
        || upgrade().is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
}

fn contains(value: &[u8], word: &[u8]) -> bool {
    value.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}

/// Whether what the location does not do is forbidden rather than not allowed.
#[must_use]
pub(super) fn forbids(dialect: RelayDialect) -> bool {
    dialect == RelayDialect::Nchan
}
