//! Which directives stand in which block, and where.

use crate::diagnostic::Place;
use crate::directives::Contexts;
use crate::draft::{Block, Step};
use crate::source::{Sources, Span};

/// What a block says, in places of the text.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Directives with their spans.
    pub(crate) said: Vec<(&'static str, Span)>,
    /// The span of each statement of the block's script.
    pub(crate) steps: Vec<Span>,
}

/// A directive of a block.
#[derive(Clone, Debug)]
pub struct Said {
    /// Its name.
    pub directive: &'static str,
    /// Its arguments as written, on one line.
    pub value: String,
    /// Where.
    pub place: Place,
}

/// A statement of a script: `set`, `if`, `rewrite`, `return` or `break`.
#[derive(Clone, Debug)]
pub struct StepOrigin {
    /// As written, on one line.
    pub text: String,
    /// Where.
    pub place: Place,
    /// What an `if` holds.
    pub block: Option<BlockOrigin>,
}

/// A block: the main level, `http`, a server, a location or an `if`.
#[derive(Clone, Debug)]
pub struct BlockOrigin {
    /// `main`, `http`, `server`, `location` or `if`.
    pub context: &'static str,
    /// Where it is opened.
    pub place: Place,
    /// Its directives in the order of the text.
    pub said: Vec<Said>,
    /// Its script, statement by statement as in the settings.
    pub script: Vec<StepOrigin>,
    /// The blocks inside: `http` of the main level, the servers of `http`, the locations of the
    /// others, in the order of the settings.
    pub blocks: Vec<BlockOrigin>,
}

/// What a block and those inside it say.
pub(crate) fn origin(block: &Block, sources: &Sources) -> BlockOrigin {
    let place = |span: Span| Place::new(sources.get(span.source), span);
    let said = block.told.said.iter().map(|&(directive, span)| {
        let text = sources.one_line(span);
        let value = text.split_once(' ').map(|(_, value)| value.to_owned()).unwrap_or_default();
        Said { directive, value, place: place(span) }
    });
    let steps = block.script.iter().zip(&block.told.steps);
    let script = steps.map(|(step, &span)| StepOrigin {
        text: sources.one_line(span),
        place: place(span),
        block: match step {
            Step::If(_, inner) => Some(origin(inner, sources)),
            Step::Set { .. }
            | Step::SetArgs(_)
            | Step::Return { .. }
            | Step::Break
            | Step::Rewrite(_) => None,
        },
    });
    BlockOrigin {
        context: name(block.context),
        place: place(block.at),
        said: said.collect(),
        script: script.collect(),
        blocks: block.blocks.iter().map(|inner| origin(inner, sources)).collect(),
    }
}

fn name(context: Contexts) -> &'static str {
    match context {
        Contexts::HTTP => "http",
        Contexts::SERVER => "server",
        Contexts::LOCATION => "location",
        Contexts::SERVER_IF | Contexts::LOCATION_IF => "if",
        _ => "main",
    }
}
