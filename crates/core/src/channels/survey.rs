//! A look at all channels in slices: which stand out by subscribers, by messages, by bytes.

use std::sync::Arc;

use super::channel::Channel;
use super::{ChannelKey, Channels};
use crate::message::ChannelId;
use crate::now::Tick;

/// How many channels a list has.
const LISTED_MAX: usize = 10;

/// A channel that stands out.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Its id.
    pub id: ChannelId,
    /// Subscriptions.
    pub subscribers: u64,
    /// Messages published since it came into being.
    pub published: u64,
    /// Messages in its history.
    pub stored: u64,
    /// Messages a second, since the round before.
    pub rate: f64,
    /// Bytes of texts a second, since the round before.
    pub bytes_rate: f64,
}

/// The channels that stand out, the first of each list most.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranking {
    /// By subscriptions.
    pub by_subscribers: Vec<Standing>,
    /// By messages a second; those without any are not listed.
    pub by_rate: Vec<Standing>,
    /// By bytes a second; those without any are not listed.
    pub by_bytes: Vec<Standing>,
}

/// What a round keeps of a channel for the next one: 32 bytes.
#[derive(Clone, Copy, Debug)]
struct Seen {
    key: ChannelKey,
    at: Tick,
    published: u64,
    bytes: u64,
}

/// Rounds over all channels, slice by slice, so that the store is never held long.
///
/// Costs memory in proportion to the number of channels: keep one only while somebody looks.
#[derive(Debug, Default)]
pub struct Survey {
    /// In order of the keys, as everything here.
    seen: Vec<Seen>,
    before: Vec<Seen>,
    /// How far `before` was compared.
    compared: usize,
    /// When the round before began; `None` in the first round.
    began_before: Option<Tick>,
    began: Option<Tick>,
    ranking: Ranking,
}

impl Survey {
    /// Looks at the next channels, `most` at most; the ranking, if that ends the round.
    pub fn look(&mut self, channels: &Channels, most: usize, now: Tick) -> Option<Ranking> {
        self.began.get_or_insert(now);
        let last = self.seen.last().map_or(ChannelKey(0), |seen| seen.key);
        let mut looked = 0;
        for channel in channels.table.behind(last).take(most) {
            looked += 1;
            if !channel.events {
                self.rank(channel, now);
            }
            let (published, bytes) = (channel.last_id, channel.published_bytes);
            self.seen.push(Seen { key: channel.key, at: now, published, bytes });
        }
        (looked < most).then(|| self.end_round())
    }

    /// Whether a round has begun and not ended.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.began.is_some()
    }

    fn end_round(&mut self) -> Ranking {
        self.began_before = self.began.take();
        self.before = std::mem::take(&mut self.seen);
        self.compared = 0;
        std::mem::take(&mut self.ranking)
    }

    fn rank(&mut self, channel: &Channel, now: Tick) {
        let (rate, bytes_rate) = self.rates(channel, now);
        let standing = || standing(channel, rate, bytes_rate);
        let subscribers = channel.interest.total();
        place(&mut self.ranking.by_subscribers, subscribers, |s| s.subscribers, standing);
        if rate > 0.0 {
            place(&mut self.ranking.by_rate, rate, |s| s.rate, standing);
            place(&mut self.ranking.by_bytes, bytes_rate, |s| s.bytes_rate, standing);
        }
    }

    /// Messages and bytes a second since the round before. A channel that came into being since then
    /// counts from its beginning; in the first round nothing is known.
    fn rates(&mut self, channel: &Channel, now: Tick) -> (f64, f64) {
        let Some(began_before) = self.began_before else { return (0.0, 0.0) };
        while self.before.get(self.compared).is_some_and(|seen| seen.key < channel.key) {
            self.compared += 1;
        }
        let unseen = Seen { key: channel.key, at: began_before, published: 0, bytes: 0 };
        let seen = self.before.get(self.compared).filter(|seen| seen.key == channel.key);
        let seen = seen.copied().unwrap_or(unseen);
        let seconds = now.since(seen.at).as_secs_f64().max(0.001);
        #[expect(
            clippy::cast_precision_loss,
            reason = "what is published in seconds is below 2^53"
        )]
        let rate = |total: u64, before: u64| total.saturating_sub(before) as f64 / seconds;
        (rate(channel.last_id, seen.published), rate(channel.published_bytes, seen.bytes))
    }
}

impl Channels {
    /// The channel `id` by itself, without rates.
    #[must_use]
    pub fn standing(&self, id: &[u8]) -> Option<Standing> {
        self.table.lookup(id).map(|channel| standing(channel, 0.0, 0.0))
    }
}

fn standing(channel: &Channel, rate: f64, bytes_rate: f64) -> Standing {
    Standing {
        id: Arc::clone(&channel.id),
        subscribers: channel.interest.total(),
        published: channel.last_id,
        stored: channel.history.len(),
        rate,
        bytes_rate,
    }
}

/// Puts a channel into a list, if its value is among the greatest. Of equals the older comes first.
fn place<V: PartialOrd + Copy>(
    list: &mut Vec<Standing>,
    value: V,
    of: impl Fn(&Standing) -> V,
    standing: impl FnOnce() -> Standing,
) {
    let index = list.partition_point(|other| of(other) >= value);
    if index < LISTED_MAX {
        list.insert(index, standing());
        list.truncate(LISTED_MAX);
    }
}
