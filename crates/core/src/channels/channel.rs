//! A channel: its name, history and subscriptions.

use super::history::History;
use super::interest::Interest;
use super::{ChannelKey, budget};
use crate::message::ChannelId;

/// A channel that exists, or that was deleted and waits for the sweep.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) key: ChannelKey,
    pub(super) id: ChannelId,
    /// Its id begins with the wildcard prefix.
    pub(super) wildcard: bool,
    /// It is the events channel.
    pub(super) events: bool,
    /// Id of the newest message, 0 before the first.
    pub(super) last_id: u64,
    /// Bytes of the texts of all its messages.
    pub(super) published_bytes: u64,
    pub(super) history: History,
    pub(super) interest: Interest,
    /// Requests of the relay protocol that wait for one message.
    pub(super) waiting: Interest,
    /// What their deliveries are called; `None` if nobody waits.
    pub(super) round: Option<ChannelKey>,
    /// Second and order of the newest message that was stored.
    pub(super) newest: Option<(u64, u32)>,
    /// Second since 1970 at which a relay subscriber asked last.
    pub(super) requested: Option<u64>,
    /// Second of the monotonic clock from which on it may be collected.
    pub(super) expires: u64,
    /// It is on the agenda of idle channels. Whatever is idle is.
    pub(super) scheduled: bool,
    /// Second of its latest entry on the agenda of expiring messages.
    pub(super) expiry: u64,
    /// What the message that told its deletion costs; 0 while it lives.
    pub(super) deletion_bytes: u64,
}

impl Channel {
    pub(super) fn new(key: ChannelKey, id: ChannelId, wildcard: bool) -> Self {
        Self {
            key,
            id,
            wildcard,
            events: false,
            last_id: 0,
            published_bytes: 0,
            history: History::default(),
            interest: Interest::default(),
            waiting: Interest::default(),
            round: None,
            newest: None,
            requested: None,
            expires: 0,
            scheduled: false,
            expiry: 0,
            deletion_bytes: 0,
        }
    }

    /// Nothing is stored and nobody is subscribed: it lives until its expiry time.
    pub(super) fn is_idle(&self) -> bool {
        self.history.is_empty() && self.interest.is_empty() && self.round.is_none() && !self.events
    }

    /// Subscriptions of streams and requests that wait.
    pub(super) fn subscriptions(&self) -> u64 {
        self.interest.total() + self.waiting.total()
    }

    /// The order of a message that is published at the second `time`.
    pub(super) fn order_at(&self, time: u64) -> u32 {
        match self.newest {
            Some((second, order)) if second == time => order.saturating_add(1),
            _ => 0,
        }
    }

    /// What it costs, its messages not counted.
    pub(super) fn bytes(&self) -> u64 {
        budget::channel_bytes(&self.id) + self.deletion_bytes
    }
}
