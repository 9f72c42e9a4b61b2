//! `upstream` and what stands in it.

use std::time::Duration;

use outpour_core::settings::{Balance, PeerAddress, UpstreamPeer};

use crate::draft::Block;
use crate::lower::Lowering;
use crate::proxy_url::Authority;
use crate::syntax::{Node, Word};
use crate::values;

use super::table::{Args, Contexts, Directive, row};

pub(crate) const ROWS: &[Directive] = &[row(
    "upstream",
    Contexts::HTTP,
    Args::block(1, 1, "name"),
    "none",
    "Servers that proxy_pass can name together.",
    upstream,
)
.repeats()];

/// What stands in an `upstream` block: some of it has the name of a directive that stands elsewhere
/// and means something else there.
pub(crate) const INNER: &[Directive] = &[
    row(
        "server",
        Contexts::UPSTREAM,
        Args::new(
            1,
            usize::MAX,
            "address [weight=number] [max_conns=number] [max_fails=number] [fail_timeout=time] \
             [slow_start=time] [backup] [down]",
        ),
        "none",
        "A server of the upstream: a host with or without port, or unix:PATH. All addresses of a \
         host are used.",
        server,
    )
    .repeats(),
    row(
        "least_conn",
        Contexts::UPSTREAM,
        Args::NONE,
        "none",
        "The server with the fewest requests under way gets the next one, weights considered.",
        |l, b, n| method(l, b, n, Balance::LeastConn),
    ),
    row(
        "ip_hash",
        Contexts::UPSTREAM,
        Args::NONE,
        "none",
        "A client's requests go to the same server; of an IPv4 address the first three bytes count.",
        |l, b, n| method(l, b, n, Balance::IpHash),
    ),
    row(
        "hash",
        Contexts::UPSTREAM,
        Args::new(1, 2, "key [consistent]"),
        "none",
        "Requests with the same key go to the same server; with consistent few keys move when \
         servers come or go.",
        hash,
    ),
    row(
        "random",
        Contexts::UPSTREAM,
        Args::new(0, 2, "[two [least_conn]]"),
        "none",
        "Any server; with two the less busy of two.",
        random,
    ),
    row(
        "keepalive",
        Contexts::UPSTREAM,
        Args::NUMBER,
        "none",
        "Idle connections that each worker keeps for further requests.",
        keepalive,
    ),
    row(
        "keepalive_requests",
        Contexts::UPSTREAM,
        Args::NUMBER,
        "1000",
        "How many requests one connection to a server may carry.",
        |l, b, n| b.upstream.keepalive_requests = l.number(n),
    ),
    row(
        "keepalive_timeout",
        Contexts::UPSTREAM,
        Args::TIME,
        "60s",
        "How long an idle connection to a server is kept.",
        |l, b, n| b.upstream.keepalive_timeout = l.milliseconds(n),
    ),
    row(
        "keepalive_time",
        Contexts::UPSTREAM,
        Args::TIME,
        "1h",
        "Age at which a connection to a server carries no further request.",
        |l, b, n| b.upstream.keepalive_time = l.milliseconds(n),
    ),
    row(
        "zone",
        Contexts::UPSTREAM,
        Args::new(1, 2, "name [size]"),
        "none",
        "Accepted without effect: each worker counts for itself.",
        zone,
    ),
];

fn upstream(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(name) = n.args.first() else { return };
    let known = |block: &Block| block.label.eq_ignore_ascii_case(&name.text());
    if b.upstreams.iter().any(known) {
        return l.report.emerg(name.span, format!("duplicate upstream \"{}\"", name.text()));
    }
    let mut inner = Block::new(Contexts::UPSTREAM, name.text(), n.span());
    l.walk(n.block.as_deref().unwrap_or_default(), &mut inner);
    if inner.upstream.peers.is_empty() && !l.report.failed() {
        l.report.emerg(n.span(), "no servers are inside upstream");
    }
    b.upstreams.push(inner);
}

fn server(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some((address, parameters)) = n.args.split_first() else { return };
    let mut peer = UpstreamPeer {
        address: PeerAddress::Unix(std::path::PathBuf::new()),
        label: Box::from(""),
        server: address.text().into(),
        weight: 1,
        max_conns: None,
        max_fails: 1,
        fail_timeout: Duration::from_secs(10),
        slow_start: Duration::ZERO,
        backup: false,
        down: false,
    };
    for word in parameters {
        if !parameter(l, b, n, word, &mut peer) {
            return;
        }
    }
    match addresses(&address.value) {
        Ok(found) => b.upstream.peers.extend(found.into_iter().map(|address| UpstreamPeer {
            label: address.to_string().into(),
            address,
            ..peer.clone()
        })),
        Err(reason) => {
            let message = format!("{reason} in upstream \"{}\"", address.text());
            let help = address
                .text()
                .split_once("://")
                .map(|(_, rest)| format!("the scheme belongs to proxy_pass; write: server {rest}"));
            l.report.emerg_help(address.span, message, help);
        }
    }
}

fn addresses(text: &[u8]) -> Result<Vec<PeerAddress>, &'static str> {
    match Authority::parse(text)? {
        (authority, []) => authority.resolve(80),
        _ => Err("invalid host"),
    }
}

/// One parameter of `server`; false if it was refused.
fn parameter(
    l: &mut Lowering<'_>,
    b: &Block,
    n: &Node,
    word: &Word,
    peer: &mut UpstreamPeer,
) -> bool {
    const KNOWN: [&str; 7] =
        ["weight=", "max_conns=", "max_fails=", "fail_timeout=", "slow_start=", "backup", "down"];
    let text = word.value.as_slice();
    let (name, value) = match text.iter().position(|b| *b == b'=') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[][..]),
    };
    let number = || values::number(value).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    let done = match (name, value) {
        (b"weight", _) => number().filter(|weight| *weight > 0).map(|n| peer.weight = n),
        (b"max_conns", _) => number().map(|n| peer.max_conns = Some(n).filter(|n| *n > 0)),
        (b"max_fails", _) => number().map(|n| peer.max_fails = n),
        (b"fail_timeout", _) => values::seconds(value).map(|time| peer.fail_timeout = time),
        (b"slow_start", _) => values::seconds(value).map(|time| peer.slow_start = time),
        (b"down", []) => {
            peer.down = true;
            Some(())
        }
        (b"backup", []) => {
            peer.backup = true;
            match b.upstream.balance {
                None | Some(Balance::LeastConn | Balance::RoundRobin) => Some(()),
                Some(Balance::IpHash | Balance::Hash { .. } | Balance::Random { .. }) => {
                    let text = "balancing method does not support parameter \"backup\"";
                    l.report.emerg(word.span, text);
                    return false;
                }
            }
        }
        (b"resolve", []) => {
            l.not_implemented(word.span, "\"resolve\" of \"server\"");
            return false;
        }
        _ => None,
    };
    if done.is_none() {
        l.invalid_parameter(n, word, &KNOWN);
    }
    done.is_some()
}

fn method(l: &mut Lowering<'_>, b: &mut Block, n: &Node, balance: Balance) {
    if b.upstream.balance.is_some() || b.upstream.keepalive.is_some() {
        l.report.warn(n.span(), "load balancing method redefined");
    }
    b.upstream.balance = Some(balance);
}

fn hash(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let [key, rest @ ..] = n.args.as_slice() else { return };
    let consistent = match rest {
        [] => false,
        [word] if word.is("consistent") => true,
        [word, ..] => return l.invalid_parameter(n, word, &["consistent"]),
    };
    let Some(key) = l.expression(key) else { return };
    method(l, b, n, Balance::Hash { key, consistent });
}

fn random(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let two = match n.args.as_slice() {
        [] => false,
        [two] if two.is("two") => true,
        [two, how] if two.is("two") && how.is("least_conn") => true,
        [two, how] if two.is("two") => return l.invalid_parameter(n, how, &["least_conn"]),
        [word, ..] => return l.invalid_parameter(n, word, &["two"]),
    };
    method(l, b, n, Balance::Random { two });
}

fn keepalive(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(connections) = l.number(n) else { return };
    match usize::try_from(connections) {
        Ok(connections @ 1..) => b.upstream.keepalive = l.given(n, Some(connections)),
        Ok(0) | Err(_) => {
            let message = format!("invalid value \"{connections}\" in \"keepalive\" directive");
            l.report.emerg(n.span(), message);
        }
    }
}

fn zone(l: &mut Lowering<'_>, _: &mut Block, n: &Node) {
    let [name, rest @ ..] = n.args.as_slice() else { return };
    if name.value.is_empty() {
        return l.report.emerg(name.span, "invalid zone name \"\"");
    }
    if let [size] = rest {
        let wrong = match values::size(&size.value) {
            None => "invalid zone size",
            Some(size) if size < 8 * 4096 => "zone",
            Some(_) => "",
        };
        match wrong {
            "" => {}
            "zone" => {
                let message = format!("zone \"{}\" is too small", name.text());
                l.report.emerg(size.span, message);
            }
            _ => l.report.emerg(size.span, format!("invalid zone size \"{}\"", size.text())),
        }
    }
    if l.first_time("zone") {
        let text = "\"zone\" of an upstream is ignored: each worker counts for itself";
        l.report.notice(n.name.span, text);
    }
}
