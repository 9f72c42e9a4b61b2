//! The methods, step by step as in nginx: the same requests go to the same peers.

use smallvec::SmallVec;

use super::Balancer;
use super::selection::{Key, Selection};
use crate::now::Tick;
use crate::settings::Balance;

/// Indices of peers.
type Peers = SmallVec<[usize; 8]>;

impl Balancer {
    /// The choice among the peers that are no backups.
    pub(super) fn by_method(
        &mut self,
        selection: &mut Selection,
        now: Tick,
        random: &mut dyn FnMut() -> u64,
    ) -> Option<usize> {
        if !self.single && !selection.has_given_up() {
            let found = match (&self.upstream.balance, &selection.key) {
                (Balance::LeastConn, _) => return self.least_conn(selection, false, now),
                (Balance::Random { two }, _) => self.random(*two, selection, now, random),
                (Balance::IpHash, _) => self.hashed(selection, now),
                (Balance::Hash { .. }, Key::Point(_)) => self.consistent(selection, now),
                (Balance::Hash { .. }, Key::Text { .. }) => self.hashed(selection, now),
                (Balance::RoundRobin | Balance::Hash { .. }, _) => None,
            };
            if found.is_some() {
                return found;
            }
        }
        self.round_robin(selection, false, now)
    }

    /// Whether a peer can be chosen. An only peer that fails can be, too.
    fn may(&self, selection: &Selection, peer: usize, now: Tick) -> bool {
        let (Some(state), Some(settings)) = (self.peers.get(peer), self.upstream.peers.get(peer))
        else {
            return false;
        };
        let may_rest = self.single || !state.is_resting(settings, now);
        !selection.has_asked(peer) && may_rest && state.has_room(settings)
    }

    /// Of these peers the one whose turn it is.
    fn turn(&mut self, peers: impl Iterator<Item = usize>, now: Tick) -> Option<usize> {
        let (mut best, mut total) = (None, 0_i64);
        for peer in peers {
            let state = self.peers.get_mut(peer)?;
            total = total.saturating_add(state.advance(self.upstream.peers.get(peer)?, now));
            match best {
                Some((_, weight)) if state.current_weight <= weight => {}
                Some(_) | None => best = Some((peer, state.current_weight)),
            }
        }
        let (best, _) = best?;
        self.peers.get_mut(best)?.current_weight -= total;
        Some(best)
    }

    /// Peers that can be chosen, in the order of the file.
    fn free(&self, selection: &Selection, backups: bool, now: Tick) -> Peers {
        let peers = self.upstream.peers.iter().enumerate();
        let mine = peers.filter(|(_, peer)| peer.backup == backups).map(|(index, _)| index);
        mine.filter(|peer| self.may(selection, *peer, now)).collect()
    }

    pub(super) fn round_robin(
        &mut self,
        selection: &Selection,
        backups: bool,
        now: Tick,
    ) -> Option<usize> {
        let free = self.free(selection, backups, now);
        self.turn(free.into_iter(), now)
    }

    /// The fewest requests by weight; those that are equal take turns.
    pub(super) fn least_conn(
        &mut self,
        selection: &Selection,
        backups: bool,
        now: Tick,
    ) -> Option<usize> {
        let free = self.free(selection, backups, now);
        let least = *free
            .iter()
            .reduce(|best, peer| if self.is_less(*peer, *best) { peer } else { best })?;
        let equal: Peers = free.into_iter().filter(|peer| !self.is_less(least, *peer)).collect();
        match equal.as_slice() {
            [only] => Some(*only),
            _ => self.turn(equal.into_iter(), now),
        }
    }

    /// Whether `one` has fewer requests under way than `other`, by weight.
    fn is_less(&self, one: usize, other: usize) -> bool {
        self.load(one) * self.weight(other) < self.load(other) * self.weight(one)
    }

    fn load(&self, peer: usize) -> u64 {
        self.peers.get(peer).map_or(0, |state| state.conns.into())
    }

    fn weight(&self, peer: usize) -> u64 {
        self.upstream.peers.get(peer).map_or(1, |peer| peer.weight.into())
    }

    /// The peer to which a number below the total weight belongs.
    fn at_weight(&self, mut number: u64) -> Option<usize> {
        let peers = self.upstream.peers.iter().enumerate();
        for (index, peer) in peers.filter(|(_, peer)| !peer.backup) {
            match number.checked_sub(peer.weight.into()) {
                Some(rest) => number = rest,
                None => return Some(index),
            }
        }
        None
    }

    /// `ip_hash` and `hash` without `consistent`.
    fn hashed(&self, selection: &mut Selection, now: Tick) -> Option<usize> {
        loop {
            let hash = selection.key.next()?;
            let peer = self.at_weight(u64::from(hash).checked_rem(self.total_weight)?)?;
            if self.may(selection, peer, now) {
                return Some(peer);
            }
            if selection.gives_up() {
                return None;
            }
        }
    }

    /// `hash ... consistent`: of the addresses of the server at the point the one whose turn it is,
    /// else the next point.
    fn consistent(&mut self, selection: &mut Selection, now: Tick) -> Option<usize> {
        loop {
            let Key::Point(point) = selection.key else { return None };
            let owner = self.ring.as_ref()?.peer(point)?;
            let mut free = self.free(selection, false, now);
            let server = &self.upstream.peers.get(owner)?.server;
            free.retain(|peer| self.upstream.peers.get(*peer).is_some_and(|p| p.server == *server));
            let found = self.turn(free.into_iter(), now);
            if found.is_some() {
                return found;
            }
            selection.key = Key::Point(point.wrapping_add(1));
            if selection.gives_up() {
                return None;
            }
        }
    }

    fn random(
        &self,
        two: bool,
        selection: &mut Selection,
        now: Tick,
        random: &mut dyn FnMut() -> u64,
    ) -> Option<usize> {
        let mut first = None;
        loop {
            let peer = self.at_weight(random().checked_rem(self.total_weight)?)?;
            if Some(peer) != first && self.may(selection, peer, now) {
                match first {
                    None if two => first = Some(peer),
                    None => return Some(peer),
                    Some(first) => {
                        return Some(if self.is_less(first, peer) { first } else { peer });
                    }
                }
            } else if selection.gives_up() {
                return None;
            }
        }
    }
}

impl Key {
    /// The hash for the next look; `None` if there is nothing to hash.
    fn next(&mut self) -> Option<u32> {
        match self {
            Self::Address { bytes, hash } => {
                let step = |hash: u32, byte: &u8| (hash * 113 + u32::from(*byte)) % 6271;
                *hash = bytes.iter().fold(*hash, step);
                Some(*hash)
            }
            // As Cache::Memcached: the number of the look goes in front of the key.
            Self::Text { text, hash, rehash } => {
                let mut crc = crc32fast::Hasher::new();
                if *rehash > 0 {
                    crc.update(itoa::Buffer::new().format(*rehash).as_bytes());
                }
                crc.update(text);
                *hash = hash.wrapping_add((crc.finalize() >> 16) & 0x7fff);
                *rehash += 1;
                Some(*hash)
            }
            Self::None | Self::Point(_) => None,
        }
    }
}
