//! `stub_status`: nginx's page about connections and requests.

use outpour_core::channels::Figures;

use super::Snapshot;
use crate::counters::{Occupation, WorkerCounters};

/// Nchan's page about channels and messages. What belongs to its processes or to Redis is 0.
pub(crate) fn nchan_status(figures: &Figures) -> String {
    let published = figures.tally.published;
    let stored = figures.stored_messages;
    let (used, limit) = (figures.memory_bytes >> 10, figures.memory_bytes_max >> 10);
    let channels = figures.channels + figures.wildcard_channels;
    let subscribers = figures.subscribers;
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "total published messages: {published}\nstored messages: {stored}\n\
         shared memory used: {used}K\nshared memory limit: {limit}K\nchannels: {channels}\n\
         subscribers: {subscribers}\nredis pending commands: 0\nredis connected servers: 0\n\
         redis unhealthy upstreams: 0\ntotal redis commands sent: 0\n\
         total interprocess alerts received: 0\ninterprocess alerts in transit: 0\n\
         interprocess queued alerts: 0\ntotal interprocess send delay: 0\n\
         total interprocess receive delay: 0\nnchan version: outpour {version}\n"
    )
}

/// The page, byte for byte as nginx writes it.
pub(crate) fn stub_status(snapshot: &Snapshot<'_>) -> String {
    let sum = |of: fn(&WorkerCounters) -> u64| -> u64 {
        snapshot.workers.iter().map(|worker| of(worker)).fold(0, u64::wrapping_add)
    };
    let occupied =
        |worker: &WorkerCounters, what: Occupation| worker.occupations[what.index()].read();
    let active = sum(WorkerCounters::connections);
    let accepted = sum(|worker| worker.accepted.read());
    let handled = accepted.wrapping_sub(sum(|worker| worker.unhandled.read()));
    let total = |what: Occupation| -> u64 {
        snapshot.workers.iter().map(|w| occupied(w, what)).fold(0, u64::wrapping_add)
    };
    let reading = total(Occupation::Reading).wrapping_add(total(Occupation::Handshaking));
    let waiting = total(Occupation::Idle);
    let writing = active.wrapping_sub(reading).wrapping_sub(waiting);
    let requests = sum(WorkerCounters::requests);
    format!(
        "Active connections: {active} \nserver accepts handled requests\n {accepted} {handled} \
         {requests} \nReading: {reading} Writing: {writing} Waiting: {waiting} \n"
    )
}
