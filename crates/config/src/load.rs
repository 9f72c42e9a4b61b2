//! From a command line's options to settings.

use std::path::{Path, PathBuf};

use outpour_core::settings::{Level, Settings};

use crate::BUILTIN;
use crate::audit::{BlockOrigin, Finding, Ledger, findings};
use crate::diagnostic::Diagnostic;
use crate::lower::Lowering;
use crate::report::Report;
use crate::syntax::{Node, Reader};

/// What to load.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `-c`; `None`: the built-in configuration. A relative name refers to the prefix if one is
    /// given and holds that file, else to the working directory.
    pub file: Option<PathBuf>,
    /// `-p`: directory that names of logs and of the pid file refer to. `None`: the parent of the
    /// file's directory if that is called `conf`, else the file's directory.
    pub prefix: Option<PathBuf>,
    /// `-g`: directives of the main level, read before the file.
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

/// Name of the built-in configuration in messages.
const BUILTIN_NAME: &str = "built-in.conf";

/// A configuration with what each of its directives comes to.
#[derive(Debug)]
pub struct Inspection {
    /// Settings and diagnostics, as [`load`] has them.
    pub loaded: Loaded,
    /// Every directive and how it is treated, file by file; also what is wrong elsewhere.
    pub findings: Vec<Finding>,
    /// The main level, with all blocks in it; `None` if there is nothing to read.
    pub origin: Option<BlockOrigin>,
}

/// Reads, checks and lowers a configuration; all mistakes are reported in one run.
#[must_use]
pub fn load(options: &Options) -> Loaded {
    let place = Location::of(options);
    let mut report = Report::default();
    let nodes = place.nodes(&mut report, options);
    let settings = lower(&mut report, |report| place.lowering(report, &nodes).run(&nodes));
    let (sources, diagnostics) = report.finish();
    Loaded { settings, diagnostics, files: sources.files() }
}

/// [`load`] for those who ask what a configuration says: it also tells how each directive is
/// treated, and where everything was set.
#[must_use]
pub fn inspect(options: &Options) -> Inspection {
    let place = Location::of(options);
    let mut report = Report::default();
    let nodes = place.nodes(&mut report, options);
    let found = lower(&mut report, |report| Some(place.lowering(report, &nodes).inspect(&nodes)));
    let (sources, diagnostics) = report.finish();
    let (settings, mut ledger, origin) = match found {
        Some((settings, ledger, origin)) => (settings, ledger, Some(origin)),
        None => (None, Ledger::default(), None),
    };
    ledger.includes(&sources);
    let findings = findings(&sources, &ledger, &diagnostics);
    let loaded = Loaded { settings, diagnostics, files: sources.files() };
    Inspection { loaded, findings, origin }
}

/// Reads, checks and lowers a text that stands in no file, as if it were `nginx.conf` in the
/// working directory: for tests, and for what generates configurations.
#[must_use]
pub fn load_text(text: &[u8]) -> Loaded {
    let place = Location { file: None, directory: PathBuf::new(), prefix: prefix(None, None) };
    let mut report = Report::default();
    let mut reader = Reader::new(&mut report, place.directory.clone());
    let nodes = reader.text(Some("nginx.conf".into()), text.to_vec());
    let settings = lower(&mut report, |report| place.lowering(report, &nodes).run(&nodes));
    let (sources, diagnostics) = report.finish();
    Loaded { settings, diagnostics, files: sources.files() }
}

/// The files of a configuration as `nginx -T` prints them.
#[must_use]
pub fn dump(files: &[(PathBuf, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (path, text) in files {
        out.extend_from_slice(format!("# configuration file {}:\n", path.display()).as_bytes());
        out.extend_from_slice(text);
        out.push(b'\n');
    }
    out
}

/// Where a configuration lies, and what its relative names refer to.
struct Location {
    file: Option<PathBuf>,
    directory: PathBuf,
    prefix: PathBuf,
}

impl Location {
    fn of(options: &Options) -> Self {
        let file = options.file.as_ref().map(|file| located(file, options.prefix.as_deref()));
        let prefix = prefix(file.as_deref(), options.prefix.as_deref());
        let directory = match &file {
            Some(file) => file.parent().map(Path::to_owned).unwrap_or_default(),
            None => prefix.clone(),
        };
        Self { file, directory, prefix }
    }

    fn nodes(&self, report: &mut Report, options: &Options) -> Vec<Node> {
        let mut reader = Reader::new(report, self.directory.clone());
        let globals = options.globals.iter();
        let mut nodes: Vec<Node> =
            globals.flat_map(|text| reader.text(None, global(text))).collect();
        nodes.append(&mut match &self.file {
            Some(file) => reader.file(file),
            None => reader.text(Some(BUILTIN_NAME.into()), BUILTIN.into()),
        });
        nodes
    }

    fn lowering<'r>(&self, report: &'r mut Report, nodes: &[Node]) -> Lowering<'r> {
        let logs = self.file.is_some() && self.prefix.join("logs").is_dir();
        let absolute = std::path::absolute(&self.directory).unwrap_or_else(|_| self.prefix.clone());
        Lowering::new(report, nodes, absolute, self.prefix.clone(), logs)
    }
}

/// Nothing can be lowered if nothing was read.
fn lower<T>(report: &mut Report, lower: impl FnOnce(&mut Report) -> Option<T>) -> Option<T> {
    if report.sources.len() == 0 { None } else { lower(report) }
}

/// `-g` texts may lack the last semicolon; nginx wants it, people forget it.
fn global(text: &str) -> Vec<u8> {
    let mut text = text.as_bytes().to_vec();
    if !matches!(text.trim_ascii_end().last(), None | Some(b';' | b'}')) {
        text.push(b';');
    }
    text
}

fn located(file: &Path, prefix: Option<&Path>) -> PathBuf {
    match prefix.map(|prefix| prefix.join(file)) {
        Some(joined) if joined.exists() => joined,
        Some(_) | None => file.to_owned(),
    }
}

fn prefix(file: Option<&Path>, given: Option<&Path>) -> PathBuf {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Some(given) = given {
        return absolute(given);
    }
    let Some(file) = file.map(absolute) else { return absolute(Path::new(".")) };
    let directory = file.parent().map(Path::to_owned).unwrap_or_default();
    match directory.parent() {
        Some(parent) if directory.ends_with("conf") => parent.to_owned(),
        Some(_) | None => directory,
    }
}

impl Loaded {
    /// Whether the configuration may not be started with.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.settings.is_none()
    }

    /// The diagnostics of at least this importance.
    pub fn at_least(&self, level: Level) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(move |diagnostic| diagnostic.level <= level)
    }
}
