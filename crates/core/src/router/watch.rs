//! Watching a request being routed.

use crate::settings::Location;

/// How a location compares with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// `=`: it is the path.
    Exact,
    /// The path begins with it.
    Prefix,
    /// It is the path but for a slash at its end, and hands requests on.
    Slash,
    /// Its expression matches.
    Regex,
    /// Its expression was tried and does not match.
    Not,
}

/// What a statement of a script did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// `set` gave this value.
    Set(&'a [u8]),
    /// The condition of an `if` holds or does not; the statements of its block are one deeper.
    If {
        /// Whether it holds.
        holds: bool,
        /// Whether the block has settings of its own.
        settings: bool,
    },
    /// A `rewrite` matched and this is the path, or the address of a redirect; `None`: it did not.
    Rewrite(Option<&'a [u8]>),
    /// A `return` answered.
    Return,
    /// A `break` ended the script.
    Break,
}

/// Somebody who wants to know why a request goes where it goes. `()` wants to know nothing, and
/// costs nothing.
pub trait Watch {
    /// A location was compared with the path. Prefixes that do not fit are not told.
    fn location(&mut self, location: &Location, fit: Fit);
    /// The statement number `index`, `depth` blocks of `if` deep, was run.
    fn statement(&mut self, depth: usize, index: usize, event: Event<'_>);
}

impl Watch for () {
    fn location(&mut self, _: &Location, _: Fit) {}

    fn statement(&mut self, _: usize, _: usize, _: Event<'_>) {}
}
