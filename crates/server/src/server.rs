//! A running server: its workers and the handle that steers them.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use mio::{Poll, Waker};
use outpour_core::channels::{Channels, WorkerId};
use outpour_core::settings::{
    Level, Listen, ListenAddress, Location, Origin, Role, Settings, Store, WorkerProcesses,
};

use crate::application::{self, Port, Publication, Refused};
use crate::clock::Clock;
use crate::counters::Counters;
use crate::listener::{Bound, Listener};
use crate::logs::{Logs, OpenError};
use crate::mailbox::{Mail, Mailbox};
use crate::os_error;
use crate::process;
use crate::running::Running;
use crate::shared::Shared;
use crate::tls::{TlsError, hosts};
use crate::worker::{MAILBOX, Worker};

/// Why a server did not start, or did not take new settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An address of a `listen` could not be bound.
    #[error("bind() to {address} failed ({})", os_error::describe(error))]
    Bind {
        /// The address as nginx writes it: `0.0.0.0:80`, `unix:/run/a.sock`.
        address: String,
        /// What the system said.
        error: io::Error,
    },
    /// A log could not be opened.
    #[error(transparent)]
    Log(#[from] OpenError),
    /// A certificate or key could not be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A location wants an application, and the server has none.
    #[error(
        "\"push_stream_application\" wants an application, this server has none in {file}:{line}"
    )]
    NoApplication {
        /// The file as it was named.
        file: Box<str>,
        /// The line of the location.
        line: u32,
    },
    /// A worker could not be started, or failed.
    #[error("worker could not be started ({0})")]
    Worker(#[from] io::Error),
}

/// What the main thread is to the channel store: everybody has to be woken for what it posts.
pub(crate) const NO_WORKER: WorkerId = WorkerId(u16::MAX);

/// A server whose listeners are bound; its workers run from [`Server::run`] on.
#[derive(Debug)]
pub struct Server {
    handle: Handle,
    seeds: Vec<Seed>,
}

/// What a worker's thread starts with.
#[derive(Debug)]
struct Seed {
    id: WorkerId,
    poll: Poll,
    listeners: Vec<(ListenAddress, Listener)>,
}

/// Steers a running server from any thread. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    shared: Arc<Shared>,
    running: Arc<Mutex<Arc<Running>>>,
}

impl Server {
    /// Binds every `listen` of `settings`, once per worker, and opens the logs.
    ///
    /// # Errors
    /// The first certificate that cannot be used, address that cannot be bound, or log that cannot
    /// be opened.
    pub fn bind(settings: Settings) -> Result<Self, StartError> {
        Self::bind_with(settings, None)
    }

    /// The same with an application, which gets the requests of the locations that say
    /// `push_stream_application`; if none does, those that no location takes.
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub fn bind_with(settings: Settings, port: Option<Port>) -> Result<Self, StartError> {
        let mut settings = with_application(settings, port.is_some())?;
        let chosen = choose_ports(&mut settings)?;
        let running = Running::new(settings)?;
        let settings = &running.settings;
        let workers = worker_count(settings);
        let logs = Logs::open(settings)?;
        let clock = Clock::new();
        let store = settings.http.as_ref().map_or_else(Store::default, |http| http.store.clone());
        let bytes_max = memory_budget(settings);
        let channels = Channels::new(&store, bytes_max, workers, clock.now());
        let mut seeds = Vec::with_capacity(workers);
        let mut mailboxes = Vec::with_capacity(workers);
        for id in 0..workers {
            let poll = Poll::new()?;
            mailboxes.push(Mailbox::new(Waker::new(poll.registry(), MAILBOX)?));
            let id = WorkerId(u16::try_from(id).unwrap_or(u16::MAX));
            seeds.push(Seed { id, poll, listeners: Vec::new() });
        }
        let listens = settings.http.as_ref().map_or(&[][..], |http| &http.listens);
        probe(listens.iter())?;
        for listen in listens {
            for (seed, listener) in seeds.iter_mut().zip(bind(listen, workers)?) {
                seed.listeners.push((listen.address.clone(), listener));
            }
        }
        drop(chosen);
        let environment = process::environment();
        let shared = Arc::new(Shared::new(channels, mailboxes, logs, clock, environment, port));
        let running = Arc::new(Mutex::new(running));
        Ok(Self { handle: Handle { shared, running }, seeds })
    }

    /// The handle that steers this server.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// What its workers share.
    #[cfg(test)]
    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.handle.shared)
    }

    /// How many workers serve.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.seeds.len()
    }

    /// Starts the workers and returns when the last one has ended.
    ///
    /// # Errors
    /// A worker thread that could not be started, or whose event loop failed.
    pub fn run(self) -> Result<(), StartError> {
        let mut threads = Vec::with_capacity(self.seeds.len());
        for seed in self.seeds {
            let handle = self.handle.clone();
            let name = format!("worker-{}", seed.id.0);
            threads.push(thread::Builder::new().name(name).spawn(move || handle.work(seed))?);
        }
        let mut outcome = Ok(());
        for thread in threads {
            let ended = thread.join().unwrap_or_else(|_| Err(io::Error::other("panicked")));
            if let Err(error) = ended {
                // One worker less would mean clients that nobody answers: the rest ends too.
                self.handle.stop();
                outcome = Err(StartError::Worker(error));
            }
        }
        self.handle.shared.helpers.end();
        self.handle.shared.names.end();
        self.handle.shared.logs.flush(self.handle.shared.clock.now());
        for path in unix_paths(&self.handle.current()) {
            let _ = std::fs::remove_file(path);
        }
        outcome
    }
}

impl Handle {
    /// What the workers have counted since the start, summed when asked.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let mut sum = Counters::default();
        self.shared.counters.iter().for_each(|worker| sum += worker.read());
        sum
    }

    /// The TCP addresses of the settings in force.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let running = self.current();
        let listens = running.http().map_or(&[][..], |http| &http.listens);
        let addresses = listens.iter().filter_map(|listen| match &listen.address {
            ListenAddress::Tcp(address) => Some(*address),
            ListenAddress::Unix(_) => None,
        });
        addresses.collect()
    }

    /// Publishes to a channel, as a publisher location would.
    ///
    /// # Errors
    /// The channel's name is none, or a limit is reached.
    pub fn publish(
        &self,
        channel: impl AsRef<[u8]>,
        publication: impl Into<Publication>,
    ) -> Result<(), Refused> {
        application::publish(&self.shared, NO_WORKER, channel.as_ref(), publication.into())
    }

    /// Puts new settings in force: new addresses are bound, dropped ones closed; channels,
    /// messages, counters and every connection stay.
    ///
    /// The size of the memory and the number of workers stay as they were at the start.
    ///
    /// # Errors
    /// A certificate that cannot be used, an address that cannot be bound or a log that cannot be
    /// opened: the old settings stay in
    /// force.
    pub fn reload(&self, settings: Settings) -> Result<(), StartError> {
        let mut settings = with_application(settings, self.shared.port().is_some())?;
        let old = self.current();
        keep_ports(&mut settings, &old);
        let new = Running::new(settings)?;
        let settings = &new.settings;
        let workers = self.shared.mailboxes.len();
        let known = old.http().map_or(&[][..], |http| &http.listens);
        let wanted = settings.http.as_ref().map_or(&[][..], |http| &http.listens);
        let is_new = |l: &&Listen| known.iter().all(|k| k.address != l.address);
        // A port of ours cannot be probed: another address of it may be bound beside it.
        let is_foreign = |l: &&Listen| known.iter().all(|k| port(&k.address) != port(&l.address));
        probe(wanted.iter().filter(is_new).filter(is_foreign))?;
        let mut opened = Vec::new();
        for listen in wanted.iter().filter(is_new) {
            opened.push((listen.address.clone(), bind(listen, workers)?));
        }
        self.shared.logs.update(settings)?;
        if let Some(http) = &settings.http {
            let mut channels = self.shared.channels(NO_WORKER);
            channels.reconfigure(&http.store, self.shared.clock.now());
        }
        for mailbox in &self.shared.mailboxes {
            mailbox.send(Mail::Reload(Arc::clone(&new)));
        }
        for (address, listeners) in opened {
            for (mailbox, listener) in self.shared.mailboxes.iter().zip(listeners) {
                mailbox.send(Mail::Open(address.clone(), listener));
            }
        }
        let kept = unix_paths(&new);
        for path in unix_paths(&old).into_iter().filter(|path| !kept.contains(path)) {
            let _ = std::fs::remove_file(path);
        }
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = new;
        self.shared.life.reloaded(self.shared.clock.now().unix_total_millis());
        Ok(())
    }

    /// Counts a reload whose settings were not usable: what metrics tell.
    pub fn reload_failed(&self) {
        self.shared.life.reload_failed();
    }

    /// Opens every log file anew (USR1).
    pub fn reopen_logs(&self) {
        self.shared.logs.reopen(self.shared.clock.now());
    }

    /// Writes to the error log of the main level.
    pub fn log(&self, level: Level, message: &str) {
        let running = self.current();
        let targets = &running.settings.main.error_log;
        self.shared.logs.error(
            targets,
            level,
            self.shared.clock.now(),
            None,
            format_args!("{message}"),
        );
    }

    /// Ends at once: subscribers get their footer, 304 or close frame; open requests are dropped.
    pub fn stop(&self) {
        self.shared.life.end();
        self.shared.mailboxes.iter().for_each(|mailbox| mailbox.send(Mail::Stop));
    }

    /// Ends gracefully: subscribers are ended as by `stop`, open requests may finish.
    pub fn quit(&self) {
        self.shared.life.end();
        self.shared.mailboxes.iter().for_each(|mailbox| mailbox.send(Mail::Quit));
    }

    fn current(&self) -> Arc<Running> {
        Arc::clone(&self.running.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a worker's thread does.
    fn work(self, seed: Seed) -> io::Result<()> {
        let running = self.current();
        let mut worker = Worker::new(seed.id, Arc::clone(&self.shared), running, seed.poll);
        for (address, listener) in seed.listeners {
            worker.open(address, listener);
        }
        worker.run()
    }
}

/// Puts the ports that the system chooses in the place of 0. They are taken as long as the sockets
/// that come back are there.
fn choose_ports(settings: &mut Settings) -> Result<Vec<Bound>, StartError> {
    let mut chosen = Vec::new();
    for listen in settings.http.iter_mut().flat_map(|http| &mut http.listens) {
        if port(&listen.address) != Some(0) {
            continue;
        }
        let refused = |error| StartError::Bind { address: address_text(&listen.address), error };
        let bound = Bound::for_workers(listen, 1).map_err(refused)?;
        if let Some(address) = bound.first().and_then(Bound::address) {
            listen.address = ListenAddress::Tcp(address);
        }
        chosen.extend(bound);
    }
    Ok(chosen)
}

/// A port that the system has chosen stays.
fn keep_ports(settings: &mut Settings, old: &Running) {
    let known = old.http().map_or(&[][..], |http| &http.listens);
    let ip = |address: &ListenAddress| match address {
        ListenAddress::Tcp(address) => Some(address.ip()),
        ListenAddress::Unix(_) => None,
    };
    for listen in settings.http.iter_mut().flat_map(|http| &mut http.listens) {
        if port(&listen.address) == Some(0)
            && let Some(kept) = known.iter().find(|kept| ip(&kept.address) == ip(&listen.address))
        {
            listen.address = kept.address.clone();
        }
    }
}

/// Looks for the locations of the application; without any, what no location takes is its.
fn with_application(mut settings: Settings, is_there: bool) -> Result<Settings, StartError> {
    let Some(http) = &mut settings.http else { return Ok(settings) };
    let named = http.servers.iter().find_map(|server| application_in(&server.locations));
    if let (Some(origin), false) = (named, is_there) {
        let Origin { file, line } = origin.clone();
        return Err(StartError::NoApplication { file, line });
    }
    if named.is_none() && is_there {
        for server in &mut http.servers {
            let settings = Arc::make_mut(&mut server.settings);
            if settings.push.role == Role::None && settings.proxy.is_none() {
                settings.push.role = Role::Application;
            }
        }
    }
    Ok(settings)
}

/// The first location that is the application's.
fn application_in(locations: &[Location]) -> Option<&Origin> {
    locations.iter().find_map(|location| match location.settings.push.role {
        Role::Application => Some(&location.settings.origin),
        Role::None
        | Role::Publisher(_)
        | Role::Subscriber(_)
        | Role::Relay(_)
        | Role::Statistics
        | Role::Service(_) => application_in(&location.locations),
    })
}

/// Reads all certificates and keys that `settings` name, as a start would.
///
/// # Errors
/// The first that cannot be used.
pub fn check_certificates(settings: &Settings) -> Result<(), TlsError> {
    settings.http.as_ref().map_or(Ok(()), |http| hosts(http).map(drop))
}

/// How many workers these settings ask for.
#[must_use]
pub fn worker_count(settings: &Settings) -> usize {
    match settings.main.worker_processes {
        WorkerProcesses::Count(count) => count.clamp(1, usize::from(u16::MAX)),
        WorkerProcesses::Auto => thread::available_parallelism().map_or(1, usize::from),
    }
}

/// Bytes that channels, messages and subscribers may take: what the file says, else a quarter of
/// the machine's memory.
#[must_use]
pub fn memory_budget(settings: &Settings) -> u64 {
    let chosen = settings.http.as_ref().and_then(|http| http.store.shared_memory_size);
    chosen.unwrap_or_else(|| process::memory_bytes() / 4)
}

/// Fails if somebody else listens on one of the addresses.
fn probe<'a>(listens: impl Iterator<Item = &'a Listen>) -> Result<(), StartError> {
    for listen in listens {
        let refused = |error| StartError::Bind { address: address_text(&listen.address), error };
        Bound::probe(listen).map_err(refused)?;
    }
    Ok(())
}

fn port(address: &ListenAddress) -> Option<u16> {
    match address {
        ListenAddress::Tcp(address) => Some(address.port()),
        ListenAddress::Unix(_) => None,
    }
}

fn bind(listen: &Listen, workers: usize) -> Result<Vec<Listener>, StartError> {
    let refused = |error| StartError::Bind { address: address_text(&listen.address), error };
    let bound = Bound::for_workers(listen, workers).map_err(refused)?;
    bound.into_iter().map(|socket| socket.listen(listen.backlog).map_err(refused)).collect()
}

/// An address as nginx writes it.
#[must_use]
pub fn address_text(address: &ListenAddress) -> String {
    match address {
        ListenAddress::Tcp(address) => address.to_string(),
        ListenAddress::Unix(path) => format!("unix:{}", path.display()),
    }
}

fn unix_paths(running: &Running) -> Vec<PathBuf> {
    let listens = running.http().map_or(&[][..], |http| &http.listens);
    let paths = listens.iter().filter_map(|listen| match &listen.address {
        ListenAddress::Unix(path) => Some(path.clone()),
        ListenAddress::Tcp(_) => None,
    });
    paths.collect()
}
