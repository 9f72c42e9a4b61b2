//! Where logs go and what they contain.

use std::path::PathBuf;
use std::time::Duration;

use crate::variables::{Expression, Piece};

/// How much an `error_log` shows; ordered, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "nginx's levels, by name")]
pub enum Level {
    Emerg,
    Alert,
    Crit,
    Error,
    Warn,
    Notice,
    Info,
    Debug,
}

impl Level {
    /// The word in the configuration and in log lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Emerg => "emerg",
            Self::Alert => "alert",
            Self::Crit => "crit",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// A place that lines are written to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LogTarget {
    /// Standard error (`stderr`).
    Stderr,
    /// A file, appended to, reopened at USR1; absolute.
    File(PathBuf),
    /// A file whose name has variables: opened when a line is written. A relative result refers to
    /// the prefix.
    Named {
        /// The name.
        name: Expression,
        /// Directory that relative names refer to.
        prefix: PathBuf,
    },
    /// `syslog:server=ADDRESS[,facility=F][,tag=T][,severity=S]`: the text behind the colon.
    Syslog(String),
}

/// One `error_log` line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ErrorLog {
    /// Where to.
    pub target: LogTarget,
    /// The least important level that is written; default `error`.
    pub level: Level,
    /// Ours: `format=json` writes an object a line.
    pub json: bool,
}

/// How `log_format` escapes values: its `escape=` parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Escape {
    /// `"`, `\` and bytes outside 32..=126 as `\xXX`; an absent value as `-`.
    Default,
    /// JSON string escapes; an absent value as nothing.
    Json,
    /// Nothing is escaped.
    None,
}

/// A `log_format`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogFormat {
    /// Its name.
    pub name: Box<str>,
    /// How values are escaped.
    pub escape: Escape,
    /// The pieces of a line, without line end.
    pub pieces: Vec<Piece>,
}

/// One `access_log` line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccessLog {
    /// Where to.
    pub target: LogTarget,
    /// Index of the format in [`super::Http::log_formats`].
    pub format: usize,
    /// `if=`: lines for which it is empty or `0` are left out.
    pub condition: Option<Expression>,
    /// `buffer=` and what belongs to it; `None`: a line is written at once.
    pub buffer: Option<LogBuffer>,
    /// `open_log_file_cache`, for names with variables; `None`: each line opens its file.
    pub open_files: Option<OpenLogFiles>,
}

/// How lines of an access log are collected before they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogBuffer {
    /// Bytes that are collected at most.
    pub size: usize,
    /// How long a line may wait; `None`: until the buffer is full.
    pub flush: Option<Duration>,
    /// Level of compression; each buffer becomes a gzip member.
    pub gzip: Option<u32>,
}

/// `open_log_file_cache`: files that are kept open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpenLogFiles {
    /// How many; the one that was used longest ago is closed.
    pub max: usize,
    /// `inactive=`; default 10 s: one that was not used for so long is closed.
    pub inactive: Duration,
    /// `valid=`; default 60 s: how long a file is written to before its name is opened again.
    pub valid: Duration,
}
