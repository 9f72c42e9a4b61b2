//! Names that are known only when a request comes: looked up by threads of their own, kept for a
//! while, told to the worker through its mailbox.
//!
//! Many requests for one name wait for one answer. Threads come into being when there is something
//! to look up; a name server that is silent holds up one of them, not the event loops.

mod cache;
mod dns;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use outpour_core::now::Tick;
use outpour_core::settings::Resolver;

use self::cache::Cache;

/// Names that may wait for a thread.
const QUEUE_MAX: usize = 256;

/// Most threads: so many silent name servers can be waited for at once.
const THREADS_MAX: usize = 4;

/// How long an answer of the system is used: it does not say itself.
const SYSTEM_VALID: Duration = Duration::from_secs(30);

/// How long a failure is used.
const FAILURE_VALID: Duration = Duration::from_secs(1);

/// Addresses of a name.
pub(crate) type Addresses = Arc<[IpAddr]>;

/// Why there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameError {
    /// There is no such name, or it has no address.
    NotFound,
    /// The name servers could not tell.
    ServerFailure,
    /// They said nothing in time.
    TimedOut,
    /// Too many names are being looked up.
    Busy,
}

impl fmt::Display for NameError {
    /// As nginx puts it behind `could not be resolved`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "3: Host not found",
            Self::ServerFailure => "2: Server failure",
            Self::TimedOut => "110: Operation timed out",
            Self::Busy => "too many names are being looked up",
        })
    }
}

/// What a look-up comes to at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// It was looked up lately.
    Found(Result<Addresses, NameError>),
    /// The answer comes later.
    Waits,
}

/// What is looked up, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Question {
    host: Box<str>,
    resolver: Arc<Resolver>,
}

/// An answer, and how long it may be used.
type Answer = (Result<Addresses, NameError>, Duration);

#[derive(Debug)]
struct Inner<W> {
    cache: Cache<W>,
    queue: VecDeque<Question>,
    threads: Vec<JoinHandle<()>>,
    /// Threads that wait for a question.
    idle: usize,
    ended: bool,
}

/// The names, the questions under way, and the threads. `W` is who waits.
#[derive(Debug)]
pub(crate) struct Names<W> {
    inner: Mutex<Inner<W>>,
    work: Condvar,
}

impl<W> Default for Names<W> {
    fn default() -> Self {
        let inner = Inner {
            cache: Cache::default(),
            queue: VecDeque::new(),
            threads: Vec::new(),
            idle: 0,
            ended: false,
        };
        Self { inner: Mutex::new(inner), work: Condvar::new() }
    }
}

/// Who is told what was found, and what time it is.
pub(crate) trait Told<W>: Send + Sync + 'static {
    /// The names that this belongs to.
    fn names(&self) -> &Names<W>;
    /// Tells one who waits.
    fn tell(&self, waiter: W, found: Result<Addresses, NameError>);
    /// The time.
    fn tick(&self) -> Tick;
}

impl<W: Send + 'static> Names<W> {
    /// The addresses of `host`, which is lower case and no address itself; `waiter` is told later
    /// if they have to be looked up.
    pub(crate) fn look_up<T: Told<W>>(
        told: &Arc<T>,
        host: &str,
        resolver: &Arc<Resolver>,
        waiter: W,
    ) -> Lookup {
        if !is_name(host) {
            return Lookup::Found(Err(NameError::NotFound));
        }
        let names = told.names();
        let question = Question { host: host.into(), resolver: Arc::clone(resolver) };
        let mut inner = names.lock();
        if let Some(found) = inner.cache.find(&question, told.tick()) {
            return Lookup::Found(found);
        }
        if inner.cache.wait(&question, waiter) {
            return Lookup::Waits;
        }
        if inner.ended || inner.queue.len() >= QUEUE_MAX || !inner.has_thread(told) {
            inner.cache.give_up(&question);
            return Lookup::Found(Err(NameError::Busy));
        }
        inner.queue.push_back(question);
        names.work.notify_one();
        Lookup::Waits
    }

    /// Ends the threads; who waits is not told any more. One that waits for a name server ends
    /// when that has answered or its time is over: it is not waited for.
    pub(crate) fn end(&self) {
        let mut inner = self.lock();
        inner.ended = true;
        inner.queue.clear();
        let threads = std::mem::take(&mut inner.threads);
        drop(inner);
        self.work.notify_all();
        for thread in threads.into_iter().filter(JoinHandle::is_finished) {
            let _ = thread.join();
        }
    }

    /// What is known of `host`: it was looked up lately, or cannot be a name.
    pub(crate) fn known(
        &self,
        host: &str,
        resolver: &Arc<Resolver>,
        now: Tick,
    ) -> Option<Result<Addresses, NameError>> {
        if !is_name(host) {
            return Some(Err(NameError::NotFound));
        }
        let question = Question { host: host.into(), resolver: Arc::clone(resolver) };
        self.lock().cache.find(&question, now)
    }

    fn next(&self) -> Option<Question> {
        let mut inner = self.lock();
        inner.idle += 1;
        let next = loop {
            if inner.ended {
                break None;
            }
            if let Some(question) = inner.queue.pop_front() {
                break Some(question);
            }
            inner = self.work.wait(inner).unwrap_or_else(PoisonError::into_inner);
        };
        inner.idle -= 1;
        next
    }

    fn lock(&self) -> MutexGuard<'_, Inner<W>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Send + 'static> Inner<W> {
    /// Sees to it that a thread will take the next question.
    fn has_thread<T: Told<W>>(&mut self, told: &Arc<T>) -> bool {
        let wanted = self.queue.len() >= self.idle && self.threads.len() < THREADS_MAX;
        if wanted {
            let told = Arc::clone(told);
            let name = format!("names-{}", self.threads.len());
            let started = thread::Builder::new().name(name).spawn(move || serve(&*told));
            self.threads.extend(started);
        }
        !self.threads.is_empty()
    }
}

fn serve<W: Send + 'static>(told: &impl Told<W>) {
    while let Some(question) = told.names().next() {
        let (found, valid) = std::panic::catch_unwind(|| ask(&question))
            .unwrap_or((Err(NameError::ServerFailure), FAILURE_VALID));
        let until = told.tick().after(valid);
        let waiters = told.names().lock().cache.keep(&question, found.clone(), until);
        for waiter in waiters {
            told.tell(waiter, found.clone());
        }
    }
}

fn ask(question: &Question) -> Answer {
    let resolver = &question.resolver;
    let asked = match resolver.servers.is_empty() {
        true => ask_system(&question.host, resolver).map(|found| (found, SYSTEM_VALID)),
        false => dns::ask(&question.host, resolver),
    };
    match asked {
        Ok((found, valid)) => (Ok(found.into()), resolver.valid.unwrap_or(valid)),
        Err(error) => (Err(error), FAILURE_VALID),
    }
}

fn ask_system(host: &str, resolver: &Resolver) -> Result<Vec<IpAddr>, NameError> {
    let found = (host, 0).to_socket_addrs().map_err(|_| NameError::NotFound)?;
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found.map(|address| address.ip()) {
        let wanted = if address.is_ipv4() { resolver.ipv4 } else { resolver.ipv6 };
        if wanted && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(NameError::NotFound) } else { Ok(addresses) }
}

/// Whether it can be a name: what else comes from a request is not asked for.
fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    host.len() <= 253 && host.strip_suffix('.').unwrap_or(host).split('.').all(label)
}
