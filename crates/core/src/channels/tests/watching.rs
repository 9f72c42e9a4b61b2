//! What somebody who watches the store is told.

use super::*;

fn told(world: &mut World) -> String {
    let now = world.now;
    let told = world.channels.happenings(now);
    let told =
        told.map(|h| format!("{} {} {}", h.number, h.word, words([&*h.channel].into_iter())));
    told.collect::<Vec<_>>().join(", ")
}

fn ids(list: &[Standing]) -> String {
    words(list.iter().map(|standing| &*standing.id))
}

/// A whole round in slices of `most`.
fn round(survey: &mut Survey, world: &World, most: usize) -> Ranking {
    loop {
        if let Some(ranking) = survey.look(&world.channels, most, world.now.tick) {
            assert!(!survey.is_under_way());
            return ranking;
        }
        assert!(survey.is_under_way());
    }
}

#[test]
fn events_are_kept_only_while_somebody_watches() {
    let mut world = World::new(&Store::default());
    world.publish("before", "x").unwrap();
    assert!(world.channels.happenings.is_none(), "nobody asked");
    assert_eq!(told(&mut world), "");
    let subscribed = world.subscribe(W0, "a").unwrap();
    world.unsubscribe(W0, &subscribed);
    let all = "1 channel_created a, 2 client_subscribed a, 3 client_unsubscribed a";
    assert_eq!(told(&mut world), all);
    world.pass(4);
    world.publish("b", "x").unwrap();
    assert_eq!(told(&mut world), format!("{all}, 4 channel_created b"));
    world.pass(3);
    assert_eq!(told(&mut world), "4 channel_created b", "old ones are not told again");
    world.pass(6);
    assert!(world.channels.happenings.is_none(), "nobody asked for a while");
}

#[test]
fn events_are_bounded_and_told_beside_the_events_channel() {
    let store = settings(|store| store.events_channel_id = (&b"ev"[..]).into());
    let mut world = World::new(&store);
    assert_eq!(told(&mut world), "");
    for number in 0..250 {
        world.publish(&format!("c{number}"), "x").unwrap();
    }
    let now = world.now;
    let numbers: Vec<_> = world.channels.happenings(now).map(|h| h.number).collect();
    assert_eq!((numbers.len(), numbers[0], numbers[99]), (100, 151, 250));
}

#[test]
fn channels_that_stand_out_whatever_the_slices() {
    for most in [1, 2, 3, 7, 1000] {
        let mut world = World::new(&Store::default());
        let mut survey = Survey::default();
        for number in 0..20 {
            world.publish(&format!("c{number}"), "text").unwrap();
        }
        for path in ["c3/c5", "c3/c5", "c3"] {
            world.subscribe(W0, path).unwrap();
        }
        let first = round(&mut survey, &world, most);
        assert_eq!(ids(&first.by_subscribers), "c3 c5 c0 c1 c2 c4 c6 c7 c8 c9");
        assert_eq!(first.by_subscribers[0].subscribers, 3);
        assert!(first.by_rate.is_empty(), "nothing is known of rates");
        world.delete("c0").unwrap();
        world.now = world.now.later(seconds(2));
        for _ in 0..4 {
            world.publish("c7", "1234567890").unwrap();
        }
        world.publish("c9", &"x".repeat(100)).unwrap();
        world.publish("new", "abcdef").unwrap();
        let second = round(&mut survey, &world, most);
        assert_eq!(ids(&second.by_rate), "c7 c9 new", "{most}");
        assert_eq!(ids(&second.by_bytes), "c9 c7 new");
        let rates: Vec<_> = second.by_rate.iter().map(|s| (s.rate, s.bytes_rate)).collect();
        assert_eq!(rates, [(2.0, 20.0), (0.5, 50.0), (0.5, 3.0)]);
        assert_eq!((second.by_rate[0].published, second.by_rate[0].stored), (5, 5));
        let third = round(&mut survey, &world, most);
        assert_eq!((ids(&third.by_rate), ids(&third.by_bytes)), (String::new(), String::new()));
    }
}

#[test]
fn who_watches_is_a_connection_without_channels() {
    let mut world = World::with_bytes(&Store::default(), 10_000);
    let before = world.channels.budget.bytes();
    let watching = world.channels.attend(W1).unwrap();
    assert_eq!(world.channels.figures().subscribers, 1);
    assert!(watching.channels.is_empty() && watching.backlog.is_empty());
    world.unsubscribe(W1, &watching);
    assert_eq!((world.channels.figures().subscribers, world.channels.budget.bytes()), (0, before));
}
