//! The relay protocol.

use super::*;
use crate::message::Message;
use crate::settings::FirstMessage;

const KEPT: Retention = Retention {
    message_ttl: Some(Duration::from_secs(3600)),
    messages_max: 10,
    channel_timeout: Duration::from_secs(5),
    delete_received_above: None,
};

const RULES: RelayRules = RelayRules {
    authorized_channels_only: false,
    max_channel_subscribers: None,
    concurrency: Concurrency::Broadcast,
    retention: KEPT,
    consumes: false,
};

const OLDEST: RelayStart = RelayStart::First(FirstMessage::Oldest);

fn entries(ids: &str) -> Vec<Entry> {
    let entry = |id: &str| Entry { id: id.as_bytes().into(), backtrack: 0 };
    ids.split(' ').map(entry).collect()
}

impl World {
    /// Publishes; the number of subscribers that there were.
    fn relay(&mut self, ids: &str, text: &str) -> u64 {
        self.relay_kept(ids, text, KEPT)
    }

    fn relay_kept(&mut self, ids: &str, text: &str, retention: Retention) -> u64 {
        let draft = Draft { store: true, retention: Some(retention), ..draft(text) };
        self.channels.relay_publish(&entries(ids), &draft, false, self.now).unwrap()
    }

    /// Publishes as `push_sender` does.
    fn queue(&mut self, id: &str, text: &str) -> u64 {
        let draft = Draft { store: true, retention: Some(KEPT), ..draft(text) };
        self.channels.relay_publish(&entries(id), &draft, true, self.now).unwrap()
    }

    fn next(&mut self, ids: &str, rules: &RelayRules, start: RelayStart) -> Option<String> {
        let found = self.channels.relay_poll(&entries(ids), rules, start, self.now).unwrap();
        found.map(|message| String::from_utf8_lossy(&message.text).into_owned())
    }

    fn wait(&mut self, ids: &str, rules: &RelayRules) -> Result<Waited, Refusal> {
        let start = RelayStart::First(FirstMessage::Newest);
        self.channels.relay_wait(W0, &entries(ids), rules, start, self.now)
    }

    fn waits(&mut self, ids: &str, rules: &RelayRules) -> Subscribed {
        match self.wait(ids, rules).unwrap() {
            Waited::Waiting(subscribed) => subscribed,
            Waited::Answer(backlog) => panic!("{backlog:?}"),
        }
    }

    fn info(&self, ids: &str) -> (u64, Option<u64>, u64) {
        let info = self.channels.relay_information(&entries(ids), self.now).unwrap();
        (info.messages, info.requested, info.subscribers)
    }

    /// What went out: ids of messages by the key they went to.
    fn posted(&mut self) -> Vec<(ChannelKey, i64)> {
        let key = |delivery: &Delivery| match delivery {
            Delivery::Message { channel, .. } | Delivery::Deleted { channel, .. } => *channel,
        };
        self.channels.deliveries().map(|d| (key(&d), d.message().id)).collect()
    }
}

#[test]
fn a_reader_walks_through_the_queue() {
    let mut world = World::new(&Store::default());
    world.relay("a", "one");
    world.relay("a", "two");
    world.pass(1);
    world.relay("a", "three");
    let second = epoch().unix;
    let behind = |time, order| RelayStart::Behind { time, order };
    let mut check = |start, expected: Option<&str>| {
        assert_eq!(world.next("a", &RULES, start).as_deref(), expected, "{start:?}");
    };
    check(OLDEST, Some("one"));
    check(behind(0, 0), Some("one"));
    check(behind(second, 0), Some("two"));
    check(behind(second, 1), Some("three"));
    check(behind(second, 99), Some("three"));
    check(behind(second + 1, 0), None);
    check(RelayStart::First(FirstMessage::Newest), None);
    check(RelayStart::First(FirstMessage::Nth(2)), Some("two"));
    check(RelayStart::First(FirstMessage::Nth(-1)), Some("three"));
    check(RelayStart::First(FirstMessage::Nth(-9)), Some("one"));
    check(RelayStart::First(FirstMessage::Nth(9)), None);
    check(RelayStart::First(FirstMessage::Nth(0)), None);
}

#[test]
fn orders_are_of_the_channel_and_begin_anew_each_second() {
    let mut world = World::new(&Store::default());
    for id in ["b", "a", "b", "a"] {
        world.relay(id, "x");
    }
    let mut order = |start| {
        let found = world.channels.relay_poll(&entries("a"), &RULES, start, world.now).unwrap();
        found.map(|message| message.order)
    };
    let second = epoch().unix;
    assert_eq!(order(OLDEST), Some(0));
    assert_eq!(order(RelayStart::Behind { time: second, order: 0 }), Some(1));
    world.pass(1);
    world.relay("a", "x");
    let last = RelayStart::First(FirstMessage::Nth(-1));
    let found = world.channels.relay_poll(&entries("a"), &RULES, last, world.now).unwrap();
    assert_eq!(found.map(|message| (message.time, message.order)), Some((second + 1, 0)));
}

#[test]
fn a_message_answers_all_that_wait_and_nobody_counts_afterwards() {
    let mut world = World::new(&Store::default());
    let first = world.waits("a", &RULES);
    let second = world.waits("a", &RULES);
    assert_eq!(first.channels, second.channels);
    assert_eq!(world.info("a"), (0, Some(0), 2));
    assert_eq!(world.relay("a", "x"), 2);
    assert_eq!(world.posted(), [(first.channels[0], 1)]);
    // Both are gone, although their worker has not said so yet.
    assert_eq!(world.info("a"), (1, Some(0), 0));
    assert_eq!(world.relay("a", "y"), 0);
    assert_eq!(world.posted(), []);
    world.unsubscribe(W0, &first);
    world.unsubscribe(W0, &second);
    assert_eq!(world.summary().subscribers, 0);
    let third = world.waits("a", &RULES);
    assert_ne!(third.channels, first.channels);
    world.unsubscribe(W0, &third);
    assert_eq!(world.info("a").2, 0);
}

#[test]
fn streams_and_polls_of_a_channel_get_the_same_message() {
    let mut world = World::new(&Store::default());
    let stream = world.subscribe(W1, "a").unwrap();
    let poll = world.waits("a", &RULES);
    assert_eq!(world.relay("a", "x"), 2);
    assert_eq!(world.posted(), [(stream.channels[0], 1), (poll.channels[0], 1)]);
    assert_eq!(world.info("a").2, 1);
    world.publish("a", "y").unwrap();
    assert_eq!(world.posted(), [(stream.channels[0], 2)]);
}

#[test]
fn the_first_keeps_others_out() {
    let rules = RelayRules { concurrency: Concurrency::First, ..RULES };
    let mut world = World::new(&Store::default());
    // A stream does not wait.
    world.subscribe(W1, "a").unwrap();
    let first = world.waits("a", &rules);
    assert_eq!(world.wait("a", &rules), Err(Refusal::SomebodyWaits));
    world.relay("a", "x");
    let again = world.waits("a", &rules);
    world.unsubscribe(W0, &first);
    assert_eq!(world.wait("a", &rules), Err(Refusal::SomebodyWaits));
    world.unsubscribe(W0, &again);
    world.waits("a", &rules);
}

#[test]
fn the_last_takes_the_place_of_those_before() {
    let rules = RelayRules { concurrency: Concurrency::Last, ..RULES };
    let mut world = World::new(&Store::default());
    let first = world.waits("a", &rules);
    let second = world.waits("a", &rules);
    assert_eq!(world.posted(), [(first.channels[0], Message::CONFLICT_ID)]);
    assert_eq!(world.relay("a", "x"), 1);
    assert_eq!(world.posted(), [(second.channels[0], 1)]);
}

#[test]
fn the_number_of_subscribers_is_limited() {
    let rules = RelayRules { max_channel_subscribers: Some(2), ..RULES };
    let mut world = World::new(&Store::default());
    world.waits("a", &rules);
    world.waits("a", &rules);
    assert_eq!(world.wait("a", &rules), Err(Refusal::SubscribersExceeded));
    world.waits("b", &rules);
}

#[test]
fn only_publishers_make_authorized_channels() {
    let rules = RelayRules { authorized_channels_only: true, ..RULES };
    let mut world = World::new(&Store::default());
    assert_eq!(world.wait("a", &rules), Err(Refusal::CannotCreate));
    assert_eq!(world.channels.relay_information(&entries("a"), world.now), None);
    world.relay_kept("a", "x", Retention { messages_max: 0, ..KEPT });
    world.waits("a", &rules);
}

#[test]
fn the_buffer_has_the_length_of_the_publishers_location() {
    let mut world = World::new(&Store::default());
    let short = Retention { messages_max: 2, ..KEPT };
    for text in ["one", "two", "three"] {
        world.relay_kept("a", text, short);
    }
    assert_eq!(world.info("a").0, 2);
    assert_eq!(world.next("a", &RULES, OLDEST).as_deref(), Some("two"));
    world.pass(1);
    let brief = Retention { message_ttl: Some(seconds(2)), ..KEPT };
    world.relay_kept("b", "x", brief);
    world.pass(3);
    assert_eq!(world.info("b").0, 0);
}

#[test]
fn idle_channels_go_after_their_own_time() {
    let mut world = World::new(&Store::default());
    let poll = world.waits("a", &RULES);
    world.pass(60);
    assert_eq!(world.info("a").2, 1);
    world.unsubscribe(W0, &poll);
    world.pass(1);
    assert_eq!(world.channels.relay_information(&entries("a"), world.now), None);
    world.next("b", &RULES, OLDEST);
    world.pass(4);
    assert_eq!(world.info("b"), (0, Some(4), 0));
    world.pass(2);
    assert_eq!(world.channels.relay_information(&entries("b"), world.now), None);
}

#[test]
fn what_was_received_may_be_deleted() {
    let retention = Retention { delete_received_above: Some(1), ..KEPT };
    let rules = RelayRules { retention, ..RULES };
    let mut world = World::new(&Store::default());
    for text in ["one", "two", "three"] {
        world.relay_kept("a", text, retention);
    }
    assert_eq!(
        world.next("a", &rules, RelayStart::First(FirstMessage::Nth(2))).as_deref(),
        Some("two")
    );
    assert_eq!(world.info("a").0, 3);
    assert_eq!(world.next("a", &rules, OLDEST).as_deref(), Some("one"));
    assert_eq!(world.next("a", &rules, OLDEST).as_deref(), Some("two"));
    assert_eq!(world.next("a", &rules, OLDEST).as_deref(), Some("three"));
    assert_eq!(world.next("a", &rules, OLDEST).as_deref(), Some("three"));
    let none = Retention { delete_received_above: Some(0), ..KEPT };
    world.waits("b", &rules);
    world.relay_kept("b", "x", none);
    assert_eq!(world.info("b").0, 0);
}

#[test]
fn a_queue_is_consumed() {
    let rules = RelayRules { consumes: true, ..RULES };
    let mut world = World::new(&Store::default());
    assert_eq!((world.queue("a", "one"), world.queue("a", "two")), (0, 0));
    assert_eq!(world.summary().stored_messages, 2);
    assert_eq!(world.next("a", &rules, OLDEST).as_deref(), Some("one"));
    assert_eq!(world.next("a", &rules, OLDEST).as_deref(), Some("two"));
    assert_eq!(world.next("a", &rules, OLDEST), None);
    assert_eq!(world.summary().stored_messages, 0);
    world.waits("a", &rules);
    assert_eq!(world.queue("a", "three"), 1);
    assert_eq!(world.info("a").0, 0);
    // Whoever waited has been answered: the next message finds nobody and stays.
    assert_eq!(world.queue("a", "four"), 0);
    assert_eq!(world.next("a", &rules, OLDEST).as_deref(), Some("four"));
}

#[test]
fn several_channels_are_read_in_the_order_of_publication() {
    let mut world = World::new(&Store::default());
    for (id, text) in [("a", "1"), ("b", "2"), ("a", "3"), ("b", "4")] {
        world.relay(id, text);
    }
    let mut start = OLDEST;
    let mut texts = Vec::new();
    while let Some(message) =
        world.channels.relay_poll(&entries("b a"), &RULES, start, world.now).unwrap()
    {
        texts.push(String::from_utf8_lossy(&message.text).into_owned());
        start = RelayStart::Behind { time: message.time, order: message.tag - 1 };
    }
    assert_eq!(texts, ["1", "2", "3", "4"]);
    let stream =
        world.channels.relay_stream(W0, &entries("b a"), &RULES, OLDEST, world.now).unwrap();
    assert_eq!(words(stream.backlog.messages().map(|m| &*m.text)), "1 2 3 4");
    world.waits("a b", &RULES);
    assert_eq!(world.relay("a b", "both"), 4);
}

#[test]
fn deletion_tells_who_waits() {
    let mut world = World::new(&Store::default());
    let poll = world.waits("a", &RULES);
    world.relay("b", "x");
    world.posted();
    let info = world.channels.relay_delete(&entries("a"), None, world.now).unwrap();
    assert_eq!(info.map(|info| info.subscribers), Some(1));
    assert_eq!(world.posted(), [(poll.channels[0], Message::DELETED_ID)]);
    assert_eq!(world.channels.relay_delete(&entries("a"), None, world.now), Ok(None));
    world.unsubscribe(W0, &poll);
    assert_eq!(world.summary().subscribers, 0);
}

#[test]
fn a_worker_that_ends_leaves_its_rounds() {
    let mut world = World::new(&Store::default());
    world.waits("a", &RULES);
    world.channels.forget_worker(W0, world.now);
    assert_eq!(world.info("a").2, 0);
    assert_eq!(world.relay("a", "x"), 0);
}

#[test]
fn events_are_told_and_not_written() {
    let mut world = World::new(&settings(|store| store.events_channel_id = Box::from(*b"events")));
    assert_eq!(world.wait("events", &RULES), Err(Refusal::EventsNotAllowed));
    let draft = draft("x");
    let published = world.channels.relay_publish(&entries("events"), &draft, false, world.now);
    assert_eq!(published, Err(Refusal::EventsReadOnly));
    let deleted = world.channels.relay_delete(&entries("events"), None, world.now);
    assert_eq!(deleted, Err(Refusal::EventsReadOnly));
    world.waits("a", &RULES);
    world.relay("a", "x");
    let all = Since { time: Some(0), ..Since::default() };
    let texts = {
        let rules = SubscribeRules {
            allow_connections_to_events_channel: true,
            ..SubscribeRules::default()
        };
        let path = parse_path(b"events");
        let backlog = world.channels.poll(&path, &rules, &all, world.now).unwrap();
        words(backlog.messages().map(|message| &*message.text))
    };
    assert_eq!(texts.matches("client_subscribed").count(), 1);
    assert_eq!(texts.matches("client_unsubscribed").count(), 1);
}
