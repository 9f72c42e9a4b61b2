//! `rewrite`: another address for a request, inside the server or by a redirect.

use std::borrow::Cow;

use crate::variables::{Expression, Pattern, Piece, Scope, State, Variable};
use crate::wire::escape;

/// What follows a `rewrite` that matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// No flag: the statements behind it.
    Next,
    /// `last`: the search for a location.
    Last,
    /// `break`: the location in force.
    Break,
    /// `redirect` (302), `permanent` (301) or an absolute address (302): an answer.
    Redirect(u16),
}

/// A `rewrite`.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// What `$uri` must match.
    pub pattern: Pattern,
    /// The new address; without its query where it stays inside the server.
    pub target: Expression,
    /// The query of an address inside the server.
    pub query: Option<Expression>,
    /// Whether the address has a `?`.
    pub has_query: bool,
    /// Whether the request's own query is appended: no `?` ends the address.
    pub keeps_args: bool,
    /// What follows.
    pub flow: Flow,
}

/// What a `rewrite` did.
pub(super) enum Rewritten {
    /// Nothing: the expression did not match.
    Not,
    /// The request has another address, in [`State::rewrite`].
    Inside,
    /// The new address has no path: 500, as in nginx.
    Empty,
    /// The answer is a redirect.
    Redirect(u16, Box<[u8]>),
}

impl Rewrite {
    pub(super) fn run(&self, scope: &Scope<'_>, state: &mut State) -> Rewritten {
        let path = scope.with(state).path().to_vec();
        if !self.pattern.capture(&path, state) {
            state.captures.clear();
            return Rewritten::Not;
        }
        match self.flow {
            Flow::Redirect(status) => Rewritten::Redirect(status, self.place(&scope.with(state))),
            Flow::Next | Flow::Last | Flow::Break => self.inside(scope, state),
        }
    }

    fn inside(&self, scope: &Scope<'_>, state: &mut State) -> Rewritten {
        let seen = scope.with(state);
        let path = self.target.evaluate(&seen).into_owned();
        let mut args = self.query.as_ref().map(|query| escaped(query, &seen));
        match &mut args {
            Some(args) if self.keeps_args && !seen.args().is_empty() => {
                args.push(b'&');
                args.extend_from_slice(seen.args());
            }
            None if !self.keeps_args => args = Some(Vec::new()),
            Some(_) | None => {}
        }
        if path.is_empty() {
            return Rewritten::Empty;
        }
        let stays = self.flow == Flow::Break;
        let rewrite = &mut state.rewrite;
        rewrite.path = Some(path);
        rewrite.args = args.or_else(|| rewrite.args.take());
        rewrite.changed = !stays;
        rewrite.broken |= stays;
        Rewritten::Inside
    }

    /// The address of a redirect.
    fn place(&self, scope: &Scope<'_>) -> Box<[u8]> {
        let mut place = escape::redirect(&escaped(&self.target, scope));
        if self.keeps_args && !scope.args().is_empty() {
            place.push(if self.has_query { b'&' } else { b'?' });
            place.extend_from_slice(scope.args());
        }
        place.into()
    }
}

/// A value whose captures are escaped if the request's address had escapes: they were decoded.
fn escaped(value: &Expression, scope: &Scope<'_>) -> Vec<u8> {
    let target = scope.request.target();
    let path = &target[..memchr::memchr(b'?', target).unwrap_or(target.len())];
    let encoded = memchr::memchr2(b'%', b'+', path).is_some();
    let mut out = Vec::new();
    for piece in &value.pieces {
        let text = scope.piece(piece);
        let text = match piece {
            Piece::Variable(Variable::Capture(_)) if encoded => Cow::Owned(escape::argument(&text)),
            Piece::Variable(_) | Piece::Literal(_) => text,
        };
        out.extend_from_slice(&text);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variables::tests::{Fixture, pattern};

    /// A value in which `$N` are captures.
    fn value(text: &str) -> Expression {
        let mut pieces = Vec::new();
        for (index, part) in text.split('$').enumerate() {
            let literal = if index == 0 { part } else { &part[1..] };
            if index > 0 {
                let group = part[..1].parse().unwrap();
                pieces.push(Piece::Variable(Variable::Capture(group)));
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.as_bytes().into()));
            }
        }
        Expression { pieces }
    }

    fn rewrite(regex: &str, target: &str, flow: Flow) -> Rewrite {
        let inside = !matches!(flow, Flow::Redirect(_));
        let (target, keeps_args) = target.strip_suffix('?').map_or((target, true), |t| (t, false));
        let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q)));
        Rewrite {
            pattern: pattern(regex),
            target: value(if inside { path } else { target }),
            query: query.filter(|_| inside).map(value),
            has_query: query.is_some(),
            keeps_args,
            flow,
        }
    }

    /// `expected` is `PATH?ARGS`, `STATUS ADDRESS`, `empty` or `-`.
    fn check(request: &str, rule: &Rewrite, expected: &str) {
        let mut fixture = Fixture::new(&format!("GET {request} HTTP/1.1\n\n"));
        fixture.request.path = crate::wire::percent::decode(&fixture.request.path).into_owned();
        let mut state = State::new(0);
        let found = match rule.run(&fixture.scope(), &mut state) {
            Rewritten::Not => "-".into(),
            Rewritten::Empty => "empty".into(),
            Rewritten::Redirect(status, place) => {
                format!("{status} {}", String::from_utf8_lossy(&place))
            }
            Rewritten::Inside => {
                let scope = fixture.scope();
                let scope = scope.with(&state);
                let text = [scope.path(), b"?", scope.args()].concat();
                String::from_utf8_lossy(&text).into_owned()
            }
        };
        assert_eq!(found, expected, "{request}");
    }

    #[test]
    fn inside_the_server() {
        let last = |regex, target| rewrite(regex, target, Flow::Last);
        check("/a/b", &last("^/a/(.*)$", "/x/$1"), "/x/b?");
        check("/c", &last("^/a/(.*)$", "/x/$1"), "-");
        check("/a/b?q=1", &last("^/a/(.*)$", "/x/$1"), "/x/b?q=1");
        check("/a/b?q=1", &last("^/a/(.*)$", "/x?id=$1"), "/x?id=b&q=1");
        check("/a/b?q=1", &last("^/a/(.*)$", "/x?id=$1?"), "/x?id=b");
        check("/a/b?q=1", &last("^/a/(.*)$", "/x?"), "/x?");
        check("/a/b%26c%20d", &last("^/a/(.*)$", "/x/$1?id=$1"), "/x/b&c d?id=b%26c%20d");
        check("/a/", &last("^/a/(.*)$", "$1"), "empty");
    }

    #[test]
    fn redirects() {
        let to = |target| rewrite("^/a/(.*)$", target, Flow::Redirect(301));
        check("/a/b?q=1", &to("/x/$1"), "301 /x/b?q=1");
        check("/a/b?q=1", &to("/x/$1?a=b"), "301 /x/b?a=b&q=1");
        check("/a/b?q=1", &to("http://h/$1?"), "301 http://h/b");
        check("/a/b%20c%2fd", &to("/x/$1"), "301 /x/b%20c/d");
    }

    #[test]
    fn flags_decide_what_follows() {
        let left = |flow| {
            let fixture = Fixture::new("GET /a HTTP/1.1\n\n");
            let mut state = State::new(0);
            rewrite("a", "/b", flow).run(&fixture.scope(), &mut state);
            (state.rewrite.changed, state.rewrite.broken)
        };
        assert_eq!(left(Flow::Next), (true, false));
        assert_eq!(left(Flow::Last), (true, false));
        assert_eq!(left(Flow::Break), (false, true));
    }
}
