//! What an application answers.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use outpour_core::answer::Header;

use super::{Body, PushHandler};

/// An application's answer to a request.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reply {
    /// An answer of HTTP.
    Response(Response),
    /// The request is upgraded to what [`Request::upgrade`](super::Request::upgrade) says. A request
    /// that cannot be upgraded is answered with 426.
    Upgrade(Accept),
    /// A [`Responder`](super::Responder) answers; see [`Request::defer`](super::Request::defer).
    Later(Later),
}

/// See [`Reply::Later`].
#[derive(Debug)]
pub struct Later(());

impl Reply {
    /// Accepts an upgrade: `handler` hears of the connection from here on.
    pub fn upgrade(handler: Arc<dyn PushHandler>) -> Accept {
        Accept { handler, headers: Headers::default(), event_name: None, timeout: None }
    }

    pub(super) fn later() -> Self {
        Self::Later(Later(()))
    }
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

impl From<Accept> for Reply {
    fn from(accept: Accept) -> Self {
        Self::Upgrade(accept)
    }
}

/// Headers in their order. Names may repeat.
///
/// CR, LF and NUL in a value become blanks on the wire. Headers about framing and the connection are
/// the server's (`Transfer-Encoding`, `Connection`, `Keep-Alive`, `Upgrade`), and so is
/// `Content-Length`, except for a body that comes in pieces, whose length it then announces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<Header>);

impl Headers {
    /// Adds a header.
    pub fn add(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Vec<u8>>) {
        self.0.push((name.into(), Cow::Owned(value.into())));
    }

    /// The first value of the header `name`, whose letter case does not matter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    pub(crate) fn into_inner(self) -> Vec<Header> {
        self.0
    }
}

/// An answer of HTTP.
#[derive(Debug)]
#[must_use = "an answer has to be returned or sent"]
pub struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Body,
}

impl Response {
    /// An answer without headers and body. A status that is none (100 to 999) becomes 500.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Headers::default(), body: Body::Empty }
    }

    /// 200 with a text in UTF-8.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(200).header("Content-Type", "text/plain; charset=utf-8").body(text.into())
    }

    /// 200 with a page in UTF-8.
    pub fn html(page: impl Into<String>) -> Self {
        Self::new(200).header("Content-Type", "text/html; charset=utf-8").body(page.into())
    }

    /// The same answer with one more header; see [`Headers`].
    pub fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.add(name, value);
        self
    }

    /// The same answer with this body.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }
}

/// An upgrade that the application accepts; see [`Reply::upgrade`].
#[must_use = "an upgrade has to be returned or sent"]
pub struct Accept {
    pub(crate) handler: Arc<dyn PushHandler>,
    pub(crate) headers: Headers,
    pub(crate) event_name: Option<Box<str>>,
    pub(crate) timeout: Option<Duration>,
}

impl Accept {
    /// One more header of the 101 or 200: `Set-Cookie`, `Sec-WebSocket-Protocol` with the one that
    /// was chosen. Those that belong to the handshake are left out: `Content-Length`,
    /// `Content-Type`, `Content-Encoding`, `Sec-WebSocket-Accept`, `Sec-WebSocket-Extensions`,
    /// everything that begins with `rack.`, and what [`Headers`] leaves out.
    pub fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.add(name, value);
        self
    }

    /// The event name of an EventSource's messages, in the place of the server's
    /// ([`Port::event_name`](super::Port::event_name)); empty for none.
    pub fn event_name(mut self, name: impl Into<Box<str>>) -> Self {
        self.event_name = Some(name.into());
        self
    }

    /// See [`Client::set_timeout`](super::Client::set_timeout).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl std::fmt::Debug for Accept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accept").field("headers", &self.headers).finish_non_exhaustive()
    }
}
