//! The hub against a naive model: every subscriber gets every message of its channels once, in
//! order, whoever joins, leaves or is deleted in the middle of a round.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::message::Message;
use crate::now::epoch;
use crate::settings::SubscriberMode;
use crate::transport::{Framing, Rendering, StreamFormat};

const DATE: &[u8] = b"Sun, 06 Nov 1994 08:49:37 GMT";

fn format(framing: Framing) -> Arc<Format> {
    let rendering = Rendering::compile(SubscriberMode::Streaming, b"", b"~text~;", b"END");
    let rendering = Arc::new(rendering);
    Arc::new(Format::Stream(StreamFormat {
        rendering,
        framing,
        padding: None,
        gzip: None,
        deflate: None,
    }))
}

/// A hub, the deliveries so far and what each outlet was sent.
struct Bench {
    hub: Hub,
    sequence: u64,
    sent: HashMap<u32, String>,
    ended: Vec<u32>,
}

impl Bench {
    fn new() -> Self {
        Self { hub: Hub::new(), sequence: 0, sent: HashMap::new(), ended: Vec::new() }
    }

    fn subscribe(&mut self, outlet: u32, channels: &[u64]) -> SubscriberKey {
        let channels: Vec<_> = channels.iter().map(|c| ChannelKey(*c)).collect();
        let format = format(Framing::Raw);
        self.hub.subscribe(Outlet(outlet), format, &channels, self.sequence, epoch().tick)
    }

    fn publish(&mut self, channel: u64, text: &str) {
        self.deliver(channel, text, false);
    }

    fn deliver(&mut self, channel: u64, text: &str, deleted: bool) {
        self.sequence += 1;
        let mut message = Message::special(1, Arc::from(&b"ch"[..]), text.as_bytes());
        message.tag = self.sequence;
        let (channel, message) = (ChannelKey(channel), Arc::new(message));
        let delivery = match deleted {
            false => Delivery::Message { channel, message, published: 1, workers: SmallVec::new() },
            true => Delivery::Deleted { channel, message, workers: SmallVec::new() },
        };
        self.hub.deliver(self.sequence, delivery);
    }

    fn walk(&mut self, visits: usize) -> bool {
        let Self { hub, sent, ended, .. } = self;
        hub.walk(visits, epoch().tick, DATE, |outlet, output| {
            let piece = match &output {
                Output::Message(message, deleted) => {
                    let text = String::from_utf8_lossy(&message.text);
                    let text = format!("{text}{}", if *deleted { "!" } else { "," });
                    return sent.entry(outlet.0).or_default().push_str(&text);
                }
                Output::Send(frame) => {
                    let ends = frame.ends.iter().flat_map(|ends| ends.iter());
                    ends.for_each(|end| assert_eq!(frame.bytes[*end as usize - 1], b';'));
                    &frame.bytes
                }
                Output::Answered(frame, _) => &frame.bytes,
                Output::Ended(piece, _) => *piece,
            };
            let text = String::from_utf8_lossy(piece);
            sent.entry(outlet.0).or_default().push_str(&text);
            if matches!(output, Output::Ended(..)) {
                ended.push(outlet.0);
            }
        })
    }

    fn settle(&mut self) {
        while self.walk(3) {}
    }

    fn check(&self, outlet: u32, expected: &str) {
        assert_eq!(self.sent.get(&outlet).map_or("", String::as_str), expected, "outlet {outlet}");
    }
}

#[test]
fn a_burst_before_the_first_visit_is_one_round() {
    let mut bench = Bench::new();
    for outlet in 0..3 {
        bench.subscribe(outlet, &[1]);
    }
    ["a", "b", "c"].iter().for_each(|text| bench.publish(1, text));
    assert!(!bench.walk(4), "three visits, and a look at the end of the row");
    assert_eq!(bench.sent[&2], "a;b;c;");
}

#[test]
fn each_gets_what_was_published_after_it_came() {
    let mut bench = Bench::new();
    bench.subscribe(1, &[7]);
    bench.publish(7, "a");
    bench.subscribe(2, &[7]);
    bench.publish(7, "b");
    bench.settle();
    bench.check(1, "a;b;");
    bench.check(2, "b;");
}

#[test]
fn messages_of_several_channels_keep_their_order() {
    let mut bench = Bench::new();
    bench.subscribe(1, &[7, 8]);
    bench.publish(8, "a");
    bench.publish(7, "b");
    bench.publish(8, "c");
    bench.settle();
    bench.check(1, "a;b;c;");
}

#[test]
fn a_channel_named_twice_is_delivered_twice() {
    let mut bench = Bench::new();
    let key = bench.subscribe(1, &[7, 7]);
    bench.publish(7, "a");
    bench.settle();
    bench.check(1, "a;a;");
    assert_eq!(bench.hub.unsubscribe(key).as_slice(), [ChannelKey(7), ChannelKey(7)]);
}

#[test]
fn what_comes_during_a_round_joins_the_later_visits() {
    let mut bench = Bench::new();
    for outlet in 0..4 {
        bench.subscribe(outlet, &[7]);
    }
    bench.publish(7, "a");
    assert!(bench.walk(2));
    bench.publish(7, "b");
    bench.check(3, "");
    assert!(bench.walk(2));
    bench.check(0, "a;");
    bench.check(3, "a;b;");
    bench.settle();
    bench.check(0, "a;b;");
    bench.check(3, "a;b;");
}

#[test]
fn deletion_ends_those_without_another_channel() {
    let mut bench = Bench::new();
    bench.subscribe(1, &[7]);
    bench.subscribe(2, &[7, 8]);
    bench.publish(7, "a");
    bench.deliver(7, "gone", true);
    bench.publish(8, "b");
    bench.settle();
    bench.check(1, "a;gone;END");
    bench.check(2, "a;gone;b;");
    assert_eq!(bench.ended, [1]);
    assert_eq!(bench.hub.len(), 1);
}

#[test]
fn frames_are_shared_within_a_format() {
    let mut bench = Bench::new();
    bench.subscribe(1, &[7]);
    bench.subscribe(2, &[7]);
    bench.publish(7, "a");
    let mut pieces = Vec::new();
    bench.hub.walk(10, epoch().tick, DATE, |_, output| {
        if let Output::Send(frame) = output {
            pieces.push(Rc::clone(&frame.bytes));
        }
    });
    assert!(Rc::ptr_eq(&pieces[0], &pieces[1]));
}

#[test]
fn an_idle_hub_keeps_nothing() {
    let mut bench = Bench::new();
    let key = bench.subscribe(1, &[7]);
    bench.publish(7, "a");
    bench.settle();
    bench.hub.unsubscribe(key);
    assert!(bench.hub.is_empty());
    assert!(bench.hub.channels.is_empty());
    assert!(bench.hub.by_key.is_empty());
}

/// Wide rounds under way, then a message on a channel of its own: how many visits until it is
/// sent, in walks of `visits`.
fn visits_until_served(wide_channels: u64, visits: usize) -> usize {
    let mut bench = Bench::new();
    for outlet in 0..1000 {
        bench.subscribe(outlet, &[u64::from(outlet) % wide_channels]);
    }
    bench.subscribe(5000, &[1000]);
    (0..wide_channels).for_each(|channel| bench.publish(channel, "wide"));
    for _ in 0..wide_channels {
        assert!(bench.walk(64));
    }
    bench.publish(1000, "small");
    let mut spent = 0;
    while !bench.sent.contains_key(&5000) {
        assert!(bench.walk(visits), "the wide rounds are not over");
        spent += visits;
    }
    spent
}

#[test]
fn a_small_channel_does_not_wait_for_wide_ones() {
    for wide_channels in 1..8 {
        assert!(visits_until_served(wide_channels, 1) <= 65, "{wide_channels} wide channels");
        assert!(visits_until_served(wide_channels, 32) <= 96, "{wide_channels} wide channels");
    }
}

#[test]
fn a_flood_of_small_rounds_does_not_stop_a_wide_one() {
    let mut bench = Bench::new();
    for outlet in 0..1000 {
        bench.subscribe(outlet, &[1]);
    }
    for outlet in 1000..2000 {
        bench.subscribe(outlet, &[u64::from(outlet)]);
    }
    bench.publish(1, "wide");
    bench.walk(64);
    (1000..2000).for_each(|channel| bench.publish(channel, "small"));
    bench.walk(576);
    let wide = (0..1000).filter(|outlet| bench.sent.contains_key(outlet)).count();
    assert_eq!(wide, 64 + 192);
}

#[derive(Clone, Debug)]
enum Step {
    Subscribe(Vec<usize>),
    Unsubscribe(prop::sample::Index),
    Publish(usize),
    Delete(usize),
    Walk(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => prop::collection::vec(0..4_usize, 1..4).prop_map(Step::Subscribe),
        1 => any::<prop::sample::Index>().prop_map(Step::Unsubscribe),
        4 => (0..4_usize).prop_map(Step::Publish),
        1 => (0..4_usize).prop_map(Step::Delete),
        4 => (1..6_usize).prop_map(Step::Walk),
    ]
}

/// What a subscriber is owed.
struct Owed {
    channels: Vec<u64>,
    text: String,
    key: Option<SubscriberKey>,
}

/// Plays the steps on the hub and on the model; a deleted channel is followed by a new life.
fn play(steps: Vec<Step>) {
    let mut bench = Bench::new();
    let mut owed: Vec<Owed> = Vec::new();
    let mut lives = [0_u64, 1, 2, 3];
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Subscribe(names) => {
                let channels: Vec<u64> = names.iter().map(|n| lives[*n]).collect();
                let outlet = u32::try_from(owed.len()).unwrap();
                let key = Some(bench.subscribe(outlet, &channels));
                owed.push(Owed { channels, text: String::new(), key });
            }
            Step::Unsubscribe(index) => {
                // Only who has got everything leaves, so that the model knows what it got.
                bench.settle();
                end_deleted(&mut owed);
                let present: Vec<usize> =
                    (0..owed.len()).filter(|o| owed[*o].key.is_some()).collect();
                if !present.is_empty() {
                    let who = present[index.index(present.len())];
                    bench.hub.unsubscribe(owed[who].key.take().unwrap());
                    owed[who].channels.clear();
                }
            }
            Step::Publish(name) => {
                let text = format!("{number}");
                bench.publish(lives[name], &text);
                for owed in &mut owed {
                    let copies = owed.channels.iter().filter(|c| **c == lives[name]);
                    owed.text.push_str(&format!("{text};").repeat(copies.count()));
                }
            }
            Step::Delete(name) => {
                let life = std::mem::replace(&mut lives[name], 10 + number as u64);
                bench.deliver(life, "D", true);
                for owed in &mut owed {
                    let copies = owed.channels.iter().filter(|c| **c == life).count();
                    owed.text.push_str(&"D;".repeat(copies));
                    owed.channels.retain(|c| *c != life);
                    if copies > 0 && owed.channels.is_empty() {
                        owed.text.push_str("END");
                    }
                }
            }
            Step::Walk(visits) => {
                bench.walk(visits);
            }
        }
    }
    bench.settle();
    for (outlet, owed) in owed.iter().enumerate() {
        bench.check(u32::try_from(outlet).unwrap(), &owed.text);
    }
}

/// Subscribers whose last channel was deleted are gone from the hub.
fn end_deleted(owed: &mut [Owed]) {
    for owed in owed {
        if owed.channels.is_empty() {
            owed.key = None;
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_repeated_or_misordered(steps in prop::collection::vec(step(), 0..60)) {
        play(steps);
    }
}

#[test]
fn held_connections_get_messages_of_what_they_have_joined() {
    let mut bench = Bench::new();
    let stream = bench.subscribe(1, &[1]);
    let held = bench.hub.hold(Outlet(2), bench.sequence, epoch().tick);
    bench.publish(1, "before");
    bench.hub.join(held, ChannelKey(1), bench.sequence);
    bench.hub.join(held, ChannelKey(1), bench.sequence);
    bench.publish(1, "a");
    bench.publish(2, "unheard");
    while bench.walk(1) {}
    assert_eq!(bench.sent[&2], "a,");
    assert_eq!(bench.sent[&1], "before;a;");
    // What waits is handed over before channels change.
    bench.publish(1, "b");
    let mut drained = Vec::new();
    bench.hub.drain(held, epoch().tick, |_, output| {
        if let Output::Message(message, _) = output {
            drained.push(message.text.clone());
        }
    });
    assert_eq!(drained, [Box::from(*b"b")]);
    bench.hub.join(held, ChannelKey(2), bench.sequence);
    assert!(bench.hub.part(held, ChannelKey(1)) && !bench.hub.part(held, ChannelKey(1)));
    bench.publish(1, "c");
    bench.publish(2, "d");
    bench.deliver(2, "gone", true);
    while bench.walk(1) {}
    assert_eq!(bench.sent[&2], "a,d,gone!");
    assert_eq!(bench.sent[&1], "before;a;b;c;");
    assert!(bench.hub.unsubscribe(held).is_empty());
    assert_eq!(bench.hub.unsubscribe(stream).as_slice(), [ChannelKey(1)]);
}

#[test]
fn what_is_for_holds_alone_is_nothing_for_others() {
    use crate::grip::{Content, StreamContent};
    let mut bench = Bench::new();
    bench.subscribe(1, &[1]);
    let held = bench.hub.hold(Outlet(2), 0, epoch().tick);
    bench.hub.join(held, ChannelKey(1), 0);
    let mut message = Message::special(1, Arc::from(&b"ch"[..]), *b"");
    let content = Content { stream: Some(StreamContent::Close), ..Content::default() };
    message.content = Some(Box::new(content));
    bench.sequence += 1;
    let (channel, message, workers) = (ChannelKey(1), Arc::new(message), SmallVec::new());
    let delivery = Delivery::Message { channel, message, published: 1, workers };
    bench.hub.deliver(bench.sequence, delivery);
    while bench.walk(9) {}
    bench.publish(1, "a");
    while bench.walk(9) {}
    assert_eq!(bench.sent[&1], "a;");
    assert_eq!(bench.sent[&2], ",a,");
}
