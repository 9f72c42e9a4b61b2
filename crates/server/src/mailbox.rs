//! What other threads leave for a worker.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use mio::Waker;
use outpour_core::channels::Delivery;
use outpour_core::settings::ListenAddress;

use crate::application::Post;
use crate::exchange::Finding;
use crate::helpers::Reply;
use crate::listener::Listener;
use crate::running::Running;

/// Something for a worker to do.
#[derive(Debug)]
pub(crate) enum Mail {
    /// A message for the worker's subscribers.
    Delivery(Delivery),
    /// Another listener.
    Open(ListenAddress, Listener),
    /// An errand has come to its end.
    Found(Reply, Finding),
    /// The application has something to say.
    Application(Post),
    /// Somebody wants to know which subscribers are slow.
    LookForSlow,
    /// New settings are in force.
    Reload(Arc<Running>),
    /// End now.
    Stop,
    /// End when the open requests are done.
    Quit,
}

#[derive(Debug, Default)]
struct Inner {
    mails: Vec<Mail>,
    deliveries: u64,
}

/// A worker's mailbox. Deliveries are numbered from 1 in the order in which they are posted.
///
/// Deliveries are only posted under the channel store's lock, so that every worker sees a channel's
/// messages in the one order in which they were published. What waits here is bounded by the memory
/// budget, because a message is charged to it for ten seconds at least.
#[derive(Debug)]
pub(crate) struct Mailbox {
    inner: Mutex<Inner>,
    /// Something waits: what its worker asks twice a turn, without the lock. Who makes it so wakes
    /// the worker afterwards.
    filled: AtomicBool,
    waker: Waker,
}

impl Mailbox {
    pub(crate) fn new(waker: Waker) -> Self {
        Self { inner: Mutex::default(), filled: AtomicBool::new(false), waker }
    }

    /// Leaves a mail; true if the worker has to be woken for it.
    pub(crate) fn post(&self, mail: Mail) -> bool {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.deliveries += u64::from(matches!(mail, Mail::Delivery(_)));
        inner.mails.push(mail);
        let first = inner.mails.len() == 1;
        if first {
            self.filled.store(true, Ordering::Release);
        }
        first
    }

    /// Leaves a mail and wakes the worker.
    pub(crate) fn send(&self, mail: Mail) {
        if self.post(mail) {
            self.wake();
        }
    }

    /// Wakes the worker. A worker that has ended does not mind.
    pub(crate) fn wake(&self) {
        let _ = self.waker.wake();
    }

    /// How many deliveries have been posted so far.
    pub(crate) fn deliveries(&self) -> u64 {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).deliveries
    }

    /// Whether nothing waits. A worker asks before it sleeps: what it posted to itself late in its
    /// turn wakes nobody.
    pub(crate) fn is_empty(&self) -> bool {
        !self.filled.load(Ordering::Acquire)
    }

    /// How many mails wait.
    pub(crate) fn len(&self) -> usize {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).mails.len()
    }

    /// Takes everything; `mails` (empty) is left in its place, so that no memory is allocated.
    pub(crate) fn take(&self, mails: &mut Vec<Mail>) {
        if self.is_empty() {
            return;
        }
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        self.filled.store(false, Ordering::Release);
        std::mem::swap(&mut inner.mails, mails);
    }
}
