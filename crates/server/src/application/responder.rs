//! Answers that come later, and the way from any thread to a connection's worker.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use outpour_core::channels::WorkerId;

use super::{Joining, Reply, Response, Turn};
use crate::connection::ConnectionKey;
use crate::mailbox::Mail;
use crate::server::NO_WORKER;
use crate::shared::Shared;

thread_local! {
    /// The worker that runs on this thread, and which of its connections were written to since it
    /// looked last.
    static HERE: Cell<Option<(usize, WorkerId)>> = const { Cell::new(None) };
    static TOUCHED: RefCell<Vec<ConnectionKey>> = const { RefCell::new(Vec::new()) };
}

/// From here on this thread is the worker's.
pub(crate) fn settle_here(shared: &Arc<Shared>, worker: WorkerId) {
    HERE.set(Some((Arc::as_ptr(shared).addr(), worker)));
}

/// The connections that callbacks on this thread have written to; `touched` (empty) is left in
/// their place.
pub(crate) fn take_touched(touched: &mut Vec<ConnectionKey>) {
    TOUCHED.with_borrow_mut(|here| std::mem::swap(here, touched));
}

/// Whether there are such connections.
pub(crate) fn has_touched() -> bool {
    TOUCHED.with_borrow(|here| !here.is_empty())
}

/// What the application has to say to a worker.
#[derive(Debug)]
pub(crate) enum Post {
    /// Somebody wrote to the connection, or its handler has room again.
    Touched(ConnectionKey),
    /// The answer to a request. The number tells the requests of one connection apart.
    Reply(ConnectionKey, u32, Reply),
    /// The connection's client has subscribed.
    Join(ConnectionKey, Box<Joining>),
    /// It ends its subscription of that name.
    Leave(ConnectionKey, Box<[u8]>),
    /// Callbacks that are to run on the worker's thread, or where its executor says.
    Turn(Turn),
}

/// Where a request came from.
#[derive(Clone)]
pub(crate) struct Address {
    pub(super) shared: Arc<Shared>,
    pub(super) worker: WorkerId,
    pub(crate) key: ConnectionKey,
    pub(crate) errand: u32,
}

impl Address {
    pub(crate) fn new(
        shared: Arc<Shared>,
        worker: WorkerId,
        key: ConnectionKey,
        errand: u32,
    ) -> Self {
        Self { shared, worker, key, errand }
    }

    /// Whether this thread is the worker's.
    pub(super) fn is_here(&self) -> bool {
        HERE.get() == Some((Arc::as_ptr(&self.shared).addr(), self.worker))
    }

    /// The worker of this thread, if it is one of this server's; else one that nobody is.
    pub(super) fn here(&self) -> WorkerId {
        let shared = Arc::as_ptr(&self.shared).addr();
        HERE.get().filter(|(server, _)| *server == shared).map_or(NO_WORKER, |(_, worker)| worker)
    }

    /// Has the worker look at the connection: when it is through with its callbacks, if this is its
    /// thread.
    pub(super) fn touch(&self) {
        if self.is_here() {
            TOUCHED.with_borrow_mut(|here| here.push(self.key));
        } else {
            self.send(Post::Touched(self.key));
        }
    }

    pub(super) fn send(&self, post: Post) {
        self.shared.mailboxes[usize::from(self.worker.0)].send(Mail::Application(post));
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Address").field(&self.key).field(&self.errand).finish()
    }
}

/// Answers a request later, from any thread; see [`Request::defer`].
///
/// Dropped without an answer, it answers 500. Whether the client still waits for it is not known
/// here: an answer that nobody waits for is dropped.
#[must_use = "a responder that is dropped answers 500"]
pub struct Responder(Option<Address>);

impl Responder {
    pub(super) fn new(address: Address) -> Self {
        Self(Some(address))
    }

    /// Answers. [`Reply::Later`] is no answer, and becomes a 500.
    pub fn respond(mut self, reply: impl Into<Reply>) {
        let reply = match reply.into() {
            Reply::Later(_) => Response::new(500).into(),
            reply @ (Reply::Response(_) | Reply::Upgrade(_)) => reply,
        };
        self.send(reply);
    }

    fn send(&mut self, reply: Reply) {
        if let Some(address) = self.0.take() {
            let (key, errand) = (address.key, address.errand);
            address.send(Post::Reply(key, errand, reply));
        }
    }

    /// Somebody else answers.
    pub(super) fn forget(mut self) {
        self.0 = None;
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.send(Response::new(500).into());
    }
}

impl std::fmt::Debug for Responder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Responder").finish_non_exhaustive()
    }
}
