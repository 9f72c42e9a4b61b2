//! Variables (`$arg_id`, `$1`, `$uri`...), values that contain them, and `map` tables.
//!
//! The configuration resolves every name once, at load; a request evaluates without look-ups.

mod builtin;
mod evaluate;
mod headers;
mod limited;
mod map;
mod names;
mod networks;
mod shortcut;
#[cfg(test)]
pub(crate) mod tests;

use std::borrow::Cow;
use std::sync::Arc;

pub use crate::civil::Civil;
pub use evaluate::{Environment, LocalTime, Outcome, Realpath, Rewritten, Scope, State, Subject};
pub use limited::Limited;
pub use map::{Map, MapKey};
pub use networks::Networks;
use shortcut::{Shortcut, Told};

/// A variable, resolved from its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Variable {
    /// `$arg_NAME`: raw query argument.
    Arg(Box<[u8]>),
    /// `$http_NAME`: request header; the name is kept with `-`, lower case. Several `Cookie` or
    /// `X-Forwarded-For` headers are joined as nginx joins them.
    Http(Box<str>),
    /// `$sent_http_NAME`: header of the answer; empty before there is one.
    SentHttp(Box<str>),
    /// `$jwt_claim_NAME`, and variables of `auth_jwt_claim_set`: the names of the claims, outermost
    /// first.
    JwtClaim(Box<[Box<str>]>),
    /// `$jwt_header_NAME`.
    JwtHeader(Box<str>),
    /// `$cookie_NAME`.
    Cookie(Box<[u8]>),
    /// `$upstream_http_NAME`: header of the last upstream's answer.
    UpstreamHttp(Box<str>),
    /// `$upstream_cookie_NAME`: value of the last upstream's `Set-Cookie` of that name.
    UpstreamCookie(Box<[u8]>),
    /// `$1`, `$2`...: capture of the regular expression that matched last.
    Capture(usize),
    /// A variable made by `set`, or by a named capture: its slot in [`State::sets`].
    Set(usize),
    /// A variable made by `map`: its index in [`Scope::maps`].
    Map(usize),
    /// Any variable that is the server's own.
    Builtin(Builtin),
}

/// A variable without parameter; the names are nginx's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the variable of that name, as nginx documents it")]
pub enum Builtin {
    Args,
    BinaryRemoteAddr,
    BodyBytesSent,
    BytesSent,
    Connection,
    ConnectionRequests,
    ConnectionTime,
    ContentLength,
    ContentType,
    DocumentRoot,
    DocumentUri,
    /// Belongs to a part of nginx that outpour does not have, or has no value here:
    /// `$upstream_cache_status`, `$tcpinfo_rtt`, `$gzip_ratio`... Always absent, so that the log formats
    /// of old files keep their columns.
    Foreign,
    /// `$push_stream_hook_channel`, `$nchan_channel_id`: what a hook is about.
    HookChannel,
    /// `$nchan_channel_event`.
    HookEvent,
    /// `$push_stream_hook_publisher`, `$nchan_publisher_type`.
    HookPublisher,
    /// `$push_stream_hook_subscriber`, `$nchan_subscriber_type`.
    HookSubscriber,
    Host,
    Hostname,
    Http2,
    Https,
    IsArgs,
    LimitConnStatus,
    LimitReqStatus,
    Msec,
    NginxVersion,
    Pid,
    Pipe,
    ProxyAddXForwardedFor,
    ProxyHost,
    ProxyPort,
    QueryString,
    RealipRemoteAddr,
    RealipRemotePort,
    RealpathRoot,
    RemoteAddr,
    RemotePort,
    RemoteUser,
    Request,
    RequestBody,
    RequestCompletion,
    RequestFilename,
    RequestId,
    RequestLength,
    RequestMethod,
    RequestTime,
    RequestUri,
    Scheme,
    SecureLink,
    SecureLinkExpires,
    SecureLinkHmac,
    SecureLinkHmacExpires,
    SecureLinkHmacToken,
    ServerAddr,
    ServerName,
    ServerPort,
    ServerProtocol,
    SslCipher,
    SslClientIDn,
    SslClientSDn,
    SslClientVerify,
    SslProtocol,
    SslServerName,
    SslSessionReused,
    Status,
    TimeIso8601,
    TimeLocal,
    UpstreamAddr,
    UpstreamBytesReceived,
    UpstreamBytesSent,
    UpstreamConnectTime,
    UpstreamHeaderTime,
    UpstreamResponseLength,
    UpstreamResponseTime,
    UpstreamStatus,
    Uri,
}

/// A piece of an [`Expression`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// Bytes as they are.
    Literal(Box<[u8]>),
    /// A variable's value; nothing if it has none.
    Variable(Variable),
}

/// A configuration value in which variables are expanded per request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Expression {
    /// The pieces in order; never two literals in a row.
    pub pieces: Vec<Piece>,
}

impl Expression {
    /// A value without variables.
    #[must_use]
    pub fn literal(text: impl Into<Box<[u8]>>) -> Self {
        let text = text.into();
        Self { pieces: if text.is_empty() { vec![] } else { vec![Piece::Literal(text)] } }
    }

    /// A value that is one variable.
    #[must_use]
    pub fn variable(variable: Variable) -> Self {
        Self { pieces: vec![Piece::Variable(variable)] }
    }

    /// The text, if there is no variable in it.
    #[must_use]
    pub fn as_literal(&self) -> Option<&[u8]> {
        match self.pieces.as_slice() {
            [] => Some(&[]),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The value for this request. Borrows where it is a single piece.
    #[must_use]
    pub fn evaluate<'a>(&'a self, scope: &Scope<'a>) -> Cow<'a, [u8]> {
        self.evaluate_at(scope, 0)
    }

    /// [`Expression::evaluate`], `depth` maps deep.
    fn evaluate_at<'a>(&'a self, scope: &Scope<'a>, depth: usize) -> Cow<'a, [u8]> {
        match self.pieces.as_slice() {
            [] => Cow::Borrowed(&[]),
            [piece] => scope.piece_at(piece, depth),
            pieces => {
                let mut out = Vec::new();
                for piece in pieces {
                    out.extend_from_slice(&scope.piece_at(piece, depth));
                }
                Cow::Owned(out)
            }
        }
    }
}

/// A compiled regular expression of the configuration, with the slots that its named captures fill.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The expression; case-insensitive where the operator or modifier said so.
    pub regex: Arc<regex::bytes::Regex>,
    /// Named captures: group number and slot in [`State::sets`].
    pub names: Vec<(usize, usize)>,
    shortcut: Option<Shortcut>,
}

impl Pattern {
    /// A compiled expression; `caseless` if it was built so. `names` are the named captures: group
    /// number and slot in [`State::sets`].
    #[must_use]
    pub fn new(regex: regex::bytes::Regex, caseless: bool, names: Vec<(usize, usize)>) -> Self {
        let shortcut = (!caseless).then(|| Shortcut::of(regex.as_str())).flatten();
        Self { regex: Arc::new(regex), names, shortcut }
    }

    /// Matches `subject`; on success the captures are kept in `state`.
    pub fn capture(&self, subject: &[u8], state: &mut State) -> bool {
        match self.shortcut.as_ref().map_or(Told::Unknown, |shortcut| shortcut.tell(subject)) {
            Told::No => false,
            Told::Group(group) => {
                let groups = [&subject[..group.end], &subject[group]];
                self.keep(|at| groups.get(at).copied(), groups.len(), state);
                true
            }
            Told::Unknown => {
                let Some(captures) = self.regex.captures(subject) else { return false };
                self.keep(|at| captures.get(at).map(|m| m.as_bytes()), captures.len(), state);
                true
            }
        }
    }

    /// Keeps `count` groups, of which the first is the whole match.
    fn keep<'s>(&self, group: impl Fn(usize) -> Option<&'s [u8]>, count: usize, state: &mut State) {
        state.captures.clear();
        state.captures.extend((0..count).map(|at| group(at).map(Box::from)));
        for (at, slot) in &self.names {
            state.sets[*slot] = group(*at).map(Box::from);
        }
    }
}
