//! An upgraded connection in the hands of the application.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::inbox::Event;
use super::link::Link;
use super::publication::publish;
use super::responder::Post;
use super::{
    CloseReason, Outgoing, Publication, PushHandler, Refused, Request, Subscription, Upgrade,
};

/// An upgraded connection: the same value in all of its callbacks.
///
/// Cheap to clone, equal only to itself, usable from every thread at any time; none of its methods
/// blocks. What is written after the end is refused, everything else does nothing then.
#[derive(Clone)]
pub struct Client(Arc<Link>);

impl Client {
    pub(crate) fn new(link: Arc<Link>) -> Self {
        Self(link)
    }

    pub(super) fn link(&self) -> &Arc<Link> {
        &self.0
    }

    /// Schedules a message; false if it is refused: the connection is closed or closing, too much
    /// waits already ([`Port::pending_max`](super::Port::pending_max)), or it is not UTF-8 and the
    /// client is an EventSource.
    pub fn write<'a>(&self, message: impl Into<Outgoing<'a>>) -> bool {
        self.0.write(&message.into())
    }

    /// Ends the connection behind everything written: a WebSocket with code 1000.
    pub fn close(&self) {
        self.close_with(1000);
    }

    /// The same with another code, of a WebSocket: 1000 to 1014 without 1004 to 1006, or 3000 to
    /// 4999. Any other becomes 1000.
    pub fn close_with(&self, code: u16) {
        let code = match code {
            1004..=1006 => 1000,
            1000..=1014 | 3000..=4999 => code,
            _ => 1000,
        };
        self.0.end(code, CloseReason::Closed);
    }

    /// Whether messages can be written: false once it is closed or closing.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.is_open()
    }

    /// How many messages have not left for the kernel; `None` once it is closed or closing.
    /// [`PushHandler::on_drained`] is owed while it is more than 0.
    #[must_use]
    pub fn pending(&self) -> Option<usize> {
        self.0.pending()
    }

    /// What the connection is.
    #[must_use]
    pub fn protocol(&self) -> Upgrade {
        self.0.wire.protocol()
    }

    /// The request that was upgraded, without its body.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.0.request
    }

    /// Another handler takes over: the old one gets `on_close` with [`CloseReason::Replaced`] while
    /// the connection is open, then the new one `on_open`. Subscriptions stay.
    pub fn set_handler(&self, handler: Arc<dyn PushHandler>) {
        if let Some(turn) = self.0.post(Event::Replace(handler)) {
            self.0.address().send(Post::Turn(turn));
        }
    }

    /// Publishes to a channel, for all its subscribers: this one too, if it is one.
    ///
    /// # Errors
    /// The channel's name is none, or a limit is reached: as a publisher location would refuse it.
    pub fn publish(
        &self,
        channel: impl AsRef<[u8]>,
        publication: impl Into<Publication>,
    ) -> Result<(), Refused> {
        let address = self.0.address();
        publish(&address.shared, address.here(), channel.as_ref(), publication.into())
    }

    /// Subscribes to a channel, by its name, or as [`Subscription`] says: its messages go straight to
    /// the client. A subscription of the same name is replaced. All end with the connection.
    ///
    /// # Errors
    /// The connection is closed, the channel's name is none, or a limit is reached: as a subscriber
    /// location would refuse it.
    pub fn subscribe(&self, to: impl Into<Subscription>) -> Result<(), Refused> {
        self.0.subscribe(to.into())
    }

    /// Ends the subscription to the channel or pattern of that name; false if there is none.
    /// Messages that are on their way may still arrive.
    pub fn unsubscribe(&self, name: impl AsRef<[u8]>) -> bool {
        self.0.unsubscribe(name.as_ref())
    }

    /// How long the connection may be idle before the server pings: 30 s by default, 1 s at least.
    /// A WebSocket that says nothing for twice as long is closed.
    pub fn set_timeout(&self, timeout: Duration) {
        self.0.set_timeout(timeout.max(Duration::from_secs(1)));
    }

    /// See [`Client::set_timeout`].
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.0.timeout()
    }
}

impl PartialEq for Client {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Client {}

impl Hash for Client {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.0.request).finish()
    }
}
