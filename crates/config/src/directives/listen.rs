//! `listen`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _};

use outpour_core::settings::ListenAddress;

use crate::draft::{Block, ListenDraft};
use crate::lower::Lowering;
use crate::syntax::{Node, Word, bytes_to_path};
use crate::values;

use super::table::{Args, Contexts, Directive, row};

/// Longest path that fits into a unix socket address, with its closing zero.
const UNIX_PATH_MAX: usize = 107;

pub(crate) const ROWS: &[Directive] = &[row(
    "listen",
    Contexts::SERVER,
    Args::new(1, usize::MAX, "address[:port] | port | unix:path [default_server] [option ...]"),
    "*:80",
    "An address that the server listens on; port 0 lets the system choose.",
    listen,
)
.repeats()];

fn listen(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some((address, options)) = n.args.split_first() else { return };
    let addresses = match addresses(&address.value) {
        Ok(addresses) => addresses,
        Err(reason) => {
            let shown = address.text();
            let message = format!("{reason} in \"{shown}\" of the \"listen\" directive");
            return l.report.emerg(address.span, message);
        }
    };
    let mut draft = ListenDraft {
        address: ListenAddress::Unix(std::path::PathBuf::new()),
        at: n.span(),
        default_server: false,
        backlog: None,
        ipv6only: None,
        rcvbuf: None,
        sndbuf: None,
        so_keepalive: false,
        tls: false,
        http2: false,
        options: false,
    };
    for word in options {
        option(l, n, word, &mut draft);
    }
    for address in addresses {
        b.listens.push(ListenDraft { address, ..draft.clone() });
    }
}

/// The addresses that a value stands for: a name may have several, a range of ports has one each.
fn addresses(value: &[u8]) -> Result<Vec<ListenAddress>, &'static str> {
    if let Some(path) = value.strip_prefix(b"unix:") {
        return match path.len() {
            0 => Err("no path in the unix domain socket"),
            1..=UNIX_PATH_MAX => Ok(vec![ListenAddress::Unix(bytes_to_path(path))]),
            _ => Err("too long path in the unix domain socket"),
        };
    }
    let text = std::str::from_utf8(value).map_err(|_| "invalid host")?;
    let (host, ports) = split(text)?;
    let (first, last) = ports.map_or(Ok((80, 80)), port_range)?;
    let hosts = resolve(host)?;
    let sockets = hosts.iter().flat_map(|host| (first..=last).map(|port| (*host, port)));
    Ok(sockets.map(|(host, port)| ListenAddress::Tcp(SocketAddr::from((host, port)))).collect())
}

/// Host and port; a value of digits only is a port.
fn split(text: &str) -> Result<(&str, Option<&str>), &'static str> {
    if text.starts_with('[') {
        let (host, rest) = text.split_once(']').ok_or("invalid host")?;
        return match (rest, rest.strip_prefix(':')) {
            ("", _) => Ok((&host[1..], None)),
            (_, Some(port)) => Ok((&host[1..], Some(port))),
            (_, None) => Err("invalid host"),
        };
    }
    if let Some((host, port)) = text.split_once(':') {
        return if host.is_empty() { Err("no host") } else { Ok((host, Some(port))) };
    }
    let port_like = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    Ok(if port_like { ("*", Some(text)) } else { (text, None) })
}

fn port_range(text: &str) -> Result<(u16, u16), &'static str> {
    let port = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
        true => text.parse().map_err(|_| "invalid port"),
        false => Err("invalid port"),
    };
    match text.split_once('-') {
        None => port(text).map(|port| (port, port)),
        Some((first, last)) => match (port(first)?, port(last)?) {
            (first, last) if first <= last => Ok((first, last)),
            _ => Err("invalid port range"),
        },
    }
}

fn resolve(host: &str) -> Result<Vec<IpAddr>, &'static str> {
    if host == "*" {
        return Ok(vec![Ipv4Addr::UNSPECIFIED.into()]);
    }
    if host.is_empty() {
        return Err("no host");
    }
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let found = (host, 0).to_socket_addrs().map_err(|_| "host not found")?;
    let mut hosts: Vec<IpAddr> = Vec::new();
    for address in found.map(|socket| socket.ip()) {
        if !hosts.contains(&address) {
            hosts.push(address);
        }
    }
    if hosts.is_empty() { Err("host not found") } else { Ok(hosts) }
}

/// What may stand behind the address.
const OPTIONS: [&str; 12] = [
    "default_server",
    "backlog=",
    "bind",
    "deferred",
    "ipv6only=",
    "rcvbuf=",
    "reuseport",
    "sndbuf=",
    "ssl",
    "so_keepalive=",
    "fastopen=",
    "http2",
];

fn option(l: &mut Lowering<'_>, n: &Node, word: &Word, draft: &mut ListenDraft) {
    let (name, value) = match word.value.iter().position(|b| *b == b'=') {
        Some(at) => (&word.value[..at], Some(&word.value[at + 1..])),
        None => (word.value.as_slice(), None),
    };
    let is_default = matches!(name, b"default_server" | b"default");
    let is_tls = (name, value) == (b"ssl", None);
    let is_http2 = (name, value) == (b"http2", None);
    draft.options |= !is_default && !is_tls && !is_http2;
    match (name, value) {
        (b"default_server" | b"default", None) => draft.default_server = true,
        (b"ssl", None) => draft.tls = true,
        (b"bind" | b"deferred" | b"reuseport" | b"multipath", None)
        | (b"setfib" | b"fastopen" | b"accept_filter", Some(_)) => {}
        (b"backlog", Some(value)) => {
            let backlog = values::number(value).filter(|backlog| *backlog > 0);
            draft.backlog = backlog.and_then(|backlog| u32::try_from(backlog).ok());
            if draft.backlog.is_none() {
                invalid(l, word, "backlog", value);
            }
        }
        (b"rcvbuf", Some(value)) => draft.rcvbuf = buffer(l, word, "rcvbuf", value),
        (b"sndbuf", Some(value)) => draft.sndbuf = buffer(l, word, "sndbuf", value),
        (b"ipv6only", Some(value)) => match value {
            b"on" => draft.ipv6only = Some(true),
            b"off" => draft.ipv6only = Some(false),
            _ => invalid(l, word, "ipv6only flags", value),
        },
        (b"so_keepalive", Some(value)) => so_keepalive(l, word, value, draft),
        (b"http2", None) => {
            draft.http2 = true;
            let text = "the \"listen ... http2\" directive is deprecated, use the \"http2\" \
                        directive instead";
            l.report.warn(word.span, text.to_owned());
        }
        (b"spdy" | b"quic" | b"http3" | b"proxy_protocol", None) => {
            let name = word.text();
            l.not_implemented(word.span, &format!("\"{name}\" of the \"listen\" directive"));
        }
        _ => l.invalid_parameter(n, word, &OPTIONS),
    }
}

fn invalid(l: &mut Lowering<'_>, word: &Word, what: &str, value: &[u8]) {
    let value = String::from_utf8_lossy(value);
    l.report.emerg(word.span, format!("invalid {what} \"{value}\""));
}

fn buffer(l: &mut Lowering<'_>, word: &Word, what: &str, value: &[u8]) -> Option<usize> {
    let size = values::size(value).and_then(|size| usize::try_from(size).ok());
    if size.is_none() {
        invalid(l, word, what, value);
    }
    size
}

/// `on`, `off` or `[idle]:[interval]:[count]`; the three numbers are left to the system.
fn so_keepalive(l: &mut Lowering<'_>, word: &Word, value: &[u8], draft: &mut ListenDraft) {
    let part = |text: &[u8]| text.is_empty() || values::seconds(text).is_some();
    let parts: Vec<&[u8]> = value.split(|b| *b == b':').collect();
    match value {
        b"on" => draft.so_keepalive = true,
        b"off" => draft.so_keepalive = false,
        b"::" => invalid(l, word, "so_keepalive value:", value),
        _ if parts.len() == 3 && parts.iter().all(|text| part(text)) => draft.so_keepalive = true,
        _ => invalid(l, word, "so_keepalive value:", value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Result<&[&str], &str>) {
        let shown = |address: ListenAddress| match address {
            ListenAddress::Tcp(address) => address.to_string(),
            ListenAddress::Unix(path) => path.display().to_string(),
        };
        let found = addresses(value.as_bytes());
        let found = found.map(|list| list.into_iter().map(shown).collect::<Vec<_>>());
        let expected = expected.map(|list| list.iter().map(ToString::to_string).collect());
        assert_eq!(found, expected, "{value}");
    }

    #[test]
    fn forms() {
        check("80", Ok(&["0.0.0.0:80"]));
        check("*:8080", Ok(&["0.0.0.0:8080"]));
        check("127.0.0.1", Ok(&["127.0.0.1:80"]));
        check("127.0.0.1:9080", Ok(&["127.0.0.1:9080"]));
        check("[::]:80", Ok(&["[::]:80"]));
        check("[::1]", Ok(&["[::1]:80"]));
        check("unix:/run/x.sock", Ok(&["/run/x.sock"]));
        check("8000-8002", Ok(&["0.0.0.0:8000", "0.0.0.0:8001", "0.0.0.0:8002"]));
        check("127.0.0.1:0", Ok(&["127.0.0.1:0"]));
        check("127.0.0.1:70000", Err("invalid port"));
        check("127.0.0.1:x", Err("invalid port"));
        check("127.0.0.1:", Err("invalid port"));
        check(":80", Err("no host"));
        check("", Err("no host"));
        check("unix:", Err("no path in the unix domain socket"));
        check("[::1", Err("invalid host"));
        check("9-8", Err("invalid port range"));
    }
}
