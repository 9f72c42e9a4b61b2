//! The settings in force, with what is derived from them once.

use std::sync::Arc;

use outpour_core::router::ServerIndex;
use outpour_core::settings::{Http, Http2, Listen, ServerSettings, Settings};
use outpour_core::variables::State;

use crate::listener::Door;
use crate::tls::{Gate, TlsError, hosts};

/// Settings in force. A reload puts another value in its place; connections keep the one that
/// their request began with.
#[derive(Debug)]
pub(crate) struct Running {
    /// The settings.
    pub(crate) settings: Settings,
    /// The names behind each `listen`, in its order.
    names: Vec<ServerIndex>,
    /// How handshakes go behind each `listen`, in its order; `None` for plain ones.
    gates: Vec<Option<Arc<Gate>>>,
    default_limits: ServerSettings,
}

impl Running {
    /// Puts settings into force: reads the certificates.
    ///
    /// # Errors
    /// A certificate or key that cannot be used.
    pub(crate) fn new(settings: Settings) -> Result<Arc<Self>, TlsError> {
        let gates = settings.http.as_ref().map_or_else(|| Ok(Vec::new()), gates)?;
        let http = settings.http.iter();
        let names = http.flat_map(|http| http.listens.iter().map(|l| ServerIndex::new(http, l)));
        let names = names.collect();
        Ok(Arc::new(Self { settings, names, gates, default_limits: ServerSettings::default() }))
    }

    /// The `http` block, if there is one.
    pub(crate) fn http(&self) -> Option<&Http> {
        self.settings.http.as_ref()
    }

    /// Index of the server for `host` behind `door`; `None` if nothing is served any more.
    ///
    /// A listener that a reload has dropped still has connections: they go on with whatever
    /// server is left.
    pub(crate) fn server(&self, door: &Door, host: &[u8], state: &mut State) -> Option<usize> {
        let http = self.http()?;
        match self.position(door) {
            Some(listen) => Some(self.names[listen].find(host, state)),
            None => (!http.servers.is_empty()).then_some(0),
        }
    }

    /// How handshakes go behind `door`; `None` where nothing is encrypted.
    pub(crate) fn gate(&self, door: &Door) -> Option<&Arc<Gate>> {
        self.gates[self.position(door)?].as_ref()
    }

    /// Limits for a head behind `door`: those of its default server, as in nginx.
    pub(crate) fn limits(&self, door: &Door) -> &ServerSettings {
        let server = self.http().and_then(|http| {
            let listen = self.position(door).map(|listen| &http.listens[listen]);
            http.servers.get(listen.map_or(0, |listen| listen.default_server))
        });
        server.map_or(&self.default_limits, |server| &server.limits)
    }

    /// How HTTP/2 is spoken behind `door`, as the default server has it.
    pub(crate) fn http2(&self, door: &Door) -> Http2 {
        let settings = self.http().and_then(|http| {
            let listen = &http.listens[self.position(door)?];
            let settings = &http.servers.get(listen.default_server)?.http2;
            Some(Http2 { on: settings.on || listen.http2, ..settings.clone() })
        });
        settings.unwrap_or_default()
    }

    /// Which `listen` of these settings the door belongs to.
    fn position(&self, door: &Door) -> Option<usize> {
        self.http()?.listens.iter().position(|listen| listen.address == door.address)
    }
}

fn gates(http: &Http) -> Result<Vec<Option<Arc<Gate>>>, TlsError> {
    let hosts = hosts(http)?;
    let gate = |listen: &Listen| listen.tls.then(|| Arc::new(Gate::new(http, listen, &hosts)));
    Ok(http.listens.iter().map(gate).collect())
}
