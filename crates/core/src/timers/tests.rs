use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::now::epoch;

/// Owners with their deadlines, relative to the epoch in milliseconds.
struct World {
    wheel: Wheel<u32>,
    start: Tick,
    deadlines: BTreeMap<u32, u64>,
}

impl World {
    fn new() -> Self {
        let start = epoch().tick;
        Self { wheel: Wheel::new(start), start, deadlines: BTreeMap::new() }
    }

    fn insert(&mut self, id: u32, deadline: u64) {
        self.deadlines.insert(id, deadline);
        self.wheel.insert(id, Tick(self.start.0 + deadline));
    }

    /// Lets the wheel act at `now`; returns who was due, with the deadline.
    fn expire(&mut self, now: u64) -> Vec<(u32, u64)> {
        let mut due = Vec::new();
        let (start, deadlines) = (self.start.0, &mut self.deadlines);
        self.wheel.expire(Tick(start + now), &mut |id| {
            let deadline = *deadlines.get(&id)?;
            if deadline > now {
                return Some(Tick(start + deadline));
            }
            deadlines.remove(&id);
            due.push((id, deadline));
            None
        });
        due
    }

    /// Runs to `end`, waking up only when the wheel says; returns (id, deadline, fired at).
    fn run(&mut self, end: u64) -> Vec<(u32, u64, u64)> {
        let mut fired = Vec::new();
        let mut now = 0;
        while let Some(wait) = self.wheel.next_wakeup(Tick(self.start.0 + now)) {
            now += u64::try_from(wait.as_millis()).unwrap();
            if now > end {
                break;
            }
            fired.extend(self.expire(now).into_iter().map(|(id, deadline)| (id, deadline, now)));
        }
        fired
    }
}

fn check(deadlines: &[u64]) {
    let mut world = World::new();
    for (id, deadline) in (0..).zip(deadlines) {
        world.insert(id, *deadline);
    }
    let fired = world.run(u64::MAX / 2);
    assert_eq!(fired.len(), deadlines.len());
    assert!(world.wheel.is_empty());
    for (id, deadline, at) in fired {
        assert!(at >= deadline, "{id} fired at {at}, before {deadline}");
        assert!(at < deadline.max(1) + STEP, "{id} fired at {at}, long after {deadline}");
    }
}

#[test]
fn deadlines_fire_within_a_step() {
    check(&[]);
    check(&[0]);
    check(&[1, 63, 64, 65, 127, 128]);
    check(&[STEP * ROTATION - 1, STEP * ROTATION, STEP * ROTATION + 1]);
    check(&[17_000, 600_000, 3_600_000, 86_400_000]);
}

#[test]
fn an_empty_wheel_never_wakes() {
    assert_eq!(Wheel::<u32>::new(epoch().tick).next_wakeup(epoch().tick), None);
}

#[test]
fn a_late_call_fires_everything_once() {
    let mut world = World::new();
    for id in 0..2_000 {
        world.insert(id, u64::from(id) * 100);
    }
    assert_eq!(world.expire(10_000_000).len(), 2_000);
    assert!(world.wheel.is_empty());
}

#[test]
fn deadlines_that_passed_fire_with_the_next_step() {
    let mut world = World::new();
    world.expire(1_000_000);
    world.insert(1, 5);
    assert!(world.wheel.next_wakeup(Tick(world.start.0 + 1_000_000)).unwrap().as_millis() <= 64);
    assert_eq!(world.expire(1_000_000 + STEP), [(1, 5)]);
}

#[test]
fn a_deadline_that_moved_later_is_asked_about_again() {
    let mut world = World::new();
    world.insert(1, 10_000);
    world.deadlines.insert(1, 25_000);
    assert_eq!(world.expire(10_100), []);
    assert_eq!(world.wheel.len(), 1);
    assert_eq!(world.run(30_000), [(1, 25_000, 25_024)]);
}

#[test]
fn keys_of_owners_that_are_gone_vanish() {
    let mut world = World::new();
    world.insert(1, 1_000);
    world.deadlines.clear();
    assert_eq!(world.expire(2_000), []);
    assert!(world.wheel.is_empty());
    assert_eq!(world.wheel.next_wakeup(Tick(0)), None);
}

#[test]
fn a_million_keys_give_their_memory_back() {
    let mut world = World::new();
    for id in 0..1_000_000 {
        world.wheel.insert(id, Tick(world.start.0 + 10_000));
    }
    world.expire(11_000);
    assert!(world.wheel.is_empty());
    let kept: usize = world.wheel.buckets.iter().map(Vec::capacity).sum();
    assert!(kept <= BUCKETS * KEPT_CAPACITY);
}

proptest! {
    #[test]
    fn never_early_and_less_than_a_step_late(
        deadlines in proptest::collection::vec(0u64..400_000, 0..40),
    ) {
        check(&deadlines);
    }

    #[test]
    fn agrees_with_a_naive_model(
        moves in proptest::collection::vec((0u64..50_000, 0u64..200_000), 1..60),
    ) {
        let mut world = World::new();
        let mut now = 0;
        for (id, (pass, ahead)) in (0..).zip(moves) {
            now += pass;
            let before = world.deadlines.clone();
            let due: BTreeMap<_, _> = world.expire(now).into_iter().collect();
            for (id, deadline) in before {
                prop_assert!(due.contains_key(&id) || deadline + STEP > now, "{} is late", id);
            }
            prop_assert!(due.values().all(|deadline| *deadline <= now));
            prop_assert_eq!(world.wheel.len(), world.deadlines.len());
            world.insert(id, now + ahead);
        }
    }
}
