//! What a monitor is told.

use super::*;

#[test]
fn every_message_and_channel_is_accounted_for() {
    let store = settings(|store| {
        store.message_ttl = Some(seconds(3));
        store.max_messages_stored_per_channel = Some(2);
        store.wildcard_channel_prefix = (&b"w_"[..]).into();
        store.events_channel_id = (&b"ev"[..]).into();
    });
    let mut world = World::with_bytes(&store, 20_000);
    for text in ["1", "2", "3"] {
        world.publish("a", text).unwrap();
    }
    world.publish("b", "x").unwrap();
    world.send("w_1", draft("not stored")).unwrap();
    world.subscribe(W1, "w_1").unwrap();
    world.delete("b").unwrap();
    let figures = world.channels.figures();
    assert_eq!((figures.channels, figures.wildcard_channels, figures.subscribers), (2, 1, 1));
    assert_eq!((figures.stored_messages, figures.memory_bytes_max), (3, 20_000));
    assert_eq!(figures.memory_bytes, world.channels.budget.bytes());
    world.pass(60);
    let expected = Tally {
        published: 5,
        stored: 4,
        expired: 2,
        displaced: 1,
        deleted: 1,
        channels_created: 4,
        channels_deleted: 1,
        channels_collected: 1,
    };
    assert_eq!(world.channels.figures().tally, expected);
}
