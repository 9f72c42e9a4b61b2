//! Subscriptions of clients: where they begin and who hears them.

use std::fmt;
use std::sync::Arc;

use outpour_core::channels::{Entry, Pattern, Since, SubscribeRules, Subscribed};
use outpour_core::message::Message;

use super::link::Link;
use super::responder::Post;
use super::{Client, Event, Outgoing, Refused, Request};
use crate::mailbox::Mail;

/// Where a subscription begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// With what is published from now on.
    #[default]
    New,
    /// Behind the event that the client has had last, as its `Last-Event-ID` says; as [`Start::New`]
    /// without one.
    Last,
    /// With so many of the channel's stored messages.
    Count(u64),
    /// Behind the stored message with this event id.
    Event(Vec<u8>),
}

/// A subscription of a client.
///
/// A channel's messages go straight to the client, or to a callback in their place. A subscription
/// to the same channel or pattern replaces the one before; all end with the connection.
#[derive(Clone)]
#[must_use = "Client::subscribe takes it"]
pub struct Subscription {
    pub(super) name: Vec<u8>,
    pub(super) pattern: bool,
    pub(super) start: Start,
    pub(super) listener: Option<Listener>,
}

impl Subscription {
    /// To the channel of that name.
    pub fn channel(name: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), pattern: false, start: Start::New, listener: None }
    }

    /// To all channels whose name matches: `*` stands for any bytes, `?` for one, `[a-z]` for one of
    /// a set, `\` takes the next one as it is (as in Redis). Such a subscription begins with what is
    /// published from now on.
    pub fn pattern(pattern: impl Into<Vec<u8>>) -> Self {
        Self { pattern: true, ..Self::channel(pattern) }
    }

    /// Begins there; of no effect for a pattern.
    pub fn since(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Messages go to `callback`, in order with the callbacks of the client's handler, and not to
    /// the client.
    pub fn with(
        mut self,
        callback: impl Fn(&Client, &Published<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.listener = Some(Listener(Arc::new(callback)));
        self
    }
}

impl From<&str> for Subscription {
    fn from(name: &str) -> Self {
        Self::channel(name)
    }
}

impl From<String> for Subscription {
    fn from(name: String) -> Self {
        Self::channel(name)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = String::from_utf8_lossy(&self.name);
        f.debug_struct("Subscription").field("name", &name).finish_non_exhaustive()
    }
}

/// A message of a channel.
#[derive(Clone, Copy, Debug)]
pub struct Published<'a>(pub(crate) &'a Message);

impl<'a> Published<'a> {
    /// The channel's name.
    #[must_use]
    pub fn channel(&self) -> &'a [u8] {
        &self.0.channel
    }

    /// The bytes that were published.
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        &self.0.text
    }

    /// Whether they were published as binary.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        self.0.binary
    }

    /// The event id, if the publisher gave one.
    #[must_use]
    pub fn event_id(&self) -> Option<&'a [u8]> {
        self.0.event_id.as_deref()
    }

    /// The event type, if the publisher gave one.
    #[must_use]
    pub fn event_type(&self) -> Option<&'a [u8]> {
        self.0.event_type.as_deref()
    }

    /// Its number within the channel, from 1; negative for what the server itself says, as that the
    /// channel was deleted.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.0.id
    }
}

type Callback = dyn Fn(&Client, &Published<'_>) + Send + Sync;

/// Who hears a channel's messages in the client's place.
#[derive(Clone)]
pub(crate) struct Listener(Arc<Callback>);

impl Listener {
    pub(super) fn call(&self, client: &Client, message: &Message) {
        (self.0)(client, &Published(message));
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

/// A subscription on its way to the worker. Its interest is registered already.
#[derive(Debug)]
pub(crate) struct Joining {
    pub(crate) name: Box<[u8]>,
    pub(crate) listener: Option<Listener>,
    pub(crate) interest: Interest,
}

/// What was registered.
#[derive(Debug)]
pub(crate) enum Interest {
    /// One channel; the cursor is the last delivery to the worker that is not live.
    Channel(Subscribed, u64),
    /// All that match.
    Pattern(Pattern),
}

impl Link {
    /// Subscribes the client. The worker hears of it before it gets the first message, because the
    /// mail about it is posted under the lock under which messages are.
    pub(super) fn subscribe(&self, subscription: Subscription) -> Result<(), Refused> {
        let address = self.address();
        let (shared, worker, key) = (&address.shared, address.worker, address.key);
        let mut names = self.names();
        if !self.is_open() {
            return Err(Refused(None));
        }
        let Subscription { name, pattern, start, listener } = subscription;
        let name: Box<[u8]> = name.into();
        let mailbox = &shared.mailboxes[usize::from(worker.0)];
        let mut channels = shared.channels(address.here());
        let interest = if pattern {
            let pattern = Pattern::new(&name);
            channels.watch(worker, pattern.clone());
            Interest::Pattern(pattern)
        } else {
            let (entry, since) = start.resolve(&name, &self.request);
            let rules = SubscribeRules::default();
            let now = shared.clock.now();
            let subscribed = channels.subscribe(worker, &[entry], &rules, &since, now)?;
            let cursor = channels.cursor_of(worker, subscribed.position);
            Interest::Channel(subscribed, cursor)
        };
        let mut wake = false;
        if names.contains(&name) {
            wake |= mailbox.post(Mail::Application(Post::Leave(key, name.clone())));
        } else {
            names.push(name.clone());
        }
        let joining = Box::new(Joining { name, listener, interest });
        wake |= mailbox.post(Mail::Application(Post::Join(key, joining)));
        drop(channels);
        if wake && !address.is_here() {
            mailbox.wake();
        }
        Ok(())
    }

    /// Ends a subscription; false if there is none of that name.
    pub(super) fn unsubscribe(&self, name: &[u8]) -> bool {
        let address = self.address();
        let mut names = self.names();
        let Some(place) = names.iter().position(|known| **known == *name) else { return false };
        let name = names.swap_remove(place);
        address.send(Post::Leave(address.key, name));
        true
    }

    /// Writes a channel's message in the client's protocol.
    pub(crate) fn write_published(&self, message: &Message) {
        let text = str::from_utf8(&message.text);
        let as_text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned().into();
        match text {
            Ok(text) if !message.binary => self.write(&Outgoing::Event(Event {
                data: text.into(),
                name: message.event_type.as_deref().map(as_text),
                id: message.event_id.as_deref().map(as_text),
                retry: None,
            })),
            Ok(_) | Err(_) => self.write(&Outgoing::Binary((&*message.text).into())),
        };
    }
}

impl Start {
    /// The entry of a channel path, and where its subscriber left off.
    fn resolve(self, name: &[u8], request: &Request) -> (Entry, Since) {
        let (mut backtrack, mut since) = (0, Since::default());
        match self {
            Self::New => {}
            Self::Last => since = Since::parse(None, None, request.header("last-event-id")),
            Self::Count(count) => backtrack = count,
            Self::Event(id) => since = Since::parse(None, None, Some(&id)),
        }
        (Entry { id: name.into(), backtrack }, since)
    }
}
