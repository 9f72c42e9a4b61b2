//! One channel as a worker sees it: who listens here, and what they have not all got yet.

use std::collections::VecDeque;
use std::sync::Arc;

use smallvec::SmallVec;

use super::format::Frame;
use super::formats::Entry;
use super::joined::Joiner;
use super::subscriber::SubscriberKey;
use crate::channels::ChannelKey;
use crate::message::Message;

/// A delivery that some subscriber may not have got yet.
#[derive(Debug)]
pub(super) struct Recent {
    pub(super) sequence: u64,
    pub(super) message: Arc<Message>,
    /// The message tells the deletion of the channel: nothing follows.
    pub(super) deleted: bool,
    /// See [`Frame::published`].
    published: u64,
    /// Rendered once per format (the serial of its entry), at the first subscriber that needs it.
    frames: SmallVec<[(u64, Frame); 1]>,
}

/// Several frames in one piece, for the next subscriber with the same cursor and format.
#[derive(Debug)]
struct Joined {
    serial: u64,
    after: u64,
    run: Run,
}

/// Everything behind a cursor, or as much of it as fits into one piece.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) frame: Frame,
    /// The cursor afterwards.
    pub(super) upto: u64,
    /// Whether the last message tells the channel's deletion.
    pub(super) deleted: bool,
    /// Whether nothing is left behind that cursor.
    pub(super) newest: bool,
}

/// A round over the row: everybody before `position` has got everything up to `target`.
#[derive(Clone, Copy, Debug)]
struct Pass {
    position: u32,
    target: u64,
}

#[derive(Debug)]
pub(super) struct Local {
    pub(super) key: ChannelKey,
    row: Vec<SubscriberKey>,
    recent: VecDeque<Recent>,
    pass: Option<Pass>,
    joined: Vec<Joined>,
}

impl Local {
    pub(super) fn new(key: ChannelKey) -> Self {
        Self { key, row: Vec::new(), recent: VecDeque::new(), pass: None, joined: Vec::new() }
    }

    /// Adds a subscriber at the end of the row: the part that a round under way has yet to visit.
    pub(super) fn join(&mut self, key: SubscriberKey) -> u32 {
        self.row.push(key);
        u32::try_from(self.row.len() - 1).expect("subscribers fit u32")
    }

    /// Takes the subscriber at `index` out; returns who moved, from where, to where.
    ///
    /// Nobody moves from the unvisited part of a round into the visited one.
    pub(super) fn leave(&mut self, index: u32) -> SmallVec<[(SubscriberKey, u32, u32); 2]> {
        let mut moves = SmallVec::new();
        let mut hole = index;
        if let Some(pass) = &mut self.pass
            && index < pass.position
        {
            pass.position -= 1;
            Self::shift(&mut self.row, pass.position, hole, &mut moves);
            hole = pass.position;
        }
        let last = u32::try_from(self.row.len() - 1).expect("subscribers fit u32");
        Self::shift(&mut self.row, last, hole, &mut moves);
        self.row.pop();
        if self.row.len() < self.row.capacity() / 4 {
            self.row.shrink_to(self.row.len() * 2);
        }
        moves
    }

    fn shift(
        row: &mut [SubscriberKey],
        from: u32,
        to: u32,
        moves: &mut SmallVec<[(SubscriberKey, u32, u32); 2]>,
    ) {
        if from != to {
            row[to as usize] = row[from as usize];
            moves.push((row[to as usize], from, to));
        }
    }

    /// Nobody listens and no round is under way: the channel can be forgotten.
    pub(super) fn is_idle_and_empty(&self) -> bool {
        self.row.is_empty() && self.pass.is_none()
    }

    /// Keeps a delivery; true if a round begins with it.
    ///
    /// Without a time of publication it tells the channel's deletion.
    pub(super) fn push(
        &mut self,
        sequence: u64,
        message: Arc<Message>,
        published: Option<u64>,
    ) -> bool {
        self.joined.clear();
        let deleted = published.is_none();
        let (published, frames) = (published.unwrap_or(0), SmallVec::new());
        self.recent.push_back(Recent { sequence, message, deleted, published, frames });
        let begins = self.pass.is_none();
        if begins {
            self.pass = Some(Pass { position: 0, target: sequence });
        }
        begins
    }

    /// The subscriber whose turn it is; `None` when everybody has everything and the round is over.
    pub(super) fn turn(&mut self) -> Option<SubscriberKey> {
        let pass = self.pass.as_mut()?;
        if pass.position == 0
            && let Some(newest) = self.recent.back()
        {
            // Nobody was visited: what came since the round began belongs to it.
            pass.target = newest.sequence;
        }
        if pass.position as usize >= self.row.len() {
            let target = pass.target;
            let newest = self.recent.back().map_or(target, |r| r.sequence);
            while self.recent.front().is_some_and(|r| r.sequence <= target) {
                self.recent.pop_front();
            }
            self.joined.clear();
            if newest == target || self.row.is_empty() {
                self.recent = VecDeque::new();
                self.pass = None;
                return None;
            }
            *pass = Pass { position: 0, target: newest };
        }
        Some(self.row[pass.position as usize])
    }

    /// The subscriber whose turn it was stays: on to the next.
    pub(super) fn advance(&mut self) {
        if let Some(pass) = &mut self.pass {
            pass.position += 1;
        }
    }

    /// The oldest delivery behind `cursor`.
    pub(super) fn first_after(&mut self, cursor: u64) -> Option<&mut Recent> {
        let index = self.recent.partition_point(|r| r.sequence <= cursor);
        self.recent.get_mut(index)
    }

    /// Everything behind `cursor` in one piece, or as much of it as a [`Joiner`] takes.
    pub(super) fn run(&mut self, cursor: u64, entry: &Entry, date: &[u8]) -> Option<Run> {
        let first = self.recent.partition_point(|r| r.sequence <= cursor);
        if first + 1 >= self.recent.len() {
            let recent = self.recent.get_mut(first)?;
            let frame = recent.frame(entry, date);
            let (upto, deleted) = (recent.sequence, recent.deleted);
            return Some(Run { frame, upto, deleted, newest: true });
        }
        if let Some(joined) =
            self.joined.iter().find(|j| j.after == cursor && j.serial == entry.serial)
        {
            return Some(joined.run.clone());
        }
        let run = self.join_frames(first, entry, date);
        if entry.is_shared() {
            self.joined.push(Joined { serial: entry.serial, after: cursor, run: run.clone() });
        }
        Some(run)
    }

    fn join_frames(&mut self, first: usize, entry: &Entry, date: &[u8]) -> Run {
        let mut joiner = Joiner::default();
        let (mut upto, mut deleted) = (0, false);
        for recent in self.recent.iter_mut().skip(first) {
            let frame = recent.frame(entry, date);
            if joiner.is_full_for(&frame) {
                break;
            }
            joiner.push(&frame);
            (upto, deleted) = (recent.sequence, recent.deleted);
        }
        let newest = self.recent.back().is_some_and(|recent| recent.sequence == upto);
        Run { frame: joiner.finish(), upto, deleted, newest }
    }
}

impl Recent {
    /// The frame in this format, rendered at most once if the format is shared.
    pub(super) fn frame(&mut self, entry: &Entry, date: &[u8]) -> Frame {
        if !entry.is_shared() {
            return self.rendered(entry, date);
        }
        if let Some((_, frame)) = self.frames.iter().find(|(serial, _)| *serial == entry.serial) {
            return frame.clone();
        }
        let frame = self.rendered(entry, date);
        self.frames.push((entry.serial, frame.clone()));
        frame
    }

    /// A subscriber of its own has got it.
    pub(super) fn message(&self) -> &Arc<Message> {
        &self.message
    }

    fn rendered(&self, entry: &Entry, date: &[u8]) -> Frame {
        Frame { published: self.published, ..entry.format.frame(&self.message, date) }
    }
}
