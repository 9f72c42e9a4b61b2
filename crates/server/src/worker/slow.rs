//! Subscribers that do not read: the policy of their location, and what the log says of it.

use outpour_core::now::Tick;
use outpour_core::settings::{Level, SubscriberPolicy};

use super::Worker;
use crate::connection::{Connection, State};
use crate::counters::{Counters, WorkerCounters};

/// Between two lines about slow subscribers.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// What the log has been told.
#[derive(Debug, Default)]
pub(super) struct Told {
    counters: Counters,
    /// When there may be another line.
    due: Tick,
}

/// Lets the policy decide about what waits for the socket; false if the subscriber has to go.
pub(super) fn keeps_up(connection: &mut Connection, counters: &WorkerCounters) -> bool {
    let Some(output) = &mut connection.output else { return true };
    if let (State::Application(_), Some(settings)) = (&connection.state, &connection.settings) {
        return output.bytes_behind() <= settings.subscriber_buffer_size;
    }
    let State::Subscribed(subscribed) = &connection.state else { return true };
    let bytes_max = subscribed.settings.subscriber_buffer_size;
    let dropped = match subscribed.policy {
        SubscriberPolicy::Disconnect => return output.bytes_behind() <= bytes_max,
        SubscriberPolicy::DropOldest => output.drop_oldest(bytes_max),
        SubscriberPolicy::KeepLatest => output.drop_oldest(0),
    };
    if dropped > 0 {
        counters.dropped_messages.add(dropped);
    }
    output.bytes_behind() <= bytes_max || output.bytes_kept() <= bytes_max
}

impl Worker {
    pub(super) fn counters(&self) -> &WorkerCounters {
        &self.shared.counters[usize::from(self.id.0)]
    }

    /// Whether the log is to hear of slow subscribers soon.
    pub(super) fn has_slow_ones_to_tell(&self) -> bool {
        self.told.counters != self.counters().read()
    }

    /// Tells the log about slow subscribers, in one line a second at most.
    pub(super) fn tell_slow_ones(&mut self) {
        let now = self.counters().read();
        let before = self.told.counters;
        if now == before || self.now.tick < self.told.due {
            return;
        }
        let dropped = now.dropped_messages - before.dropped_messages;
        let gone = now.slow_subscribers - before.slow_subscribers;
        self.log(
            Level::Info,
            format_args!(
                "slow subscribers: {dropped} messages dropped, {gone} subscribers disconnected"
            ),
        );
        self.told = Told { counters: now, due: self.now.tick.after(PAUSE) };
    }
}
