//! From the tree to settings: every directive is looked up, checked and applied to the draft of its
//! block; then blocks inherit from each other and get their defaults.

pub(crate) mod args;
mod exposure;
mod files;
mod finish;
mod guard;
mod http;
mod listen;
mod location;
mod proxy;
mod push;
mod relay;
mod tls;
mod upstream;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use outpour_core::settings::{LimitZone, LogFormat, RelayDialect, Settings, Upstream};
use outpour_core::transport::Rendering;
use outpour_core::variables::Map;

use crate::audit::{Base, BlockOrigin, Ledger, origin};
use crate::directives::{self, COMBINED, Contexts, Directive, Foreign, Kind, OLD_VARIABLES};
use crate::draft::{Block, StoreDraft};
use crate::names::Names;
use crate::nearest::did_you_mean;
use crate::report::Report;
use crate::source::Span;
use crate::syntax::Node;

/// What the table says about a name.
type Found = Option<Result<&'static Directive, Foreign>>;

/// Everything that directives need while they are applied.
#[derive(Debug)]
pub(crate) struct Lowering<'r> {
    pub(crate) report: &'r mut Report,
    pub(crate) names: Names,
    /// Absolute directory that paths of logs and the pid file refer to.
    pub(crate) prefix: PathBuf,
    /// Absolute directory of the configuration file: paths of certificates refer to it.
    pub(crate) directory: PathBuf,
    /// Whether `PREFIX/logs` receives what no directive sends elsewhere.
    pub(crate) logs: bool,
    /// `limit_req_zone`s (true) and `limit_conn_zone`s by name.
    pub(crate) zones: HashMap<(bool, String), Arc<LimitZone>>,
    pub(crate) formats: Vec<LogFormat>,
    pub(crate) maps: Vec<(Map, Span, String)>,
    /// The upstreams so far: all blocks, then those of plain hosts.
    upstreams: Vec<Arc<Upstream>>,
    /// Greatest minimum of any padding group.
    pub(crate) padding_max: usize,
    /// Whether others than this machine reach the server that is being read.
    exposed: bool,
    /// Names written by releases before 0.4 occur.
    pub(crate) old_file: bool,
    /// A location of the relay protocol occurs; Nchan's if any is one of Nchan's.
    relay_used: Option<RelayDialect>,
    /// A location of the push_stream protocol occurs.
    stream_used: bool,
    /// What old files say about the store in servers and locations.
    pub(crate) scattered: StoreDraft,
    /// Every directive and how it was treated, for those who ask.
    pub(crate) ledger: Option<Ledger>,
    noted: HashSet<String>,
    renderings: HashMap<push::Templates, Arc<Rendering>>,
}

impl<'r> Lowering<'r> {
    pub(crate) fn new(
        report: &'r mut Report,
        nodes: &[Node],
        directory: PathBuf,
        prefix: PathBuf,
        logs: bool,
    ) -> Self {
        let names = Names::collect(nodes);
        let mut lowering = Self {
            report,
            names,
            prefix,
            directory,
            logs,
            zones: HashMap::new(),
            formats: Vec::new(),
            maps: Vec::new(),
            upstreams: Vec::new(),
            padding_max: 0,
            exposed: false,
            old_file: has_old_names(nodes),
            relay_used: None,
            stream_used: false,
            scattered: StoreDraft::default(),
            ledger: None,
            noted: HashSet::new(),
            renderings: HashMap::new(),
        };
        lowering.formats.push(lowering.combined());
        lowering
    }

    fn combined(&self) -> LogFormat {
        let pieces = self.names.expression(COMBINED.as_bytes()).unwrap_or_default().pieces;
        let escape = outpour_core::settings::Escape::Default;
        LogFormat { name: "combined".into(), escape, pieces }
    }

    /// The whole way; `None` if anything forbids to start.
    pub(crate) fn run(mut self, nodes: &[Node]) -> Option<Settings> {
        let nowhere = Span { source: 0, start: 0, end: 0 };
        let mut main = Block::new(Contexts::MAIN, "main".into(), nowhere);
        self.walk(nodes, &mut main);
        let settings = self.finish(main);
        (!self.report.failed()).then_some(settings)
    }

    /// The same, with everything that those want to know who ask about the configuration.
    pub(crate) fn inspect(mut self, nodes: &[Node]) -> (Option<Settings>, Ledger, BlockOrigin) {
        self.ledger = Some(Ledger::default());
        let nowhere = Span { source: 0, start: 0, end: 0 };
        let mut main = Block::new(Contexts::MAIN, "main".into(), nowhere);
        self.walk(nodes, &mut main);
        let origin = origin(&main, &self.report.sources);
        let settings = self.finish(main);
        let ledger = self.ledger.take().unwrap_or_default();
        ((!self.report.failed()).then_some(settings), ledger, origin)
    }

    /// Applies the directives of a block to its draft.
    pub(crate) fn walk(&mut self, nodes: &[Node], block: &mut Block) {
        for node in nodes {
            if !self.report.open() {
                return;
            }
            self.directive(node, block);
        }
    }

    fn directive(&mut self, node: &Node, block: &mut Block) {
        let found = directives::find_in(&node.name.value, block.context);
        self.note(node, found, block);
        match found {
            None if node.name.is("include") => {
                self.report.emerg(node.name.span, wrong_count(&node.name.text()));
            }
            None => self.unknown(node, block.context),
            Some(Err(Foreign::Refused(_))) if switched_off(node) => self.ignored(node),
            Some(Err(Foreign::Refused(family))) => {
                let what = format!("\"{}\" directive", node.name.text());
                let text = format!("{what} is not implemented yet");
                let help = Some(family.help()).filter(|help| !help.is_empty());
                self.report.emerg_help(node.name.span, text, help);
            }
            Some(Err(Foreign::Inert(_))) => self.ignored(node),
            Some(Ok(row)) => {
                if self.permitted(row, node, block) {
                    self.note_old(row, node);
                    (row.apply)(self, block, node);
                    if self.ledger.is_some() {
                        block.told.steps.resize(block.script.len(), node.span());
                    }
                } else if let Some(at) = self.forgotten_semicolon(node, row) {
                    self.walk(&split(node, at), block);
                }
            }
        }
    }

    /// Keeps what is known about a directive before it is applied, for those who ask.
    fn note(&mut self, node: &Node, found: Found, block: &mut Block) {
        let Some(ledger) = &mut self.ledger else { return };
        let base = match found {
            Some(Ok(row)) => {
                block.told.said.push((row.name, node.span()));
                return ledger.note(node, Base::Row(row));
            }
            Some(Err(Foreign::Refused(_))) if switched_off(node) => Base::SwitchedOff,
            Some(Err(foreign)) => Base::Foreign(foreign),
            None => Base::Unknown,
        };
        ledger.note(node, base);
        ledger.note_unread(node.block.as_deref().unwrap_or_default());
    }

    fn unknown(&mut self, node: &Node, context: Contexts) {
        let name = node.name.text();
        let help = did_you_mean(&name, directives::names_in(context));
        let message = format!("unknown directive \"{name}\"");
        self.report.emerg_help(node.name.span, message, help);
    }

    fn ignored(&mut self, node: &Node) {
        let name = node.name.text();
        if self.first_time(&name) {
            let text = format!("\"{name}\" directive has no meaning here and is ignored");
            self.report.notice(node.name.span, text);
        }
    }

    /// What nginx can do and this server cannot.
    pub(crate) fn not_implemented(&mut self, at: Span, what: &str) {
        self.report.emerg(at, format!("{what} is not implemented yet"));
    }

    /// Whether `name` was not spoken about in this load.
    pub(crate) fn first_time(&mut self, name: &str) -> bool {
        !self.noted.contains(name) && self.noted.insert(name.to_owned())
    }

    fn note_old(&mut self, row: &Directive, node: &Node) {
        if let Kind::Old(now) = row.kind
            && self.first_time(row.name)
        {
            let text = format!("\"{}\" is the name of an old release, today: {now}", row.name);
            self.report.notice(node.name.span, text);
        }
    }

    /// nginx's checks, in its order: place, form, count, repetition.
    fn permitted(&mut self, row: &'static Directive, node: &Node, block: &mut Block) -> bool {
        let name = row.name;
        let old = self.old_file && row.old_contexts.has(block.context);
        if !row.contexts.has(block.context) && !old {
            let help = format!("it may stand in: {}", row.contexts.names());
            let message = format!("\"{name}\" directive is not allowed here");
            self.report.emerg_help(node.name.span, message, help);
            return false;
        }
        if row.args.block != node.block.is_some() {
            let message = match row.args.block {
                true => format!("directive \"{name}\" has no opening \"{{\""),
                false => format!("directive \"{name}\" is not terminated by \";\""),
            };
            let help = self.missing_semicolon(node);
            self.report.emerg_help(node.span(), message, help);
            return false;
        }
        if !(row.args.min..=row.args.max).contains(&node.args.len()) {
            let help = self.missing_semicolon(node).or_else(|| usage(row));
            let message = wrong_count(name);
            self.report.emerg_help(node.span(), message, help);
            return false;
        }
        if !row.repeats && !block.seen.insert(name) {
            self.report.emerg(node.name.span, format!("\"{name}\" directive is duplicate"));
            return false;
        }
        block.changes |= !matches!(name, "set" | "return" | "break" | "if" | "rewrite");
        true
    }

    /// Help for a node in which a word begins a line and is a directive's name: the `;` before it was forgotten.
    pub(crate) fn missing_semicolon(&self, node: &Node) -> Option<String> {
        let at = self.swallowed(node)?;
        let previous = at.checked_sub(1).map_or(&node.name, |before| &node.args[before]);
        Some(format!("is \";\" missing after \"{}\"?", previous.text()))
    }

    /// Which argument looks like the name of the next directive.
    pub(crate) fn swallowed(&self, node: &Node) -> Option<usize> {
        let mut previous = &node.name;
        for (at, word) in node.args.iter().enumerate() {
            let source = self.report.sources.get(word.span.source);
            let gap = source.text.get(previous.span.end..word.span.start)?;
            if gap.contains(&b'\n') && directives::find(&word.value).is_some() {
                return Some(at);
            }
            previous = word;
        }
        None
    }

    /// The same, if the node is faulty as a whole and not as the directive it begins with.
    fn forgotten_semicolon(&self, node: &Node, row: &Directive) -> Option<usize> {
        let faulty = row.args.block != node.block.is_some()
            || !(row.args.min..=row.args.max).contains(&node.args.len());
        self.swallowed(node).filter(|_| faulty && !row.args.block)
    }
}

/// Whether a directive says no more than that something is not wanted.
fn switched_off(node: &Node) -> bool {
    matches!(node.args.as_slice(), [word] if word.is("off"))
}

/// The two directives of a node between which a semicolon was forgotten.
fn split(node: &Node, at: usize) -> [Node; 2] {
    let (args, rest) = node.args.split_at(at);
    let first = Node { name: node.name.clone(), args: args.to_vec(), block: None };
    let (name, args) = (rest[0].clone(), rest[1..].to_vec());
    [first, Node { name, args, block: node.block.clone() }]
}

fn wrong_count(name: &str) -> String {
    format!("invalid number of arguments in \"{name}\" directive")
}

fn usage(row: &Directive) -> Option<String> {
    let end = if row.args.block { " { ... }" } else { ";" };
    let shape = row.args.shape;
    let gap = if shape.is_empty() { "" } else { " " };
    Some(format!("it is written: {}{gap}{shape}{end}", row.name))
}

/// Whether anything was written for a release before 0.4.
fn has_old_names(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| {
        let old = match directives::find(&node.name.value) {
            Some(Ok(row)) => matches!(row.kind, Kind::Old(_)),
            Some(Err(_)) | None => false,
        };
        let variable = node.name.is("set")
            && node.args.first().is_some_and(|word| OLD_VARIABLES.contains(&word.text().as_str()));
        old || variable || has_old_names(node.directives())
    })
}
