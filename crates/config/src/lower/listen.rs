//! Addresses and the servers behind them.

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};

use outpour_core::settings::{Listen, ListenAddress, ServerName};

use crate::draft::{Block, ListenDraft, NameDraft};
use crate::source::Span;

use super::Lowering;

/// Connections that may wait for acceptance, as nginx on Linux.
const BACKLOG: u32 = 511;

/// An address while servers are being collected.
struct Collected {
    listen: Listen,
    has_default: bool,
    has_options: bool,
}

impl Lowering<'_> {
    /// All addresses in the order of the file, each once.
    pub(super) fn listens(&mut self, servers: &[Block]) -> Vec<Listen> {
        let mut found: Vec<Collected> = Vec::new();
        let mut known: BTreeMap<ListenAddress, usize> = BTreeMap::new();
        for (index, server) in servers.iter().enumerate() {
            let default = [default_listen(server.at)];
            let listens = if server.listens.is_empty() { &default } else { &server.listens[..] };
            for draft in listens {
                match known.get(&draft.address) {
                    Some(&at) => self.add_server(&mut found[at], index, draft),
                    None => {
                        known.insert(draft.address.clone(), found.len());
                        found.push(collected(draft, index));
                    }
                }
            }
        }
        for entry in &found {
            self.conflicting_names(&entry.listen, servers);
            self.check_tls(&entry.listen, servers);
        }
        found.into_iter().map(|entry| entry.listen).collect()
    }

    fn add_server(&mut self, entry: &mut Collected, index: usize, draft: &ListenDraft) {
        let shown = address_text(&draft.address);
        if entry.listen.servers.last() == Some(&index) {
            self.report.emerg(draft.at, format!("a duplicate listen {shown}"));
            return;
        }
        entry.listen.servers.push(index);
        entry.listen.tls |= draft.tls;
        entry.listen.http2 |= draft.http2;
        if draft.options {
            if entry.has_options {
                self.report.emerg(draft.at, format!("duplicate listen options for {shown}"));
            }
            entry.has_options = true;
            options(&mut entry.listen, draft);
        }
        if draft.default_server {
            if entry.has_default {
                self.report.emerg(draft.at, format!("a duplicate default server for {shown}"));
            }
            entry.has_default = true;
            entry.listen.default_server = index;
        }
    }

    /// The same name twice behind one address: the second is never chosen.
    fn conflicting_names(&mut self, listen: &Listen, servers: &[Block]) {
        let mut owners: HashMap<Vec<u8>, usize> = HashMap::new();
        for &index in &listen.servers {
            let nobody = NameDraft { written: Box::from([]), ways: vec![empty_name()] };
            let names = &servers[index].names;
            let names = if names.is_empty() { std::slice::from_ref(&nobody) } else { &names[..] };
            for name in names.iter().flat_map(|name| &name.ways) {
                let Some(key) = name_key(name) else { continue };
                let owner = *owners.entry(key.clone()).or_insert(index);
                if owner != index {
                    let (key, shown) =
                        (String::from_utf8_lossy(&key), address_text(&listen.address));
                    self.warn_unplaced(format!(
                        "conflicting server name \"{key}\" on {shown}, ignored"
                    ));
                }
            }
        }
    }
}

fn empty_name() -> ServerName {
    ServerName::Exact(Box::from([]))
}

fn name_key(name: &ServerName) -> Option<Vec<u8>> {
    match name {
        ServerName::Exact(name) => Some(name.to_vec()),
        ServerName::Suffix(suffix) => Some([b"*", &**suffix].concat()),
        ServerName::Prefix(prefix) => Some([prefix, &b"*"[..]].concat()),
        ServerName::Regex(_) => None,
    }
}

/// A server without `listen` listens on port 80 of every IPv4 address.
fn default_listen(at: Span) -> ListenDraft {
    ListenDraft {
        address: ListenAddress::Tcp(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 80))),
        at,
        default_server: false,
        backlog: None,
        ipv6only: None,
        rcvbuf: None,
        sndbuf: None,
        so_keepalive: false,
        tls: false,
        http2: false,
        options: false,
    }
}

fn collected(draft: &ListenDraft, server: usize) -> Collected {
    let mut listen = Listen {
        address: draft.address.clone(),
        backlog: BACKLOG,
        ipv6only: true,
        rcvbuf: None,
        sndbuf: None,
        so_keepalive: false,
        tls: draft.tls,
        http2: draft.http2,
        default_server: server,
        servers: vec![server],
    };
    options(&mut listen, draft);
    Collected { listen, has_default: draft.default_server, has_options: draft.options }
}

fn options(listen: &mut Listen, draft: &ListenDraft) {
    listen.backlog = draft.backlog.unwrap_or(listen.backlog);
    listen.ipv6only = draft.ipv6only.unwrap_or(listen.ipv6only);
    listen.rcvbuf = draft.rcvbuf.or(listen.rcvbuf);
    listen.sndbuf = draft.sndbuf.or(listen.sndbuf);
    listen.so_keepalive |= draft.so_keepalive;
}

fn address_text(address: &ListenAddress) -> String {
    match address {
        ListenAddress::Tcp(address) => address.to_string(),
        ListenAddress::Unix(path) => format!("unix:{}", path.display()),
    }
}
