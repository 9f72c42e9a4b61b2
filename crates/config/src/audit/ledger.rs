//! Every directive in the order in which it was read.

use crate::directives::{Directive, Foreign};
use crate::source::{Sources, Span};
use crate::syntax::Node;

/// What is known about a directive by its name alone.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Base {
    /// It has a row.
    Row(&'static Directive),
    /// nginx's, without a row.
    Foreign(Foreign),
    /// The same, but it only says that something is off.
    SwitchedOff,
    /// Nobody's.
    Unknown,
    /// `include`.
    Include,
    /// In a block that is not read.
    Unread,
}

/// A directive.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// From the name to the last argument.
    pub(crate) at: Span,
    pub(crate) base: Base,
    /// It holds a table, whose lines are no directives: what is wrong with them is its mistake.
    pub(crate) table: bool,
}

/// All directives.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) entries: Vec<Entry>,
}

impl Ledger {
    /// Notes a directive.
    pub(crate) fn note(&mut self, node: &Node, base: Base) {
        let (name, at) = (node.name.text(), node.span());
        self.entries.push(Entry { name, at, base, table: node.is_table() });
    }

    /// Notes the `include` directives, in whose place the tree has what they include.
    pub(crate) fn includes(&mut self, sources: &Sources) {
        let entry = |at: &Span| {
            let (name, base) = ("include".to_owned(), Base::Include);
            Entry { name, at: *at, base, table: false }
        };
        self.entries.extend(sources.includes.iter().map(entry));
    }

    /// Notes what stands in a block that nothing looks into.
    pub(crate) fn note_unread(&mut self, nodes: &[Node]) {
        for node in nodes {
            self.note(node, Base::Unread);
            self.note_unread(node.block.as_deref().unwrap_or_default());
        }
    }
}
