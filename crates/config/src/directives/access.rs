//! `allow` and `deny`.

use std::net::IpAddr;

use outpour_core::settings::{Access, AccessRule, Network};

use crate::draft::Block;
use crate::lower::Lowering;
use crate::syntax::Node;

use super::table::{Args, Contexts, Directive, row};

const WHO: Args = Args::new(1, 1, "address | address/bits | unix: | all");

pub(crate) const ROWS: &[Directive] = &[
    row(
        "allow",
        Contexts::HSL,
        WHO,
        "none",
        "Lets these peers in; the first rule that fits decides.",
        |l, b, n| rule(l, b, n, Access::Allow),
    )
    .repeats(),
    row(
        "deny",
        Contexts::HSL,
        WHO,
        "none",
        "Answers these peers with 403; the first rule that fits decides.",
        |l, b, n| rule(l, b, n, Access::Deny),
    )
    .repeats(),
];

fn rule(l: &mut Lowering<'_>, b: &mut Block, n: &Node, access: Access) {
    let Some(word) = n.args.first() else { return };
    let Some((network, meaningless)) = network(&word.value) else {
        return l.invalid_parameter(n, word, &["all", "unix:"]);
    };
    if meaningless {
        l.report.warn(word.span, format!("low address bits of {} are meaningless", word.text()));
    }
    b.guard.rules.get_or_insert_default().push(AccessRule { access, network });
}

/// The network, and whether bits behind its mask had to be cleared.
pub(super) fn network(value: &[u8]) -> Option<(Network, bool)> {
    match value {
        b"all" => return Some((Network::All, false)),
        b"unix:" => return Some((Network::Unix, false)),
        _ => {}
    }
    let text = std::str::from_utf8(value).ok()?;
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        None => width,
        Some(bits) => prefix_length(bits).filter(|bits| *bits <= width)?,
    };
    let cleared = clear(address, bits);
    Some((Network::Ip { address: cleared, bits }, cleared != address))
}

/// A number of bits, or an IPv4 mask as nginx also takes it.
fn prefix_length(text: &str) -> Option<u8> {
    if let Ok(IpAddr::V4(mask)) = text.parse() {
        let mask = mask.to_bits();
        let length = mask.leading_ones();
        return (mask.count_ones() == length).then(|| u8::try_from(length).ok()).flatten();
    }
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn clear(address: IpAddr, bits: u8) -> IpAddr {
    let bits = u32::from(bits);
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Option<(&str, u8, bool)>) {
        let expected = expected.map(|(address, bits, cleared)| {
            (Network::Ip { address: address.parse().unwrap(), bits }, cleared)
        });
        assert_eq!(network(value.as_bytes()), expected, "{value}");
    }

    #[test]
    fn networks() {
        check("127.0.0.1", Some(("127.0.0.1", 32, false)));
        check("10.0.0.0/8", Some(("10.0.0.0", 8, false)));
        check("10.1.2.3/8", Some(("10.0.0.0", 8, true)));
        check("10.0.0.0/255.0.0.0", Some(("10.0.0.0", 8, false)));
        check("0.0.0.0/0", Some(("0.0.0.0", 0, false)));
        check("::1", Some(("::1", 128, false)));
        check("fe80::/10", Some(("fe80::", 10, false)));
        check("::/0", Some(("::", 0, false)));
        check("10.0.0.0/33", None);
        check("10.0.0.0/", None);
        check("localhost", None);
        assert_eq!(network(b"all"), Some((Network::All, false)));
        assert_eq!(network(b"unix:"), Some((Network::Unix, false)));
    }
}
