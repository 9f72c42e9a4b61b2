//! Subscribing: refusals in order, old messages, positions.

use super::*;

const RULES: SubscribeRules = SubscribeRules {
    authorized_channels_only: false,
    wildcard_channel_max_qtd: None,
    allow_connections_to_events_channel: false,
};

/// Channels `full` (one subscriber, no message), `kept` (one message), `ev` (events).
fn guarded() -> World {
    let store = settings(|store| {
        store.max_subscribers_per_channel = Some(1);
        store.max_channel_id_length = Some(6);
        store.max_number_of_channels = Some(4);
        store.max_number_of_wildcard_channels = Some(1);
        store.wildcard_channel_prefix = (*b"w_").into();
        store.events_channel_id = (*b"ev").into();
    });
    let mut world = World::new(&store);
    world.subscribe(W0, "full").unwrap();
    world.publish("kept", "m").unwrap();
    world
}

fn check(path: &str, rules: SubscribeRules, expected: Result<(), Refusal>) {
    let mut world = guarded();
    let entries = parse_path(path.as_bytes());
    let found = world.channels.subscribe(W0, &entries, &rules, &Since::default(), world.now);
    assert_eq!(found.map(drop), expected, "{path:?}");
    let before = guarded().summary().subscribers;
    assert_eq!(world.summary().subscribers, before + u64::from(expected.is_ok()), "{path:?}");
}

#[test]
fn refusals_of_one_entry_in_order() {
    check("", RULES, Err(Refusal::NoChannelId));
    check("ALL", RULES, Err(Refusal::IdNotAuthorized));
    check("muchtoolong*", RULES, Err(Refusal::IdNotAuthorized));
    check("ALLE", RULES, Ok(()));
    check("longer1", RULES, Err(Refusal::IdTooLarge));
    check("longer.b1", RULES, Ok(()));
    check("full", RULES, Err(Refusal::SubscribersExceeded));
    check("ev", RULES, Err(Refusal::EventsNotAllowed));
    check("kept", RULES, Ok(()));
    let allowed = SubscribeRules { allow_connections_to_events_channel: true, ..RULES };
    check("ev", allowed, Ok(()));
}

#[test]
fn authorized_channels_have_a_message() {
    let rules = SubscribeRules { authorized_channels_only: true, ..RULES };
    check("longer1", rules, Err(Refusal::IdTooLarge));
    check("new", rules, Err(Refusal::CannotCreate));
    check("full", rules, Err(Refusal::CannotCreate));
    check("kept", rules, Ok(()));
    check("w_new", rules, Ok(()));
    check("kept/new", rules, Err(Refusal::CannotCreate));
}

#[test]
fn the_first_entry_that_fails_wins() {
    check("kept/full/longer1", RULES, Err(Refusal::SubscribersExceeded));
    check("kept/longer1/full", RULES, Err(Refusal::IdTooLarge));
    check("ev/ALL", RULES, Err(Refusal::EventsNotAllowed));
}

#[test]
fn wildcards_come_with_ordinary_channels() {
    let quantity = |max| SubscribeRules { wildcard_channel_max_qtd: Some(max), ..RULES };
    check("w_1", RULES, Ok(()));
    check("w_1", quantity(1), Err(Refusal::WildcardsExceeded));
    check("kept/w_1", quantity(1), Ok(()));
    check("kept/w_1/w_1", quantity(1), Err(Refusal::WildcardsExceeded));
    check("kept/w_1", quantity(0), Err(Refusal::WildcardsExceeded));
    check("kept", quantity(0), Ok(()));
    check("w_1/full", quantity(0), Err(Refusal::SubscribersExceeded));
}

#[test]
fn numbers_of_channels_are_limited() {
    check("new", RULES, Ok(()));
    check("new/new2", RULES, Err(Refusal::ChannelsExceeded));
    check("new/w_1", RULES, Ok(()));
    check("w_1/w_2", RULES, Err(Refusal::ChannelsExceeded));
    let mut world = guarded();
    assert_eq!(world.poll("new/new2", &Since::default()), Err(Refusal::ChannelsExceeded));
    assert_eq!(world.reported("ALL"), "ev full kept new");
}

#[test]
fn a_lower_limit_after_a_reload_holds() {
    let mut world = World::new(&Store::default());
    for path in ["a", "b", "c"] {
        world.publish(path, "m").unwrap();
    }
    let lower = settings(|store| store.max_number_of_channels = Some(2));
    world.channels.reconfigure(&lower, world.now);
    assert_eq!(world.publish("d", "m"), Err(Refusal::ChannelsExceeded));
}

#[test]
fn polling_obeys_the_limit_of_subscribers() {
    let mut world = guarded();
    assert_eq!(world.poll("full", &Since::default()), Err(Refusal::SubscribersExceeded));
    assert_eq!(world.poll("ev", &Since::default()), Err(Refusal::EventsNotAllowed));
}

/// Messages 1 to 5: two in second 0, two in second 10, one in second 20, with event ids a to d and
/// none.
fn written() -> World {
    let mut world = World::new(&Store::default());
    for (text, event, pause) in
        [("1", "a", 0), ("2", "b", 10), ("3", "c", 0), ("4", "a", 10), ("5", "", 0)]
    {
        let event_id = (!event.is_empty()).then(|| event.as_bytes().into());
        world.send("x", Draft { event_id, store: true, ..draft(text) }).unwrap();
        world.pass(pause);
    }
    world
}

fn check_old(path: &str, time: Option<u64>, tag: Option<u64>, event: &str, expected: &str) {
    let event_id = (!event.is_empty()).then(|| event.as_bytes().into());
    let since = Since { time: time.map(|after| epoch().unix + after), tag, event_id };
    assert_eq!(written().texts(path, &since), expected, "{path} {time:?} {tag:?} {event:?}");
}

#[test]
fn backtrack_overrides_the_rest() {
    check_old("x.b2", None, None, "", "4 5");
    check_old("x.b9", None, None, "", "1 2 3 4 5");
    check_old("x.b1", Some(0), Some(1), "a", "5");
    check_old("x.b0", None, None, "", "");
}

#[test]
fn time_and_tag() {
    check_old("x", None, None, "", "");
    check_old("x", None, Some(1), "", "");
    check_old("x", Some(0), None, "", "3 4 5");
    check_old("x", Some(0), Some(0), "", "1 2 3 4 5");
    check_old("x", Some(0), Some(1), "", "2 3 4 5");
    check_old("x", Some(0), Some(2), "", "3 4 5");
    check_old("x", Some(5), Some(1), "", "3 4 5");
    check_old("x", Some(10), Some(1), "", "4 5");
    check_old("x", Some(20), Some(1), "", "");
    check_old("x", Some(99), None, "", "");
}

#[test]
fn event_ids() {
    check_old("x", None, None, "a", "2 3 4 5");
    check_old("x", None, None, "c", "4 5");
    check_old("x", None, None, "z", "");
    // Whatever comes first: the event id or what is later.
    check_old("x", Some(0), None, "b", "3 4 5");
    check_old("x", Some(0), None, "c", "4 5");
    check_old("x", Some(0), None, "z", "3 4 5");
    check_old("x", Some(10), Some(1), "a", "2 3 4 5");
    check_old("x", Some(0), Some(2), "c", "3 4 5");
}

#[test]
fn each_entry_on_its_own() {
    let mut world = written();
    world.publish("y", "6").unwrap();
    let since = Since { time: Some(epoch().unix + 10), tag: Some(2), event_id: None };
    assert_eq!(world.texts("y.b1/x/y/none", &since), "6 5 6");
}

#[test]
fn validators_of_a_polling_answer() {
    let mut world = written();
    let stamp = |second, tag| Stamp { time: epoch().unix + second, tag };
    let since = |second, tag| Since { time: Some(epoch().unix + second), tag, event_id: None };
    let newest =
        |world: &mut World, path: &str, since: Since| world.poll(path, &since).unwrap().newest();
    assert_eq!(newest(&mut world, "x", since(0, None)), Some(stamp(20, 1)));
    assert_eq!(newest(&mut world, "x", since(20, Some(1))), None);
    assert_eq!(newest(&mut world, "x.b1", since(30, Some(4))), Some(stamp(30, 4)));
}

#[test]
fn a_client_that_repeats_validators_gets_each_message_once() {
    let mut world = World::new(&Store::default());
    let mut since = Since { time: Some(0), ..Since::default() };
    let mut seen = Vec::new();
    for step in 0..30 {
        world.publish(["x", "y"][step % 2], &step.to_string()).unwrap();
        if step % 3 == 0 {
            world.pass(1);
        }
        if step % 4 == 0 {
            let backlog = world.poll("x/y", &since).unwrap();
            seen.extend(backlog.messages().map(|message| message.text.clone()));
            let newest = backlog.newest().unwrap();
            since = Since { time: Some(newest.time), tag: Some(newest.tag), event_id: None };
        }
    }
    seen.sort_by_key(|text| String::from_utf8_lossy(text).parse::<u32>().unwrap());
    let expected: Vec<_> = (0..29).map(|step: u32| step.to_string()).collect();
    assert_eq!(words(seen.iter().map(|text| &**text)), expected.join(" "));
}

#[test]
fn waiting_answers_or_registers() {
    let mut world = written();
    let wait = |world: &mut World, path: &str| {
        let entries = parse_path(path.as_bytes());
        world.channels.wait(W0, &entries, &RULES, &Since::default(), world.now).unwrap()
    };
    assert!(matches!(wait(&mut world, "x.b1"), Waited::Answer(_)));
    assert_eq!(world.summary().subscribers, 0);
    assert!(matches!(wait(&mut world, "x"), Waited::Waiting(_)));
    assert_eq!(world.summary().subscribers, 1);
}

#[test]
fn a_position_parts_old_from_live() {
    let mut world = World::new(&Store::default());
    world.publish("x", "old").unwrap();
    let subscribed = world.subscribe(W1, "x.b1/x").unwrap();
    assert_eq!(subscribed.backlog.messages().count(), 1);
    assert_eq!(subscribed.channels[0], subscribed.channels[1]);
    world.publish("x", "live").unwrap();
    let [delivery] = world.channels.pending() else { panic!("one message is live") };
    assert!(Stamp::of(delivery.message()) > subscribed.position);
    assert_eq!(delivery.workers(), [W1]);
    assert_eq!(world.delivered(), "live");
    assert_eq!(world.channels.pending(), []);
}

#[test]
fn colliding_checksums_are_separate_channels() {
    let mut world = World::new(&Store::default());
    world.publish("plumless", "1").unwrap();
    world.publish("buckeroo", "2").unwrap();
    assert_eq!(world.texts("plumless.b9", &Since::default()), "1");
    assert_eq!(world.texts("buckeroo.b9", &Since::default()), "2");
    let bearer = |id: &[u8]| Some(Box::from(id));
    let event = |id: &[u8]| Draft { event_id: bearer(id), store: true, ..draft("e") };
    world.send("x", event(b"plumless")).unwrap();
    world.publish("x", "after").unwrap();
    let since = Since { event_id: bearer(b"buckeroo"), ..Since::default() };
    assert_eq!(world.texts("x", &since), "");
}
