//! Error and access logs, in nginx's formats.
//!
//! Every target of a configuration is opened once, however often it is named. A line is one
//! write(2) to a file in append mode, so that workers, and other processes, never tear each
//! other's lines. Nothing here panics or waits for long: a line that cannot be written is counted
//! and dropped. Message bodies are never logged.

mod access;
mod complaint;
mod error;
mod file;
mod format;
pub mod local;
mod stderr;
mod syslog;
mod target;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use outpour_core::now::Now;
use outpour_core::settings::{ErrorLog, Http, Level, LocationSettings, LogTarget, Settings};
use outpour_core::variables::{Civil, Scope};

pub use error::RequestContext;
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
    /// Seconds that local time is ahead of UTC.
    utc_offset: i32,
    pid: u32,
    lost: AtomicU64,
}

/// What is open for the settings in force.
#[derive(Debug)]
struct Open {
    targets: HashMap<LogTarget, Arc<Target>>,
    /// The main level's error logs: they are told what happens to the others.
    main: Vec<ErrorLog>,
}

impl Logs {
    /// Opens every log that `settings` name.
    ///
    /// # Errors
    /// The first that cannot be opened.
    pub fn open(settings: &Settings) -> Result<Self, OpenError> {
        let open = Open::new(settings, &HashMap::new())?;
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Ok(Self {
            open: RwLock::new(open),
            utc_offset: local::utc_offset(unix),
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
        *open = Open::new(settings, &open.targets)?;
        Ok(())
    }

    /// Opens every file anew, so that a rotated log is let go (USR1). Where that fails, the old
    /// file is kept and the error log of the main level tells.
    pub fn reopen(&self, now: Now) {
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
            [ErrorLog { target: LogTarget::Stderr, level: Level::Error }];
        let targets = if targets.is_empty() { &DEFAULT } else { targets };
        if !targets.iter().any(|log| level <= log.level) {
            return;
        }
        let civil = self.civil(now);
        let text = error::line(&civil, level, self.pid, context, message);
        for log in targets.iter().filter(|log| level <= log.level) {
            // There is no other place left to complain to.
            let _ = self.write(&log.target, &Line { text: &text, civil, level: Some(level) });
        }
    }

    /// Writes the request of `scope` to the access logs of `settings`. `http` is the block that the
    /// request was routed by.
    pub fn access(&self, settings: &LocationSettings, http: &Http, scope: &Scope<'_>) {
        for log in &settings.access_log {
            let Some(text) = access::line(log, http, scope) else { continue };
            let line = Line { text: &text, civil: self.civil(scope.now), level: None };
            let Err(failure) = self.write(&log.target, &line) else { continue };
            if failure.is_news(scope.now) {
                let text = format_args!("{failure}");
                self.error(&settings.error_log, Level::Alert, scope.now, None, text);
            }
        }
    }

    fn write(&self, target: &LogTarget, line: &Line<'_>) -> Result<(), Failure> {
        let written = self.target(target).and_then(|target| match target.write(line) {
            Ok(()) => Ok(()),
            Err(error) => Err(Failure::Unwritten(target, error)),
        });
        if written.is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
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
        Target::open(target).map(Arc::new).map_err(Failure::Unopened)
    }

    fn civil(&self, now: Now) -> Civil {
        Civil::new(now.unix, self.utc_offset)
    }
}

impl Open {
    fn new(settings: &Settings, old: &HashMap<LogTarget, Arc<Target>>) -> Result<Self, OpenError> {
        let mut targets = HashMap::new();
        for name in walk::targets(settings) {
            if targets.contains_key(name) {
                continue;
            }
            let target = match old.get(name) {
                Some(target) => Arc::clone(target),
                None => Arc::new(Target::open(name)?),
            };
            targets.insert(name.clone(), target);
        }
        Ok(Self { targets, main: settings.main.error_log.clone() })
    }
}
