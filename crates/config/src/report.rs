//! Collects what there is to say while a configuration is read.

use std::collections::HashSet;

use outpour_core::settings::Level;

use crate::diagnostic::{Diagnostic, Place};
use crate::source::{Source, Sources, Span};

/// Most diagnostics of one load; a file with more mistakes is not a configuration.
const DIAGNOSTICS_MAX: usize = 1000;

/// The texts read so far and everything said about them.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) sources: Sources,
    list: Vec<Diagnostic>,
    said: HashSet<(Option<Span>, String)>,
}

impl Report {
    pub(crate) fn add_source(&mut self, source: Source) -> u32 {
        self.sources.add(source)
    }

    /// Whether there is room for another diagnostic.
    pub(crate) fn open(&self) -> bool {
        self.list.len() < DIAGNOSTICS_MAX
    }

    /// What the module and this server report at level `error`.
    pub(crate) fn error(&mut self, at: Span, message: impl Into<String>) {
        self.say(Level::Error, Some(at), message.into(), None);
    }

    /// What nginx itself reports: level `emerg`.
    pub(crate) fn emerg(&mut self, at: Span, message: impl Into<String>) {
        self.say(Level::Emerg, Some(at), message.into(), None);
    }

    /// [`Self::emerg`], with what would help.
    pub(crate) fn emerg_help(
        &mut self,
        at: Span,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.say(Level::Emerg, Some(at), message.into(), help.into());
    }

    /// [`Self::error`], with what would help.
    pub(crate) fn error_help(
        &mut self,
        at: Span,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.say(Level::Error, Some(at), message.into(), help.into());
    }

    pub(crate) fn warn(&mut self, at: Span, message: impl Into<String>) {
        self.say(Level::Warn, Some(at), message.into(), None);
    }

    pub(crate) fn notice(&mut self, at: Span, message: impl Into<String>) {
        self.say(Level::Notice, Some(at), message.into(), None);
    }

    /// One diagnostic; the same sentence about the same place is said once.
    pub(crate) fn say(
        &mut self,
        level: Level,
        at: Option<Span>,
        message: String,
        help: Option<String>,
    ) {
        if !self.open() || !self.said.insert((at, message.clone())) {
            return;
        }
        let place = at.map(|span| Place::new(self.sources.get(span.source), span));
        let fatal = level <= Level::Error;
        self.list.push(Diagnostic { level, fatal, message, place, help });
        if !self.open() {
            let message = "too many mistakes, the rest of them is not shown".into();
            let level = Level::Emerg;
            self.list.push(Diagnostic { level, fatal: true, message, place: None, help: None });
        }
    }

    /// Makes the latest diagnostic forbid the start although its level would not.
    pub(crate) fn make_fatal(&mut self) {
        if let Some(last) = self.list.last_mut() {
            last.fatal = true;
        }
    }

    pub(crate) fn failed(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.fatal)
    }

    /// Everything in the order of the texts; what has no place comes last.
    pub(crate) fn finish(self) -> (Sources, Vec<Diagnostic>) {
        let mut list = self.list;
        list.sort_by_key(|d| d.place.as_ref().map_or((1, None), |p| (0, Some(p.order))));
        (self.sources, list)
    }
}
