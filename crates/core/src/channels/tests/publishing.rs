//! Publishing, deleting and asking.

use super::*;

fn guarded() -> World {
    World::new(&settings(|store| {
        store.max_channel_id_length = Some(6);
        store.max_number_of_channels = Some(3);
        store.wildcard_channel_prefix = (*b"w_").into();
        store.events_channel_id = (*b"ev").into();
    }))
}

fn check(path: &str, publish: Result<(), Refusal>, delete: Result<bool, Refusal>) {
    let entries = parse_path(path.as_bytes());
    assert_eq!(guarded().publish(path, "m"), publish, "{path:?}");
    let mut world = guarded();
    assert_eq!(world.channels.prepare(&entries, world.now), publish, "{path:?}");
    assert_eq!(guarded().channels.check_delete(&entries), delete.map(drop), "{path:?}");
    assert_eq!(guarded().delete(path), delete, "{path:?}");
}

#[test]
fn refusals_in_order() {
    check("", Err(Refusal::NoChannelId), Err(Refusal::NoChannelId));
    for id in ["ALL", "*", "muchtoolong*"] {
        check(id, Err(Refusal::IdNotAuthorized), Err(Refusal::IdNotAuthorized));
    }
    check("longer1", Err(Refusal::IdTooLarge), Err(Refusal::IdTooLarge));
    check("ev", Err(Refusal::EventsReadOnly), Err(Refusal::EventsReadOnly));
    check("a/b", Ok(()), Ok(false));
    check("a/b/c", Err(Refusal::ChannelsExceeded), Ok(false));
    check("a/b/w_c", Ok(()), Ok(false));
    check("a/ev/ALL", Err(Refusal::EventsReadOnly), Err(Refusal::EventsReadOnly));
    check("a/ALL/ev", Err(Refusal::IdNotAuthorized), Err(Refusal::IdNotAuthorized));
}

#[test]
fn creation_is_not_undone() {
    let mut world = guarded();
    assert_eq!(world.publish("a/ev", "m"), Err(Refusal::EventsReadOnly));
    assert_eq!(world.reported("ALL"), "ev a");
    assert_eq!(world.summary().published_messages, 0);
}

#[test]
fn a_question_has_fewer_rules() {
    let world = guarded();
    let ask = |path: &str| world.channels.check(&parse_path(path.as_bytes()));
    assert_eq!(ask(""), Err(Refusal::NoChannelId));
    assert_eq!(ask("a/ALL"), Err(Refusal::IdNotAuthorized));
    assert_eq!(ask("longer1"), Err(Refusal::IdTooLarge));
    assert_eq!(ask("ev/none"), Ok(()));
}

#[test]
fn tags_are_counted_over_all_channels() {
    let mut world = World::new(&Store::default());
    world.subscribe(W0, "a/b").unwrap();
    world.publish("a/b/a", "m").unwrap();
    world.pass(1);
    world.publish("b", "m").unwrap();
    let found: Vec<_> = world
        .channels
        .deliveries()
        .map(|delivery| (delivery.message().id, delivery.message().time, delivery.message().tag))
        .collect();
    let time = epoch().unix;
    assert_eq!(found, [(1, time, 1), (1, time, 2), (2, time, 3), (2, time + 1, 1)]);
}

#[test]
fn a_new_life_begins_at_one() {
    let mut world = World::new(&Store::default());
    world.publish("a", "1").unwrap();
    world.publish("a", "2").unwrap();
    assert_eq!(world.delete("a"), Ok(true));
    world.publish("a", "3").unwrap();
    let backlog = world.poll("a.b9", &Since::default()).unwrap();
    assert_eq!(backlog.messages().map(|message| message.id).collect::<Vec<_>>(), [1]);
}

#[test]
fn what_is_not_stored_is_only_delivered() {
    let mut world = World::new(&Store::default());
    world.subscribe(W0, "a").unwrap();
    world.subscribe(W1, "a").unwrap();
    world.send("a", draft("live")).unwrap();
    assert_eq!(world.channels.pending()[0].workers(), [W0, W1]);
    assert_eq!(world.delivered(), "live");
    assert_eq!(world.texts("a.b9", &Since::default()), "");
    let summary = world.summary();
    assert_eq!((summary.published_messages, summary.stored_messages), (1, 0));
    assert_eq!(summary.messages_in_trash, 1);
}

#[test]
fn the_maximum_pushes_the_oldest_out() {
    let store = settings(|store| store.max_messages_stored_per_channel = Some(2));
    let mut world = World::new(&store);
    for text in ["1", "2", "3"] {
        world.publish("a", text).unwrap();
    }
    assert_eq!(world.texts("a.b9", &Since::default()), "2 3");
    assert_eq!(world.summary().messages_in_trash, 1);
}

#[test]
fn a_subscriber_publishes_to_what_is_left() {
    let mut world = guarded();
    let rules =
        SubscribeRules { allow_connections_to_events_channel: true, ..SubscribeRules::default() };
    let entries = parse_path(b"a/ev/b");
    let since = Since::default();
    let subscribed = world.channels.subscribe(W0, &entries, &rules, &since, world.now).unwrap();
    world.delete("b").unwrap();
    world.channels.deliveries();
    world.channels.publish_from_subscriber(&subscribed.channels, draft("m"), world.now).unwrap();
    assert_eq!(world.delivered(), "m");
    assert_eq!(world.summary().published_messages, 1);
}

#[test]
fn deletion_tells_subscribers() {
    let mut world = World::new(&Store::default());
    let subscribed = world.subscribe(W1, "a/b").unwrap();
    assert_eq!(world.delete("a/none"), Ok(true));
    assert_eq!(world.delivered(), "Channel deleted");
    assert_eq!(world.delete("a"), Ok(false));
    let bye = parse_path(b"b/b");
    assert_eq!(world.channels.delete(&bye, Some(b"bye"), world.now), Ok(true));
    let [Delivery::Deleted { channel, message, workers }] = world.channels.pending() else {
        panic!("one deletion is told")
    };
    assert_eq!((*channel, workers.as_slice()), (subscribed.channels[1], &[W1][..]));
    assert_eq!((message.id, &*message.text, &*message.channel), (-2, &b"bye"[..], &b"b"[..]));
    assert_eq!(world.summary().subscribers, 1);
    world.unsubscribe(W1, &subscribed);
    assert_eq!(world.summary().subscribers, 0);
}

#[test]
fn statistics_know_patterns() {
    let mut world = guarded();
    world.publish("ab/a/w_x", "m").unwrap();
    assert_eq!(world.reported("ALL"), "ev ab a w_x");
    assert_eq!(world.reported("*"), "ev ab a w_x");
    assert_eq!(world.reported("a*zz/longer1"), "ab a");
    assert_eq!(world.reported("w_x/none/a*"), "ab a");
    assert_eq!(world.reported("w_x/none/a/a"), "w_x a a");
    assert_eq!(world.statistics("a/longer1"), Err(Refusal::IdTooLarge));
    assert_eq!(world.statistics("longer*"), Err(Refusal::IdTooLarge));
    assert_eq!(world.statistics("none"), Ok(None));
    let none = world.statistics("z*").unwrap().unwrap();
    assert_eq!(
        none,
        "hostname: host1, time: 1994-11-06T08:49:37, channels: 3, wildcard_channels: 1, \
         uptime: 0, infos: \n\n"
    );
}

#[test]
fn one_channel_and_the_summary() {
    let mut world = World::new(&Store::default());
    world.publish("a", "m").unwrap();
    world.subscribe(W1, "a/a").unwrap();
    world.pass(42);
    let item = "channel: a\npublished_messages: 1\nstored_messages: 1\nactive_subscribers: 2\n";
    assert_eq!(world.statistics("a/none").unwrap().as_deref(), Some(item));
    let information =
        world.channels.information(&parse_path(b"a"), ReportFormat::default(), &world.context());
    assert_eq!(
        String::from_utf8(information.unwrap()).unwrap(),
        "{\"channel\": \"a\", \"published_messages\": 1, \"stored_messages\": 1, \
         \"subscribers\": 2}\r\n"
    );
    let summary = world.statistics("").unwrap().unwrap();
    let workers = "subscribers: 1\nuptime: 42\nby_worker:\n  pid: 7\n  subscribers: 0\n  \
                   uptime: 42,\n  pid: 7\n  subscribers: 1\n  uptime: 42\n";
    assert!(summary.ends_with(workers), "{summary}");
}
