//! The life of a serving process: what its signals do.
//!
//! ```text
//! Serving ── QUIT ──▶ Draining ── TERM, INT ──▶ Stopping ── TERM, INT ──▶ exit(1)
//!    └─────────────── TERM, INT ───────────────────▲
//! ```

use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};

use outpour_core::settings::{Level, Settings};
use outpour_server::{Handle, worker_count};
use signal_hook::consts::signal::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator;

use crate::notify::Notifier;
use crate::pid_file::PidFile;
use crate::source::Source;
use crate::start_error;

/// The signals of the process, caught from here on, and obeyed as soon as somebody watches.
#[derive(Debug)]
pub(crate) struct Signals {
    signals: iterator::Signals,
}

impl Signals {
    /// Catches the signals that nginx knows. SIGPIPE is ignored already: the runtime does it.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub(crate) fn catch() -> io::Result<Self> {
        let signals = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH];
        Ok(Self { signals: iterator::Signals::new(signals)? })
    }

    /// Obeys the signals on a thread of their own until [`Watcher::end`].
    ///
    /// # Errors
    /// The thread could not be started.
    pub(crate) fn watch(mut self, mut life: Life) -> io::Result<Watcher> {
        let handle = self.signals.handle();
        let thread = thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in self.signals.forever() {
                life.obey(signal);
            }
            life.server.log(Level::Notice, "exit");
        })?;
        Ok(Watcher { handle, thread })
    }
}

/// The thread that obeys the signals; it owns the pid file.
#[derive(Debug)]
pub(crate) struct Watcher {
    handle: iterator::Handle,
    thread: JoinHandle<()>,
}

impl Watcher {
    /// Ends the thread, and with it the pid file.
    pub(crate) fn end(self) {
        self.handle.close();
        // It panics only if a reload did; the server has ended properly all the same.
        let _ = self.thread.join();
    }
}

/// What a reload compares new settings with.
#[derive(Debug)]
pub(crate) struct InForce {
    memory: Option<u64>,
    workers: usize,
    pid: Option<PathBuf>,
    user: Option<(String, Option<String>)>,
}

impl InForce {
    /// The settings that the server was started with.
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            memory: settings.http.as_ref().and_then(|http| http.store.shared_memory_size),
            workers: worker_count(settings),
            pid: settings.main.pid.clone(),
            user: settings.main.user.clone(),
        }
    }

    /// Keeps what cannot change while the process lives, and tells what was asked for in vain.
    fn keep(&self, settings: &mut Settings) -> Vec<String> {
        let mut warnings = Vec::new();
        let main = &settings.main;
        let vain = [
            (worker_count(settings) != self.workers, "worker_processes"),
            (main.pid != self.pid, "pid"),
            (main.user != self.user, "user"),
        ];
        for (_, directive) in vain.iter().filter(|(changed, _)| *changed) {
            warnings.push(format!(
                "\"{directive}\" cannot change without restart, ignoring the change"
            ));
        }
        if let Some((http, memory)) = settings.http.as_mut().zip(self.memory) {
            let store = &mut http.store;
            if store.shared_memory_size.is_some_and(|size| size != memory) {
                warnings.push(format!(
                    "Cannot change memory area size without restart, ignoring change on zone: {}",
                    store.zone
                ));
            }
            store.shared_memory_size = Some(memory);
        }
        warnings
    }
}

/// How far the process is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Serving,
    Draining,
    Stopping,
}

/// The process around a server, as its signals see it.
#[derive(Debug)]
pub(crate) struct Life {
    server: Handle,
    source: Source,
    in_force: InForce,
    pid_file: Option<PidFile>,
    notifier: Notifier,
    stage: Stage,
}

impl Life {
    /// A serving process. The pid file goes when this goes.
    pub(crate) fn new(
        server: Handle,
        source: Source,
        in_force: InForce,
        pid_file: Option<PidFile>,
        notifier: Notifier,
    ) -> Self {
        let stage = Stage::Serving;
        Self { server, source, in_force, pid_file, notifier, stage }
    }

    fn obey(&mut self, signal: i32) {
        match signal {
            SIGHUP => self.reload(),
            SIGUSR1 => self.reopen(),
            SIGQUIT => self.quit(),
            SIGTERM | SIGINT => self.stop(signal),
            other => self.notice(other, "it means nothing here, ignored"),
        }
    }

    fn notice(&self, signal: i32, what: &str) {
        let name = signal_hook::low_level::signal_name(signal).unwrap_or("unknown");
        self.server.log(Level::Notice, &format!("signal {signal} ({name}) received, {what}"));
    }

    /// A configuration with a mistake changes nothing: what is wrong goes to the log.
    fn reload(&mut self) {
        if self.stage != Stage::Serving {
            return self.notice(SIGHUP, "but the process is ending, ignored");
        }
        self.notice(SIGHUP, "reconfiguring");
        self.notifier.reloading();
        match self.reloaded() {
            Ok(()) => self.server.log(Level::Notice, "reconfigured"),
            Err(error) => {
                self.server.reload_failed();
                self.server.log(Level::Emerg, &error);
                self.server.log(Level::Error, "the old configuration stays in force");
            }
        }
        self.notifier.ready();
    }

    fn reloaded(&mut self) -> Result<(), String> {
        let loaded = self.source.load();
        for diagnostic in &loaded.diagnostics {
            self.server.log(diagnostic.level, &diagnostic.text());
        }
        let name = self.source.name();
        let mut settings =
            loaded.settings.ok_or_else(|| format!("configuration file {name} is not usable"))?;
        for warning in self.in_force.keep(&mut settings) {
            self.server.log(Level::Warn, &warning);
        }
        let pid = settings.main.pid.clone();
        self.server.reload(settings).map_err(|error| start_error::explain(&error, false))?;
        self.move_pid_file(pid.as_deref());
        Ok(())
    }

    /// The new place is written before the old one goes, so that there is always one to find.
    fn move_pid_file(&mut self, path: Option<&Path>) {
        if self.pid_file.as_ref().map(PidFile::path) == path {
            return;
        }
        match path.map(PidFile::create).transpose() {
            Ok(pid_file) => self.pid_file = pid_file,
            Err(error) => self.server.log(Level::Emerg, &error.to_string()),
        }
    }

    fn reopen(&self) {
        self.notice(SIGUSR1, "reopening logs");
        self.server.reopen_logs();
    }

    fn quit(&mut self) {
        if self.stage != Stage::Serving {
            return self.notice(SIGQUIT, "but the process is ending, ignored");
        }
        self.notice(SIGQUIT, "shutting down");
        self.stage = Stage::Draining;
        self.notifier.stopping();
        self.server.quit();
    }

    /// The second time there is no more waiting for anything.
    fn stop(&mut self, signal: i32) {
        if self.stage == Stage::Stopping {
            self.notice(signal, "exiting at once");
            self.pid_file = None;
            std::process::exit(1);
        }
        self.notice(signal, "exiting");
        self.stage = Stage::Stopping;
        self.notifier.stopping();
        self.server.stop();
    }
}
