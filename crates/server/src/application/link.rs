//! One upgraded connection, as its worker and its application share it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::client::Client;
use super::executor::Turn;
use super::inbox::{Event, Inbox};
use super::outbox::{End, Limits, Outbox, Taken, Wrote};
use super::responder::Address;
use super::wire::Wire;
use super::{CloseReason, Incoming, Outgoing, PushHandler, Request};

/// Abnormal end: what a peer is told when a callback failed.
const INTERNAL_ERROR: u16 = 1011;

/// Going away: what a peer is told when the server ends.
const GOING_AWAY: u16 = 1001;

/// An upgraded connection. Its worker holds one, and so does every [`Client`].
pub(crate) struct Link {
    pub(super) request: Request,
    pub(crate) wire: Wire,
    limits: Limits,
    handler: Mutex<Arc<dyn PushHandler>>,
    inbox: Mutex<Inbox>,
    outbox: Mutex<Outbox>,
    /// Channels and patterns that the client is subscribed to.
    names: Mutex<Vec<Box<[u8]>>>,
    /// See [`Client::set_timeout`], in milliseconds.
    timeout: AtomicU64,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("request", &self.request).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link {
    pub(crate) fn new(
        request: Request,
        wire: Wire,
        handler: Arc<dyn PushHandler>,
        limits: Limits,
        timeout: Duration,
    ) -> Self {
        let (inbox, outbox, names) = (Mutex::default(), Mutex::default(), Mutex::default());
        let timeout = AtomicU64::new(millis(timeout));
        Self { request, wire, limits, handler: Mutex::new(handler), inbox, outbox, names, timeout }
    }

    pub(super) fn address(&self) -> &Address {
        self.request.address()
    }

    /// Its subscriptions, locked.
    pub(super) fn names(&self) -> MutexGuard<'_, Vec<Box<[u8]>>> {
        lock(&self.names)
    }

    pub(super) fn write(&self, message: &Outgoing<'_>) -> bool {
        let wrote = lock(&self.outbox).write(&self.wire, message, self.limits);
        self.tell(wrote)
    }

    pub(super) fn end(&self, code: u16, reason: CloseReason) {
        let wrote = lock(&self.outbox).end(End { code, reason });
        self.tell(wrote);
    }

    /// Sees to it that the worker looks at the connection if it does not know.
    fn tell(&self, wrote: Wrote) -> bool {
        if wrote == Wrote::Tell {
            self.address().touch();
        }
        wrote != Wrote::Refused
    }

    pub(crate) fn is_open(&self) -> bool {
        lock(&self.outbox).is_open()
    }

    pub(super) fn pending(&self) -> Option<usize> {
        let outbox = lock(&self.outbox);
        outbox.is_open().then(|| outbox.pending())
    }

    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout.load(Ordering::Relaxed))
    }

    pub(super) fn set_timeout(&self, timeout: Duration) {
        self.timeout.store(millis(timeout), Ordering::Relaxed);
        let wrote = lock(&self.outbox).tell();
        self.tell(wrote);
    }

    /// What the worker has to send.
    pub(crate) fn take_outbox(&self) -> Taken {
        lock(&self.outbox).take()
    }

    /// So many messages are with the kernel; true if nothing waits any more, and the handler wants
    /// to hear of it.
    pub(crate) fn settle(&self, messages: usize, bytes: usize) -> bool {
        lock(&self.outbox).settle(messages, bytes) && lock(&self.handler).hears_drained()
    }

    /// The connection is no more one of the application's.
    pub(crate) fn shut(&self) {
        lock(&self.outbox).shut();
        *lock(&self.names) = Vec::new();
    }

    /// Leaves an event for the handler; a turn has to begin if one comes back.
    #[must_use = "the turn has to be run"]
    pub(crate) fn post(self: &Arc<Self>, event: Event) -> Option<Turn> {
        let first = lock(&self.inbox).post(event)?;
        Some(Turn::of_connection(Client::new(Arc::clone(self)), first))
    }

    /// Whether no more is to be read from the client for now.
    pub(crate) fn is_full(&self) -> bool {
        lock(&self.inbox).is_full()
    }

    /// The next event of the turn that is under way.
    pub(super) fn next_event(&self) -> Option<Event> {
        let mut inbox = lock(&self.inbox);
        let event = inbox.next();
        if inbox.feeds() {
            drop(inbox);
            let wrote = lock(&self.outbox).tell();
            self.tell(wrote);
        }
        event
    }

    /// The turn under way will not go on.
    pub(super) fn abandon(&self) {
        lock(&self.inbox).abandon();
        self.end(INTERNAL_ERROR, CloseReason::Failed);
    }

    /// Lets the handler know; a panic ends the connection.
    pub(super) fn handle(&self, client: &Client, event: Event) {
        let handler = Arc::clone(&lock(&self.handler));
        let name = name(&event);
        let shutdown = matches!(event, Event::Shutdown);
        let opens = matches!(event, Event::Open);
        let told = catch_unwind(AssertUnwindSafe(|| self.call(&handler, client, event)));
        if let Err(panic) = told {
            if opens {
                // There is no end without a beginning.
                lock(&self.inbox).abandon();
            }
            self.request.complain(name, panic.as_ref());
            return self.end(INTERNAL_ERROR, CloseReason::Failed);
        }
        if shutdown {
            self.end(GOING_AWAY, CloseReason::Shutdown);
        }
    }

    fn call(&self, handler: &Arc<dyn PushHandler>, client: &Client, event: Event) {
        match event {
            Event::Open => handler.on_open(client),
            Event::Message { binary: true, data } => {
                handler.on_message(client, Incoming::Binary(&data));
            }
            Event::Message { binary: false, data } => {
                // The decoder has checked it; a text that is none would be a defect of ours.
                if let Ok(text) = str::from_utf8(&data) {
                    handler.on_message(client, Incoming::Text(text));
                }
            }
            Event::Published(listener, message) => listener.call(client, &message),
            Event::Drained => handler.on_drained(client),
            Event::Shutdown => handler.on_shutdown(client),
            Event::Replace(new) => {
                handler.on_close(client, CloseReason::Replaced);
                *lock(&self.handler) = Arc::clone(&new);
                new.on_open(client);
            }
            Event::Close(reason) => handler.on_close(client, reason),
        }
    }
}

/// The callback in which an event is told, for the log.
fn name(event: &Event) -> &'static str {
    match event {
        Event::Open => "on_open",
        Event::Message { .. } => "on_message",
        Event::Published(..) => "a subscription",
        Event::Drained => "on_drained",
        Event::Shutdown => "on_shutdown",
        Event::Replace(_) => "a change of handlers",
        Event::Close(_) => "on_close",
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
