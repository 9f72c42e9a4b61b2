//! The walk: slices of subscribers, each brought up to date in one piece.

use std::rc::Rc;

use super::channel::Run;
use super::format::{Format, Frame};
use super::subscriber::{Subscriber, SubscriberKey, Subscription};
use super::{Hub, Outlet, Output};
use crate::now::Tick;

/// What every visit of a walk needs.
struct Walk<'a, F> {
    now: Tick,
    date: &'a [u8],
    out: F,
    latest: Option<Latest>,
}

/// What the last stream got. Nearly always the next one stands where that stood and gets the same:
/// nothing is looked up again, and no count of shared bytes goes up and down.
struct Latest {
    channel: u32,
    format: u32,
    cursor: u64,
    run: Run,
}

impl Latest {
    /// Nothing is delivered and no slot is filled anew during a walk, so equal slots are the same.
    fn suits(&self, channel: u32, subscriber: &Subscriber) -> bool {
        self.cursor == subscriber.cursor
            && self.format == subscriber.format
            && self.channel == channel
    }
}

impl Hub {
    /// Whether somebody is behind: [`Hub::walk`] has something to do.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        !self.turns.is_empty()
    }

    /// Visits up to `visits` subscribers, channel by channel in turn, and brings each up to date.
    ///
    /// `date` is the HTTP date for long-poll answers. Returns whether somebody is still behind.
    pub fn walk(
        &mut self,
        visits: usize,
        now: Tick,
        date: &[u8],
        out: impl FnMut(Outlet, Output<'_>),
    ) -> bool {
        let mut walk = Walk { now, date, out, latest: None };
        let mut left = visits;
        while left > 0 {
            let Some(turn) = self.turns.next(left) else { return false };
            let (visited, over) = self.walk_channel(turn.channel, turn.visits, &mut walk);
            let visited = visited.max(1);
            self.turns.spent(turn, visited);
            left -= visited.min(left);
            if over {
                self.forget_if_empty(turn.channel);
            } else {
                self.turns.go_on(turn.channel);
            }
        }
        self.is_behind()
    }

    /// Visits up to `slice` subscribers of one channel; how many, and whether its round is over.
    fn walk_channel(
        &mut self,
        slot: u32,
        slice: usize,
        walk: &mut Walk<'_, impl FnMut(Outlet, Output<'_>)>,
    ) -> (usize, bool) {
        for visited in 0..slice {
            let Some(key) = self.channels[slot as usize].turn() else { return (visited, true) };
            let stays = self.visit(slot, key, walk);
            if stays {
                self.channels[slot as usize].advance();
            }
        }
        (slice, false)
    }

    /// Brings one subscriber up to date; false if it left the channel.
    fn visit(
        &mut self,
        slot: u32,
        key: SubscriberKey,
        walk: &mut Walk<'_, impl FnMut(Outlet, Output<'_>)>,
    ) -> bool {
        let subscriber = &self.subscribers[key.slot()];
        let single = subscriber.single;
        if single && walk.latest.as_ref().is_some_and(|latest| latest.suits(slot, subscriber)) {
            return self.catch_up(slot, key, walk);
        }
        match &*self.formats.entry(subscriber.format).format {
            Format::LongPoll(_) => self.answer(key, walk),
            Format::Held => self.hand_over(slot, key, walk.now, &mut walk.out),
            Format::Stream(_) if single => self.catch_up(slot, key, walk),
            Format::Stream(_) => self.catch_up_merged(slot, key, walk),
        }
    }

    /// A stream of one channel: everything behind its cursor.
    fn catch_up(
        &mut self,
        slot: u32,
        key: SubscriberKey,
        walk: &mut Walk<'_, impl FnMut(Outlet, Output<'_>)>,
    ) -> bool {
        let subscriber = &mut self.subscribers[key.slot()];
        loop {
            let latest = match &mut walk.latest {
                Some(latest) if latest.suits(slot, subscriber) => latest,
                latest => {
                    let (cursor, format) = (subscriber.cursor, subscriber.format);
                    let entry = self.formats.entry(format);
                    let Some(run) = self.channels[slot as usize].run(cursor, entry, walk.date)
                    else {
                        return true;
                    };
                    latest.insert(Latest { channel: slot, format, cursor, run })
                }
            };
            let run = &latest.run;
            subscriber.cursor = run.upto;
            subscriber.last_sent = walk.now;
            subscriber.tail.add(run.frame.plain);
            (walk.out)(subscriber.outlet, Output::Send(&run.frame));
            if run.deleted {
                self.end(key, walk);
                return false;
            }
            if run.newest {
                return true;
            }
        }
    }

    /// A stream of several channels: what is behind its cursor, in the order of publication.
    fn catch_up_merged(
        &mut self,
        slot: u32,
        key: SubscriberKey,
        walk: &mut Walk<'_, impl FnMut(Outlet, Output<'_>)>,
    ) -> bool {
        let mut frames: Vec<Frame> = Vec::new();
        let mut stays = true;
        while let Some((place, frame, deleted)) = self.next_merged(key, walk.date) {
            frames.extend(std::iter::repeat_n(frame, place.copies as usize));
            if deleted {
                self.subscribers[key.slot()].lose(place.channel);
                self.leave(place);
                stays &= place.channel != slot;
            }
        }
        self.send_all(key, &frames, walk);
        if self.subscribers[key.slot()].subscriptions.is_empty() {
            self.end(key, walk);
        }
        stays
    }

    /// The oldest delivery behind the cursor in any of its channels; moves the cursor past it.
    fn next_merged(
        &mut self,
        key: SubscriberKey,
        date: &[u8],
    ) -> Option<(Subscription, Frame, bool)> {
        let (place, cursor) = self.step_to_oldest(key)?;
        let entry = self.formats.entry(self.subscribers[key.slot()].format);
        let recent = self.channels[place.channel as usize].first_after(cursor)?;
        Some((place, recent.frame(entry, date), recent.deleted))
    }

    /// Moves the cursor to the oldest delivery behind it in any of the subscriber's channels; says
    /// which channel that is, and where the cursor was.
    pub(super) fn step_to_oldest(&mut self, key: SubscriberKey) -> Option<(Subscription, u64)> {
        let subscriber = &mut self.subscribers[key.slot()];
        let cursor = subscriber.cursor;
        let mut oldest: Option<(u64, Subscription)> = None;
        for place in &subscriber.subscriptions {
            if let Some(recent) = self.channels[place.channel as usize].first_after(cursor)
                && oldest.is_none_or(|(sequence, _)| recent.sequence < sequence)
            {
                oldest = Some((recent.sequence, *place));
            }
        }
        let (sequence, place) = oldest?;
        subscriber.cursor = sequence;
        Some((place, cursor))
    }

    /// Sends frames in one piece.
    fn send_all(
        &mut self,
        key: SubscriberKey,
        frames: &[Frame],
        walk: &mut Walk<'_, impl FnMut(Outlet, Output<'_>)>,
    ) {
        if frames.is_empty() {
            return;
        }
        let subscriber = &mut self.subscribers[key.slot()];
        subscriber.last_sent = walk.now;
        for frame in frames {
            subscriber.tail.add(frame.plain);
        }
        if let [frame] = frames {
            (walk.out)(subscriber.outlet, Output::Send(frame));
            return;
        }
        for frame in frames {
            self.joiner.push(frame);
        }
        (walk.out)(subscriber.outlet, Output::Send(&self.joiner.finish()));
    }

    /// A waiting long-poll: the first delivery answers it.
    fn answer(
        &mut self,
        key: SubscriberKey,
        walk: &mut Walk<'_, impl FnMut(Outlet, Output<'_>)>,
    ) -> bool {
        let frame = loop {
            let Some((_, frame, _)) = self.next_merged(key, walk.date) else { return true };
            // What is for the holds of applications alone answers nobody.
            if !frame.bytes.is_empty() {
                break frame;
            }
        };
        let outlet = self.subscribers[key.slot()].outlet;
        let departed = self.unsubscribe(key);
        (walk.out)(outlet, Output::Answered(&frame, departed));
        false
    }

    /// The last channel of a stream is gone.
    fn end(&mut self, key: SubscriberKey, walk: &mut Walk<'_, impl FnMut(Outlet, Output<'_>)>) {
        let outlet = self.subscribers[key.slot()].outlet;
        let ending = Rc::from(self.ending(key));
        let departed = self.unsubscribe(key);
        (walk.out)(outlet, Output::Ended(&ending, departed));
    }
}
