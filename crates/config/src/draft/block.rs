//! A block of the text.

use std::collections::HashSet;

use outpour_core::router::{Condition, Rewrite};
use outpour_core::settings::{ListenAddress, Matcher, ServerName};
use outpour_core::variables::Expression;

use super::{
    CoreDraft, FilesDraft, GuardDraft, HooksDraft, Http2Draft, LimitsDraft, MainDraft, ProxyDraft,
    PushDraft, RelayDraft, StoreDraft, TlsDraft, UpstreamDraft,
};
use crate::audit::Told;
use crate::directives::Contexts;
use crate::source::Span;

/// A value and the directive that gave it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<T> {
    pub(crate) value: T,
    pub(crate) at: Span,
}

/// A statement of `set`, `if`, `return`, `break`.
#[derive(Debug)]
pub(crate) enum Step {
    Set { slot: usize, value: Expression },
    SetArgs(Expression),
    Return { status: u16, text: Option<Expression> },
    If(Condition, Box<Block>),
    Break,
    Rewrite(Box<Rewrite>),
}

/// A name of a `server_name` directive.
#[derive(Clone, Debug)]
pub(crate) struct NameDraft {
    /// As it is shown in `$server_name`.
    pub(crate) written: Box<[u8]>,
    /// The ways in which it matches.
    pub(crate) ways: Vec<ServerName>,
}

/// One `listen` directive, one address.
#[derive(Clone, Debug)]
pub(crate) struct ListenDraft {
    pub(crate) address: ListenAddress,
    pub(crate) at: Span,
    pub(crate) default_server: bool,
    pub(crate) backlog: Option<u32>,
    pub(crate) ipv6only: Option<bool>,
    pub(crate) rcvbuf: Option<usize>,
    pub(crate) sndbuf: Option<usize>,
    pub(crate) so_keepalive: bool,
    /// `ssl`
    pub(crate) tls: bool,
    /// `http2`
    pub(crate) http2: bool,
    /// Any option of the socket was given: only one directive per address may.
    pub(crate) options: bool,
}

/// A block: the main level, `http`, `server`, `location`, `if` or `upstream`.
#[derive(Debug)]
pub(crate) struct Block {
    /// Which kind of block.
    pub(crate) context: Contexts,
    /// The location as written.
    pub(crate) label: String,
    /// The directive that opened it.
    pub(crate) at: Span,
    /// Directives seen in it: most may stand only once.
    pub(crate) seen: HashSet<&'static str>,
    /// Something other than `set`, `if`, `return` and `break` stands in it.
    pub(crate) changes: bool,
    pub(crate) main: MainDraft,
    pub(crate) store: StoreDraft,
    pub(crate) limits: LimitsDraft,
    pub(crate) tls: TlsDraft,
    pub(crate) http2: Http2Draft,
    pub(crate) core: CoreDraft,
    pub(crate) files: FilesDraft,
    pub(crate) guard: GuardDraft,
    pub(crate) hooks: HooksDraft,
    pub(crate) push: PushDraft,
    pub(crate) relay: RelayDraft,
    pub(crate) proxy: ProxyDraft,
    pub(crate) upstream: UpstreamDraft,
    pub(crate) listens: Vec<ListenDraft>,
    pub(crate) names: Vec<NameDraft>,
    pub(crate) matcher: Option<Matcher>,
    /// The matcher without its operator, as nginx compares locations.
    pub(crate) pattern: Vec<u8>,
    pub(crate) script: Vec<Step>,
    /// Places of what it says: filled for those who ask only.
    pub(crate) told: Told,
    /// The `http` of the main level, the servers of `http`, the locations of the others.
    pub(crate) blocks: Vec<Block>,
    /// The `upstream`s of `http`.
    pub(crate) upstreams: Vec<Block>,
}

impl Block {
    pub(crate) fn new(context: Contexts, label: String, at: Span) -> Self {
        Self {
            context,
            label,
            at,
            seen: HashSet::new(),
            changes: false,
            main: MainDraft::default(),
            store: StoreDraft::default(),
            limits: LimitsDraft::default(),
            tls: TlsDraft::default(),
            http2: Http2Draft::default(),
            core: CoreDraft::default(),
            files: FilesDraft::default(),
            guard: GuardDraft::default(),
            hooks: HooksDraft::default(),
            push: PushDraft::default(),
            relay: RelayDraft::default(),
            proxy: ProxyDraft::default(),
            upstream: UpstreamDraft::default(),
            listens: Vec::new(),
            names: Vec::new(),
            matcher: None,
            pattern: Vec::new(),
            script: Vec::new(),
            told: Told::default(),
            blocks: Vec::new(),
            upstreams: Vec::new(),
        }
    }

    /// Takes over what an enclosing block says and this one does not.
    pub(crate) fn inherit(&mut self, outer: &Self, store: &StoreDraft) {
        self.limits.inherit(&outer.limits);
        self.tls.inherit(&outer.tls);
        self.http2.inherit(&outer.http2);
        self.core.inherit(&outer.core);
        self.files.inherit(&outer.files);
        self.proxy.inherit(&outer.proxy);
        self.guard.inherit(&outer.guard);
        self.hooks.inherit(&outer.hooks);
        self.push.inherit(&outer.push, store);
        self.relay.inherit(&outer.relay);
    }
}
