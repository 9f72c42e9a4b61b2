//! `set`, `if`, `return`, `break`: the statements that run before a location answers.

use std::sync::Arc;

use crate::settings::LocationSettings;
use crate::variables::{Expression, Pattern, Scope, State};

/// What `-f`, `-d`, `-e` and `-x` ask about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named by what they ask")]
pub enum FileTest {
    IsFile,
    IsDirectory,
    Exists,
    IsExecutable,
}

/// The condition of an `if`.
#[derive(Clone, Debug)]
pub enum Condition {
    /// `($variable)`: true unless empty or `0`.
    Truthy(Expression),
    /// `($variable = text)`, or `!=` when negated.
    Equal {
        /// Left side.
        value: Expression,
        /// Right side.
        other: Expression,
        /// `!=`
        negated: bool,
    },
    /// `($variable ~ regex)`, `~*`, `!~`, `!~*`.
    Match {
        /// Left side.
        value: Expression,
        /// Right side; leaves its captures behind when it matches.
        pattern: Pattern,
        /// `!~` and `!~*`
        negated: bool,
    },
    /// `(-f path)`, `(!-f path)` and so on.
    File {
        /// Which question.
        test: FileTest,
        /// About which path.
        path: Expression,
        /// `!-f`
        negated: bool,
    },
}

/// An `if` block.
#[derive(Clone, Debug)]
pub struct IfBlock {
    /// What is asked.
    pub condition: Condition,
    /// What runs then.
    pub script: Vec<Statement>,
    /// The location's settings as this block changes them; `None` at `server` level and where the
    /// block holds nothing but statements of the script.
    pub settings: Option<Arc<LocationSettings>>,
}

/// A statement of a script.
#[derive(Clone, Debug)]
pub enum Statement {
    /// `set $name value;`
    Set {
        /// Index into [`State::sets`].
        slot: usize,
        /// The value.
        value: Expression,
    },
    /// `return CODE [TEXT|URL];` or `return URL;` (302).
    Return {
        /// The status code; 444 closes the connection without an answer.
        status: u16,
        /// Body, or address of a redirect.
        text: Option<Expression>,
    },
    /// `if (...) { ... }`
    If(Box<IfBlock>),
    /// `break;`
    Break,
}

/// How a script ended.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The request goes on, with these settings if an `if` block changed them.
    Continue(Option<Arc<LocationSettings>>),
    /// A `return` answered it.
    Return {
        /// The status code.
        status: u16,
        /// The evaluated text.
        text: Option<Box<[u8]>>,
        /// Settings in force (an `if` block's `add_header`, for one).
        settings: Option<Arc<LocationSettings>>,
    },
}

/// Runs `script`; `state` gets what `set` and the expressions leave behind. Files are asked for
/// through `files`, because core opens none.
pub fn run(
    script: &[Statement],
    scope: &Scope<'_>,
    state: &mut State,
    files: &dyn Fn(FileTest, &[u8]) -> bool,
) -> Verdict {
    let mut settings = None;
    match steps(script, scope, state, files, &mut settings) {
        Step::Return(status, text) => Verdict::Return { status, text, settings },
        Step::Next | Step::Break => Verdict::Continue(settings),
    }
}

enum Step {
    Next,
    Break,
    Return(u16, Option<Box<[u8]>>),
}

fn steps(
    script: &[Statement],
    scope: &Scope<'_>,
    state: &mut State,
    files: &dyn Fn(FileTest, &[u8]) -> bool,
    settings: &mut Option<Arc<LocationSettings>>,
) -> Step {
    for statement in script {
        match statement {
            Statement::Set { slot, value } => {
                let value = value.evaluate(&scope.with(state)).into_owned();
                state.sets[*slot] = Some(value.into());
            }
            Statement::Return { status, text } => {
                let text =
                    text.as_ref().map(|t| t.evaluate(&scope.with(state)).into_owned().into());
                return Step::Return(*status, text);
            }
            Statement::Break => return Step::Break,
            Statement::If(block) => {
                if !holds(&block.condition, scope, state, files) {
                    continue;
                }
                if block.settings.is_some() {
                    settings.clone_from(&block.settings);
                }
                match steps(&block.script, scope, state, files, settings) {
                    Step::Next => {}
                    end @ (Step::Break | Step::Return(..)) => return end,
                }
            }
        }
    }
    Step::Next
}

fn holds(
    condition: &Condition,
    scope: &Scope<'_>,
    state: &mut State,
    files: &dyn Fn(FileTest, &[u8]) -> bool,
) -> bool {
    match condition {
        Condition::Truthy(value) => {
            !matches!(value.evaluate(&scope.with(state)).as_ref(), b"" | b"0")
        }
        Condition::Equal { value, other, negated } => {
            let scope = scope.with(state);
            (value.evaluate(&scope) == other.evaluate(&scope)) != *negated
        }
        Condition::Match { value, pattern, negated } => {
            let subject = value.evaluate(&scope.with(state)).into_owned();
            pattern.capture(&subject, state) != *negated
        }
        Condition::File { test, path, negated } => {
            files(*test, &path.evaluate(&scope.with(state))) != *negated
        }
    }
}
