//! Where logs go and what they contain.

use std::path::PathBuf;

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
}
