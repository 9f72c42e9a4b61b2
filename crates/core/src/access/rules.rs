//! `allow` and `deny`.

use std::net::IpAddr;

use crate::settings::{Access, AccessRule, Network};

/// What the first rule whose network contains the peer says; `None` if no rule speaks of it.
/// `None` as a peer is one on a unix socket.
#[must_use]
pub fn decide(rules: &[AccessRule], peer: Option<IpAddr>) -> Option<Access> {
    let peer = peer.map(|address| address.to_canonical());
    rules.iter().find(|rule| contains(&rule.network, peer)).map(|rule| rule.access)
}

/// Whether an address, in its canonical form, is one of the network.
pub(super) fn contains(network: &Network, peer: Option<IpAddr>) -> bool {
    match (network, peer) {
        (Network::All, _) | (Network::Unix, None) => true,
        (Network::Unix, Some(_)) | (Network::Ip { .. }, None) => false,
        (Network::Ip { address, bits }, Some(peer)) => agree(*address, peer, *bits),
    }
}

/// Whether two addresses of one family have the same first `bits` bits.
fn agree(network: IpAddr, peer: IpAddr, bits: u8) -> bool {
    match (network, peer) {
        (IpAddr::V4(network), IpAddr::V4(peer)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits.min(32))).unwrap_or(0);
            network.to_bits() & mask == peer.to_bits() & mask
        }
        (IpAddr::V6(network), IpAddr::V6(peer)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
            network.to_bits() & mask == peer.to_bits() & mask
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        match text {
            "all" => Network::All,
            "unix:" => Network::Unix,
            text => {
                let (address, bits) = text.split_once('/').unwrap();
                Network::Ip { address: address.parse().unwrap(), bits: bits.parse().unwrap() }
            }
        }
    }

    fn check(rules: &[(&str, &str)], peer: &str, expected: impl Into<Option<bool>>) {
        let rules: Vec<_> = rules
            .iter()
            .map(|(word, text)| AccessRule {
                access: if *word == "allow" { Access::Allow } else { Access::Deny },
                network: network(text),
            })
            .collect();
        let peer = (peer != "unix:").then(|| peer.parse().unwrap());
        let decided = decide(&rules, peer).map(|access| access == Access::Allow);
        assert_eq!(decided, expected.into(), "{rules:?} {peer:?}");
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let rules = [("allow", "127.0.0.1/32"), ("deny", "all")];
        check(&rules, "127.0.0.1", true);
        check(&rules, "127.0.0.2", false);
        check(&rules, "::1", false);
        check(&rules, "unix:", false);
        check(&rules, "::ffff:127.0.0.1", true);
        check(&[], "10.0.0.1", None);
        check(&rules[..1], "10.0.0.1", None);
    }

    #[test]
    fn networks_of_any_length() {
        let rules = [("deny", "10.1.0.0/16"), ("allow", "0.0.0.0/0"), ("deny", "all")];
        check(&rules, "10.1.2.3", false);
        check(&rules, "10.2.2.3", true);
        check(&rules, "fe80::1", false);
        check(&[("allow", "2001:db8::/32"), ("deny", "all")], "2001:db8:1::1", true);
        check(&[("allow", "unix:"), ("deny", "all")], "unix:", true);
    }
}
