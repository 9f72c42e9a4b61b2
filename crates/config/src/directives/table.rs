//! What a row of the table is, and finding rows.

use std::collections::HashMap;
use std::ops::BitOr;
use std::sync::LazyLock;

use crate::draft::Block;
use crate::lower::Lowering;
use crate::syntax::Node;

use super::foreign::{Foreign, foreign};
use super::http2;
use super::{
    access, auth, divide, events, files, grip, hooks, http, limits, links, listen, location, log,
    map, nchan, old, process, push_stream, rewrite,
};
use super::{proxy, real_ip, redirect, relay, server_name, service, tls, types, upstream};

/// A set of kinds of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contexts(pub(crate) u8);

impl Contexts {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const MAIN: Self = Self(1);
    pub(crate) const EVENTS: Self = Self(2);
    pub(crate) const HTTP: Self = Self(4);
    pub(crate) const SERVER: Self = Self(8);
    pub(crate) const SERVER_IF: Self = Self(16);
    pub(crate) const LOCATION: Self = Self(32);
    pub(crate) const LOCATION_IF: Self = Self(64);
    pub(crate) const UPSTREAM: Self = Self(128);
    /// `http`, `server`, `location`.
    pub(crate) const HSL: Self = Self(4 | 8 | 32);
    /// [`Self::HSL`] and `if` inside a location.
    pub(crate) const HSLI: Self = Self(4 | 8 | 32 | 64);
    /// Where the statements of the rewrite module stand.
    pub(crate) const SCRIPT: Self = Self(8 | 16 | 32 | 64);

    pub(crate) fn has(self, one: Self) -> bool {
        self.0 & one.0 != 0
    }

    /// The words of the reference.
    pub(crate) fn names(self) -> String {
        let words = [
            (Self::MAIN, "main"),
            (Self::EVENTS, "events"),
            (Self::HTTP, "http"),
            (Self::SERVER, "server"),
            (Self::SERVER_IF, "if in server"),
            (Self::LOCATION, "location"),
            (Self::LOCATION_IF, "if in location"),
            (Self::UPSTREAM, "upstream"),
        ];
        let mine: Vec<&str> = words.iter().filter(|(c, _)| self.has(*c)).map(|(_, w)| *w).collect();
        mine.join(", ")
    }
}

impl BitOr for Contexts {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// How many arguments, and whether a block follows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) block: bool,
    /// `on` or `off`: shown in the reference.
    pub(crate) shape: &'static str,
}

impl Args {
    pub(crate) const fn new(min: usize, max: usize, shape: &'static str) -> Self {
        Self { min, max, block: false, shape }
    }

    pub(crate) const fn block(min: usize, max: usize, shape: &'static str) -> Self {
        Self { min, max, block: true, shape }
    }

    pub(crate) const NONE: Self = Self::new(0, 0, "");
    pub(crate) const FLAG: Self = Self::new(1, 1, "on | off");
    pub(crate) const NUMBER: Self = Self::new(1, 1, "number");
    pub(crate) const SIZE: Self = Self::new(1, 1, "size");
    pub(crate) const TIME: Self = Self::new(1, 1, "time");
    pub(crate) const TEXT: Self = Self::new(1, 1, "text");
    pub(crate) const VALUE: Self = Self::new(1, 1, "value with variables");
    pub(crate) const PATH: Self = Self::new(1, 1, "path");
}

/// What a directive does to the block in which it stands.
pub(crate) type Apply = fn(&mut Lowering<'_>, &mut Block, &Node);

/// How a directive is treated.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// As documented.
    Honoured,
    /// Accepted without effect; its sentence says why.
    Inert,
    /// Known under another name today.
    Old(&'static str),
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Directive {
    pub(crate) name: &'static str,
    pub(crate) contexts: Contexts,
    /// Further contexts that releases before 0.3 knew; accepted in files of that time.
    pub(crate) old_contexts: Contexts,
    pub(crate) args: Args,
    /// May stand more than once in a block, or looks for repetition itself.
    pub(crate) repeats: bool,
    pub(crate) default: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) kind: Kind,
    pub(crate) apply: Apply,
}

/// A row; see the fields of [`Directive`].
pub(crate) const fn row(
    name: &'static str,
    contexts: Contexts,
    args: Args,
    default: &'static str,
    doc: &'static str,
    apply: Apply,
) -> Directive {
    let (old_contexts, repeats, kind) = (Contexts::NONE, false, Kind::Honoured);
    Directive { name, contexts, old_contexts, args, repeats, default, doc, kind, apply }
}

impl Directive {
    pub(crate) const fn repeats(mut self) -> Self {
        self.repeats = true;
        self
    }

    pub(crate) const fn old_in(mut self, contexts: Contexts) -> Self {
        self.old_contexts = contexts;
        self
    }

    /// Has no effect, as its sentence says.
    pub(crate) const fn inert(mut self) -> Self {
        self.kind = Kind::Inert;
        self
    }

    pub(crate) const fn old(mut self, now: &'static str) -> Self {
        self.kind = Kind::Old(now);
        self
    }
}

/// All directives that have an effect, in the order of the reference.
pub(crate) fn rows() -> impl Iterator<Item = &'static Directive> {
    const TABLES: &[&[Directive]] = &[
        process::ROWS,
        events::ROWS,
        http::ROWS,
        listen::ROWS,
        server_name::ROWS,
        tls::ROWS,
        http2::ROWS,
        location::ROWS,
        types::ROWS,
        files::ROWS,
        redirect::ROWS,
        upstream::ROWS,
        proxy::PASS,
        proxy::REQUEST,
        proxy::ANSWER,
        proxy::LIMITS,
        proxy::TLS,
        real_ip::ROWS,
        access::ROWS,
        auth::ROWS,
        limits::ROWS,
        links::ROWS,
        log::ROWS,
        map::ROWS,
        divide::ROWS,
        rewrite::ROWS,
        push_stream::ROWS,
        hooks::ROWS,
        relay::ROWS,
        nchan::ROWS,
        grip::ROWS,
        service::ROWS,
        old::ROWS,
    ];
    TABLES.iter().copied().flatten()
}

/// What stands in an `upstream` block and nowhere else.
pub(crate) fn inner_rows() -> impl Iterator<Item = &'static Directive> {
    upstream::INNER.iter()
}

static BY_NAME: LazyLock<HashMap<&'static str, &'static Directive>> =
    LazyLock::new(|| rows().map(|row| (row.name, row)).collect());

/// The row of `name`, or how a directive is treated that is nginx's but none of ours.
pub(crate) fn find(name: &[u8]) -> Option<Result<&'static Directive, Foreign>> {
    let name = std::str::from_utf8(name).ok()?;
    match BY_NAME.get(name) {
        Some(row) => Some(Ok(row)),
        None => foreign(name).map(Err),
    }
}

/// Every known name.
pub(crate) fn all_names() -> impl Iterator<Item = &'static str> {
    rows().chain(inner_rows()).map(|row| row.name).chain(super::foreign::names())
}

/// [`find`] for a directive that stands in such a block.
pub(crate) fn find_in(
    name: &[u8],
    context: Contexts,
) -> Option<Result<&'static Directive, Foreign>> {
    let inner = || inner_rows().find(|row| row.name.as_bytes() == name);
    let inner = (context == Contexts::UPSTREAM).then(inner).flatten();
    inner.map(Ok).or_else(|| find(name))
}

/// Names that may stand in a block: candidates for "did you mean".
pub(crate) fn names_in(context: Contexts) -> impl Iterator<Item = &'static str> {
    let ours =
        rows().chain(inner_rows()).filter(move |row| row.contexts.has(context)).map(|row| row.name);
    ours.chain(super::foreign::names())
}
