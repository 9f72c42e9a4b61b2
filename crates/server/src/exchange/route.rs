//! From the head of a request to its settings: server, scripts, location; and again after
//! redirections inside the server.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use outpour_core::now::Now;
use outpour_core::request::{Peer, Request};
use outpour_core::router::{self, FileTest, Place, Statement};
use outpour_core::settings::{Level, Server};
use outpour_core::variables::{Environment, State};

use super::{Exchange, Inside, Note};
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
    /// The checks of access say no, with this status.
    Refused(u16),
    /// An `internal` location, for a request from outside.
    NotFound,
    /// Too many redirections inside the server, or one to nowhere.
    Failed,
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
    ) -> Option<Box<Self>> {
        let http = running.http()?;
        let mut state = State::new(http.set_slots);
        let server = running.server(door, &request.host, &mut state)?;
        let settings = Arc::clone(&http.servers[server].settings);
        let mut exchange = Box::new(Self {
            request,
            peer,
            server,
            settings,
            state,
            started: now,
            verdict: Verdict::Serve,
            inside: Inside::default(),
            file: None,
            addresses: None,
            fetched: None,
            kept: Vec::new(),
            findings: None,
            challenge: None,
            explain: None,
            tickets: Vec::new(),
            notes: RefCell::default(),
            entries: OnceCell::new(),
            running,
        });
        exchange.believe_proxy();
        exchange.verdict = exchange.enter(environment);
        Some(exchange)
    }

    /// The way from the server's scripts to a verdict.
    pub(super) fn enter(&mut self, environment: &Environment) -> Verdict {
        let running = Arc::clone(&self.running);
        let Some(http) = running.http() else { return Verdict::NotFound };
        let server = &http.servers[self.server];
        if !Arc::ptr_eq(&self.settings, &server.settings) {
            self.settings = Arc::clone(&server.settings);
        }
        if let Some(verdict) = self.script(&server.script, environment) {
            return verdict;
        }
        self.locate(server, environment)
    }

    /// Looks for the location, again after each `rewrite` inside it.
    fn locate(&mut self, server: &Server, environment: &Environment) -> Verdict {
        loop {
            self.state.rewrite.changed = false;
            let found =
                router::find_location(&server.locations, &self.request.path, &mut self.state);
            let (location, lacks_slash) = match found {
                Some(Place::Location(location)) => (location, false),
                Some(Place::Slash(location)) => (location, true),
                None => {
                    self.settings = Arc::clone(&server.settings);
                    return Verdict::Serve;
                }
            };
            self.settings = Arc::clone(&location.settings);
            if self.settings.files.internal && !self.inside.internal {
                return Verdict::NotFound;
            }
            if lacks_slash {
                let place = self.path_with_slash().into();
                return Verdict::Return { status: 301, text: Some(place) };
            }
            if let Some(verdict) = self.script(&location.script, environment) {
                return verdict;
            }
            if !self.state.rewrite.changed {
                return Verdict::Serve;
            }
            if !self.inside.may_change() {
                return self.cycle("rewrite or internal redirection cycle while processing");
            }
        }
    }

    /// The way into the named location `name`.
    pub(super) fn enter_named(&mut self, name: &[u8], environment: &Environment) -> Verdict {
        let running = Arc::clone(&self.running);
        let Some(http) = running.http() else { return Verdict::NotFound };
        let server = &http.servers[self.server];
        self.state.rewrite.changed = false;
        let Some(location) = router::find_named(&server.locations, name) else {
            let name = String::from_utf8_lossy(name).into_owned();
            let text = format!("could not find named location \"@{name}\"");
            self.notes.borrow_mut().push(Note { level: Level::Error, text });
            return Verdict::Failed;
        };
        self.settings = Arc::clone(&location.settings);
        if let Some(verdict) = self.script(&location.script, environment) {
            return verdict;
        }
        if !self.state.rewrite.changed {
            return Verdict::Serve;
        }
        if !self.inside.may_change() {
            return self.cycle("rewrite or internal redirection cycle while processing");
        }
        self.locate(server, environment)
    }

    pub(super) fn cycle(&self, what: &str) -> Verdict {
        let path = String::from_utf8_lossy(&self.request.path);
        let text = format!("{what} \"{path}\"");
        self.notes.borrow_mut().push(Note { level: Level::Error, text });
        Verdict::Failed
    }

    /// Runs a script; a verdict if it answers the request.
    fn script(&mut self, script: &[Statement], environment: &Environment) -> Option<Verdict> {
        if script.is_empty() {
            return None;
        }
        let mut state = std::mem::take(&mut self.state);
        let scope = self.scope(environment, self.started, None);
        let verdict = router::run(script, &scope, &mut state, &file_test);
        let (path, args) = (state.rewrite.path.take(), state.rewrite.args.take());
        self.inside.internal |= path.is_some();
        self.inside.readdressed |= path.is_some();
        self.request.rewrite(path, args.as_deref());
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
