//! `stub_status`: nginx's page about connections and requests.

use super::Snapshot;
use crate::counters::{Occupation, WorkerCounters};

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
