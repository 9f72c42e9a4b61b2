//! The zones of `limit_req` and `limit_conn`: shared by all workers, kept over a reload.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outpour_core::access::{CountZone, RateZone};
use outpour_core::settings::LimitZone;

/// Zones of one kind by name.
#[derive(Debug)]
pub(crate) struct Zones<Z> {
    make: fn(u64) -> Z,
    by_name: Mutex<HashMap<Box<str>, Arc<Mutex<Z>>>>,
}

impl<Z> Zones<Z> {
    pub(crate) fn new(make: fn(u64) -> Z) -> Self {
        Self { make, by_name: Mutex::default() }
    }

    /// The zone, which comes into being when it is asked for first.
    pub(crate) fn get(&self, zone: &LimitZone) -> Arc<Mutex<Z>> {
        let mut zones = lock(&self.by_name);
        match zones.get(&zone.name) {
            Some(known) => Arc::clone(known),
            None => {
                let made = Arc::new(Mutex::new((self.make)(zone.size)));
                zones.insert(zone.name.clone(), Arc::clone(&made));
                made
            }
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The zones of `limit_req`.
pub(crate) type RateZones = Zones<RateZone>;

/// A place that was taken in a zone of `limit_conn`; it is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    zone: Arc<Mutex<CountZone>>,
    key: Box<[u8]>,
}

impl Ticket {
    /// Takes a place; `None` if there is none left.
    pub(crate) fn take(zone: Arc<Mutex<CountZone>>, key: &[u8], most: u64) -> Option<Self> {
        let entered = lock(&zone).enter(key, most);
        entered.then(|| Self { zone, key: key.into() })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        lock(&self.zone).leave(&self.key);
    }
}
