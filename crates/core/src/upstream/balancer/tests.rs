//! Sequences as nginx 1.22 gives them for the same upstreams, and what holds for all.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::now::epoch;
use crate::settings::{Origin, PeerAddress, UpstreamPeer};
use crate::variables::tests::Fixture;
use crate::variables::{Expression, Variable};

/// An upstream of 127.0.0.1:18001, :18002 and so on, with these weights.
fn upstream(balance: Balance, weights: &[u32]) -> Upstream {
    let peer = |(index, weight): (usize, &u32)| {
        let label: Box<str> = format!("127.0.0.1:{}", 18_001 + index).into();
        UpstreamPeer {
            address: PeerAddress::Tcp(label.parse().unwrap()),
            server: label.clone(),
            label,
            weight: *weight,
            max_conns: None,
            max_fails: 1,
            fail_timeout: Duration::from_secs(10),
            slow_start: Duration::ZERO,
            backup: false,
            down: false,
        }
    };
    Upstream {
        name: "app".into(),
        port: None,
        origin: Origin { file: "nginx.conf".into(), line: 1 },
        peers: weights.iter().enumerate().map(peer).collect(),
        balance,
        keepalive: None,
    }
}

fn hash(consistent: bool) -> Balance {
    Balance::Hash { key: Expression::variable(Variable::Arg(Box::from(*b"k"))), consistent }
}

/// A worker whose requests are for `/?k=KEY`.
struct World {
    balancer: Balancer,
    now: Tick,
    drawn: u64,
}

impl World {
    fn new(upstream: Upstream) -> Self {
        Self { balancer: Balancer::new(Arc::new(upstream)), now: epoch().tick, drawn: 0 }
    }

    fn later(&mut self, seconds: u64) {
        self.now = self.now.after(Duration::from_secs(seconds));
    }

    fn begin(&self, key: &str, client: &str) -> Selection {
        let mut fixture = Fixture::new(&format!("GET /?k={key} HTTP/1.1\n\n"));
        fixture.peer.remote = Some(format!("{client}:1").parse().unwrap());
        self.balancer.begin(&fixture.scope())
    }

    fn pick(&mut self, selection: &mut Selection) -> Option<usize> {
        let drawn = &mut self.drawn;
        // Any numbers will do.
        let mut random = || {
            *drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *drawn >> 33
        };
        self.balancer.pick(selection, self.now, &mut random)
    }

    /// One request; the peers in `dead` fail. Who answers is a letter, nobody a `-`.
    fn request(&mut self, key: &str, client: &str, dead: &[usize]) -> char {
        let mut selection = self.begin(key, client);
        while let Some(peer) = self.pick(&mut selection) {
            if !dead.contains(&peer) {
                self.balancer.end(peer, PeerEnd::Served, self.now);
                return letter(peer);
            }
            self.balancer.end(peer, PeerEnd::Failed, self.now);
        }
        '-'
    }

    fn requests(&mut self, count: usize, dead: &[usize]) -> String {
        (0..count).map(|_| self.request("", "127.0.0.1", dead)).collect()
    }

    fn keys(&mut self, count: usize) -> String {
        (1..=count).map(|key| self.request(&format!("key{key}"), "127.0.0.1", &[])).collect()
    }
}

fn letter(peer: usize) -> char {
    char::from(b'a' + u8::try_from(peer).unwrap())
}

fn check(balance: Balance, weights: &[u32], expected: &str) {
    let mut world = World::new(upstream(balance, weights));
    assert_eq!(world.requests(expected.len(), &[]), expected);
}

#[test]
fn peers_take_turns_by_weight() {
    check(Balance::RoundRobin, &[5, 1, 1], "aabacaaaabacaaaabacaa");
    check(Balance::RoundRobin, &[4, 2, 1], "abacabaabacabaabacaba");
    check(Balance::RoundRobin, &[1, 1, 1], "abcabc");
    check(Balance::RoundRobin, &[7], "aaa");
    // One request at a time: all are equally busy, and take turns.
    check(Balance::LeastConn, &[3, 1, 1], "abacaabacaabacaabacaa");
}

#[test]
fn keys_lead_to_peers() {
    let mut down = upstream(hash(false), &[2, 1, 1]);
    assert_eq!(World::new(down.clone()).keys(40), "aabbaacacacbaabcacaabcaacbababaaccaababc");
    down.peers[1].down = true;
    assert_eq!(World::new(down).keys(40), "aaccaacacaccaaccacaaccaaccacacaaccaacacc");
    let mut down = upstream(hash(true), &[2, 1, 1]);
    assert_eq!(World::new(down.clone()).keys(40), "bbaabcbaaaabcccabacccbacbacabbbaabcaabba");
    down.peers[1].down = true;
    assert_eq!(World::new(down).keys(40), "caaacccaaaaccccacacccaaccacaaaaaaccaacaa");
}

#[test]
fn clients_keep_their_peer() {
    let mut world = World::new(upstream(Balance::IpHash, &[2, 1, 1]));
    let found: String =
        (1..=12).map(|net| world.request("", &format!("127.0.{net}.1"), &[])).collect();
    assert_eq!(found, "abcaabcaabca");
    let same: String =
        (1..=9).map(|host| world.request("", &format!("127.0.2.{host}"), &[])).collect();
    assert_eq!(same, "bbbbbbbbb");
}

#[test]
fn a_key_that_says_nothing_lets_peers_take_turns() {
    check(hash(false), &[1, 1, 1], "abcabc");
    check(hash(true), &[1, 1, 1], "abcabc");
}

#[test]
fn a_peer_that_fails_rests() {
    let mut settings = upstream(Balance::RoundRobin, &[4, 2, 1]);
    settings.peers[1].max_fails = 2;
    settings.peers[1].fail_timeout = Duration::from_secs(30);
    assert_eq!(World::new(settings).requests(21, &[1]), "aaacaaaaacaaaacaaaaca");

    let mut world = World::new(upstream(Balance::RoundRobin, &[1, 1]));
    assert_eq!(world.requests(4, &[1]), "aaaa");
    assert_eq!(world.requests(2, &[]), "aa");
    world.later(10);
    assert_eq!(world.requests(2, &[]), "aa", "it rests for all of its time");
    world.later(1);
    let back = world.requests(4, &[]);
    assert!(back.contains('b'), "{back}");
}

#[test]
fn a_failure_after_its_rest_counts_at_once() {
    let mut world = World::new(upstream(Balance::RoundRobin, &[1, 1]));
    world.requests(2, &[1]);
    world.later(11);
    let mut asked = 0;
    for _ in 0..6 {
        let mut selection = world.begin("", "127.0.0.1");
        while let Some(peer) = world.pick(&mut selection) {
            let end = if peer == 1 { PeerEnd::Failed } else { PeerEnd::Served };
            asked += usize::from(peer == 1);
            let rests = world.balancer.end(peer, end, world.now);
            assert_eq!(rests, peer == 1);
            if peer == 0 {
                break;
            }
        }
    }
    assert_eq!(asked, 1);
}

#[test]
fn an_only_peer_is_asked_whatever_it_does() {
    let mut world = World::new(upstream(Balance::RoundRobin, &[1]));
    assert_eq!(world.requests(3, &[0]), "---");
    assert_eq!(world.requests(3, &[]), "aaa");
}

#[test]
fn max_fails_0_counts_nothing() {
    let mut settings = upstream(Balance::RoundRobin, &[1, 1]);
    settings.peers[1].max_fails = 0;
    let mut world = World::new(settings);
    world.requests(9, &[1]);
    assert_eq!(world.requests(4, &[]).matches('b').count(), 2);
}

#[test]
fn backups_wait_for_all_others() {
    for balance in [Balance::RoundRobin, Balance::LeastConn] {
        let mut settings = upstream(balance, &[1, 1, 1]);
        settings.peers[2].backup = true;
        let mut world = World::new(settings);
        assert_eq!(world.requests(4, &[]), "abab");
        assert_eq!(world.requests(4, &[0, 1]), "cccc");
        world.later(11);
        assert_eq!(world.requests(4, &[]).matches('c').count(), 0);
    }
}

#[test]
fn busy_peers_get_no_more() {
    let mut settings = upstream(Balance::RoundRobin, &[1, 1]);
    settings.peers.iter_mut().for_each(|peer| peer.max_conns = Some(1));
    let mut world = World::new(settings);
    let pick = |world: &mut World| {
        let mut selection = world.begin("", "127.0.0.1");
        world.pick(&mut selection)
    };
    assert_eq!([pick(&mut world), pick(&mut world), pick(&mut world)], [Some(0), Some(1), None]);
    world.balancer.end(1, PeerEnd::Served, world.now);
    assert_eq!([pick(&mut world), pick(&mut world)], [Some(1), None]);
}

#[test]
fn the_least_busy_is_next() {
    let mut world = World::new(upstream(Balance::LeastConn, &[2, 1]));
    let picked: String = (0..9)
        .map(|_| {
            let mut selection = world.begin("", "127.0.0.1");
            letter(world.pick(&mut selection).unwrap())
        })
        .collect();
    assert_eq!((picked.matches('a').count(), picked.matches('b').count()), (6, 3), "{picked}");
    for _ in 0..3 {
        world.balancer.end(1, PeerEnd::Served, world.now);
    }
    let mut selection = world.begin("", "127.0.0.1");
    assert_eq!(world.pick(&mut selection), Some(1));
}

#[test]
fn of_two_the_less_busy() {
    let mut world = World::new(upstream(Balance::Random { two: true }, &[1, 1]));
    for _ in 0..100 {
        let mut selection = world.begin("", "127.0.0.1");
        assert!(world.pick(&mut selection).is_some());
    }
    let conns: Vec<u32> = world.balancer.peers.iter().map(|peer| peer.conns).collect();
    assert_eq!(conns, [50, 50]);
}

#[test]
fn a_peer_that_recovers_starts_slowly() {
    let mut settings = upstream(Balance::RoundRobin, &[1, 1]);
    settings.peers[1].slow_start = Duration::from_secs(100);
    let mut world = World::new(settings);
    world.requests(2, &[1]);
    world.later(11);
    assert_eq!(world.requests(4, &[]).matches('b').count(), 1, "it is tried once");
    world.later(25);
    assert_eq!(world.requests(50, &[]).matches('b').count(), 10);
    world.later(75);
    assert_eq!(world.requests(50, &[]).matches('b').count(), 25);
}

fn any_balance() -> impl Strategy<Value = Balance> {
    prop_oneof![
        Just(Balance::RoundRobin),
        Just(Balance::LeastConn),
        Just(Balance::IpHash),
        Just(hash(false)),
        Just(hash(true)),
        any::<bool>().prop_map(|two| Balance::Random { two }),
    ]
}

fn any_peer() -> impl Strategy<Value = (u32, Option<u32>, bool, bool)> {
    (1..6_u32, prop::option::of(1..3_u32), prop::bool::weighted(0.2), prop::bool::weighted(0.2))
}

proptest! {
    /// Over one round every peer has its share.
    #[test]
    fn a_round_is_as_the_weights_say(weights in prop::collection::vec(1..20_u32, 1..8)) {
        let total: u32 = weights.iter().sum();
        let mut world = World::new(upstream(Balance::RoundRobin, &weights));
        let round = world.requests(total as usize, &[]);
        for (peer, weight) in weights.iter().enumerate() {
            prop_assert_eq!(round.matches(letter(peer)).count(), *weight as usize);
        }
    }

    /// Whatever happens, nobody is asked who is down, busy, or was asked before, and everybody who
    /// could be asked is before a request is given up.
    #[test]
    fn only_who_may_be_asked_is(
        balance in any_balance(),
        peers in prop::collection::vec(any_peer(), 1..6),
        steps in prop::collection::vec((any::<u8>(), 0..4_u8, 0..6_u64), 1..60),
    ) {
        let weights: Vec<u32> = peers.iter().map(|peer| peer.0).collect();
        let mut settings = upstream(balance, &weights);
        for (settings, (_, max_conns, backup, down)) in settings.peers.iter_mut().zip(&peers) {
            (settings.max_conns, settings.backup, settings.down) = (*max_conns, *backup, *down);
            settings.max_fails = 2;
        }
        let mut world = World::new(settings.clone());
        let mut open: Vec<usize> = Vec::new();
        for (key, action, seconds) in steps {
            world.later(seconds);
            if action == 0 && let Some(peer) = open.pop() {
                world.balancer.end(peer, PeerEnd::Failed, world.now);
                continue;
            }
            let mut selection = world.begin(&key.to_string(), &format!("10.0.{key}.1"));
            let mut asked = Vec::new();
            while let Some(peer) = world.pick(&mut selection) {
                let busy = open.iter().filter(|open| **open == peer).count();
                prop_assert!(!asked.contains(&peer) && !settings.peers[peer].down);
                prop_assert!(settings.peers[peer].max_conns.is_none_or(|max| busy < max as usize));
                asked.push(peer);
                open.push(peer);
                if action != 1 {
                    break;
                }
            }
            if asked.is_empty() {
                for (index, peer) in settings.peers.iter().enumerate() {
                    let busy = open.iter().filter(|open| **open == index).count();
                    let full = peer.max_conns.is_some_and(|max| busy >= max as usize);
                    let rests = world.balancer.peers[index].is_resting(peer, world.now);
                    prop_assert!(peer.down || full || rests);
                }
            }
        }
        for peer in open {
            world.balancer.end(peer, PeerEnd::Served, world.now);
        }
        prop_assert!(world.balancer.peers.iter().all(|peer| peer.conns == 0));
    }
}
