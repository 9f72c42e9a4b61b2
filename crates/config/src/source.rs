//! The texts that a configuration is made of, and places in them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One text: a file, or the directives given with `-g`.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its name in messages; `None` for the command line.
    pub(crate) path: Option<PathBuf>,
    /// Its bytes.
    pub(crate) text: Vec<u8>,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Source {
    pub(crate) fn new(path: Option<PathBuf>, text: Vec<u8>) -> Self {
        let breaks = text.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        Self { path, text, lines }
    }

    /// Line and column of an offset, both from 1; the column counts characters.
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line_of(offset);
        let start = self.lines[line - 1];
        let before = &self.text[start..offset.clamp(start, self.text.len())];
        // Characters are counted by their first bytes.
        (line, before.iter().filter(|byte| **byte & 0xC0 != 0x80).count() + 1)
    }

    /// Line of an offset, from 1.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).max(1)
    }

    /// Offsets of a line (from 1), without its line end.
    pub(crate) fn line(&self, number: usize) -> (usize, usize) {
        let start = self.lines.get(number.wrapping_sub(1)).copied().unwrap_or(self.text.len());
        let end = self.lines.get(number).map_or(self.text.len(), |next| next - 1);
        (start, end.max(start))
    }

    /// The name in messages.
    pub(crate) fn name(&self) -> String {
        self.path.as_deref().unwrap_or(Path::new("command line")).display().to_string()
    }
}

/// A stretch of one of the [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span {
    /// Which text: index into [`Sources`].
    pub(crate) source: u32,
    /// First byte.
    pub(crate) start: usize,
    /// Behind the last byte.
    pub(crate) end: usize,
}

/// All texts, in the order in which they were read.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    list: Vec<Arc<Source>>,
    /// `include` directives, which the tree does not hold any more.
    pub(crate) includes: Vec<Span>,
}

impl Sources {
    pub(crate) fn add(&mut self, source: Source) -> u32 {
        self.list.push(Arc::new(source));
        u32::try_from(self.list.len() - 1).expect("the number of included files is bounded")
    }

    pub(crate) fn get(&self, index: u32) -> &Arc<Source> {
        &self.list[index as usize]
    }

    /// A stretch as text on one line.
    pub(crate) fn one_line(&self, span: Span) -> String {
        let text = self.get(span.source).text.get(span.start..span.end).unwrap_or_default();
        let text = String::from_utf8_lossy(text);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Files, each once, with their texts.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
        let mut known = std::collections::HashSet::new();
        for source in &self.list {
            let Some(path) = &source.path else { continue };
            if known.insert(path.clone()) {
                files.push((path.clone(), source.text.clone()));
            }
        }
        files
    }
}
