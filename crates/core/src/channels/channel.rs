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
    pub(super) history: History,
    pub(super) interest: Interest,
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
            history: History::default(),
            interest: Interest::default(),
            expires: 0,
            scheduled: false,
            expiry: 0,
            deletion_bytes: 0,
        }
    }

    /// Nothing is stored and nobody is subscribed: it lives until its expiry time.
    pub(super) fn is_idle(&self) -> bool {
        self.history.is_empty() && self.interest.is_empty() && !self.events
    }

    /// What it costs, its messages not counted.
    pub(super) fn bytes(&self) -> u64 {
        budget::channel_bytes(&self.id) + self.deletion_bytes
    }
}
