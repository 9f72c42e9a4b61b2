//! What an application implements.

use std::fmt;

use super::{Client, Reply, Request};

/// Answers requests.
///
/// Every function of that shape is one. A panic is answered with 500 and concerns nobody else.
pub trait Application: Send + Sync + 'static {
    /// Answers a request, whose body is complete.
    ///
    /// Without an [`Executor`](super::Executor) this runs on a worker thread and must not block:
    /// what takes long is answered later, see [`Request::defer`].
    fn call(&self, request: &Request) -> Reply;
}

impl<F> Application for F
where
    F: Fn(&Request) -> Reply + Send + Sync + 'static,
{
    fn call(&self, request: &Request) -> Reply {
        self(request)
    }
}

/// Hears of upgraded connections: one value may serve any number of them.
///
/// For one connection `on_open` comes first, `on_close` last, each exactly once, and no two
/// callbacks overlap. What keeps state per connection keeps it by [`Client`], which can be compared
/// and hashed. A panic closes that connection (1011) and concerns nobody else; a connection whose
/// `on_open` panicked has no `on_close`.
pub trait PushHandler: Send + Sync + 'static {
    /// The connection is open. What the peer sends meanwhile follows in order.
    fn on_open(&self, client: &Client) {
        let _ = client;
    }

    /// A whole message has come, fragments joined. WebSocket only.
    fn on_message(&self, client: &Client, message: Incoming<'_>) {
        let _ = (client, message);
    }

    /// Everything that was written has left for the kernel: [`Client::pending`] is 0.
    fn on_drained(&self, client: &Client) {
        let _ = client;
    }

    /// Whether [`PushHandler::on_drained`] does anything: if not, its turns are saved. Asked each
    /// time that it would run; must be cheap.
    fn hears_drained(&self) -> bool {
        true
    }

    /// The server ends gracefully. What is written here still goes out; then the connection is
    /// closed (1001).
    fn on_shutdown(&self, client: &Client) {
        let _ = client;
    }

    /// The connection has ended, or another handler takes over ([`CloseReason::Replaced`]).
    fn on_close(&self, client: &Client, reason: CloseReason) {
        let _ = (client, reason);
    }
}

/// What a WebSocket client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A text.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
}

impl<'a> Incoming<'a> {
    /// The payload.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

/// Why a connection ended. `Display` gives a short sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The application closed it.
    Closed,
    /// The peer closed it, with this code if it is a WebSocket's and gave one.
    Peer(Option<u16>),
    /// The socket failed or ended without a word.
    Gone,
    /// Nothing came from the peer for too long, or it took nothing in.
    TimedOut,
    /// More waits for the peer than may.
    TooSlow,
    /// The peer broke the rules of its protocol and was told this code: 1002, 1007 or 1009.
    Protocol(u16),
    /// The server ends.
    Shutdown,
    /// Another handler takes over: the connection is open.
    Replaced,
    /// A callback panicked, or the executor gave the connection up.
    Failed,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Closed => "closed by the application",
            Self::Peer(Some(code)) => return write!(f, "closed by the peer with code {code}"),
            Self::Peer(None) => "closed by the peer",
            Self::Gone => "connection lost",
            Self::TimedOut => "timed out",
            Self::TooSlow => "the peer does not read",
            Self::Protocol(code) => return write!(f, "protocol error, code {code}"),
            Self::Shutdown => "the server shuts down",
            Self::Replaced => "another handler takes over",
            Self::Failed => "a callback failed",
        };
        f.write_str(text)
    }
}
