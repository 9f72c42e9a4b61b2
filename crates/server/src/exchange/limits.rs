//! `limit_req` and `limit_conn`: before anybody is asked who they are.

use std::time::Duration;

use outpour_core::access::pause;
use outpour_core::settings::{Level, LimitPolicy, Limits};
use outpour_core::variables::Limited;

use super::inside::Step;
use super::{Exchange, Means, Wait};
use crate::access::{Ticket, lock};

impl Exchange {
    /// What the limits say; `None` if the request goes on. A request is counted once, however
    /// often it is redirected inside the server.
    pub(super) fn limited(&mut self, limits: &Limits, means: &Means<'_>) -> Option<Step> {
        if self.inside.take_rated()
            && let Some(step) = self.limit_requests(limits, means)
        {
            return Some(step);
        }
        if self.inside.take_counted() { self.limit_connections(limits, means) } else { None }
    }

    fn limit_requests(&mut self, limits: &Limits, means: &Means<'_>) -> Option<Step> {
        let (now, policy) = (means.now.tick, &limits.request_policy);
        let mut passed = Vec::with_capacity(limits.requests.len());
        let mut longest = Duration::ZERO;
        for limit in &limits.requests {
            let key = limit.zone.key.evaluate(&self.scope(means.environment, self.started, None));
            if key.is_empty() {
                continue;
            }
            let zone = means.access.rates.get(&limit.zone);
            let excess = lock(&zone).excess(&key, now, limit.zone.rate);
            let shown =
                format!("{}.{:03} by zone \"{}\"", excess / 1000, excess % 1000, limit.zone.name);
            if excess > limit.burst.saturating_mul(1000) {
                self.state.limit_req = Some(rejected(policy));
                return self.stop(policy, &format!("limiting requests, excess: {shown}"));
            }
            let wait = pause(excess, limit.at_once, limit.zone.rate);
            if wait > Duration::ZERO {
                self.tell(milder(policy.level), format!("delaying request, excess: {shown}"));
            }
            longest = longest.max(wait);
            passed.push((zone, key.into_owned(), excess));
        }
        let asked = !passed.is_empty();
        for (zone, key, excess) in passed {
            lock(&zone).pour(&key, now, excess);
        }
        self.state.limit_req = match (longest > Duration::ZERO, policy.dry_run) {
            _ if !asked => None,
            (false, _) => Some(Limited::Passed),
            (true, false) => Some(Limited::Delayed),
            (true, true) => Some(Limited::DelayedDryRun),
        };
        (longest > Duration::ZERO && !policy.dry_run).then_some(Step::Wait(Wait::Pause(longest)))
    }

    fn limit_connections(&mut self, limits: &Limits, means: &Means<'_>) -> Option<Step> {
        for limit in &limits.connections {
            let scope = self.scope(means.environment, self.started, None);
            let key = limit.zone.key.evaluate(&scope).into_owned();
            if key.is_empty() {
                continue;
            }
            match Ticket::take(means.access.counts.get(&limit.zone), &key, limit.most) {
                Some(ticket) => {
                    self.state.limit_conn = Some(Limited::Passed);
                    self.tickets.push(ticket);
                }
                None => {
                    self.state.limit_conn = Some(rejected(&limits.connection_policy));
                    let text = format!("limiting connections by zone \"{}\"", limit.zone.name);
                    return self.stop(&limits.connection_policy, &text);
                }
            }
        }
        None
    }

    fn stop(&mut self, policy: &LimitPolicy, text: &str) -> Option<Step> {
        let dry = if policy.dry_run { ", dry run" } else { "" };
        self.tell(policy.level, format!("{text}{dry}"));
        (!policy.dry_run).then(|| self.turn_away(policy.status))
    }
}

fn rejected(policy: &LimitPolicy) -> Limited {
    if policy.dry_run { Limited::RejectedDryRun } else { Limited::Rejected }
}

/// Delays are logged one level below refusals.
fn milder(level: Level) -> Level {
    match level {
        Level::Error => Level::Warn,
        Level::Warn => Level::Notice,
        Level::Emerg | Level::Alert | Level::Crit | Level::Notice | Level::Info | Level::Debug => {
            Level::Info
        }
    }
}
