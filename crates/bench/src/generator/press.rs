//! All publishers, and when the next message is due.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use mio::Token;

use super::{
    crowd::{Crowd, PUBLISHERS},
    publisher::Publisher,
};
use crate::{
    load::{Load, Pace},
    progress::Progress,
    request::text_bytes,
    stamp::Stamp,
};

/// How long a publisher that has nothing to do may wait for the poll.
const TICK: Duration = Duration::from_millis(20);

/// When publishing ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Until {
    /// After this time.
    pub time: Duration,
    /// After so many messages.
    pub messages: u64,
}

/// The publishers of a load.
#[derive(Debug)]
pub(crate) struct Press {
    publishers: Vec<Publisher>,
    channels: u32,
    origins: u32,
    /// The next sequence of each origin of each channel.
    sequences: Vec<u32>,
    pace: Pace,
    /// Messages per second.
    rate: Option<f64>,
    /// Subscribers of each channel.
    audience: Vec<u32>,
    published: u64,
    /// Deliveries that the messages sent so far should cause.
    expected: u64,
}

impl Press {
    /// Opens the connections of all publishers.
    ///
    /// # Errors
    /// If a connection cannot be opened.
    pub(crate) fn open(crowd: &Crowd, load: &Load) -> Result<Self> {
        let publication = crowd.target.publication(&crowd.names, text_bytes(load.size));
        let open = |index: u32| {
            let token = Token(PUBLISHERS + usize::try_from(index)?);
            let place = (index % load.channels, index / load.channels);
            Publisher::open(crowd.registry(), token, &crowd.target, publication.clone(), place)
        };
        let slots = usize::try_from(load.channels)? * usize::try_from(load.origins())?;
        Ok(Self {
            publishers: (0..load.publishers).map(open).collect::<Result<_>>()?,
            channels: load.channels,
            origins: load.origins(),
            sequences: vec![0; slots],
            pace: load.pace,
            rate: load.rate,
            audience: (0..load.channels).map(|channel| load.subscribers_of(channel)).collect(),
            published: 0,
            expected: 0,
        })
    }

    /// Messages sent so far.
    pub(crate) fn published(&self) -> u64 {
        self.published
    }

    /// Messages of one origin into one channel.
    pub(crate) fn published_by(&self, channel: u32, origin: u32) -> u32 {
        let slot = u64::from(channel) * u64::from(self.origins) + u64::from(origin);
        usize::try_from(slot).ok().and_then(|slot| self.sequences.get(slot)).copied().unwrap_or(0)
    }

    /// Publishes, then waits until everything is answered and delivered, or nothing comes for
    /// `patience`; the time of all that, waiting in vain included.
    ///
    /// # Errors
    /// If a publication is refused or not answered.
    pub(crate) fn run(
        &mut self,
        crowd: &mut Crowd,
        until: Until,
        patience: Duration,
        progress: &mut Progress,
    ) -> Result<Duration> {
        let begin = Instant::now();
        let mut schedule = Schedule { begin: crowd.now(), sent: 0, rate: self.rate };
        let last = self.published.saturating_add(until.messages);
        let (mut seen, mut moved) = ((0, 0), begin);
        let mut ready = Vec::new();
        loop {
            let open = begin.elapsed() < until.time && self.published < last;
            if open {
                self.issue(crowd, &mut schedule, last)?;
            }
            let done = !self.is_waiting() && crowd.delivered >= self.expected;
            if done && !open && self.settled(&schedule) {
                return Ok(begin.elapsed());
            }
            crowd.turn(schedule.timeout(crowd.now()), &mut ready)?;
            for &index in &ready {
                self.visit(crowd, index, begin.elapsed() < until.time && self.published < last)?;
            }
            if seen != (crowd.delivered, self.published) {
                (seen, moved) = ((crowd.delivered, self.published), Instant::now());
            } else if !open && moved.elapsed() > patience {
                ensure!(!self.is_waiting(), "a publication is not answered");
                return Ok(begin.elapsed());
            }
            progress.show(|| {
                let seconds = begin.elapsed().as_secs_f64();
                let rate = crowd.tally().delivered as f64 / seconds.max(0.001);
                format!("{seconds:.0} s, {} published, {rate:.0} deliveries/s", self.published)
            });
        }
    }

    /// Sends what is due.
    fn issue(&mut self, crowd: &Crowd, schedule: &mut Schedule, last: u64) -> Result<()> {
        if self.publishers.is_empty() {
            return Ok(());
        }
        if schedule.rate.is_some() {
            return self.issue_by_rate(crowd, schedule, last);
        }
        let ready = match self.pace {
            Pace::Closed => true,
            Pace::Delivered => !self.is_waiting() && crowd.delivered >= self.expected,
        };
        for index in 0..self.publishers.len() {
            let idle = self.publishers.get(index).is_some_and(|one| !one.is_waiting());
            if ready && idle && self.published < last {
                self.send(index, crowd.now())?;
            }
        }
        Ok(())
    }

    /// Hands the messages that have become due to the publishers in turn.
    fn issue_by_rate(&mut self, crowd: &Crowd, schedule: &mut Schedule, last: u64) -> Result<()> {
        let now = crowd.now();
        while let Some(due) = schedule.next().filter(|&due| due <= now && self.published < last) {
            let count = u64::try_from(self.publishers.len())?;
            let index = usize::try_from(schedule.sent % count)?;
            schedule.sent += 1;
            let Some(publisher) = self.publishers.get_mut(index) else { continue };
            if publisher.is_waiting() {
                publisher.due.push_back(due);
            } else {
                self.send(index, now)?;
            }
        }
        Ok(())
    }

    /// Goes on with one publisher.
    fn visit(&mut self, crowd: &Crowd, index: usize, open: bool) -> Result<()> {
        let Some(publisher) = self.publishers.get_mut(index) else { return Ok(()) };
        if !publisher.visit(crowd.registry())? {
            return Ok(());
        }
        // A message that had to wait for its publisher was due before: that time counts.
        let late = publisher.due.pop_front();
        match late {
            Some(due) => self.send(index, due),
            None if open && self.rate.is_none() && self.pace == Pace::Closed => {
                self.send(index, crowd.now())
            }
            None => Ok(()),
        }
    }

    /// Sends the next message of a publisher.
    fn send(&mut self, index: usize, now: u64) -> Result<()> {
        let step = u32::try_from(self.publishers.len())?;
        let Some(publisher) = self.publishers.get_mut(index) else { return Ok(()) };
        let (channel, origin) = (publisher.channel, publisher.origin);
        // With more channels than publishers each goes through its own.
        let next = channel + step;
        publisher.channel = if next < self.channels { next } else { channel % step };
        let slot = u64::from(channel) * u64::from(self.origins) + u64::from(origin);
        let Some(sequence) = self.sequences.get_mut(usize::try_from(slot)?) else { return Ok(()) };
        let stamp = Stamp { sent: now, sequence: *sequence, channel, origin };
        *sequence += 1;
        self.published += 1;
        let audience = self.audience.get(usize::try_from(channel)?).copied().unwrap_or(0);
        self.expected += u64::from(audience);
        publisher.send(stamp)
    }

    fn is_waiting(&self) -> bool {
        self.publishers.iter().any(Publisher::is_waiting)
    }

    /// Whether no message is left that was due.
    fn settled(&self, schedule: &Schedule) -> bool {
        schedule.rate.is_none() || self.publishers.iter().all(|one| one.due.is_empty())
    }
}

/// When messages at a rate are due.
#[derive(Debug, Clone, Copy)]
struct Schedule {
    /// The generator's nanoseconds at the start.
    begin: u64,
    sent: u64,
    rate: Option<f64>,
}

impl Schedule {
    /// When the next message is due; `None` without a rate.
    fn next(&self) -> Option<u64> {
        let seconds = self.sent as f64 / self.rate?;
        let after = Duration::try_from_secs_f64(seconds).ok()?;
        Some(self.begin.saturating_add(u64::try_from(after.as_nanos()).ok()?))
    }

    /// How long the poll may wait.
    fn timeout(&self, now: u64) -> Duration {
        self.next().map_or(TICK, |due| Duration::from_nanos(due.saturating_sub(now)).min(TICK))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_at_a_rate_are_due() {
        let check = |rate: Option<f64>, sent: u64, expected: Option<u64>| {
            assert_eq!(Schedule { begin: 5, sent, rate }.next(), expected);
        };
        check(None, 3, None);
        check(Some(5.0), 0, Some(5));
        check(Some(5.0), 3, Some(600_000_005));
        check(Some(1e-300), 3, None);
    }
}
