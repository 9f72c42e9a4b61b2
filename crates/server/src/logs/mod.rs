//! Error and access logs, in nginx's formats.
//!
//! Every target of a configuration is opened once, however often it is named. A line is one
//! write(2) to a file in append mode, so that workers, and other processes, never tear each
//! other's lines. Nothing here panics or waits for long: a line that cannot be written is counted
//! and dropped. Message bodies are never logged.

mod access;
mod buffer;
mod complaint;
mod error;
mod file;
mod format;
pub mod local;
mod named;
mod stderr;
mod syslog;
mod target;
#[cfg(test)]
mod tests;
mod walk;

use std::cell::OnceCell;
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use outpour_core::now::Now;
use outpour_core::settings::{
    AccessLog, ErrorLog, Http, Level, LocationSettings, LogBuffer, LogTarget, Settings,
};
use outpour_core::variables::{Civil, LocalTime, Scope};

use buffer::{Buffered, Lost};
pub use error::RequestContext;
use named::Named;
use target::{Failure, Line, Target};
pub use walk::files;

use crate::os_error;

/// A log that could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A file could not be opened for appending.
    #[error("open() \"{}\" failed ({})", path.display(), os_error::describe(error))]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A `syslog:` target that is not understood, or whose server has no address.
    #[error("{0}")]
    Syslog(String),
}

/// The open logs of a server.
#[derive(Debug)]
pub struct Logs {
    open: RwLock<Open>,
    local_time: LocalTime,
    named: Named,
    pid: u32,
    lost: AtomicU64,
}

/// What is open for the settings in force.
#[derive(Debug, Default)]
struct Open {
    targets: HashMap<LogTarget, Arc<Target>>,
    buffers: HashMap<(LogTarget, LogBuffer), Arc<Buffered>>,
    /// The main level's error logs: they are told what happens to the others.
    main: Vec<ErrorLog>,
}

impl Logs {
    /// Opens every log that `settings` name.
    ///
    /// # Errors
    /// The first that cannot be opened.
    pub fn open(settings: &Settings) -> Result<Self, OpenError> {
        let open = Open::new(settings, &Open::default())?;
        Ok(Self {
            open: RwLock::new(open),
            local_time: LocalTime(local::utc_offset),
            named: Named::default(),
            pid: std::process::id(),
            lost: AtomicU64::new(0),
        })
    }

    /// Opens what `settings` name and is not open yet, and closes what they do not name.
    ///
    /// # Errors
    /// The first log that cannot be opened; everything stays as it was then.
    pub fn update(&self, settings: &Settings) -> Result<(), OpenError> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        *open = Open::new(settings, &open)?;
        Ok(())
    }

    /// Opens every file anew, so that a rotated log is let go (USR1). Where that fails, the old
    /// file is kept and the error log of the main level tells. What is buffered goes to the old ones.
    pub fn reopen(&self, now: Now) {
        self.flush(now);
        self.named.close();
        let (targets, main): (Vec<_>, _) = {
            let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
            (open.targets.values().cloned().collect(), open.main.clone())
        };
        for error in targets.iter().filter_map(|target| target.reopen().err()) {
            self.error(&main, Level::Emerg, now, None, format_args!("{error}"));
        }
    }

    /// Lines that could not be written since the start.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Writes `message` to those of `targets` that want `level`; none at all stands for standard
    /// error at level `error`. Nothing is formatted if nobody wants it.
    pub fn error(
        &self,
        targets: &[ErrorLog],
        level: Level,
        now: Now,
        context: Option<&RequestContext<'_>>,
        message: fmt::Arguments<'_>,
    ) {
        const DEFAULT: [ErrorLog; 1] =
            [ErrorLog { target: LogTarget::Stderr, level: Level::Error, json: false }];
        let targets = if targets.is_empty() { &DEFAULT } else { targets };
        if !targets.iter().any(|log| level <= log.level) {
            return;
        }
        let civil = self.civil(now);
        let plain = OnceCell::new();
        let json = OnceCell::new();
        for log in targets.iter().filter(|log| level <= log.level) {
            let text = match log.json {
                true => json.get_or_init(|| error::json(&civil, now, level, context, message)),
                false => {
                    plain.get_or_init(|| error::line(&civil, level, self.pid, context, message))
                }
            };
            // There is no other place left to complain to.
            let _ = self.write(&log.target, &Line { text, civil, level: Some(level) });
        }
    }

    /// Writes the request of `scope` to the access logs of `settings`. `http` is the block that the
    /// request was routed by.
    pub fn access(&self, settings: &LocationSettings, http: &Http, scope: &Scope<'_>) {
        for log in &settings.access_log {
            let Some(text) = access::line(log, http, scope) else { continue };
            let Err(failure) = self.write_access(log, &text, scope) else { continue };
            if failure.is_news(scope.now) {
                let text = format_args!("{failure}");
                self.error(&settings.error_log, Level::Alert, scope.now, None, text);
            }
        }
    }

    fn write_access(&self, log: &AccessLog, text: &[u8], scope: &Scope<'_>) -> Result<(), Failure> {
        let line = Line { text, civil: self.civil(scope.now), level: None };
        if let LogTarget::Named { name, prefix } = &log.target {
            let name = name.evaluate(scope);
            let target = self.named.target(prefix, &name, log.open_files, scope.now.tick);
            let written = target.map_err(Failure::Unopened).and_then(|target| {
                target.write(&line).map_err(|error| Failure::Unwritten(target, error))
            });
            return written.inspect_err(|_| self.lose(1));
        }
        match log.buffer.and_then(|buffer| self.buffer(&log.target, buffer)) {
            Some(buffered) => {
                buffered.push(text, scope.now.tick).map_err(|lost| self.failure(lost))
            }
            None => self.write(&log.target, &line),
        }
    }

    fn buffer(&self, target: &LogTarget, buffer: LogBuffer) -> Option<Arc<Buffered>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.buffers.get(&(target.clone(), buffer)).cloned()
    }

    fn lose(&self, lines: u64) {
        self.lost.fetch_add(lines, Ordering::Relaxed);
    }

    fn failure(&self, lost: Lost) -> Failure {
        self.lose(lost.lines);
        Failure::Unwritten(lost.target, lost.error)
    }

    /// Writes the buffers whose `flush=` has passed; to be called about once a second.
    pub fn flush_due(&self, now: Now) {
        self.flush_buffers(now, |buffered| buffered.flush_due(now.tick));
    }

    /// Writes all buffers: at the end of the server.
    pub fn flush(&self, now: Now) {
        self.flush_buffers(now, Buffered::flush);
    }

    fn flush_buffers(&self, now: Now, flush: impl Fn(&Buffered) -> Result<(), Lost>) {
        let (buffers, main): (Vec<_>, _) = {
            let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
            if open.buffers.is_empty() {
                return;
            }
            (open.buffers.values().cloned().collect(), open.main.clone())
        };
        for lost in buffers.iter().filter_map(|buffered| flush(buffered).err()) {
            let failure = self.failure(lost);
            if failure.is_news(now) {
                self.error(&main, Level::Alert, now, None, format_args!("{failure}"));
            }
        }
    }

    fn write(&self, target: &LogTarget, line: &Line<'_>) -> Result<(), Failure> {
        let written = self.target(target).and_then(|target| match target.write(line) {
            Ok(()) => Ok(()),
            Err(error) => Err(Failure::Unwritten(target, error)),
        });
        if written.is_err() {
            self.lose(1);
        }
        written
    }

    /// The open target. A request that began before a reload may still name one that the reload
    /// has closed: it is opened for that line.
    fn target(&self, target: &LogTarget) -> Result<Arc<Target>, Failure> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(target) = open.targets.get(target) {
            return Ok(Arc::clone(target));
        }
        drop(open);
        match Target::open(target) {
            Ok(Some(target)) => Ok(Arc::new(target)),
            Ok(None) => Err(Failure::Nameless),
            Err(error) => Err(Failure::Unopened(error)),
        }
    }

    fn civil(&self, now: Now) -> Civil {
        Civil::new(now.unix, self.local_time.offset(now.unix))
    }
}

impl Open {
    fn new(settings: &Settings, old: &Self) -> Result<Self, OpenError> {
        let mut targets = HashMap::new();
        for name in walk::targets(settings) {
            if targets.contains_key(name) {
                continue;
            }
            let target = match old.targets.get(name) {
                Some(target) => Some(Arc::clone(target)),
                None => Target::open(name)?.map(Arc::new),
            };
            targets.extend(target.map(|target| (name.clone(), target)));
        }
        let mut buffers = HashMap::new();
        for (name, buffer) in walk::buffers(settings) {
            let Some(target) = targets.get(name) else { continue };
            let key = (name.clone(), buffer);
            let fresh = || Arc::new(Buffered::new(Arc::clone(target), buffer));
            let buffered = old.buffers.get(&key).map_or_else(fresh, Arc::clone);
            buffers.insert(key, buffered);
        }
        Ok(Self { targets, buffers, main: settings.main.error_log.clone() })
    }
}
