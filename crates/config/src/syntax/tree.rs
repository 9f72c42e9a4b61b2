//! The tree: faithful to the text, with the place of every word.

use crate::source::Span;

/// A word of a directive.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    /// Its value, quotes and escapes resolved.
    pub(crate) value: Vec<u8>,
    /// Where it stands, quotes included.
    pub(crate) span: Span,
}

impl Word {
    /// The value for messages.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.value).into_owned()
    }

    pub(crate) fn is(&self, value: &str) -> bool {
        self.value == value.as_bytes()
    }
}

/// A directive: its words and, if it opened one, its block.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The name.
    pub(crate) name: Word,
    /// The arguments.
    pub(crate) args: Vec<Word>,
    /// What stands between its braces.
    pub(crate) block: Option<Vec<Node>>,
}

impl Node {
    /// The directives inside; none for tables such as `map` and `types`, whose entries only look
    /// like directives.
    pub(crate) fn directives(&self) -> &[Node] {
        self.block.as_deref().filter(|_| !self.is_table()).unwrap_or_default()
    }

    /// Whether its block is a table.
    pub(crate) fn is_table(&self) -> bool {
        ["map", "types", "geo", "split_clients"].iter().any(|name| self.name.is(name))
    }

    /// From the name to the last argument.
    pub(crate) fn span(&self) -> Span {
        let end = self.args.last().map_or(self.name.span.end, |word| word.span.end);
        Span { end, ..self.name.span }
    }
}
