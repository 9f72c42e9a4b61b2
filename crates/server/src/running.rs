//! The settings in force, with what is derived from them once.

use std::sync::Arc;

use outpour_core::router;
use outpour_core::settings::{Http, Listen, ServerSettings, Settings};
use outpour_core::variables::State;

use crate::listener::Door;

/// Settings in force. A reload puts another value in its place; connections keep the one that
/// their request began with.
#[derive(Debug)]
pub(crate) struct Running {
    /// The settings.
    pub(crate) settings: Settings,
    default_limits: ServerSettings,
}

impl Running {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self { settings, default_limits: ServerSettings::default() })
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
        match self.listen(door) {
            Some(listen) => Some(router::find_server(http, listen, host, state)),
            None => (!http.servers.is_empty()).then_some(0),
        }
    }

    /// Limits for a head behind `door`: those of its default server, as in nginx.
    pub(crate) fn limits(&self, door: &Door) -> &ServerSettings {
        let server = self.listen(door).map_or(0, |listen| listen.default_server);
        let server = self.http().and_then(|http| http.servers.get(server));
        server.map_or(&self.default_limits, |server| &server.limits)
    }

    fn listen(&self, door: &Door) -> Option<&Listen> {
        self.http()?.listens.iter().find(|listen| listen.address == door.address)
    }
}
