//! From the head of a request to its settings: server, scripts, location, access.

use std::cell::OnceCell;
use std::sync::Arc;

use outpour_core::now::Now;
use outpour_core::request::{Peer, Request};
use outpour_core::router::{self, FileTest, Statement};
use outpour_core::settings::{Http, LocationSettings};
use outpour_core::variables::{Environment, Scope, State};

use super::Exchange;
use crate::listener::Door;
use crate::running::Running;

/// What routing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The location's role serves the request.
    Serve,
    /// A `return` did.
    Return {
        /// The status.
        status: u16,
        /// Body, or address of a redirect.
        text: Option<Box<[u8]>>,
    },
    /// `allow` and `deny` say no.
    Forbidden,
    /// No location.
    NotFound,
}

/// What is known while the settings are looked for.
struct Search<'a> {
    request: &'a Request,
    peer: &'a Peer,
    http: &'a Http,
    server: usize,
    environment: &'a Environment,
    now: Now,
    state: State,
    settings: Arc<LocationSettings>,
}

impl Exchange {
    /// Routes a request that came through `door`; `None` if nothing is served any more.
    pub(crate) fn route(
        request: Request,
        peer: Peer,
        running: Arc<Running>,
        door: &Door,
        environment: &Environment,
        now: Now,
    ) -> Option<Self> {
        let http = running.http()?;
        let mut state = State::new(http.set_slots);
        let server = running.server(door, &request.host, &mut state)?;
        let settings = Arc::clone(&http.servers[server].settings);
        let (request_ref, peer_ref) = (&request, &peer);
        let mut search = Search {
            request: request_ref,
            peer: peer_ref,
            http,
            server,
            environment,
            now,
            state,
            settings,
        };
        let verdict = search.verdict();
        let Search { state, settings, .. } = search;
        let started = now;
        let entries = OnceCell::new();
        Some(Self { request, peer, server, settings, state, started, verdict, running, entries })
    }
}

impl Search<'_> {
    fn verdict(&mut self) -> Verdict {
        let server = &self.http.servers[self.server];
        if let Some(verdict) = self.script(&server.script) {
            return verdict;
        }
        let found = router::find_location(&server.locations, &self.request.path, &mut self.state);
        let Some(location) = found else { return self.access().unwrap_or(Verdict::NotFound) };
        self.settings = Arc::clone(&location.settings);
        if let Some(verdict) = self.script(&location.script) {
            return verdict;
        }
        self.access().unwrap_or(Verdict::Serve)
    }

    /// Runs a script; a verdict if it answers the request.
    fn script(&mut self, script: &[Statement]) -> Option<Verdict> {
        if script.is_empty() {
            return None;
        }
        let mut state = std::mem::take(&mut self.state);
        let verdict = router::run(script, &self.scope(&State::default()), &mut state, &file_test);
        self.state = state;
        let (settings, answer) = match verdict {
            router::Verdict::Continue(settings) => (settings, None),
            router::Verdict::Return { status, text, settings } => {
                (settings, Some(Verdict::Return { status, text }))
            }
        };
        if let Some(settings) = settings {
            self.settings = settings;
        }
        answer
    }

    fn scope<'s>(&'s self, state: &'s State) -> Scope<'s> {
        Scope {
            request: self.request,
            peer: self.peer,
            server_name: &self.http.servers[self.server].name,
            maps: &self.http.maps,
            state,
            document_root: &self.http.document_root,
            environment: self.environment,
            now: self.now,
            outcome: None,
        }
    }

    fn access(&self) -> Option<Verdict> {
        let peer = self.peer.remote.map(|remote| remote.ip());
        (!router::admits(&self.settings.access, peer)).then_some(Verdict::Forbidden)
    }
}

/// Answers `-f`, `-d`, `-e` and `-x`.
fn file_test(test: FileTest, path: &[u8]) -> bool {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;
    let path = std::path::Path::new(std::ffi::OsStr::from_bytes(path));
    let Ok(metadata) = std::fs::metadata(path) else { return false };
    match test {
        FileTest::Exists => true,
        FileTest::IsFile => metadata.is_file(),
        FileTest::IsDirectory => metadata.is_dir(),
        FileTest::IsExecutable => metadata.permissions().mode() & 0o111 != 0,
    }
}
