//! The configuration language: nginx syntax to typed, total settings.
#![forbid(unsafe_code)]

use std::path::PathBuf;

use outpour_core::settings::{Level, Settings};

/// What to load.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `-c`; `None`: the built-in configuration.
    pub file: Option<PathBuf>,
    /// `-p`; `None`: derived from the file's place.
    pub prefix: Option<PathBuf>,
    /// `-g`: directives of the main level, read after the file.
    pub globals: Vec<String>,
}

/// What came of it.
#[derive(Debug)]
pub struct Loaded {
    /// The settings; `None` if a diagnostic forbids to start.
    pub settings: Option<Settings>,
    /// Errors, warnings and notices, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// Every file read, with its text: what `-T` prints.
    pub files: Vec<(PathBuf, Vec<u8>)>,
}

/// Something to tell the operator about the configuration.
#[derive(Debug)]
pub struct Diagnostic {
    /// How grave; `Error`, `Crit` and `Emerg` forbid to start.
    pub level: Level,
    /// One sentence, without the place.
    pub message: String,
}

impl Diagnostic {
    /// nginx's form: `nginx: [emerg] unknown directive "x" in FILE:LINE`.
    #[must_use]
    pub fn one_line(&self) -> String {
        format!("nginx: [{}] {}", self.level.name(), self.message)
    }

    /// The same with file, line, column, the line itself, a caret and what would help.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let _ = colour;
        self.one_line()
    }
}

/// The text of the built-in configuration.
pub const BUILTIN: &str = "";

/// Reads, checks and lowers a configuration; all mistakes are reported in one run.
#[must_use]
pub fn load(options: &Options) -> Loaded {
    let _ = options;
    Loaded { settings: None, diagnostics: Vec::new(), files: Vec::new() }
}
