//! Channel paths, and what can be done with the channels they name: no order of operations panics
//! or counts wrong, deliveries always have somebody to go to, and everything can be reported.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use outpour_core::channels::{
    ChannelKey, Channels, Draft, Entry, ReportContext, ReportFormat, Since, SubscribeRules, Waited,
    WorkerId, parse_path, whole_id,
};
use outpour_core::now::{Now, epoch};
use outpour_core::settings::Store;

const FORMATS: [ReportFormat; 4] =
    [ReportFormat::Plain, ReportFormat::Json, ReportFormat::Yaml, ReportFormat::Xml];

fn check_entries(path: &[u8], entries: &[Entry]) {
    assert_eq!(entries.is_empty(), path.is_empty() || !entries_expected(path));
    assert!(entries.len() <= path.len());
    assert!(entries.iter().map(|entry| entry.id.len()).sum::<usize>() <= path.len());
    assert!(entries.iter().all(|entry| !entry.id.contains(&b'/')));
}

/// Whether anything is left of a path when its broken escapes are dropped.
fn entries_expected(path: &[u8]) -> bool {
    !outpour_core::wire::percent::decode(path).is_empty()
}

struct Scene {
    channels: Channels,
    now: Now,
    subscribed: Vec<(WorkerId, Vec<ChannelKey>)>,
}

impl Scene {
    /// Settings with small bounds, so that each of them is met.
    fn new(flags: u8) -> Self {
        let store = Store {
            message_ttl: (flags & 1 == 0).then_some(Duration::from_secs(20)),
            max_subscribers_per_channel: (flags & 2 == 0).then_some(3),
            max_messages_stored_per_channel: (flags & 4 == 0).then_some(2),
            max_channel_id_length: (flags & 8 == 0).then_some(12),
            max_number_of_channels: (flags & 16 == 0).then_some(4),
            max_number_of_wildcard_channels: (flags & 32 == 0).then_some(2),
            wildcard_channel_prefix: Box::from(*b"b_"),
            events_channel_id: if flags & 64 == 0 { Box::from(*b"ev") } else { Box::from([]) },
            ..Store::default()
        };
        let budget = if flags & 128 == 0 { 16 << 10 } else { 1 << 20 };
        let channels = Channels::new(&store, budget, 2, epoch());
        Self { channels, now: epoch(), subscribed: Vec::new() }
    }

    fn step(&mut self, operation: u8, path: &[u8], text: &[u8]) {
        let entries = parse_path(path);
        check_entries(path, &entries);
        self.operate(operation, &entries, text);
        for delivery in self.channels.deliveries() {
            assert!(!delivery.workers().is_empty());
            assert!(delivery.workers().iter().all(|worker| worker.0 < 2));
        }
    }

    fn operate(&mut self, operation: u8, entries: &[Entry], text: &[u8]) {
        let worker = WorkerId(u16::from(operation >> 7));
        match operation % 10 {
            0 | 1 => self.publish(entries, text, operation & 64 == 0),
            2 => self.subscribe(worker, entries, text),
            3 => self.wait(worker, entries, text),
            4 => drop(self.channels.poll(entries, &rules(), &since(text), self.now)),
            5 => drop(self.channels.delete(entries, Some(text), self.now)),
            6 => self.leave(usize::from(operation / 10)),
            7 => self.now = self.now.later(Duration::from_millis(300 * u64::from(operation))),
            8 => drop(self.channels.sweep(self.now)),
            _ => self.report(entries),
        }
    }

    fn publish(&mut self, entries: &[Entry], text: &[u8], store: bool) {
        let draft = Draft { text: text.into(), event_id: Some(text.into()), store, ..Draft::default() };
        let _ = self.channels.prepare(entries, self.now);
        let _ = self.channels.publish(entries, draft.clone(), self.now);
        if let Some((_, keys)) = self.subscribed.last() {
            let _ = self.channels.publish_from_subscriber(keys, draft, self.now);
        }
    }

    fn subscribe(&mut self, worker: WorkerId, entries: &[Entry], text: &[u8]) {
        let subscribed =
            self.channels.subscribe(worker, entries, &rules(), &since(text), self.now);
        if let Ok(subscribed) = subscribed {
            assert_eq!(subscribed.channels.len(), entries.len());
            self.subscribed.push((worker, subscribed.channels));
        }
    }

    fn wait(&mut self, worker: WorkerId, entries: &[Entry], text: &[u8]) {
        match self.channels.wait(worker, entries, &rules(), &since(text), self.now) {
            Ok(Waited::Waiting(subscribed)) => {
                assert!(subscribed.backlog.is_empty());
                self.subscribed.push((worker, subscribed.channels));
            }
            Ok(Waited::Answer(backlog)) => assert!(!backlog.is_empty()),
            Err(_) => {}
        }
    }

    fn leave(&mut self, index: usize) {
        if index < self.subscribed.len() {
            let (worker, keys) = self.subscribed.swap_remove(index);
            self.channels.unsubscribe(worker, &keys, self.now);
        }
    }

    fn report(&self, entries: &[Entry]) {
        let context = ReportContext { hostname: b"host", pid: 1, now: self.now };
        for format in FORMATS {
            let _ = self.channels.information(entries, format, &context);
            let _ = self.channels.statistics(entries, format, &context);
            assert!(matches!(self.channels.statistics(&[], format, &context), Ok(Some(_))));
        }
    }

    /// Everybody leaves and time passes: the store is still sound and answers.
    fn end(mut self) {
        while !self.subscribed.is_empty() {
            self.leave(0);
        }
        for _ in 0..4 {
            self.now = self.now.later(Duration::from_secs(60));
            while self.channels.sweep(self.now) {}
        }
        self.step(0, b"b_last", b"text");
        self.report(&whole_id(b"b_last"));
    }
}

fn rules() -> SubscribeRules {
    SubscribeRules {
        authorized_channels_only: false,
        wildcard_channel_max_qtd: Some(2),
        allow_connections_to_events_channel: true,
    }
}

fn since(text: &[u8]) -> Since {
    let time = text.first().map(|byte| epoch().unix + u64::from(*byte));
    Since::parse(time.filter(|time| time % 2 == 0), text.get(1..), text.get(2..))
}

fuzz_target!(|input: &[u8]| {
    let Some((&flags, script)) = input.split_first() else { return };
    let mut scene = Scene::new(flags);
    for line in script.split(|byte| *byte == b'\n').take(64) {
        let Some((&operation, rest)) = line.split_first() else { continue };
        let mut fields = rest.splitn(2, |byte| *byte == b' ');
        let path = fields.next().unwrap_or_default();
        scene.step(operation, path, fields.next().unwrap_or_default());
    }
    scene.end();
});
