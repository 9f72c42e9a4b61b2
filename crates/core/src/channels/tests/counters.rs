//! Counters are sums of what is there, whatever happens.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Publish { path: usize, store: bool },
    Subscribe { worker: u16, path: usize },
    Unsubscribe(usize),
    Poll(usize),
    Delete(usize),
    Pass(u64),
    Reload(usize),
    Forget(u16),
}

const PATHS: [&str; 8] = ["a", "b", "a/b", "w_1", "a/w_1/a", "c/d/e", "b.b2/w_2", "d"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let path = 0..PATHS.len();
    let step = prop_oneof![
        6 => (path.clone(), any::<bool>()).prop_map(|(path, store)| Step::Publish { path, store }),
        6 => (0..2u16, path.clone()).prop_map(|(worker, path)| Step::Subscribe { worker, path }),
        4 => (0..20usize).prop_map(Step::Unsubscribe),
        2 => path.clone().prop_map(Step::Poll),
        2 => path.prop_map(Step::Delete),
        4 => (0..20u64).prop_map(Step::Pass),
        1 => (0..3usize).prop_map(Step::Reload),
        1 => (0..2u16).prop_map(Step::Forget),
    ];
    prop::collection::vec(step, 0..80)
}

fn store(number: usize) -> Store {
    settings(|store| {
        store.message_ttl = [Some(seconds(20)), Some(seconds(3)), None][number];
        store.max_messages_stored_per_channel = [None, Some(2), Some(3)][number];
        store.wildcard_channel_prefix = [&b"w_"[..], b"w_", b"a"][number].into();
        store.events_channel_id = [&b"ev"[..], b"", b"a"][number].into();
    })
}

/// A world with its connections.
struct Run {
    world: World,
    connections: Vec<(WorkerId, Subscribed)>,
}

impl Run {
    fn new() -> Self {
        Self { world: World::with_bytes(&store(0), 20_000), connections: Vec::new() }
    }

    fn step(&mut self, step: &Step) {
        let world = &mut self.world;
        match *step {
            Step::Publish { path, store } => {
                let _ = world.send(PATHS[path], Draft { store, ..draft("text") });
            }
            Step::Subscribe { worker, path } => {
                let worker = WorkerId(worker);
                let subscribed = world.subscribe(worker, PATHS[path]);
                self.connections.extend(subscribed.map(|subscribed| (worker, subscribed)));
            }
            Step::Unsubscribe(index) => self.unsubscribe(index),
            Step::Poll(path) => drop(world.poll(PATHS[path], &Since::default())),
            Step::Delete(path) => drop(world.delete(PATHS[path])),
            Step::Pass(number) => world.pass(number),
            Step::Reload(number) => world.channels.reconfigure(&store(number), world.now),
            Step::Forget(worker) => {
                world.channels.forget_worker(WorkerId(worker), world.now);
                self.connections.retain(|(of, _)| *of != WorkerId(worker));
            }
        }
        self.check();
    }

    fn unsubscribe(&mut self, index: usize) {
        if index < self.connections.len() {
            let (worker, subscribed) = self.connections.swap_remove(index);
            self.world.unsubscribe(worker, &subscribed);
        }
    }

    fn check(&mut self) {
        let channels = &self.world.channels;
        let summary = self.world.summary();
        let wildcards = channels.table.iter().filter(|channel| channel.wildcard).count() as u64;
        assert_eq!(summary.wildcard_channels, wildcards);
        assert_eq!(summary.channels, channels.table.iter().count() as u64 - wildcards);
        let deleted = channels.deleted.iter().map(|(_, channel)| channel);
        let ordinary = channels.table.iter().chain(deleted).filter(|channel| !channel.events);
        assert_eq!(
            summary.stored_messages,
            ordinary.map(|channel| channel.history.len()).sum::<u64>()
        );
        assert_eq!(summary.subscribers, self.connections.len() as u64);
        let living = |key: &&ChannelKey| channels.table.find_key(**key).is_some();
        let keys = self.connections.iter().flat_map(|(_, subscribed)| &subscribed.channels);
        let subscriptions: u64 =
            channels.table.iter().map(|channel| channel.interest.total()).sum();
        assert_eq!(subscriptions, keys.filter(living).count() as u64);
        let scheduled = |channel: &channel::Channel| !channel.is_idle() || channel.scheduled;
        assert!(channels.table.iter().all(scheduled));
        assert!(channels.budget.bytes() <= 20_000 + 1000);
        let stamps: Vec<_> = channels
            .pending()
            .iter()
            .filter(|delivery| matches!(delivery, Delivery::Message { .. }))
            .map(|delivery| Stamp::of(delivery.message()))
            .collect();
        assert!(stamps.is_sorted());
        self.world.delivered();
    }

    /// Everybody leaves and time passes: nothing is left.
    fn end(mut self) {
        while !self.connections.is_empty() {
            self.unsubscribe(0);
        }
        let last = settings(|store| store.message_ttl = Some(seconds(1)));
        self.world.channels.reconfigure(&last, self.world.now);
        // Messages without a ttl go with their channels.
        for path in PATHS.iter().chain(&["ev"]) {
            let _ = self.world.delete(path);
        }
        self.world.pass(100);
        for path in PATHS.iter().chain(&["ev"]) {
            let _ = self.world.delete(path);
        }
        self.world.pass(100);
        self.check();
        assert_eq!(self.world.channels.budget.bytes(), 0);
    }
}

proptest! {
    #[test]
    fn counters_are_sums(steps in steps()) {
        let mut run = Run::new();
        for step in &steps {
            run.step(step);
        }
        run.end();
    }
}
