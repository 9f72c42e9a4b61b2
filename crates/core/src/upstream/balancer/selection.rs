//! One request's way through the peers of an upstream.

use std::net::IpAddr;

use smallvec::SmallVec;

/// Which peers a request has been handed to, and what it is hashed by.
#[derive(Clone, Debug)]
pub struct Selection {
    /// By peer: whether it was asked.
    asked: SmallVec<[bool; 16]>,
    /// What decides under `hash` and `ip_hash`.
    pub(super) key: Key,
    /// Looks that found nothing, over all choices; after twenty the peers take turns.
    pub(super) looks: u32,
}

/// What decides under `hash` and `ip_hash`.
#[derive(Clone, Debug)]
pub(super) enum Key {
    /// The method has none.
    None,
    /// `ip_hash`: the bytes of the address that count, and the hash so far.
    Address { bytes: Box<[u8]>, hash: u32 },
    /// `hash`: the key, the sum of the hashes so far, and how many they are.
    Text { text: Box<[u8]>, hash: u32, rehash: u32 },
    /// `hash ... consistent`: the point on the circle.
    Point(usize),
}

impl Key {
    pub(super) fn address(client: Option<IpAddr>) -> Self {
        let bytes: Box<[u8]> = match client {
            Some(IpAddr::V4(address)) => Box::from(&address.octets()[..3]),
            Some(IpAddr::V6(address)) => Box::from(address.octets()),
            None => Box::from([0; 3]),
        };
        Self::Address { bytes, hash: 89 }
    }
}

impl Selection {
    pub(super) fn new(peers: usize, key: Key) -> Self {
        Self { asked: SmallVec::from_elem(false, peers), key, looks: 0 }
    }

    /// Whether this peer was asked.
    pub(super) fn has_asked(&self, peer: usize) -> bool {
        self.asked.get(peer).copied().unwrap_or(true)
    }

    pub(super) fn ask(&mut self, peer: usize) {
        if let Some(asked) = self.asked.get_mut(peer) {
            *asked = true;
        }
    }

    /// Counts a look that found nothing; true if it was one too many.
    pub(super) fn gives_up(&mut self) -> bool {
        self.looks += 1;
        self.looks > LOOKS
    }

    /// Whether so many looks found nothing that the peers take turns.
    pub(super) fn has_given_up(&self) -> bool {
        self.looks > LOOKS
    }
}

/// As many looks as nginx has.
const LOOKS: u32 = 20;
