//! What the workers share: the channels, the mailboxes, the logs, the helpers.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outpour_core::channels::{Channels, Delivery, Stamp, WorkerId};
use outpour_core::now::Tick;
use outpour_core::variables::Environment;
use smallvec::SmallVec;

use crate::access::Memory;
use crate::application::Port;
use crate::clock::Clock;
use crate::counters::WorkerCounters;
use crate::dashboard::Dashboard;
use crate::exchange::Finding;
use crate::helpers::{Helpers, Reply};
use crate::life::Life;
use crate::logs::Logs;
use crate::mailbox::{Mail, Mailbox};
use crate::names::{Addresses, NameError, Names, Told};

/// What the workers share.
#[derive(Debug)]
pub(crate) struct Shared {
    channels: Mutex<Channels>,
    pub(crate) mailboxes: Vec<Mailbox>,
    pub(crate) logs: Logs,
    pub(crate) clock: Clock,
    pub(crate) environment: Environment,
    /// What the checks of access remember.
    pub(crate) access: Memory,
    pub(crate) helpers: Helpers,
    /// Names of upstreams that are known only when a request comes.
    pub(crate) names: Names<Reply>,
    /// By worker.
    pub(crate) counters: Vec<Arc<WorkerCounters>>,
    pub(crate) life: Life,
    port: Option<Port>,
    pub(crate) dashboard: Dashboard,
    connections: AtomicU64,
}

impl Told<Reply> for Shared {
    fn names(&self) -> &Names<Reply> {
        &self.names
    }

    /// The request looks again when it goes on: the answer is known by then.
    fn tell(&self, waiter: Reply, _: Result<Addresses, NameError>) {
        let mailbox = &self.mailboxes[usize::from(waiter.worker.0)];
        mailbox.send(Mail::Found(waiter, Finding::Named));
    }

    fn tick(&self) -> Tick {
        self.clock.now().tick
    }
}

impl Shared {
    pub(crate) fn new(
        channels: Channels,
        mailboxes: Vec<Mailbox>,
        logs: Logs,
        clock: Clock,
        environment: Environment,
        port: Option<Port>,
    ) -> Self {
        let counters = mailboxes.iter().map(|_| Arc::default()).collect();
        let life = Life::new(clock.now().unix_total_millis());
        Self {
            channels: Mutex::new(channels),
            mailboxes,
            logs,
            clock,
            environment,
            access: Memory::default(),
            helpers: Helpers::default(),
            names: Names::default(),
            counters,
            life,
            port,
            dashboard: Dashboard::default(),
            connections: AtomicU64::new(0),
        }
    }

    /// The application, if the server has one.
    pub(crate) fn port(&self) -> Option<&Port> {
        self.port.as_ref()
    }

    /// Serial number for a new connection.
    pub(crate) fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether everything runs and the server's end has not begun.
    pub(crate) fn is_ready(&self) -> bool {
        self.life.is_ready(self.mailboxes.len())
    }

    /// The channels, locked. What they have to deliver is posted when the guard is dropped.
    pub(crate) fn channels(&self, worker: WorkerId) -> ChannelsGuard<'_> {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        ChannelsGuard { channels: Some(channels), shared: self, worker }
    }
}

/// The locked channels.
///
/// Dropping it posts every delivery to the mailboxes of the workers that are interested, still
/// under the lock: that is what gives all workers the same order.
pub(crate) struct ChannelsGuard<'a> {
    channels: Option<MutexGuard<'a, Channels>>,
    shared: &'a Shared,
    worker: WorkerId,
}

impl ChannelsGuard<'_> {
    /// The cursor of a subscriber that was registered at `position`: the number of the last
    /// delivery to this worker that is not live for it.
    ///
    /// Deliveries that wait to be posted count: registering may itself have told events.
    pub(crate) fn cursor(&self, position: Stamp) -> u64 {
        self.cursor_of(self.worker, position)
    }

    /// The same for a subscriber of any worker.
    pub(crate) fn cursor_of(&self, worker: WorkerId, position: Stamp) -> u64 {
        let mailbox = &self.shared.mailboxes[usize::from(worker.0)];
        let older = self.pending().iter().filter(|delivery| {
            delivery.workers().contains(&worker) && Stamp::of(delivery.message()) <= position
        });
        mailbox.deliveries() + older.count() as u64
    }
}

impl Deref for ChannelsGuard<'_> {
    type Target = Channels;

    fn deref(&self) -> &Channels {
        self.channels.as_ref().expect("the guard is emptied only when it is dropped")
    }
}

impl DerefMut for ChannelsGuard<'_> {
    fn deref_mut(&mut self) -> &mut Channels {
        self.channels.as_mut().expect("the guard is emptied only when it is dropped")
    }
}

impl Drop for ChannelsGuard<'_> {
    fn drop(&mut self) {
        let mut asleep: SmallVec<[WorkerId; 8]> = SmallVec::new();
        if let Some(mut channels) = self.channels.take() {
            let mut post = |worker: WorkerId, delivery: Delivery| {
                let mailbox = &self.shared.mailboxes[usize::from(worker.0)];
                if mailbox.post(Mail::Delivery(delivery)) && worker != self.worker {
                    asleep.push(worker);
                }
            };
            for mut delivery in channels.deliveries() {
                let workers = delivery.take_workers();
                let Some((last, others)) = workers.split_last() else { continue };
                others.iter().for_each(|worker| post(*worker, delivery.clone()));
                post(*last, delivery);
            }
        }
        for worker in asleep {
            self.shared.mailboxes[usize::from(worker.0)].wake();
        }
    }
}
