//! What a worker knows of one peer.

use std::time::Duration;

use super::PeerEnd;
use crate::now::Tick;
use crate::settings::UpstreamPeer;

/// Parts into which a unit of weight is divided, so that a peer that starts slowly has less than
/// one.
const PARTS: i64 = 256;

/// The state of a peer, as seen by one worker.
#[derive(Clone, Debug)]
pub(super) struct PeerState {
    /// Requests under way.
    pub(super) conns: u32,
    /// Failures that count.
    fails: u32,
    /// When the last failure was.
    accessed: Option<Tick>,
    /// When the last failure was, or the last choice after its time was over.
    checked: Option<Tick>,
    /// Since when it comes back to its weight.
    recovers_since: Option<Tick>,
    /// Its weight now: less after failures.
    effective_weight: i64,
    /// Its turn: the greatest is next.
    pub(super) current_weight: i64,
}

impl PeerState {
    pub(super) fn new(settings: &UpstreamPeer) -> Self {
        Self {
            conns: 0,
            fails: 0,
            accessed: None,
            checked: None,
            recovers_since: None,
            effective_weight: settings.weight.into(),
            current_weight: 0,
        }
    }

    /// Whether it can take another request.
    pub(super) fn has_room(&self, settings: &UpstreamPeer) -> bool {
        !settings.down && settings.max_conns.is_none_or(|max| self.conns < max)
    }

    /// Whether it has failed so often that it is passed over for a while.
    pub(super) fn is_resting(&self, settings: &UpstreamPeer, now: Tick) -> bool {
        let failed = settings.max_fails > 0 && self.fails >= settings.max_fails;
        failed && self.checked.is_some_and(|at| now.since(at) <= settings.fail_timeout)
    }

    /// Moves its turn nearer; the return value is by how much.
    pub(super) fn advance(&mut self, settings: &UpstreamPeer, now: Tick) -> i64 {
        let step = self.step(settings, now);
        self.current_weight = self.current_weight.saturating_add(step);
        if self.effective_weight < settings.weight.into() {
            self.effective_weight += 1;
        }
        step
    }

    fn step(&mut self, settings: &UpstreamPeer, now: Tick) -> i64 {
        let whole = self.effective_weight.saturating_mul(PARTS);
        let Some(since) = self.recovers_since else { return whole };
        let (passed, all) = (now.since(since), settings.slow_start);
        if passed >= all {
            self.recovers_since = None;
            return whole;
        }
        whole.saturating_mul(millis(passed)).saturating_div(millis(all).max(1)).max(1)
    }

    /// It got a request.
    pub(super) fn begin(&mut self, settings: &UpstreamPeer, now: Tick) {
        self.conns += 1;
        if self.checked.is_none_or(|at| now.since(at) > settings.fail_timeout) {
            self.checked = Some(now);
        }
    }

    /// How a request of it ended; true if the peer is passed over from now on.
    pub(super) fn end(&mut self, settings: &UpstreamPeer, end: PeerEnd, now: Tick) -> bool {
        match end {
            PeerEnd::Failed => self.fail(settings, now),
            PeerEnd::Served => {
                self.serve(settings, now);
                false
            }
        }
    }

    fn fail(&mut self, settings: &UpstreamPeer, now: Tick) -> bool {
        self.fails = self.fails.saturating_add(1);
        (self.accessed, self.checked) = (Some(now), Some(now));
        if settings.max_fails == 0 {
            return false;
        }
        let loss = i64::from(settings.weight / settings.max_fails);
        self.effective_weight = (self.effective_weight - loss).max(0);
        self.fails >= settings.max_fails
    }

    /// It lives again if it was chosen after its last failure was forgotten.
    fn serve(&mut self, settings: &UpstreamPeer, now: Tick) {
        if self.accessed >= self.checked {
            return;
        }
        let was_away = settings.max_fails > 0 && self.fails >= settings.max_fails;
        if was_away && !settings.slow_start.is_zero() {
            self.recovers_since = Some(now);
            self.current_weight = 0;
        }
        self.fails = 0;
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
