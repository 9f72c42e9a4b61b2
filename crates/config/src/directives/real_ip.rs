//! `set_real_ip_from` and its directives: the client's address, from a proxy that is trusted.

use std::net::{IpAddr, ToSocketAddrs};

use outpour_core::settings::Network;

use crate::draft::Block;
use crate::lower::Lowering;
use crate::syntax::Node;

use super::access::network;
use super::table::{Args, Contexts, Directive, row};

const HSL: Contexts = Contexts::HSL;

pub(crate) const ROWS: &[Directive] = &[
    row(
        "set_real_ip_from",
        HSL,
        Args::new(1, 1, "address | address/bits | name | unix:"),
        "none",
        "Proxies that are believed what they say about the client's address.",
        from,
    )
    .repeats(),
    row(
        "real_ip_header",
        HSL,
        Args::new(1, 1, "header"),
        "X-Real-IP",
        "The request header in which trusted proxies name the client's address: X-Real-IP, \
         X-Forwarded-For or any other.",
        header,
    ),
    row(
        "real_ip_recursive",
        HSL,
        Args::FLAG,
        "off",
        "Whether trusted addresses in the header are passed over, from its end.",
        |l, b, n| b.guard.real_ip_recursive = l.flag(n),
    ),
];

fn from(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(word) = n.args.first() else { return };
    let trusted = b.guard.real_ip_from.get_or_insert_default();
    match network(&word.value) {
        Some((Network::All, _)) | None => match named(&word.value) {
            Some(found) => trusted.extend(found),
            None => {
                let message = format!("host not found in set_real_ip_from \"{}\"", word.text());
                l.report.emerg(word.span, message);
            }
        },
        Some((network, meaningless)) => {
            trusted.push(network);
            if meaningless {
                let message = format!("low address bits of {} are meaningless", word.text());
                l.report.warn(word.span, message);
            }
        }
    }
}

/// The addresses of a name, looked up now.
fn named(name: &[u8]) -> Option<Vec<Network>> {
    let name = std::str::from_utf8(name).ok().filter(|name| !name.contains('/'))?;
    let found = (name, 0).to_socket_addrs().ok()?;
    let whole =
        |address: IpAddr| Network::Ip { address, bits: if address.is_ipv4() { 32 } else { 128 } };
    Some(found.map(|found| whole(found.ip())).collect())
}

fn header(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(word) = n.args.first() else { return };
    if word.is("proxy_protocol") {
        let help = "let the proxy set X-Real-IP or X-Forwarded-For instead".to_owned();
        let message = "the PROXY protocol is not spoken: \"real_ip_header proxy_protocol\"";
        return l.report.emerg_help(word.span, message, help);
    }
    b.guard.real_ip_header = Some(word.text().to_ascii_lowercase().into());
}
