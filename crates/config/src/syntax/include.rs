//! `include`: files in place of the directive that names them.

use std::io;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use crate::report::Report;
use crate::source::{Source, Span};

use super::parser::parse;
use super::tree::{Node, Word};

/// Files within files beyond this depth are refused.
const DEPTH_MAX: usize = 50;
/// Most files of one configuration.
const FILES_MAX: usize = 10_000;

/// Reads texts and puts included files in their place.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) report: &'a mut Report,
    /// Directory that relative names refer to: that of the main configuration file.
    pub(crate) directory: PathBuf,
    /// The files that are being read, outermost first.
    stack: Vec<PathBuf>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(report: &'a mut Report, directory: PathBuf) -> Self {
        Self { report, directory, stack: Vec::new() }
    }

    /// Reads the main file.
    pub(crate) fn file(&mut self, path: &Path) -> Vec<Node> {
        match read(path) {
            Ok(text) => self.text(Some(path.to_owned()), text),
            Err(error) => {
                let message = failure(path, &error);
                self.report.say(outpour_core::settings::Level::Emerg, None, message, None);
                Vec::new()
            }
        }
    }

    /// Reads a text; without a path it is the command line's.
    pub(crate) fn text(&mut self, path: Option<PathBuf>, text: Vec<u8>) -> Vec<Node> {
        self.stack.extend(path.clone());
        let named = path.is_some();
        let source = self.report.add_source(Source::new(path, text));
        let nodes = parse(self.report, source);
        let nodes = self.expand(nodes);
        if named {
            self.stack.pop();
        }
        nodes
    }

    fn expand(&mut self, nodes: Vec<Node>) -> Vec<Node> {
        let mut out = Vec::with_capacity(nodes.len());
        for mut node in nodes {
            if node.name.is("include") && node.block.is_none() && node.args.len() == 1 {
                self.report.sources.includes.push(node.span());
                out.append(&mut self.include(&node.args[0]));
                continue;
            }
            node.block = node.block.map(|inner| self.expand(inner));
            out.push(node);
        }
        out
    }

    fn include(&mut self, word: &Word) -> Vec<Node> {
        let name = bytes_to_path(&word.value);
        if !word.value.iter().any(|b| matches!(b, b'*' | b'?' | b'[')) {
            return self.one(&self.directory.join(name), word.span);
        }
        match self.matching(&word.text()) {
            Ok(paths) => paths.iter().flat_map(|path| self.one(path, word.span)).collect(),
            Err(error) => {
                self.report.emerg(word.span, format!("glob() \"{}\" failed: {error}", word.text()));
                Vec::new()
            }
        }
    }

    /// Files that a pattern stands for, in the order of their names; none is no mistake.
    fn matching(&self, name: &str) -> Result<Vec<PathBuf>, glob::PatternError> {
        let mut pattern = String::new();
        if !name.starts_with('/') {
            pattern = Pattern::escape(&self.directory.to_string_lossy());
            if !pattern.is_empty() && !pattern.ends_with('/') {
                pattern.push('/');
            }
        }
        for c in name.chars() {
            // `**` means no more than `*` to nginx.
            if c != '*' || !pattern.ends_with('*') {
                pattern.push(c);
            }
        }
        let options = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        Ok(glob::glob_with(&pattern, options)?.filter_map(Result::ok).collect())
    }

    fn one(&mut self, path: &Path, at: Span) -> Vec<Node> {
        if self.stack.iter().any(|open| open == path) {
            let message = format!("include loop: \"{}\" includes itself", path.display());
            self.report.emerg(at, message);
            return Vec::new();
        }
        if self.stack.len() >= DEPTH_MAX || self.report.sources.len() >= FILES_MAX {
            self.report.emerg(at, format!("too many included files at \"{}\"", path.display()));
            return Vec::new();
        }
        match read(path) {
            Ok(text) => self.text(Some(path.to_owned()), text),
            Err(error) => {
                self.report.emerg(at, failure(path, &error));
                Vec::new()
            }
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    std::fs::read(path)
}

/// nginx's text for a file that cannot be read.
fn failure(path: &Path, error: &io::Error) -> String {
    let reason = error.to_string();
    match error.raw_os_error() {
        Some(code) => {
            let reason = reason.split(" (os error").next().unwrap_or_default();
            format!("open() \"{}\" failed ({code}: {reason})", path.display())
        }
        None => format!("open() \"{}\" failed ({reason})", path.display()),
    }
}

/// A path out of bytes that need not be UTF-8.
pub(crate) fn bytes_to_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}
