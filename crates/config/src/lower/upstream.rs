//! Upstreams: blocks, and the groups that plain hosts of `proxy_pass` make.

use std::sync::Arc;
use std::time::Duration;

use outpour_core::settings::{Balance, PeerAddress, Upstream, UpstreamKeepalive, UpstreamPeer};

use crate::draft::{Block, UpstreamDraft};
use crate::proxy_url::{Authority, Url};
use crate::source::Span;

use super::Lowering;

impl Lowering<'_> {
    /// The blocks; `proxy_pass` can stand before them in the file.
    pub(super) fn upstreams(&mut self, blocks: &[Block]) {
        for block in blocks {
            let upstream = Upstream {
                name: block.label.as_str().into(),
                port: None,
                origin: self.origin(block.at),
                peers: block.upstream.peers.clone(),
                balance: block.upstream.balance.clone().unwrap_or(Balance::RoundRobin),
                keepalive: keepalive(&block.upstream),
            };
            self.upstreams.push(Arc::new(upstream));
        }
    }

    /// The upstream that `url` means; `None` if its host is not found.
    pub(super) fn upstream(&mut self, url: &Url, at: Span) -> Option<usize> {
        let port = match &url.authority {
            Authority::Host { port, .. } => port.unwrap_or(url.default_port()),
            Authority::Unix(_) => 0,
        };
        if let Some(found) = self.named_upstream(&url.authority, port, at) {
            return found;
        }
        let name = name(&url.authority);
        let addresses = match url.authority.resolve(port) {
            Ok(addresses) => addresses,
            Err(reason) => {
                let help = "a host has to be known when the server starts, unless proxy_pass \
                            contains a variable";
                let message = format!("{reason} in upstream \"{name}\"");
                self.report.emerg_help(at, message, help.to_owned());
                return None;
            }
        };
        let peers = addresses.into_iter().map(|address| peer(address, &name)).collect();
        self.upstreams.push(Arc::new(Upstream {
            name: name.into(),
            port: Some(port),
            origin: self.origin(at),
            peers,
            balance: Balance::RoundRobin,
            keepalive: None,
        }));
        Some(self.upstreams.len() - 1)
    }

    /// The upstream of that name, if there is one; `Some(None)` if it may not be named so.
    fn named_upstream(
        &mut self,
        authority: &Authority,
        port: u16,
        at: Span,
    ) -> Option<Option<usize>> {
        let name = name(authority);
        let is_mine = |upstream: &Arc<Upstream>| {
            let same = upstream.name.eq_ignore_ascii_case(&name);
            same && upstream.port.is_none_or(|own| own == port)
        };
        let index = self.upstreams.iter().position(is_mine)?;
        let block = self.upstreams.get(index).is_some_and(|upstream| upstream.port.is_none());
        if let (true, Authority::Host { port: Some(port), .. }) = (block, authority) {
            let message = format!("upstream \"{name}\" may not have port {port}");
            self.report.emerg(at, message);
            return Some(None);
        }
        Some(Some(index))
    }
}

/// The host, or `unix:PATH`.
fn name(authority: &Authority) -> String {
    match authority {
        Authority::Host { host, .. } => host.to_string(),
        Authority::Unix(path) => format!("unix:{}", path.display()),
    }
}

fn peer(address: PeerAddress, name: &str) -> UpstreamPeer {
    UpstreamPeer {
        label: address.to_string().into(),
        address,
        server: name.into(),
        weight: 1,
        max_conns: None,
        max_fails: 1,
        fail_timeout: Duration::from_secs(10),
        slow_start: Duration::ZERO,
        backup: false,
        down: false,
    }
}

fn keepalive(draft: &UpstreamDraft) -> Option<UpstreamKeepalive> {
    let connections = draft.keepalive?.value;
    Some(UpstreamKeepalive {
        connections,
        requests: draft.keepalive_requests.unwrap_or(1000),
        timeout: draft.keepalive_timeout.unwrap_or(Duration::from_secs(60)),
        time: draft.keepalive_time.unwrap_or(Duration::from_secs(3600)),
    })
}
