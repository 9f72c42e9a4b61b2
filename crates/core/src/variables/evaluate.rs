//! The value of a variable for one request.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Limited, Map, Piece, Variable, builtin, headers};
use crate::access::jwt::Token;
use crate::now::Now;
use crate::request::{Peer, Request, argument};
use crate::settings::Files;
use crate::upstream::Account;

/// The name behind all symbolic links of another one; `None` if there is no such file.
pub type Realpath = fn(&[u8]) -> Option<Vec<u8>>;

/// How far local time is ahead of UTC, in seconds, at a second since 1970; UTC by default.
///
/// Asked at every use, because it changes with daylight saving time.
#[derive(Clone, Copy, Debug)]
pub struct LocalTime(pub fn(u64) -> i32);

impl LocalTime {
    /// Seconds that local time is ahead of UTC at `unix`.
    #[must_use]
    pub fn offset(self, unix: u64) -> i32 {
        (self.0)(unix)
    }
}

impl Default for LocalTime {
    fn default() -> Self {
        Self(|_| 0)
    }
}

/// What the process knows about itself; handed in, because core asks nobody.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `$hostname`
    pub hostname: Box<str>,
    /// `$pid`
    pub pid: u32,
    /// `$time_local`, `$time_iso8601`, log lines.
    pub local_time: LocalTime,
    /// Random bits drawn when the process starts: keep `$request_id` from repeating after a
    /// restart, and from being guessed.
    pub seed: u128,
    /// Asks the file system for the name behind all symbolic links, for `$realpath_root`.
    pub realpath: Option<Realpath>,
}

/// What a request has left behind so far: captures and variables that were set.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Groups of the regular expression that matched last; index 0 is the whole match.
    pub captures: Vec<Option<Box<[u8]>>>,
    /// One slot per variable of `set` and per named capture (`Http::set_slots`).
    pub sets: Vec<Option<Box<[u8]>>>,
    /// The token that let the request in.
    pub token: Option<Arc<Token>>,
    /// What `limit_req` has said, if it was asked.
    pub limit_req: Option<Limited>,
    /// The same for `limit_conn`.
    pub limit_conn: Option<Limited>,
    /// What scripts made of the request's address.
    pub rewrite: Rewritten,
    /// The upstreams that the request was handed to.
    pub upstream: Option<Box<Account>>,
    /// Whom a request of the server's own is about: a hook.
    pub subject: Option<Arc<Subject>>,
}

/// The subscriber or publisher that a hook is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// `$push_stream_hook_channel`: the channels, with `/` between them.
    pub channels: Box<[u8]>,
    /// `$push_stream_hook_subscriber`: the transport in Nchan's words; empty for a publisher.
    pub subscriber: &'static str,
    /// `$push_stream_hook_publisher`: `http` or `websocket`; empty for a subscriber.
    pub publisher: &'static str,
    /// `$nchan_channel_event`: what happened to the channel; empty for a hook.
    pub event: &'static str,
}

/// What scripts made of a request's address, until that is the request's own.
#[derive(Clone, Debug, Default)]
pub struct Rewritten {
    /// Another `$uri`.
    pub path: Option<Vec<u8>>,
    /// Other `$args`.
    pub args: Option<Vec<u8>>,
    /// The location has to be looked for again.
    pub changed: bool,
    /// A `break` keeps a location that the address no longer fits: `alias` cannot be used.
    pub broken: bool,
    /// The path is appended to an `alias` with captures: a file of `try_files`, as in nginx.
    pub alias_with_uri: bool,
}

impl State {
    /// A state with `set_slots` empty slots.
    #[must_use]
    pub fn new(set_slots: usize) -> Self {
        Self { sets: vec![None; set_slots], ..Self::default() }
    }
}

/// How a request ended: for logs.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// `$status`
    pub status: u16,
    /// `$bytes_sent`, head included.
    pub bytes_sent: u64,
    /// `$body_bytes_sent`
    pub body_bytes_sent: u64,
    /// `$request_length`
    pub request_length: u64,
    /// `$request_time`, milliseconds.
    pub request_millis: u64,
    /// `$request_completion` is `OK`.
    pub complete: bool,
    /// Head of the answer for `$sent_http_NAME`, as sent; may be empty.
    pub head: Vec<u8>,
}

/// Everything that a variable may ask about.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The request.
    pub request: &'a Request,
    /// Who sent it.
    pub peer: &'a Peer,
    /// `$server_name`
    pub server_name: &'a [u8],
    /// The `map` tables.
    pub maps: &'a [Map],
    /// Captures and set variables.
    pub state: &'a State,
    /// `$document_root` and what belongs to it.
    pub files: &'a Files,
    /// The process.
    pub environment: &'a Environment,
    /// The time.
    pub now: Now,
    /// How it ended; `None` while it is being served.
    pub outcome: Option<&'a Outcome>,
}

impl<'a> Scope<'a> {
    /// The same scope over another state.
    #[must_use]
    pub fn with<'b>(&self, state: &'b State) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope { state, ..*self }
    }

    /// `$uri`, rewritten or not.
    #[must_use]
    pub fn path(&self) -> &'a [u8] {
        self.state.rewrite.path.as_deref().unwrap_or(&self.request.path)
    }

    /// `$args`, rewritten or not.
    #[must_use]
    pub fn args(&self) -> &'a [u8] {
        self.state.rewrite.args.as_deref().unwrap_or_else(|| self.request.args())
    }

    /// The upstreams that the request was handed to.
    pub(super) fn upstream(&self) -> Option<&'a Account> {
        self.state.upstream.as_deref()
    }

    /// What the request is about, if it is a hook.
    pub(super) fn subject(&self) -> Option<&'a Subject> {
        self.state.subject.as_deref()
    }

    /// The value of one piece; an absent one is empty.
    #[must_use]
    pub fn piece(&self, piece: &'a Piece) -> Cow<'a, [u8]> {
        self.piece_at(piece, 0)
    }

    /// The value of a variable; `None` if it is absent, which a log shows as `-`, while an empty
    /// value stays empty.
    #[must_use]
    pub fn lookup(&self, variable: &Variable) -> Option<Cow<'a, [u8]>> {
        self.lookup_at(variable, 0)
    }

    /// [`Scope::piece`], `depth` maps deep.
    pub(super) fn piece_at(&self, piece: &'a Piece, depth: usize) -> Cow<'a, [u8]> {
        match piece {
            Piece::Literal(text) => Cow::Borrowed(text),
            Piece::Variable(variable) => self.lookup_at(variable, depth).unwrap_or_default(),
        }
    }

    /// [`Scope::lookup`], `depth` maps deep.
    fn lookup_at(&self, variable: &Variable, depth: usize) -> Option<Cow<'a, [u8]>> {
        match variable {
            Variable::Arg(name) => argument(self.args(), name).map(Cow::Borrowed),
            Variable::Http(name) => headers::received(self.request, name),
            Variable::SentHttp(name) => headers::sent(&self.outcome?.head, name),
            Variable::Cookie(name) => self.request.cookie(name).map(Cow::Borrowed),
            Variable::JwtClaim(path) => self.state.token.as_deref()?.claim(path),
            Variable::JwtHeader(name) => self.state.token.as_deref()?.header(name),
            Variable::UpstreamHttp(name) => headers::sent(&self.upstream()?.head, name),
            Variable::UpstreamCookie(name) => headers::set_cookie(&self.upstream()?.head, name),
            Variable::Capture(group) => {
                self.state.captures.get(*group)?.as_deref().map(Cow::Borrowed)
            }
            // As nginx: a variable of `set` that no statement has reached is empty, not absent.
            Variable::Set(slot) => {
                Some(Cow::Borrowed(self.state.sets.get(*slot)?.as_deref().unwrap_or_default()))
            }
            // A chain longer than there are maps comes back to one of them: nginx calls that a
            // cycle and takes the value for absent.
            Variable::Map(_) if depth >= self.maps.len() => None,
            Variable::Map(index) => Some(self.maps.get(*index)?.evaluate_at(self, depth + 1)),
            Variable::Builtin(builtin) => builtin::value(self, *builtin),
        }
    }
}
