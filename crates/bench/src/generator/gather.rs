//! Opening the connections of a crowd.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::crowd::Crowd;
use crate::{load::Load, progress::Progress, transport::Transport};

/// Connections whose first answer is waited for at a time, within an ordinary backlog.
const UNANSWERED_MAX: usize = 256;

/// Long-polls per second if nothing else is asked for: nothing tells when the server has one.
const LONG_POLL_RAMP: u32 = 10_000;

/// Opens the connections of `load`; the time until the last of them was answered, or until the
/// last request was sent where there is no answer.
///
/// # Errors
/// If a connection fails or nothing goes on for `patience`.
pub(crate) fn gather(
    crowd: &mut Crowd,
    load: &Load,
    patience: Duration,
    progress: &mut Progress,
) -> Result<Duration> {
    let count = usize::try_from(load.subscribers)?;
    let ramp = match (load.ramp, load.transport) {
        (0, Transport::LongPolling) => LONG_POLL_RAMP,
        (ramp, _) => ramp,
    };
    let begin = Instant::now();
    let (mut last, mut moved) = (done(crowd), begin);
    while done(crowd) < count {
        for _ in 0..room(crowd, count, ramp, begin.elapsed()) {
            crowd.join()?;
        }
        crowd.turn(Duration::from_millis(1), &mut Vec::new())?;
        if done(crowd) > last {
            (last, moved) = (done(crowd), Instant::now());
        }
        ensure!(moved.elapsed() < patience, "only {last} of {count} requests were answered");
        progress.show(|| format!("connecting: {last} of {count}"));
    }
    let elapsed = begin.elapsed();
    crowd.begin_polling();
    Ok(elapsed)
}

/// Connections that are where they should be.
fn done(crowd: &Crowd) -> usize {
    if crowd.transport.answers_at_once() { crowd.answered } else { crowd.asked }
}

/// How many connections may be opened in this turn.
fn room(crowd: &Crowd, count: usize, ramp: u32, elapsed: Duration) -> usize {
    let opened = crowd.members.len();
    let unanswered = UNANSWERED_MAX.saturating_sub(opened - done(crowd).min(opened));
    let room = unanswered.min(count.saturating_sub(opened));
    if ramp == 0 {
        return room;
    }
    let due = elapsed.as_micros() * u128::from(ramp) / 1_000_000 + 1;
    room.min(usize::try_from(due).unwrap_or(usize::MAX).saturating_sub(opened))
}
