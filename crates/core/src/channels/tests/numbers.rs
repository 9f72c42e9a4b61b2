//! The figures that users of nginx-push-stream-module measure.

use super::*;

const MIB: u64 = 1 << 20;
const KIB: u64 = 1 << 10;

fn check(found: u64, expected: u64, tolerance: u64) {
    assert!(found.abs_diff(expected) <= tolerance, "{found}, not {expected} ± {tolerance}");
}

/// Publishes into one channel after the other until memory is out; returns how many messages fit.
fn fill(world: &mut World, channels: u64, text: &str) -> u64 {
    let paths = (0..).map(|number: u64| format!("channel_{:04}", number % channels));
    let fits = |path: &String| world.publish(path, text).is_ok();
    paths.take_while(fits).count() as u64
}

/// Seconds until the sum that `left` takes from the summary is zero.
fn emptying(world: &mut World, left: fn(&Summary) -> u64) -> u64 {
    let start = world.now.unix;
    while left(&world.summary()) > 0 && world.now.unix < start + 3600 {
        world.pass(1);
    }
    world.now.unix - start
}

fn messages_left(summary: &Summary) -> u64 {
    summary.stored_messages + summary.messages_in_trash
}

fn anything_left(summary: &Summary) -> u64 {
    let channels = summary.channels + summary.channels_in_delete + summary.channels_in_trash;
    messages_left(summary) + channels
}

#[test]
fn messages_in_2m() {
    let mut world = World::with_bytes(&Store::default(), 2 * MIB);
    let published = fill(&mut world, 1, "1");
    assert_eq!(world.summary().published_messages, published);
    check(published, 2 * MIB / 169, 80);
}

#[test]
fn channels_in_2m() {
    let mut world = World::with_bytes(&Store::default(), 2 * MIB);
    let fits = (1000..).take_while(|id| world.publish(&format!("{id}"), "1").is_ok());
    assert!(fits.count() > 4000);
    let summary = world.summary();
    check(summary.channels, (2 * MIB - 169 * summary.published_messages) / 274, 10);
}

#[test]
fn subscribers_in_128k() {
    let mut world = World::with_bytes(&Store::default(), 128 * KIB);
    let fits = (1000..).take_while(|id| world.subscribe(W0, &format!("{id}")).is_ok());
    let subscribers = fits.count() as u64;
    let summary = world.summary();
    assert_eq!(summary.subscribers, subscribers);
    check(subscribers, (128 * KIB - 274 * summary.channels) / 400, 10);
    check(subscribers, 194, 10);
}

#[test]
fn memory_comes_back_from_messages() {
    let store = settings(|store| {
        store.message_ttl = Some(seconds(10));
        store.max_messages_stored_per_channel = Some(100);
    });
    let mut world = World::with_bytes(&store, 129 * KIB);
    let first = fill(&mut world, 1, "a message of some length");
    let summary = world.summary();
    assert_eq!(summary.published_messages, first);
    assert_eq!(first, summary.stored_messages + summary.messages_in_trash);
    assert_eq!(summary.stored_messages, 100);
    check(emptying(&mut world, messages_left), 25, 5);
    world.pass(40);
    assert_eq!(fill(&mut world, 1, "a message of some length"), first);
}

#[test]
fn memory_comes_back_from_channels() {
    let store = settings(|store| store.message_ttl = Some(seconds(2)));
    let mut world = World::with_bytes(&store, 129 * KIB);
    let first = fill(&mut world, 10_000, "text");
    check(emptying(&mut world, anything_left), 45, 5);
    assert_eq!(world.channels.budget.bytes(), 0);
    assert_eq!(fill(&mut world, 10_000, "text"), first);
}

#[test]
fn memory_comes_back_from_deletion() {
    let mut world = World::with_bytes(&Store::default(), 129 * KIB);
    let create_and_delete = |world: &mut World| {
        let fits =
            |path: &String| world.publish(path, "text").is_ok() && world.delete(path).is_ok();
        let count = (0..).map(|number| format!("channel_{number:04}")).take_while(fits).count();
        let _ = world.delete(&format!("channel_{count:04}"));
        count
    };
    let first = create_and_delete(&mut world);
    assert!(first > 100);
    check(emptying(&mut world, anything_left), 15, 5);
    world.pass(60);
    assert_eq!(create_and_delete(&mut world), first);
}

#[test]
fn nothing_fits_when_memory_is_out_but_deletion_makes_room() {
    let mut world = World::with_bytes(&Store::default(), 1000);
    world.publish("a", &"m".repeat(500)).unwrap();
    let refused = Err(Refusal::OutOfMemory);
    assert_eq!(world.publish("a", "m"), refused);
    assert_eq!(world.publish("b", "m"), refused);
    assert_eq!(world.subscribe(W0, "a").map(drop), refused);
    assert_eq!(world.subscribe(W0, "b").map(drop), refused);
    assert_eq!(world.texts("a.b1", &Since::default()).len(), 500);
    assert_eq!(world.delete("a"), Ok(true));
    world.pass(60);
    assert_eq!(world.publish("b", "m"), Ok(()));
}

#[test]
fn entries_before_the_one_without_memory_get_theirs() {
    let mut world = World::with_bytes(&Store::default(), 271 * 2 + 169);
    assert_eq!(world.publish("a/b", "m"), Err(Refusal::OutOfMemory));
    assert_eq!(world.texts("a.b9", &Since::default()), "m");
    assert_eq!(world.texts("b.b9", &Since::default()), "");
}
