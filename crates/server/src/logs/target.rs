//! An open log: one of the places that lines go to.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use outpour_core::now::Now;
use outpour_core::settings::{Level, LogTarget};
use outpour_core::variables::Civil;

use super::file::LogFile;
use super::syslog::Syslog;
use super::{OpenError, stderr};

/// An open log.
#[derive(Debug)]
pub(super) enum Target {
    Stderr,
    File(LogFile),
    Syslog(Syslog),
}

/// A line to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// The line with its line end.
    pub(super) text: &'a [u8],
    pub(super) civil: Civil,
    /// Its level, if it is one of an error log.
    pub(super) level: Option<Level>,
}

impl Target {
    /// Opens a target; `None` for one whose name only a request tells.
    pub(super) fn open(target: &LogTarget) -> Result<Option<Self>, OpenError> {
        Ok(Some(match target {
            LogTarget::Stderr => Self::Stderr,
            LogTarget::File(path) => Self::open_file(path)?,
            LogTarget::Syslog(text) => Self::Syslog(Syslog::parse(text)?),
            LogTarget::Named { .. } => return Ok(None),
        }))
    }

    pub(super) fn open_file(path: &Path) -> Result<Self, OpenError> {
        LogFile::open(path).map(Self::File)
    }

    /// Writes bytes that are no single line: to a file, or to standard error.
    pub(super) fn write_bytes(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Stderr => stderr::write(bytes),
            Self::File(file) => file.write(bytes),
            // The configuration has no buffers for syslog.
            Self::Syslog(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    pub(super) fn write(&self, line: &Line<'_>) -> io::Result<()> {
        match self {
            Self::Stderr => stderr::write(line.text),
            Self::File(file) => file.write(line.text),
            Self::Syslog(syslog) => syslog.send(line),
        }
    }

    pub(super) fn reopen(&self) -> Result<(), OpenError> {
        match self {
            Self::Stderr => {}
            Self::File(file) => file.reopen()?,
            Self::Syslog(syslog) => syslog.reconnect(),
        }
        Ok(())
    }
}

/// Why a line was dropped.
#[derive(Debug)]
pub(super) enum Failure {
    /// Its target is not open, and could not be opened.
    Unopened(OpenError),
    /// Only requests tell the name of the target.
    Nameless,
    /// The target did not take it.
    Unwritten(Arc<Target>, io::Error),
}

impl Failure {
    /// Whether it is worth a line in the error log: once a minute and file, as in nginx.
    pub(super) fn is_news(&self, now: Now) -> bool {
        match self {
            Self::Unwritten(target, _) => match &**target {
                Target::File(file) => file.complains(now.unix),
                Target::Syslog(syslog) => syslog.complains(now.unix),
                Target::Stderr => false,
            },
            Self::Unopened(_) | Self::Nameless => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unopened(error) => error.fmt(f),
            Self::Nameless => f.write_str("the log has no name without a request"),
            Self::Unwritten(target, error) => {
                let text = crate::os_error::describe(error);
                match &**target {
                    Target::Stderr => write!(f, "write() to standard error failed ({text})"),
                    Target::File(file) => {
                        write!(f, "write() to \"{}\" failed ({text})", file.path().display())
                    }
                    Target::Syslog(syslog) => write!(f, "send() to {syslog} failed ({text})"),
                }
            }
        }
    }
}
