//! `location`.

use outpour_core::settings::Matcher;

use crate::draft::Block;
use crate::lower::Lowering;
use crate::source::Span;
use crate::syntax::Node;

use super::table::{Args, Contexts, Directive, row};

pub(crate) const ROWS: &[Directive] = &[row(
    "location",
    Contexts(Contexts::SERVER.0 | Contexts::LOCATION.0),
    Args::block(1, 2, "[= | ^~ | ~ | ~*] path | @name"),
    "none",
    "Settings for paths: by beginning, exact (=), beginning before expressions (^~), or by regular \
     expression (~, without letter case ~*).",
    location,
)
.repeats()];

/// How a location was written.
struct Written<'a> {
    operator: &'static str,
    pattern: &'a [u8],
    at: Span,
}

fn location(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(written) = written(l, n) else { return };
    let label = n.args.iter().map(|word| word.text()).collect::<Vec<_>>().join(" ");
    let span = Span { end: n.span().end, ..n.name.span };
    let mut inner = Block::new(Contexts::LOCATION, label, span);
    inner.pattern = written.pattern.to_vec();
    inner.matcher = matcher(l, &written);
    if let Some(message) = nesting(b, &inner) {
        l.report.emerg(written.at, message);
    }
    l.walk(n.block.as_deref().unwrap_or_default(), &mut inner);
    l.scattered.inherit(&inner.store);
    b.blocks.push(inner);
}

/// Operator and pattern: two words, or one with the operator in front.
fn written<'a>(l: &mut Lowering<'_>, n: &'a Node) -> Option<Written<'a>> {
    const OPERATORS: [&str; 4] = ["=", "^~", "~*", "~"];
    match n.args.as_slice() {
        [operator, pattern] => {
            let found = OPERATORS.into_iter().find(|known| operator.is(known));
            let Some(found) = found else {
                let message = format!("invalid location modifier \"{}\"", operator.text());
                let help = "accepted modifiers: =, ^~, ~, ~*".to_owned();
                l.report.emerg_help(operator.span, message, help);
                return None;
            };
            Some(Written { operator: found, pattern: &pattern.value, at: pattern.span })
        }
        [word] => {
            let value = word.value.as_slice();
            let found = OPERATORS.into_iter().find(|known| value.starts_with(known.as_bytes()));
            let pattern = &value[found.map_or(0, str::len)..];
            Some(Written { operator: found.unwrap_or(""), pattern, at: word.span })
        }
        _ => None,
    }
}

fn matcher(l: &mut Lowering<'_>, written: &Written<'_>) -> Option<Matcher> {
    let path: Box<[u8]> = written.pattern.into();
    match written.operator {
        "=" => Some(Matcher::Exact(path)),
        "^~" => Some(Matcher::Prefix { path, no_regex: true }),
        "~" => l.pattern(&path, false, written.at).map(Matcher::Regex),
        "~*" => l.pattern(&path, true, written.at).map(Matcher::Regex),
        _ => Some(match written.pattern {
            [b'@', name @ ..] => Matcher::Named(name.into()),
            _ => Matcher::Prefix { path, no_regex: false },
        }),
    }
}

/// nginx's rules for a location inside another one.
fn nesting(outer: &Block, inner: &Block) -> Option<String> {
    if outer.context != Contexts::LOCATION {
        return None;
    }
    let show = |block: &Block| String::from_utf8_lossy(&block.pattern).into_owned();
    let (name, around) = (show(inner), show(outer));
    match (&outer.matcher, &inner.matcher) {
        (Some(Matcher::Exact(_)), _) => {
            Some(format!("location \"{name}\" cannot be inside the exact location \"{around}\""))
        }
        (Some(Matcher::Named(_)), _) => {
            Some(format!("location \"{name}\" cannot be inside the named location \"{around}\""))
        }
        (_, Some(Matcher::Named(_))) => {
            Some(format!("named location \"{name}\" can be on the server level only"))
        }
        (_, Some(Matcher::Exact(_) | Matcher::Prefix { .. }))
            if !inner.pattern.starts_with(&outer.pattern) =>
        {
            Some(format!("location \"{name}\" is outside location \"{around}\""))
        }
        _ => None,
    }
}
