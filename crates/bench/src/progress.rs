//! The line that shows that a long measurement goes on.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

/// How often the line changes.
const INTERVAL: Duration = Duration::from_millis(500);

/// A line on standard error, if that is a terminal; else headings only.
#[derive(Debug)]
pub(crate) struct Progress {
    terminal: bool,
    heading: String,
    shown: Instant,
}

impl Progress {
    /// A line that shows nothing yet.
    pub(crate) fn new() -> Self {
        let terminal = io::stderr().is_terminal();
        Self { terminal, heading: String::new(), shown: Instant::now() }
    }

    /// Tells what is measured from here on.
    pub(crate) fn begin(&mut self, heading: String) {
        self.clear();
        if !self.terminal {
            let _ = writeln!(io::stderr().lock(), "{heading}");
        }
        self.heading = heading;
    }

    /// Shows what goes on, at most twice a second.
    #[inline]
    pub(crate) fn show(&mut self, text: impl FnOnce() -> String) {
        if self.terminal && self.shown.elapsed() >= INTERVAL {
            self.shown = Instant::now();
            let _ = write!(io::stderr().lock(), "\r\x1b[K{}: {}", self.heading, text());
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&mut self) {
        if self.terminal {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
