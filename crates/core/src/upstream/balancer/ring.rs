//! `hash ... consistent`: points on a circle, as Cache::Memcached::Fast and nginx lay them.

use crc32fast::Hasher;

use crate::settings::UpstreamPeer;

/// Points per unit of weight.
const POINTS: u32 = 160;

/// A circle of points, each of which belongs to a server.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    /// Hash, and the index of a peer of the server, ordered.
    points: Vec<(u32, usize)>,
}

impl Ring {
    /// The points of all peers that are no backups. Addresses of one server have the same points,
    /// of which the first counts.
    pub(super) fn new(peers: &[UpstreamPeer]) -> Self {
        let mut points = Vec::new();
        let all = peers.iter().enumerate().filter(|(_, peer)| !peer.backup);
        for (index, peer) in all {
            let base = base(&peer.server);
            let mut last = 0_u32;
            for _ in 0..peer.weight.saturating_mul(POINTS) {
                let mut hash = base.clone();
                hash.update(&last.to_le_bytes());
                last = hash.finalize();
                points.push((last, index));
            }
        }
        points.sort_by_key(|(hash, _)| *hash);
        points.dedup_by_key(|(hash, _)| *hash);
        Self { points }
    }

    /// The first point at or behind the hash of `key`.
    pub(super) fn find(&self, key: &[u8]) -> usize {
        let hash = crc32fast::hash(key);
        self.points.partition_point(|(point, _)| *point < hash)
    }

    /// The peer at a point; points go round.
    pub(super) fn peer(&self, point: usize) -> Option<usize> {
        let point = point.checked_rem(self.points.len())?;
        self.points.get(point).map(|(_, peer)| *peer)
    }
}

/// What all points of a server have in common: host and port, with a zero byte between them.
fn base(server: &str) -> Hasher {
    let unix = server.get(..5).filter(|begin| begin.eq_ignore_ascii_case("unix:"));
    let (host, port) = match unix {
        Some(_) => (&server[5..], ""),
        None => server
            .rsplit_once(':')
            .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
            .unwrap_or((server, "")),
    };
    let mut base = Hasher::new();
    base.update(host.as_bytes());
    base.update(b"\0");
    base.update(port.as_bytes());
    base
}
