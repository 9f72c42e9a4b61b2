//! What time does to messages, channels and workers.

use super::*;

#[test]
fn messages_expire() {
    let mut world = World::new(&settings(|store| store.message_ttl = Some(seconds(12))));
    world.publish("a", "m").unwrap();
    for (pause, expected) in [(2, "m"), (4, "m"), (10, "")] {
        world.pass(pause);
        assert_eq!(world.texts("a.b9", &Since::default()), expected);
    }
}

#[test]
fn a_channel_without_messages_left_is_not_authorized() {
    let mut world = World::new(&settings(|store| store.message_ttl = Some(seconds(1))));
    let rules = SubscribeRules { authorized_channels_only: true, ..SubscribeRules::default() };
    world.publish("a", "m").unwrap();
    let poll = |world: &mut World| {
        let entries = parse_path(b"a");
        world.channels.poll(&entries, &rules, &Since::default(), world.now).map(drop)
    };
    assert_eq!(poll(&mut world), Ok(()));
    world.pass(5);
    assert_eq!(poll(&mut world), Err(Refusal::CannotCreate));
}

#[test]
fn without_a_ttl_messages_stay() {
    let mut world = World::new(&settings(|store| store.message_ttl = None));
    world.publish("a", "m").unwrap();
    world.pass(100_000);
    assert_eq!(world.texts("a.b9", &Since::default()), "m");
}

#[test]
fn idle_channels_are_collected() {
    for (inactivity, tolerance) in [(30, 5), (5, 3)] {
        let store = settings(|store| store.channel_inactivity_time = seconds(inactivity));
        let mut world = World::new(&store);
        world.send("a", draft("m")).unwrap();
        world.pass(inactivity - tolerance.min(inactivity - 1));
        assert_eq!(world.summary().channels, 1);
        world.pass(2 * tolerance);
        let summary = world.summary();
        assert_eq!((summary.channels, summary.channels_in_trash), (0, 1));
        world.pass(13);
        assert_eq!(world.summary().channels_in_trash, 0);
    }
}

#[test]
fn use_puts_collection_off() {
    let mut world = World::new(&Store::default());
    world.poll("a", &Since::default()).unwrap();
    world.pass(20);
    world.send("a", draft("m")).unwrap();
    world.pass(20);
    let subscribed = world.subscribe(W0, "a").unwrap();
    world.pass(100);
    assert_eq!(world.reported("ALL"), "a");
    world.unsubscribe(W0, &subscribed);
    world.pass(1);
    assert_eq!(world.reported("ALL"), "");
}

#[test]
fn polling_does_not_put_collection_off() {
    let mut world = World::new(&Store::default());
    world.poll("a", &Since::default()).unwrap();
    world.pass(25);
    world.poll("a", &Since::default()).unwrap();
    world.pass(6);
    assert_eq!(world.summary().channels, 0);
}

#[test]
fn deleted_channels_wait_for_the_sweep() {
    let mut world = World::new(&Store::default());
    world.publish("a/b/c", "m").unwrap();
    world.delete("a/b").unwrap();
    let figures = |world: &World| {
        let summary = world.summary();
        (summary.channels, summary.channels_in_delete, summary.channels_in_trash)
    };
    assert_eq!(figures(&world), (1, 2, 0));
    world.pass(1);
    assert_eq!(figures(&world), (1, 2, 0));
    world.pass(4);
    assert_eq!(figures(&world), (1, 0, 2));
    assert_eq!(world.summary().messages_in_trash, 2);
    world.pass(10);
    assert_eq!(figures(&world), (1, 0, 0));
}

#[test]
fn a_maximum_of_none_leaves_an_idle_channel() {
    let mut world = World::new(&Store::default());
    world.publish("a", "m").unwrap();
    world.pass(40);
    let none = settings(|store| store.max_messages_stored_per_channel = Some(0));
    world.channels.reconfigure(&none, world.now);
    world.publish("a", "m").unwrap();
    assert_eq!(world.summary().stored_messages, 0);
    world.pass(31);
    assert_eq!(world.summary().channels, 0);
}

#[test]
fn a_shorter_ttl_after_a_reload() {
    let mut world = World::new(&settings(|store| store.message_ttl = Some(seconds(60))));
    world.publish("a", "1").unwrap();
    let shorter = settings(|store| store.message_ttl = Some(seconds(5)));
    world.channels.reconfigure(&shorter, world.now);
    world.publish("a/b", "2").unwrap();
    world.pass(10);
    assert_eq!(world.texts("a.b9/b.b9", &Since::default()), "1 2");
    world.pass(51);
    assert_eq!(world.texts("a.b9", &Since::default()), "");
}

#[test]
fn a_lost_worker_is_forgotten() {
    let mut world = World::with_bytes(&Store::default(), 10_000);
    let stays = world.subscribe(W1, "a/c").unwrap();
    world.subscribe(W0, "a/b/a").unwrap();
    world.subscribe(W0, "b").unwrap();
    let before = world.channels.budget.bytes();
    world.channels.forget_worker(W0, world.now);
    assert_eq!(world.channels.budget.bytes(), before - 800);
    assert_eq!(world.summary().subscribers, 1);
    world.publish("a/b", "m").unwrap();
    assert_eq!(world.delivered(), "m");
    world.channels.forget_worker(W0, world.now);
    world.unsubscribe(W1, &stays);
    assert_eq!(world.summary().subscribers, 0);
}

#[test]
fn a_sweep_of_many_takes_turns() {
    let mut world = World::new(&settings(|store| store.message_ttl = Some(seconds(1))));
    for _ in 0..10_000 {
        world.publish("a", "m").unwrap();
    }
    world.now = world.now.later(seconds(2));
    let turns = std::iter::repeat_with(|| world.channels.sweep(world.now)).take_while(|more| *more);
    assert_eq!(turns.count(), 2);
    assert_eq!(world.summary().stored_messages, 0);
}
