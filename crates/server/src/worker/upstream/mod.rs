//! Requests that are handed to upstreams, and what comes back.
//!
//! ```text
//! relay ──▶ ask ──▶ Connecting ──▶ Head ──▶ Body or Tunnel ──▶ the client's next request
//!            ▲          └───── next_upstream ◀──┘ └─ error page, X-Accel-Redirect: proceed
//!            └──────────────────────┘
//! ```
//!
//! A relay belongs to the upstream's connection; the client's connection, or the request that waits
//! for an errand, knows it by key. Neither side is read while the other one cannot take more.

mod answer;
mod ask;
mod body;
mod end;
mod fail;
mod read;
mod start;

pub(super) use ask::draw;
pub(super) use start::COLLECTED_MAX;

use outpour_core::now::Tick;
use outpour_core::upstream::Attempt;

use super::Worker;
use super::agenda;
use crate::exchange::Exchange;
use crate::upstream::{Employment, Relay, UpstreamConnection, UpstreamKey};

impl Worker {
    /// The connection, if that key is still its own.
    fn upstream(&mut self, key: UpstreamKey) -> Option<&mut UpstreamConnection> {
        self.upstreams.get_mut(key.slot as usize).filter(|u| u.generation == key.generation)
    }

    /// The request that the connection is used for.
    pub(super) fn relay_of(&mut self, key: UpstreamKey) -> Option<&mut Relay> {
        self.upstream(key)?.relay()
    }

    /// The request that the connection is used for, as logs want to see it.
    pub(super) fn relayed_exchange(&self, key: UpstreamKey) -> Option<&Exchange> {
        let upstream = self.upstreams.get(key.slot as usize)?;
        match &upstream.employment {
            Employment::Busy(relay) if upstream.generation == key.generation => {
                Some(&relay.exchange)
            }
            Employment::Busy(_) | Employment::Idle { .. } => None,
        }
    }

    /// Makes sure that the timer wheel looks at the connection when its next deadline comes.
    fn file_upstream_deadline(&mut self, key: UpstreamKey) {
        let now = self.now.tick;
        let Some(upstream) = self.upstreams.get_mut(key.slot as usize) else { return };
        if upstream.generation == key.generation
            && let Some(due) = due(upstream)
        {
            self.upstream_agenda.file(key.slot, due, &mut upstream.filed, now);
        }
    }

    /// Acts on every deadline of upstreams that has passed.
    pub(super) fn expire_upstream_deadlines(&mut self) {
        let now = self.now.tick;
        for slot in self.upstream_agenda.take() {
            let Some(upstream) = self.upstreams.get_mut(slot as usize) else { continue };
            if !agenda::is_due(&mut upstream.filed, now) {
                continue;
            }
            let key = UpstreamKey { slot, generation: upstream.generation };
            if due(upstream).is_some_and(|due| due <= now) {
                match upstream.employment {
                    Employment::Idle { .. } => self.close_idle(key),
                    Employment::Busy(_) => self.upstream_timed_out(key),
                }
            }
            self.file_upstream_deadline(key);
        }
    }
}

fn due(upstream: &UpstreamConnection) -> Option<Tick> {
    match &upstream.employment {
        Employment::Idle { until } => Some(*until),
        Employment::Busy(relay) => relay.due(),
    }
}

/// Milliseconds of an attempt, for the log.
fn millis(since: Tick, now: Tick) -> u64 {
    u64::try_from(now.since(since).as_millis()).unwrap_or(u64::MAX)
}

/// Lets `note` write down something of the present attempt.
fn account(relay: &mut Relay, now: Tick, note: impl FnOnce(&mut Attempt, u64)) {
    let elapsed = millis(relay.attempt_begun, now);
    if let Some(attempt) = relay.attempt() {
        note(attempt, elapsed);
    }
}
