//! What each block of the text says, before anything is inherited or has a default.

mod block;
mod core;
mod files;
mod guard;
mod hooks;
mod http2;
mod main;
mod proxy;
mod push;
mod relay;
mod store;
mod tls;
mod upstream;

pub(crate) use block::{Block, Given, ListenDraft, NameDraft, Step};
pub(crate) use core::{CoreDraft, GzipDraft, LimitsDraft};
pub(crate) use files::{FilesDraft, SymlinksDraft};
pub(crate) use guard::{GuardDraft, LimitDraft, PolicyDraft};
pub(crate) use hooks::HooksDraft;
pub(crate) use http2::Http2Draft;
pub(crate) use main::MainDraft;
pub(crate) use proxy::{
    GripKey, GripMode, PassDraft, PassTo, ProxyDraft, ProxyTlsDraft, RedirectDraft, ResolverDraft,
    ServersDraft,
};
pub(crate) use push::{HeaderSource, PaddingDraft, PathSource, PushDraft};
pub(crate) use relay::{RelayDraft, RelayWays};
pub(crate) use store::StoreDraft;
pub(crate) use tls::TlsDraft;
pub(crate) use upstream::UpstreamDraft;

/// Takes over every named field that is unset from an outer block.
macro_rules! inherit {
    ($inner:expr, $outer:expr; $($field:ident)*) => {
        $(if $inner.$field.is_none() { $inner.$field.clone_from(&$outer.$field); })*
    };
}
use inherit;
