//! The figures of one measurement.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{generator::Tally, ledger::Faults, load::Load};

/// What one measurement gave.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// What was measured: the name of a subject, or an address.
    pub subject: String,
    /// What was done.
    pub load: Load,
    /// From the start of the server to its first answer; `None` if it ran already.
    pub start_up: Option<Duration>,
    /// Opening the connections.
    pub connecting: Work,
    /// Publishing and delivering.
    pub publishing: Work,
    /// CPU of this program while publishing.
    pub generator_cpu: Duration,
    /// Messages published in that time.
    pub published: u64,
    /// What arrived in that time.
    pub tally: Tally,
    /// Memory; `None` if the server's processes are not known.
    pub memory: Option<Memory>,
    /// What went wrong with messages, from the first one on.
    pub faults: Faults,
    /// Subscriptions that the server ended.
    pub closed: u64,
    /// The time of holding.
    pub held: Held,
}

/// How connections were held before the first message.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Held {
    /// The longest that any of them heard nothing.
    pub longest_silence: Duration,
    /// Subscribers that waited too long for a ping.
    pub silent: u64,
}

/// Time and the server's CPU.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    /// Time.
    pub time: Duration,
    /// CPU of the server's processes; `None` if they are not known.
    pub cpu: Option<Duration>,
}

/// Memory per connection, in bytes.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Memory {
    /// PSS of the server before the connections.
    pub base_bytes: u64,
    /// PSS of the server with them.
    pub connected_bytes: u64,
    /// Growth of the PSS per connection.
    pub user_per_connection: f64,
    /// Growth of the whole machine's kernel objects and socket queues per connection, both ends.
    pub kernel_per_connection: Option<f64>,
}

impl Outcome {
    /// Whether a message was lost, repeated or misordered, or a subscriber lost or not pinged.
    pub(crate) fn is_faulty(&self) -> bool {
        !self.faults.none() || self.closed > 0 || self.held.silent > 0
    }

    /// Microseconds of the server's CPU per delivery; `None` without deliveries.
    pub(crate) fn cpu_per_delivery(&self) -> Option<f64> {
        per(self.publishing.cpu?, self.tally.delivered)
    }

    /// Microseconds of the server's CPU per publication.
    pub(crate) fn cpu_per_publication(&self) -> Option<f64> {
        per(self.publishing.cpu?, self.published)
    }

    /// Microseconds of the server's CPU per connection made.
    pub(crate) fn cpu_per_connection(&self) -> Option<f64> {
        per(self.connecting.cpu?, self.load.subscribers.into())
    }

    /// Connections made per second; `None` without connections.
    pub(crate) fn connections_per_second(&self) -> Option<f64> {
        let rate = per_second(self.load.subscribers.into(), self.connecting.time);
        (self.load.subscribers > 0).then_some(rate)
    }

    /// Deliveries per second.
    pub(crate) fn deliveries_per_second(&self) -> f64 {
        per_second(self.tally.delivered, self.publishing.time)
    }

    /// Publications per second.
    pub(crate) fn publications_per_second(&self) -> f64 {
        per_second(self.published, self.publishing.time)
    }

    /// The share of one core that the server used while publishing.
    pub(crate) fn server_busy(&self) -> Option<f64> {
        Some(self.publishing.cpu?.as_secs_f64() / self.publishing.time.as_secs_f64().max(1e-9))
    }

    /// The share of one core that this program used while publishing; near 1 it is the limit.
    pub(crate) fn generator_busy(&self) -> f64 {
        self.generator_cpu.as_secs_f64() / self.publishing.time.as_secs_f64().max(1e-9)
    }

    /// A quantile of the latency in milliseconds; `None` without deliveries.
    pub(crate) fn latency(&self, share: f64) -> Option<f64> {
        let latencies = &self.tally.latencies;
        (latencies.count() > 0).then(|| latencies.quantile(share) as f64 / 1e6)
    }

    /// All figures as an object.
    pub(crate) fn to_json(&self) -> Value {
        let faults = self.faults;
        json!({
            "subject": self.subject,
            "load": self.load,
            "start_up_seconds": self.start_up.map(|time| time.as_secs_f64()),
            "connecting": {
                "seconds": self.connecting.time.as_secs_f64(),
                "per_second": self.connections_per_second(),
                "cpu_us_each": self.cpu_per_connection(),
            },
            "publishing": {
                "seconds": self.publishing.time.as_secs_f64(),
                "published": self.published,
                "delivered": self.tally.delivered,
                "publications_per_second": self.publications_per_second(),
                "deliveries_per_second": self.deliveries_per_second(),
                "server_cpu_seconds": self.publishing.cpu.map(|cpu| cpu.as_secs_f64()),
                "generator_cpu_seconds": self.generator_cpu.as_secs_f64(),
                "cpu_us_per_delivery": self.cpu_per_delivery(),
                "cpu_us_per_publication": self.cpu_per_publication(),
            },
            "latency_ms": {
                "p50": self.latency(0.5),
                "p90": self.latency(0.9),
                "p99": self.latency(0.99),
                "p99.9": self.latency(0.999),
                "max": self.latency(1.0),
            },
            "memory": self.memory,
            "longest_silence_seconds": self.held.longest_silence.as_secs_f64(),
            "faults": {
                "lost": faults.lost,
                "repeated": faults.repeated,
                "misordered": faults.misordered,
                "misrouted": faults.misrouted,
                "divided": faults.divided,
                "closed": self.closed,
                "silent": self.held.silent,
            },
            "timeline": {
                "interval_seconds": self.tally.timeline.interval().as_secs_f64(),
                "deliveries_per_second": self.tally.timeline.rates().iter().map(|rate| rate.round()).collect::<Vec<_>>(),
            },
        })
    }

    /// The faults in words; empty without any.
    pub(crate) fn complaint(&self) -> String {
        let faults = &self.faults;
        let counts = [
            (faults.lost, "lost"),
            (faults.repeated, "repeated"),
            (faults.misordered, "misordered"),
            (faults.misrouted, "misrouted"),
            (faults.divided, "subscribers with another order"),
            (self.closed, "subscriptions ended by the server"),
            (self.held.silent, "subscribers whose pings came late"),
        ];
        let found = counts.iter().filter(|(count, _)| *count > 0);
        found.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
    }
}

/// Microseconds per thing.
fn per(cpu: Duration, things: u64) -> Option<f64> {
    (things > 0).then(|| cpu.as_secs_f64() * 1e6 / things as f64)
}

/// Things per second.
fn per_second(things: u64, time: Duration) -> f64 {
    things as f64 / time.as_secs_f64().max(1e-9)
}
