//! What the events channel tells, in which order.

use super::*;

fn told() -> World {
    let store = settings(|store| {
        store.events_channel_id = (*b"ev").into();
        store.channel_inactivity_time = seconds(5);
    });
    World::new(&store)
}

/// The events, as `type channel`.
fn check(world: &mut World, expected: &[&str]) {
    let rules =
        SubscribeRules { allow_connections_to_events_channel: true, ..SubscribeRules::default() };
    let entries = parse_path(b"ev.b99");
    let backlog = world.channels.poll(&entries, &rules, &Since::default(), world.now).unwrap();
    let found: Vec<_> = backlog
        .messages()
        .map(|message| {
            let text = String::from_utf8_lossy(&message.text).into_owned();
            let kind = String::from_utf8_lossy(message.event_type.as_deref().unwrap()).into_owned();
            let start = format!("{{\"type\": \"{kind}\", \"channel\": \"");
            let id = text.strip_prefix(&start).and_then(|rest| rest.strip_suffix("\"}")).unwrap();
            format!("{kind} {id}")
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn subscribing_and_leaving() {
    let mut world = told();
    let subscribed = world.subscribe(W0, "a/b/a").unwrap();
    world.unsubscribe(W0, &subscribed);
    let expected = [
        "channel_created a",
        "channel_created b",
        "client_subscribed a",
        "client_subscribed b",
        "client_subscribed a",
        "client_unsubscribed a",
        "client_unsubscribed b",
        "client_unsubscribed a",
    ];
    check(&mut world, &expected);
}

#[test]
fn deletion_and_sweep() {
    let mut world = told();
    let subscribed = world.subscribe(W0, "a").unwrap();
    world.delete("a").unwrap();
    let before = ["channel_created a", "client_subscribed a", "client_unsubscribed a"];
    check(&mut world, &before);
    world.unsubscribe(W0, &subscribed);
    check(&mut world, &before);
    world.pass(4);
    check(&mut world, &[&before[..], &["channel_destroyed a"]].concat());
}

#[test]
fn polling_and_collection() {
    let mut world = told();
    world.poll("a", &Since::default()).unwrap();
    world.pass(4);
    check(&mut world, &["channel_created a"]);
    world.pass(2);
    check(&mut world, &["channel_created a", "channel_destroyed a"]);
}

#[test]
fn events_are_no_publications() {
    let mut world = told();
    world.publish("a", "m").unwrap();
    let summary = world.summary();
    assert_eq!((summary.published_messages, summary.stored_messages), (1, 1));
    assert_eq!(summary.channels, 2);
    assert!(world.statistics("ev").unwrap().unwrap().contains("published_messages: 1\n"));
}

#[test]
fn the_channel_of_events_stays() {
    let mut world = told();
    world.pass(3600);
    assert_eq!(world.reported("ALL"), "ev");
    world.publish("a", "m").unwrap();
    world.pass(3600);
    assert_eq!(world.reported("ALL"), "ev");
    assert!(world.statistics("ev").unwrap().unwrap().contains("stored_messages: 0\n"));
}

#[test]
fn events_are_delivered_in_order_of_stamps() {
    let mut world = told();
    let rules =
        SubscribeRules { allow_connections_to_events_channel: true, ..SubscribeRules::default() };
    let entries = parse_path(b"ev");
    world.channels.subscribe(W0, &entries, &rules, &Since::default(), world.now).unwrap();
    world.subscribe(W1, "a").unwrap();
    world.publish("a/b", "m").unwrap();
    let stamps: Vec<_> =
        world.channels.pending().iter().map(|delivery| Stamp::of(delivery.message())).collect();
    assert_eq!(stamps.len(), 4);
    assert!(stamps.is_sorted());
}

#[test]
fn another_channel_of_events_after_a_reload() {
    let mut world = told();
    world.publish("a", "m").unwrap();
    let store = settings(|store| {
        store.events_channel_id = (*b"a").into();
        store.wildcard_channel_prefix = (*b"e").into();
    });
    world.channels.reconfigure(&store, world.now);
    let summary = world.summary();
    assert_eq!((summary.channels, summary.wildcard_channels), (1, 1));
    assert_eq!(summary.stored_messages, 1);
    assert_eq!(world.publish("a", "m"), Err(Refusal::EventsReadOnly));
    assert_eq!(world.publish("ev", "m"), Ok(()));
}
