//! An address with `ssl`: who is asked for, and which certificate that means.

use std::sync::Arc;

use outpour_core::router::ServerIndex;
use outpour_core::settings::{Http, Listen};
use outpour_core::variables::State;

use super::Host;

/// The servers behind an address with `ssl`, as handshakes choose among them.
#[derive(Debug)]
pub(crate) struct Gate {
    names: ServerIndex,
    default: usize,
    set_slots: usize,
    /// By index of the server.
    servers: Vec<Server>,
}

#[derive(Debug)]
struct Server {
    host: Option<Arc<Host>>,
    rejects: bool,
    http2: bool,
}

impl Gate {
    /// The gate of `listen`; `hosts` by index of the server.
    pub(crate) fn new(http: &Http, listen: &Listen, hosts: &[Option<Arc<Host>>]) -> Self {
        let servers = http.servers.iter().zip(hosts).map(|(server, host)| Server {
            host: host.clone(),
            rejects: server.tls.reject_handshake,
            http2: listen.http2 || server.http2.on,
        });
        Self {
            names: ServerIndex::new(http, listen),
            default: listen.default_server,
            set_slots: http.set_slots,
            servers: servers.collect(),
        }
    }

    /// Who answers a client that asks for `name` (SNI), and whether HTTP/2 is offered; `None` if
    /// nobody does.
    ///
    /// As in nginx a server without a certificate shows that of the default server.
    pub(crate) fn host(&self, name: Option<&str>) -> Option<(Arc<Host>, bool)> {
        let index = match name {
            Some(name) => {
                let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
                self.names.find(name.as_bytes(), &mut State::new(self.set_slots))
            }
            None => self.default,
        };
        let server = self.servers.get(index)?;
        if server.rejects {
            return None;
        }
        let host = server.host.clone().or_else(|| self.servers.get(self.default)?.host.clone());
        host.map(|host| (host, server.http2))
    }
}
