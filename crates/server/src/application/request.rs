//! A request as the application sees it.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use outpour_core::request::{self as head, Method, Peer, Version};
use outpour_core::settings::{Level, LocationSettings};
use outpour_core::wire::websocket;

use super::responder::Address;
use super::{Reply, Responder};
use crate::logs::RequestContext;

/// What a request can be upgraded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Upgrade {
    /// A WebSocket: both sides talk.
    WebSocket,
    /// An EventSource (server-sent events): only the server talks.
    Sse,
}

/// A request, its body complete. Cheap to clone; may be kept and sent to other threads.
///
/// What comes from the network is bytes: nothing says that it is UTF-8.
#[derive(Clone)]
pub struct Request(Arc<Asked>);

struct Asked {
    head: head::Request,
    remote: Option<SocketAddr>,
    local: Option<SocketAddr>,
    encrypted: bool,
    connection: u64,
    body: Vec<u8>,
    upgrade: Option<Upgrade>,
    settings: Arc<LocationSettings>,
    address: Address,
}

impl Request {
    pub(crate) fn new(
        head: head::Request,
        peer: &Peer,
        body: Vec<u8>,
        settings: Arc<LocationSettings>,
        address: Address,
    ) -> Self {
        let upgrade = upgrade(&head);
        let (remote, local, connection) = (peer.remote, peer.local, peer.connection);
        let encrypted = peer.tls.is_some();
        Self(Arc::new(Asked {
            head,
            remote,
            local,
            encrypted,
            connection,
            body,
            upgrade,
            settings,
            address,
        }))
    }

    /// The method as it was sent, `GET`.
    #[must_use]
    pub fn method(&self) -> &str {
        str::from_utf8(self.0.head.method_text()).unwrap_or_default()
    }

    /// The path: percent-decoded, `//` merged, `.` and `..` resolved. Bytes that are no UTF-8 are
    /// shown as U+FFFD.
    #[must_use]
    pub fn path(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0.head.path)
    }

    /// The path as it was sent, without the query.
    #[must_use]
    pub fn raw_path(&self) -> &[u8] {
        let target = self.target();
        &target[..memchr::memchr(b'?', target).unwrap_or(target.len())]
    }

    /// What was asked for as it was sent, query included.
    #[must_use]
    pub fn target(&self) -> &[u8] {
        self.0.head.target()
    }

    /// The query without `?`, still percent-encoded; empty if there is none.
    #[must_use]
    pub fn query(&self) -> &[u8] {
        self.0.head.args()
    }

    /// The value of the argument `name` of the query, percent-decoded.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        self.0.head.arg(name.as_bytes()).map(outpour_core::wire::percent::decode)
    }

    /// The value of the cookie `name`.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&[u8]> {
        self.0.head.cookie(name.as_bytes())
    }

    /// The first value of the header `name`, whose letter case does not matter.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.0.head.header(name)
    }

    /// All headers in their order.
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let head = &self.0.head;
        let all = head.headers.iter();
        all.map(|(name, value)| (&head.bytes[name.clone()], &head.bytes[value.clone()]))
    }

    /// Host without port, lower case; empty if there is none.
    #[must_use]
    pub fn host(&self) -> &[u8] {
        &self.0.head.host
    }

    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`.
    #[must_use]
    pub fn protocol(&self) -> &'static str {
        match self.0.head.version {
            Version::Http10 => "HTTP/1.0",
            Version::Http11 => "HTTP/1.1",
            Version::Http2 => "HTTP/2.0",
        }
    }

    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.encrypted
    }

    /// The client's address, as `set_real_ip_from` has it; `None` for a unix socket.
    #[must_use]
    pub fn remote(&self) -> Option<SocketAddr> {
        self.0.remote
    }

    /// The address that the client connected to; `None` for a unix socket.
    #[must_use]
    pub fn local(&self) -> Option<SocketAddr> {
        self.0.local
    }

    /// The body, `client_max_body_size` at most. Empty once the request was upgraded.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }

    /// What the request can be upgraded to: [`Reply::Upgrade`] does it.
    ///
    /// A WebSocket is a `GET` of HTTP/1.1 with `Connection: upgrade`, `Upgrade: websocket`, a key
    /// and version 13, or an extended `CONNECT` of HTTP/2; an EventSource a `GET` whose `Accept`
    /// names `text/event-stream`.
    #[must_use]
    pub fn upgrade(&self) -> Option<Upgrade> {
        self.0.upgrade
    }

    /// To answer later, from whatever thread: the reply is what [`Application::call`] returns, the
    /// responder what answers.
    ///
    /// [`Application::call`]: super::Application::call
    pub fn defer(&self) -> (Responder, Reply) {
        (Responder::new(self.0.address.clone()), Reply::later())
    }

    /// Writes to the error log of the request's location, with client and request line. The text
    /// should say what happened in which callback.
    pub fn log_error(&self, text: &str) {
        let Asked { head, settings, address, connection, remote, .. } = &*self.0;
        let line = head.bytes.split(|byte| matches!(byte, b'\r' | b'\n')).find(|l| !l.is_empty());
        let context = RequestContext {
            connection: *connection,
            client: remote.map(|remote| remote.ip()),
            request: line,
            host: head.header("host"),
            ..Default::default()
        };
        let (shared, name) = (&address.shared, &settings.name);
        let now = shared.clock.now();
        let message = format_args!("{text}, location: \"{name}\"");
        shared.logs.error(&settings.error_log, Level::Error, now, Some(&context), message);
    }

    /// Tells the error log that a callback panicked.
    pub(super) fn complain(&self, callback: &str, panic: &(dyn Any + Send)) {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let text = text.unwrap_or("no text");
        self.log_error(&format!("application panicked in {callback}: {text}"));
    }

    /// The same without the body, for as long as the connection lives.
    pub(crate) fn without_body(self) -> Self {
        if self.0.body.is_empty() {
            return self;
        }
        let asked = &self.0;
        Self(Arc::new(Asked {
            head: asked.head.clone(),
            remote: asked.remote,
            local: asked.local,
            encrypted: asked.encrypted,
            connection: asked.connection,
            body: Vec::new(),
            upgrade: asked.upgrade,
            settings: Arc::clone(&asked.settings),
            address: asked.address.clone(),
        }))
    }

    pub(crate) fn address(&self) -> &Address {
        &self.0.address
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = String::from_utf8_lossy(self.target());
        f.debug_struct("Request").field("method", &self.method()).field("target", &target).finish()
    }
}

fn upgrade(head: &head::Request) -> Option<Upgrade> {
    if websocket::wish(head) == websocket::Wish::Upgrade {
        return Some(Upgrade::WebSocket);
    }
    let sse = head.method == Method::Get && head.header_values("accept").any(accepts_events);
    sse.then_some(Upgrade::Sse)
}

/// Whether `text/event-stream` is one of the ranges of `Accept`, and not refused by `q=0`.
fn accepts_events(accept: &[u8]) -> bool {
    accept.split(|byte| *byte == b',').any(|range| {
        let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let named = parts.next().is_some_and(|t| t.eq_ignore_ascii_case(b"text/event-stream"));
        named && !parts.any(is_refusal)
    })
}

fn is_refusal(parameter: &[u8]) -> bool {
    let [b'q' | b'Q', b'=', value @ ..] = parameter else { return false };
    value.first() == Some(&b'0') && value[1..].iter().all(|b| matches!(b, b'.' | b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(accept: &str, expected: bool) {
        assert_eq!(accepts_events(accept.as_bytes()), expected, "{accept}");
    }

    #[test]
    fn event_streams_are_asked_for_by_name() {
        check("text/event-stream", true);
        check("text/event-stream, */*", true);
        check("text/html, Text/Event-Stream;q=0.1", true);
        check("text/event-stream; q=0.000", false);
        check("text/event-stream;q=0", false);
        check("text/event-stream;q=0.001", true);
        check("*/*", false);
        check("text/*", false);
        check("text/event-streams", false);
        check("", false);
    }
}
