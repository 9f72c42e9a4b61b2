//! The store as its callers see it, with time as an argument.

mod counters;
mod events;
mod figures;
mod life;
mod numbers;
mod publishing;
mod relaying;
mod subscribing;
mod watching;

use std::time::Duration;

use super::report::Summary;
use super::*;
use crate::now::{Now, epoch};
use crate::settings::Store;

const W0: WorkerId = WorkerId(0);
const W1: WorkerId = WorkerId(1);

/// Settings that differ from the defaults.
fn settings(change: impl FnOnce(&mut Store)) -> Store {
    let mut store = Store::default();
    change(&mut store);
    store
}

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// A store with two workers and its clock.
struct World {
    channels: Channels,
    now: Now,
}

impl World {
    fn new(store: &Store) -> Self {
        Self::with_bytes(store, u64::MAX)
    }

    fn with_bytes(store: &Store, bytes: u64) -> Self {
        Self { channels: Channels::new(store, bytes, 2, epoch()), now: epoch() }
    }

    /// Lets time pass, with a sweep each second.
    fn pass(&mut self, number: u64) {
        for _ in 0..number {
            self.now = self.now.later(seconds(1));
            while self.channels.sweep(self.now) {}
        }
    }

    fn publish(&mut self, path: &str, text: &str) -> Result<(), Refusal> {
        self.send(path, Draft { store: true, ..draft(text) })
    }

    fn send(&mut self, path: &str, draft: Draft) -> Result<(), Refusal> {
        self.channels.publish(&parse_path(path.as_bytes()), draft, self.now)
    }

    fn delete(&mut self, path: &str) -> Result<bool, Refusal> {
        self.channels.delete(&parse_path(path.as_bytes()), None, self.now)
    }

    fn subscribe(&mut self, worker: WorkerId, path: &str) -> Result<Subscribed, Refusal> {
        let rules = SubscribeRules::default();
        self.channels.subscribe(
            worker,
            &parse_path(path.as_bytes()),
            &rules,
            &Since::default(),
            self.now,
        )
    }

    fn unsubscribe(&mut self, worker: WorkerId, subscribed: &Subscribed) {
        self.channels.unsubscribe(worker, &subscribed.channels, self.now);
    }

    fn poll(&mut self, path: &str, since: &Since) -> Result<Backlog, Refusal> {
        let rules = SubscribeRules::default();
        self.channels.poll(&parse_path(path.as_bytes()), &rules, since, self.now)
    }

    /// The texts of a polling answer.
    fn texts(&mut self, path: &str, since: &Since) -> String {
        let backlog = self.poll(path, since).unwrap();
        words(backlog.messages().map(|message| &*message.text))
    }

    /// The texts of what went out since the last time.
    fn delivered(&mut self) -> String {
        let drained: Vec<_> = self.channels.deliveries().collect();
        words(drained.iter().map(|delivery| &*delivery.message().text))
    }

    fn summary(&self) -> Summary {
        self.channels.summary(&self.context())
    }

    fn context(&self) -> ReportContext<'static> {
        ReportContext { hostname: b"host1", pid: 7, now: self.now }
    }

    /// The answer of a statistics location in plain text, CR LF as LF.
    fn statistics(&self, path: &str) -> Result<Option<String>, Refusal> {
        let entries = parse_path(path.as_bytes());
        let found = self.channels.statistics(&entries, ReportFormat::Plain, &self.context())?;
        Ok(found.map(|text| String::from_utf8(text).unwrap().replace("\r\n", "\n")))
    }

    /// The ids in that answer.
    fn reported(&self, path: &str) -> String {
        let text = self.statistics(path).unwrap().unwrap_or_default();
        text.lines().filter_map(|line| line.strip_prefix("channel: ")).collect::<Vec<_>>().join(" ")
    }
}

fn draft(text: &str) -> Draft {
    Draft { text: text.as_bytes().into(), ..Draft::default() }
}

fn words<'a>(texts: impl Iterator<Item = &'a [u8]>) -> String {
    texts.map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}
