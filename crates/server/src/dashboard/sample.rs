//! A sample: the server at one moment, as JSON. Totals, not rates: who reads two of them knows both.

use std::sync::Arc;

use outpour_core::channels::{Happening, Ranking, Standing, WorkerId};
use outpour_core::now::Now;
use serde_json::{Map, Value, json};

use super::slow::{Slow, slowest};
use crate::counters::{BOUNDS, Counter, Occupation, Transport, WorkerCounters};
use crate::metrics::Process;
use crate::shared::Shared;

/// The sample's text.
pub(super) fn render(
    shared: &Shared,
    worker: WorkerId,
    now: Now,
    ranking: &Ranking,
    slow: &[Vec<Slow>],
) -> Vec<u8> {
    let mut channels = shared.channels(worker);
    let figures = channels.figures();
    let events: Vec<_> = channels.happenings(now).map(event).collect();
    drop(channels);
    let workers = &shared.counters;
    let process = Process::read();
    let text = json!({
        "at": now.unix_total_millis(),
        "started": shared.life.started,
        "channels": figures.channels,
        "wildcard_channels": figures.wildcard_channels,
        "published": figures.tally.published,
        "stored": figures.stored_messages,
        "delivered": sum(workers, |w| &w.deliveries),
        "dropped": sum(workers, |w| &w.dropped_messages),
        "disconnected": sum(workers, |w| &w.slow_subscribers),
        "received_bytes": sum(workers, |w| &w.received_bytes),
        "sent_bytes": sum(workers, |w| &w.sent_bytes),
        "cpu_seconds": process.cpu_seconds,
        "open_files": process.open_files,
        "open_files_max": process.open_files_max,
        "memory": {
            "resident": process.resident_bytes,
            "store": figures.memory_bytes,
            "store_max": figures.memory_bytes_max,
        },
        "latency": { "bounds": BOUNDS, "counts": latency(workers) },
        "connections": {
            "handshaking": occupied(workers, Occupation::Handshaking),
            "idle": occupied(workers, Occupation::Idle),
            "reading": occupied(workers, Occupation::Reading),
            "answering": occupied(workers, Occupation::Answering),
        },
        "subscribers": subscribers(workers),
        "workers": workers.iter().map(|w| of_worker(w)).collect::<Vec<_>>(),
        "top": {
            "subscribers": list(&ranking.by_subscribers),
            "rate": list(&ranking.by_rate),
            "bytes": list(&ranking.by_bytes),
        },
        "slow": slowest(slow).into_iter().map(slow_one).collect::<Vec<_>>(),
        "events": events,
    });
    text.to_string().into_bytes()
}

fn sum<'a>(
    workers: &'a [Arc<WorkerCounters>],
    of: impl Fn(&'a WorkerCounters) -> &'a Counter,
) -> u64 {
    workers.iter().map(|worker| of(worker).read()).fold(0, u64::wrapping_add)
}

fn occupied(workers: &[Arc<WorkerCounters>], occupation: Occupation) -> u64 {
    sum(workers, |worker| &worker.occupations[occupation.index()])
}

/// How many pieces were written within each bound, over all workers.
fn latency(workers: &[Arc<WorkerCounters>]) -> Vec<u64> {
    (0..=BOUNDS.len()).map(|bucket| sum(workers, |w| &w.latency.buckets[bucket])).collect()
}

/// Connected subscribers by transport.
fn subscribers(workers: &[Arc<WorkerCounters>]) -> Map<String, Value> {
    let named = Transport::ALL.into_iter().map(|transport| {
        let count = occupied(workers, Occupation::Subscribed(transport));
        (transport.name().to_owned(), Value::from(count))
    });
    named.collect()
}

fn of_worker(worker: &WorkerCounters) -> Value {
    let subscribed = Transport::ALL.into_iter().map(Occupation::Subscribed);
    let subscribers: u64 = subscribed.map(|of| worker.occupations[of.index()].read()).sum();
    json!({
        "connections": worker.connections(),
        "subscribers": subscribers,
        "delivered": worker.deliveries.read(),
        "busy": worker.turns.sum_micros.read(),
        "waiting": worker.waiting_bytes.read(),
    })
}

fn list(standings: &[Standing]) -> Vec<Value> {
    let one = |standing: &Standing| {
        json!({
            "id": String::from_utf8_lossy(&standing.id),
            "subscribers": standing.subscribers,
            "published": standing.published,
            "stored": standing.stored,
            "rate": standing.rate,
            "bytes": standing.bytes_rate,
        })
    };
    standings.iter().map(one).collect()
}

fn slow_one((worker, slow): (usize, &Slow)) -> Value {
    json!({
        "client": slow.client,
        "location": slow.location,
        "transport": slow.transport.name(),
        "waiting": slow.waiting,
        "worker": worker,
    })
}

fn event(happening: &Happening) -> Value {
    json!({
        "number": happening.number,
        "at": happening.unix,
        "type": happening.word,
        "channel": String::from_utf8_lossy(&happening.channel),
    })
}
