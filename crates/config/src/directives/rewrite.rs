//! `set`, `if`, `return`, `break`, `rewrite`.

use outpour_core::router::{Condition, FileTest, Flow, Rewrite};
use outpour_core::variables::{Expression, Variable};

use crate::draft::{Block, Given, PathSource, Step};
use crate::lower::Lowering;
use crate::source::Span;
use crate::syntax::Node;
use crate::values;

use super::table::{Args, Contexts, Directive, row};

/// Variables through which the releases until 0.3.5 got their channels.
pub(crate) const OLD_VARIABLES: [&str; 2] =
    ["$push_stream_channels_path", "$push_stream_channel_id"];

pub(crate) const ROWS: &[Directive] = &[
    row(
        "set",
        Contexts::SCRIPT,
        Args::new(2, 2, "$variable value"),
        "none",
        "Gives a variable a value.",
        set,
    )
    .repeats(),
    row(
        "if",
        Contexts(Contexts::SERVER.0 | Contexts::LOCATION.0),
        Args::block(1, usize::MAX, "(condition)"),
        "none",
        "Runs and applies what it holds if the condition is true.",
        if_block,
    )
    .repeats(),
    row(
        "return",
        Contexts::SCRIPT,
        Args::new(1, 2, "code [text | URL] | URL"),
        "none",
        "Ends the request with this answer.",
        return_,
    )
    .repeats(),
    row(
        "break",
        Contexts::SCRIPT,
        Args::NONE,
        "none",
        "Ends the statements of this request.",
        |_, b, _| b.script.push(Step::Break),
    )
    .repeats(),
    row(
        "rewrite",
        Contexts::SCRIPT,
        Args::new(2, 3, "regex replacement [last | break | redirect | permanent]"),
        "none",
        "Gives requests whose path matches another address, inside the server or by a redirect.",
        rewrite,
    )
    .repeats(),
];

fn set(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let [name, value] = n.args.as_slice() else { return };
    let (Some(variable), Some(value)) = (l.variable_name(name), l.expression(value)) else {
        return;
    };
    if variable == "args" {
        return b.script.push(Step::SetArgs(value));
    }
    if variable == "limit_rate" {
        return l.not_implemented(name.span, &format!("changing \"${variable}\" by \"set\""));
    }
    if is_fixed(&variable) {
        return l.report.emerg(name.span, format!("the duplicate \"{variable}\" variable"));
    }
    if l.names.is_map(&variable) {
        let message = format!("\"set\" of \"{variable}\" hides the \"map\" of that name");
        l.report.warn(name.span, message);
    }
    let slot = l.names.slot(&variable);
    b.script.push(Step::Set { slot, value });
    old_path(l, b, n, &format!("${variable}"), slot);
}

/// Whether `name` is a variable of the server that no directive may define. Families such as
/// `$http_NAME` are not: a variable of the configuration hides the member of that name.
pub(crate) fn is_fixed(name: &str) -> bool {
    matches!(Variable::parse(name), Some(Variable::Builtin(_) | Variable::Capture(_)))
}

/// The old way to give a location its channels: by a variable.
fn old_path(l: &mut Lowering<'_>, b: &mut Block, n: &Node, name: &str, slot: usize) {
    let path = Expression::variable(Variable::Set(slot));
    let source = match OLD_VARIABLES.iter().position(|known| *known == name) {
        Some(0) => PathSource::Path(path),
        Some(_) => PathSource::Whole(path),
        None => return,
    };
    b.push.channels_path = Some(Given { value: source, at: n.span() });
    b.changes = true;
    if l.first_time(name) {
        let text = format!(
            "\"set {name}\" is the form of an old release, today: \
                            push_stream_channels_path"
        );
        l.report.notice(n.span(), text);
    }
}

fn rewrite(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let [regex, target, flags @ ..] = n.args.as_slice() else { return };
    let absolute = ["http://", "https://", "$scheme"];
    let is_absolute = absolute.iter().any(|start| target.value.starts_with(start.as_bytes()));
    let flow = match flags.first() {
        None if is_absolute => Flow::Redirect(302),
        None => Flow::Next,
        Some(word) if word.is("permanent") => Flow::Redirect(301),
        Some(word)
            if word.is("redirect") || is_absolute && (word.is("last") || word.is("break")) =>
        {
            Flow::Redirect(302)
        }
        Some(word) if word.is("last") => Flow::Last,
        Some(word) if word.is("break") => Flow::Break,
        Some(word) => {
            return l.invalid_parameter(n, word, &["last", "break", "redirect", "permanent"]);
        }
    };
    let Some(pattern) = l.pattern(&regex.value, false, regex.span) else { return };
    let (text, keeps_args) = match target.value.strip_suffix(b"?") {
        Some(text) => (text, false),
        None => (target.value.as_slice(), true),
    };
    let mark = text.iter().position(|byte| *byte == b'?');
    let inside = !matches!(flow, Flow::Redirect(_));
    let (path, query) = match mark.filter(|_| inside) {
        Some(mark) => (&text[..mark], Some(&text[mark + 1..])),
        None => (text, None),
    };
    let Some(target_path) = l.expression_of(path, target.span) else { return };
    let query = match query.map(|query| l.expression_of(query, target.span)) {
        Some(None) => return,
        query => query.flatten(),
    };
    let has_query = mark.is_some();
    let rewrite = Rewrite { pattern, target: target_path, query, has_query, keeps_args, flow };
    b.script.push(Step::Rewrite(Box::new(rewrite)));
}

fn return_(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let [first, rest @ ..] = n.args.as_slice() else { return };
    let url = ["http://", "https://", "$scheme"];
    let is_url = url.iter().any(|start| first.value.starts_with(start.as_bytes()));
    let step = match values::number(&first.value) {
        Some(status @ 0..=999) => {
            let status = u16::try_from(status).unwrap_or_default();
            let text = match rest.first() {
                None => None,
                // As in nginx, an error with an empty text is an error without a text.
                Some(word) if status >= 400 && word.value.is_empty() => None,
                Some(word) => match l.expression(word) {
                    Some(text) => Some(text),
                    None => return,
                },
            };
            Step::Return { status, text }
        }
        None if rest.is_empty() && is_url => match l.expression(first) {
            Some(text) => Step::Return { status: 302, text: Some(text) },
            None => return,
        },
        Some(_) | None => {
            let message = format!("invalid return code \"{}\"", first.text());
            return l.report.emerg(first.span, message);
        }
    };
    b.script.push(step);
}

fn if_block(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let context = match b.context {
        Contexts::SERVER => Contexts::SERVER_IF,
        _ => Contexts::LOCATION_IF,
    };
    let condition = condition(l, n);
    let mut inner = Block::new(context, b.label.clone(), n.name.span);
    l.walk(n.block.as_deref().unwrap_or_default(), &mut inner);
    if context == Contexts::SERVER_IF && b.push.channels_path.is_none() {
        // At this level there are no settings to override: the variable does it.
        b.push.channels_path.clone_from(&inner.push.channels_path);
    }
    if let Some(condition) = condition {
        b.script.push(Step::If(condition, Box::new(inner)));
    }
}

/// A word of a condition, without the parentheses around all of it.
struct Term<'a> {
    text: &'a [u8],
    at: Span,
}

/// Strips the parentheses, as nginx does: `(` begins the first word or is it, `)` ends the last.
fn terms(n: &Node) -> Option<Vec<Term<'_>>> {
    let mut terms: Vec<Term<'_>> =
        n.args.iter().map(|word| Term { text: &word.value, at: word.span }).collect();
    let first = terms.first_mut()?;
    first.text = first.text.strip_prefix(b"(")?;
    if first.text.is_empty() {
        terms.remove(0);
    }
    let last = terms.last_mut()?;
    last.text = last.text.strip_suffix(b")")?;
    if last.text.is_empty() && terms.len() > 1 && terms.last()?.at.end - terms.last()?.at.start == 1
    {
        terms.pop();
    }
    Some(terms)
}

fn condition(l: &mut Lowering<'_>, n: &Node) -> Option<Condition> {
    let invalid = |l: &mut Lowering<'_>, at: Span, text: &[u8]| {
        let text = String::from_utf8_lossy(text).into_owned();
        let help = "forms: ($v), ($v = text), ($v != text), ($v ~ regex), ~*, !~, !~*, (-f path), \
                    -d, -e, -x, !-f ..."
            .to_owned();
        l.report.emerg_help(at, format!("invalid condition \"{text}\""), help);
        None
    };
    let Some(terms) = terms(n) else {
        let text = n.args.first().map(|word| word.value.clone()).unwrap_or_default();
        return invalid(l, n.span(), &text);
    };
    match terms.as_slice() {
        [variable] if is_variable(variable.text) => {
            Some(Condition::Truthy(l.expression_of(variable.text, variable.at)?))
        }
        [variable, operator, other] if is_variable(variable.text) => {
            comparison(l, variable, operator, other)
        }
        [variable, operator, ..] if is_variable(variable.text) => {
            invalid(l, operator.at, operator.text)
        }
        [test, path] => match file_test(test.text) {
            Some((test, negated)) => {
                let path = l.expression_of(path.text, path.at)?;
                Some(Condition::File { test, path, negated })
            }
            None => invalid(l, test.at, test.text),
        },
        [first, ..] => invalid(l, first.at, first.text),
        [] => invalid(l, n.span(), b""),
    }
}

fn is_variable(text: &[u8]) -> bool {
    text.len() > 1 && text[0] == b'$'
}

fn file_test(text: &[u8]) -> Option<(FileTest, bool)> {
    let (negated, letter) = match text {
        [b'-', letter] => (false, letter),
        [b'!', b'-', letter] => (true, letter),
        _ => return None,
    };
    let test = match letter {
        b'f' => FileTest::IsFile,
        b'd' => FileTest::IsDirectory,
        b'e' => FileTest::Exists,
        b'x' => FileTest::IsExecutable,
        _ => return None,
    };
    Some((test, negated))
}

fn comparison(
    l: &mut Lowering<'_>,
    variable: &Term<'_>,
    operator: &Term<'_>,
    other: &Term<'_>,
) -> Option<Condition> {
    let value = l.expression_of(variable.text, variable.at);
    let (negated, caseless) = match operator.text {
        b"=" | b"!=" => {
            let other = l.expression_of(other.text, other.at)?;
            let negated = operator.text == b"!=";
            return Some(Condition::Equal { value: value?, other, negated });
        }
        b"~" => (false, false),
        b"~*" => (false, true),
        b"!~" => (true, false),
        b"!~*" => (true, true),
        text => {
            let text = String::from_utf8_lossy(text).into_owned();
            let message = format!("unexpected \"{text}\" in condition");
            let help = "known operators: =, !=, ~, ~*, !~, !~*".to_owned();
            l.report.emerg_help(operator.at, message, help);
            return None;
        }
    };
    let pattern = l.pattern(other.text, caseless, other.at)?;
    Some(Condition::Match { value: value?, pattern, negated })
}
