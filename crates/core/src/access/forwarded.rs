//! `set_real_ip_from`: whose address a trusted proxy names.

use std::net::{IpAddr, SocketAddr};

use super::rules::contains;
use crate::request::{Peer, Request};
use crate::settings::RealIp;

/// Replaces the peer's address by the one that a trusted proxy names; once for a request, however
/// many locations it sees.
pub fn believe_proxy(settings: Option<&RealIp>, request: &Request, peer: &mut Peer) {
    let Some(settings) = settings.filter(|_| peer.proxy.is_none()) else { return };
    if let Some(client) = forwarded(settings, request, peer.remote) {
        peer.proxy = Some(Box::new(peer.remote.replace(client)));
    }
}

/// The client's address, as the header names it; `None` if the peer is not trusted or the header
/// has no address. `None` as a peer is one on a unix socket. The port is 0 where none is named.
fn forwarded(settings: &RealIp, request: &Request, peer: Option<SocketAddr>) -> Option<SocketAddr> {
    let trusted = |address: Option<SocketAddr>| {
        let address = address.map(|address| address.ip().to_canonical());
        settings.from.iter().any(|network| contains(network, address))
    };
    if !trusted(peer) {
        return None;
    }
    let mut found = None;
    for text in named(settings, request) {
        let Some(address) = parse(text) else { break };
        found = Some(address);
        if !settings.recursive || !trusted(found) {
            break;
        }
    }
    found
}

/// The addresses of the header, the last first: each was added by the one before.
fn named<'a>(settings: &RealIp, request: &'a Request) -> impl Iterator<Item = &'a [u8]> {
    let mut values: Vec<&[u8]> = request.header_values(&settings.header).collect();
    // Every proxy may add a line of its own to this header; others are one value.
    if &*settings.header != "x-forwarded-for" {
        values.truncate(1);
    }
    let words = |value: &'a [u8]| value.rsplit(|byte| matches!(byte, b' ' | b','));
    values.into_iter().rev().flat_map(words).filter(|word| !word.is_empty())
}

/// `ADDRESS`, `ADDRESS:PORT`, `[IPv6]:PORT`.
fn parse(text: &[u8]) -> Option<SocketAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let plain = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let alone = || plain.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 0));
    text.parse().ok().or_else(alone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Network;
    use crate::variables::tests::request;

    const PROXY: &str = "10.0.0.1:4000";

    fn settings(header: &str, recursive: bool) -> RealIp {
        let inner = Network::Ip { address: "10.0.0.0".parse().unwrap(), bits: 8 };
        RealIp { from: vec![inner, Network::Unix], header: header.into(), recursive }
    }

    fn check(settings: &RealIp, peer: &str, headers: &str, expected: &str) {
        let request = request(&format!("GET / HTTP/1.1\nHost: x\n{headers}\n"));
        let peer = (peer != "unix:").then(|| peer.parse().unwrap());
        let found = forwarded(settings, &request, peer).map(|found| found.to_string());
        assert_eq!(found.as_deref().unwrap_or("none"), expected, "{headers}");
    }

    #[test]
    fn the_last_address_is_the_one_that_a_proxy_has_seen() {
        let settings = settings("x-forwarded-for", false);
        check(&settings, PROXY, "X-Forwarded-For: 1.1.1.1, 2.2.2.2\n", "2.2.2.2:0");
        check(&settings, PROXY, "X-Forwarded-For: 1.1.1.1 ,\n", "1.1.1.1:0");
        check(
            &settings,
            PROXY,
            "X-Forwarded-For: 1.1.1.1\nX-Forwarded-For: 2.2.2.2\n",
            "2.2.2.2:0",
        );
        check(&settings, "unix:", "X-Forwarded-For: 1.1.1.1\n", "1.1.1.1:0");
        check(&settings, "[::ffff:10.0.0.1]:1", "X-Forwarded-For: 1.1.1.1\n", "1.1.1.1:0");
    }

    #[test]
    fn only_trusted_peers_are_believed() {
        let settings = settings("x-forwarded-for", false);
        check(&settings, "11.0.0.1:1", "X-Forwarded-For: 1.1.1.1\n", "none");
        check(&settings, "[::1]:1", "X-Forwarded-For: 1.1.1.1\n", "none");
        check(&settings, PROXY, "", "none");
        check(&settings, PROXY, "X-Forwarded-For: somebody\n", "none");
        check(&settings, PROXY, "X-Forwarded-For: 1.1.1.1, somebody\n", "none");
    }

    #[test]
    fn recursively_the_first_that_is_not_trusted() {
        let settings = settings("x-forwarded-for", true);
        check(&settings, PROXY, "X-Forwarded-For: 9.9.9.9, 1.1.1.1, 10.2.2.2\n", "1.1.1.1:0");
        check(&settings, PROXY, "X-Forwarded-For: 10.3.3.3, 10.2.2.2\n", "10.3.3.3:0");
        check(&settings, PROXY, "X-Forwarded-For: somebody, 10.2.2.2\n", "10.2.2.2:0");
        let lines = "X-Forwarded-For: 9.9.9.9, 1.1.1.1\nX-Forwarded-For: 10.2.2.2\n";
        check(&settings, PROXY, lines, "1.1.1.1:0");
    }

    #[test]
    fn forms_of_addresses() {
        let settings = settings("x-real-ip", false);
        check(&settings, PROXY, "X-Real-IP: 1.1.1.1:81\n", "1.1.1.1:81");
        check(&settings, PROXY, "X-Real-IP: 2001:db8::1\n", "[2001:db8::1]:0");
        check(&settings, PROXY, "X-Real-IP: [2001:db8::1]\n", "[2001:db8::1]:0");
        check(&settings, PROXY, "X-Real-IP: [2001:db8::1]:81\n", "[2001:db8::1]:81");
        check(&settings, PROXY, "X-Real-IP: 1.1.1.1\nX-Real-IP: 2.2.2.2\n", "1.1.1.1:0");
        check(&settings, PROXY, "X-Real-IP: 1.1.1.256\n", "none");
    }
}
