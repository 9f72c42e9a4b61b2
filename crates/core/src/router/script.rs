//! `set`, `if`, `return`, `break`: the statements that run before a location answers.

use std::sync::Arc;

use super::rewrite::{Flow, Rewrite, Rewritten};
use super::watch::{Event, Watch};
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
    /// block holds nothing but statements of the script: the location's own. Of several blocks
    /// that run the last one's settings are in force, alone, as in nginx.
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
    /// `set $args value;`
    SetArgs(Expression),
    /// `return CODE [TEXT|URL];` or `return URL;` (302).
    Return {
        /// The status code; 444 closes the connection without an answer.
        status: u16,
        /// Body, or address of a redirect.
        text: Option<Expression>,
    },
    /// `if (...) { ... }`
    If(Box<IfBlock>),
    /// `rewrite REGEX REPLACEMENT [FLAG];`
    Rewrite(Box<Rewrite>),
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
    watch_run(script, scope, state, files, &mut ())
}

/// [`run`], watched.
pub fn watch_run(
    script: &[Statement],
    scope: &Scope<'_>,
    state: &mut State,
    files: &dyn Fn(FileTest, &[u8]) -> bool,
    watch: &mut impl Watch,
) -> Verdict {
    let mut run = Run { scope, files, settings: None, watch };
    let end = run.steps(script, state, 0);
    let settings = run.settings;
    match end {
        Step::Return(status, text) => Verdict::Return { status, text, settings },
        Step::Next | Step::Break => Verdict::Continue(settings),
    }
}

enum Step {
    Next,
    Break,
    Return(u16, Option<Box<[u8]>>),
}

/// A script that runs.
struct Run<'a, 's, W> {
    scope: &'a Scope<'s>,
    files: &'a dyn Fn(FileTest, &[u8]) -> bool,
    /// Those of the last `if` that held.
    settings: Option<Arc<LocationSettings>>,
    watch: &'a mut W,
}

impl<W: Watch> Run<'_, '_, W> {
    fn steps(&mut self, script: &[Statement], state: &mut State, depth: usize) -> Step {
        let scope = self.scope;
        for (index, statement) in script.iter().enumerate() {
            match statement {
                Statement::Set { slot, value } => {
                    let value = value.evaluate(&scope.with(state)).into_owned();
                    self.watch.statement(depth, index, Event::Set(&value));
                    state.sets[*slot] = Some(value.into());
                }
                Statement::SetArgs(value) => {
                    let value = value.evaluate(&scope.with(state)).into_owned();
                    self.watch.statement(depth, index, Event::Set(&value));
                    state.rewrite.args = Some(value);
                }
                Statement::Return { status, text } => {
                    self.watch.statement(depth, index, Event::Return);
                    let text =
                        text.as_ref().map(|t| t.evaluate(&scope.with(state)).into_owned().into());
                    return Step::Return(*status, text);
                }
                Statement::Rewrite(rewrite) => {
                    let done = rewrite.run(scope, state);
                    self.watch.statement(depth, index, Event::Rewrite(address(&done, state)));
                    match done {
                        Rewritten::Not => {}
                        Rewritten::Redirect(status, place) => {
                            return Step::Return(status, Some(place));
                        }
                        Rewritten::Empty => return Step::Return(500, None),
                        Rewritten::Inside if rewrite.flow == Flow::Next => {}
                        Rewritten::Inside => return Step::Break,
                    }
                }
                Statement::Break => {
                    self.watch.statement(depth, index, Event::Break);
                    state.rewrite.broken |= state.rewrite.changed;
                    state.rewrite.changed = false;
                    return Step::Break;
                }
                Statement::If(block) => {
                    let holds = holds(&block.condition, scope, state, self.files);
                    let settings = block.settings.is_some();
                    self.watch.statement(depth, index, Event::If { holds, settings });
                    if !holds {
                        continue;
                    }
                    self.settings.clone_from(&block.settings);
                    match self.steps(&block.script, state, depth + 1) {
                        Step::Next => {}
                        end @ (Step::Break | Step::Return(..)) => return end,
                    }
                }
            }
        }
        Step::Next
    }
}

/// The address that a `rewrite` gave the request or its redirect.
fn address<'a>(done: &'a Rewritten, state: &'a State) -> Option<&'a [u8]> {
    match done {
        Rewritten::Not => None,
        Rewritten::Empty => Some(&[]),
        Rewritten::Redirect(_, place) => Some(place),
        Rewritten::Inside => state.rewrite.path.as_deref(),
    }
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
            let matches = pattern.capture(&subject, state);
            if !matches {
                // As nginx: `$1` is empty behind an `if` whose expression did not match.
                state.captures.clear();
            }
            matches != *negated
        }
        Condition::File { test, path, negated } => {
            files(*test, &path.evaluate(&scope.with(state))) != *negated
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::tests::settings;
    use crate::variables::Variable;
    use crate::variables::tests::{Fixture, pattern};

    fn text(text: &str) -> Expression {
        Expression::literal(text.as_bytes())
    }

    fn variable(name: &str) -> Expression {
        Expression::variable(Variable::parse(name).unwrap())
    }

    fn set(slot: usize, value: Expression) -> Statement {
        Statement::Set { slot, value }
    }

    fn answer(status: u16, value: Option<Expression>) -> Statement {
        Statement::Return { status, text: value }
    }

    /// An `if` with settings called `name`; none if that is empty.
    fn when(condition: Condition, name: &str, script: Vec<Statement>) -> Statement {
        let settings = (!name.is_empty()).then(|| Arc::new(settings(name)));
        Statement::If(Box::new(IfBlock { condition, script, settings }))
    }

    fn matches(regex: &str, negated: bool) -> Condition {
        Condition::Match { value: variable("uri"), pattern: pattern(regex), negated }
    }

    /// Runs for `GET /sub/ch?a=1&z=0`, which a location with the capture `ch` took; `/file` is the
    /// only file. Expects `settings status text` and what slot 0 holds then.
    fn check(script: &[Statement], verdict: &str, slot: &str) {
        let fixture = Fixture::new("GET /sub/ch?a=1&z=0 HTTP/1.1\n\n");
        let mut state = State::new(2);
        pattern("^/sub/(.*)$").capture(b"/sub/ch", &mut state);
        let files = |test, path: &[u8]| test == FileTest::IsFile && path == b"/file";
        let name = |s: Option<Arc<LocationSettings>>| s.map_or("-".into(), |s| s.name.to_string());
        let found = match run(script, &fixture.scope(), &mut state, &files) {
            Verdict::Continue(settings) => name(settings),
            Verdict::Return { status, text, settings } => {
                let text = text.as_deref().map_or("-".into(), String::from_utf8_lossy);
                format!("{} {status} {text}", name(settings))
            }
        };
        let left = state.sets[0].as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        assert_eq!((found.as_str(), left.as_ref()), (verdict, slot), "{script:?}");
    }

    #[test]
    fn arguments_that_are_set_are_the_requests() {
        let args = [Statement::SetArgs(variable("arg_a")), set(0, variable("args"))];
        check(&args, "-", "1");
        check(&[Statement::SetArgs(text("")), set(0, variable("is_args"))], "-", "");
    }

    #[test]
    fn statements_run_in_order() {
        check(&[], "-", "");
        check(&[set(0, variable("1"))], "-", "ch");
        check(&[set(1, text("x")), set(0, Expression::variable(Variable::Set(1)))], "-", "x");
        check(&[set(0, text("x")), Statement::Break, set(0, text("y"))], "-", "x");
        check(&[answer(204, None), set(0, text("y"))], "- 204 -", "");
        check(&[answer(302, Some(variable("1")))], "- 302 ch", "");
    }

    #[test]
    fn conditions() {
        let equal = |name, other, negated| Condition::Equal {
            value: variable(name),
            other: text(other),
            negated,
        };
        let file = |test, path, negated| Condition::File { test, path: text(path), negated };
        let cases = [
            (Condition::Truthy(variable("arg_a")), true),
            (Condition::Truthy(variable("arg_z")), false),
            (Condition::Truthy(variable("arg_none")), false),
            (Condition::Truthy(text("00")), true),
            (equal("arg_a", "1", false), true),
            (equal("arg_a", "1", true), false),
            (equal("uri", "/SUB/CH", false), false),
            (matches("^/sub/", false), true),
            (matches("^/sub/", true), false),
            (matches("^/pub/", true), true),
            (file(FileTest::IsFile, "/file", false), true),
            (file(FileTest::IsDirectory, "/file", false), false),
            (file(FileTest::IsFile, "/none", true), true),
        ];
        for (condition, expected) in cases {
            let script = [when(condition, "if", vec![set(0, text("in"))])];
            check(&script, if expected { "if" } else { "-" }, if expected { "in" } else { "" });
        }
    }

    fn always() -> Condition {
        Condition::Truthy(text("1"))
    }

    #[test]
    fn the_last_block_that_runs_replaces_the_settings() {
        let never = || Condition::Truthy(text(""));
        let first = || when(always(), "first", vec![]);
        check(&[first(), when(always(), "second", vec![])], "second", "");
        check(&[first(), when(never(), "second", vec![])], "first", "");
        check(&[first(), when(always(), "", vec![set(0, text("x"))])], "-", "x");
    }

    #[test]
    fn blocks_end_the_script_that_holds_them() {
        let after = || set(0, text("after"));
        check(&[when(always(), "if", vec![Statement::Break]), after()], "if", "");
        check(&[when(always(), "if", vec![answer(403, None)]), after()], "if 403 -", "");
        check(&[when(always(), "if", vec![]), after()], "if", "after");
    }

    #[test]
    fn a_condition_replaces_the_captures() {
        let capture = || set(0, variable("1"));
        check(&[when(matches("^/(s.b)", false), "if", vec![capture()])], "if", "sub");
        check(&[when(matches("^/(pub)", false), "if", vec![]), capture()], "-", "");
        check(&[when(matches("^/(s.b)", true), "if", vec![]), capture()], "-", "sub");
    }
}
