//! `map`.

use std::collections::HashSet;

use outpour_core::settings::ServerName;
use outpour_core::variables::{Expression, Map, MapKey};

use crate::draft::Block;
use crate::lower::Lowering;
use crate::syntax::{Node, Word};

use super::rewrite::is_fixed;
use super::server_name::split;
use super::table::{Args, Contexts, Directive, row};

pub(crate) const ROWS: &[Directive] = &[row(
    "map",
    Contexts::HTTP,
    Args::block(2, 2, "value $variable"),
    "none",
    "A variable whose value is looked up in a table by another value.",
    map,
)
.repeats()];

fn map(l: &mut Lowering<'_>, _: &mut Block, n: &Node) {
    let [source, name] = n.args.as_slice() else { return };
    let variable = l.variable_name(name).unwrap_or_default();
    if is_fixed(&variable) {
        l.report.emerg(name.span, format!("the duplicate \"{variable}\" variable"));
    }
    let source = l.expression(source).unwrap_or_default();
    let entries: Vec<&Node> = n.block.iter().flatten().collect();
    let hostnames = entries.iter().any(|entry| entry.name.is("hostnames") && entry.args.is_empty());
    let map = Map { source, ..Map::default() };
    let mut table = Table { map, hostnames, has_default: false, known: HashSet::new() };
    for entry in entries {
        table.entry(l, entry);
    }
    // Even a faulty table keeps its place: variables refer to tables by their index.
    l.maps.push((table.map, n.span(), variable));
}

struct Table {
    map: Map,
    hostnames: bool,
    has_default: bool,
    known: HashSet<Vec<u8>>,
}

impl Table {
    fn entry(&mut self, l: &mut Lowering<'_>, entry: &Node) {
        if entry.block.is_some() {
            return l.report.emerg(entry.span(), "unexpected \"{\"");
        }
        let value = match entry.args.as_slice() {
            [] if entry.name.is("hostnames") || entry.name.is("volatile") => return,
            [value] => value,
            _ => return l.report.emerg(entry.span(), "invalid number of the map parameters"),
        };
        let Some(value) = l.expression(value) else { return };
        if entry.name.is("default") {
            if std::mem::replace(&mut self.has_default, true) {
                l.report.emerg(entry.name.span, "duplicate default map parameter");
            }
            self.map.default = value;
            return;
        }
        self.key(l, &entry.name, value);
    }

    fn key(&mut self, l: &mut Lowering<'_>, word: &Word, value: Expression) {
        let text = word.value.as_slice();
        if let Some(pattern) = text.strip_prefix(b"~") {
            let (caseless, pattern) = match pattern.strip_prefix(b"*") {
                Some(pattern) => (true, pattern),
                None => (false, pattern),
            };
            if let Some(pattern) = l.pattern(pattern, caseless, word.span) {
                self.map.entries.push((MapKey::Regex(pattern), value));
            }
            return;
        }
        // A backslash takes the meaning from `default`, `hostnames`, `~` and the like.
        let plain = text.strip_prefix(b"\\").unwrap_or(text).to_ascii_lowercase();
        if !self.known.insert(plain.clone()) {
            l.report.emerg(word.span, format!("conflicting parameter \"{}\"", word.text()));
            return;
        }
        let wild = plain.starts_with(b".") || plain.contains(&b'*');
        if !self.hostnames || !wild {
            self.map.entries.push((MapKey::Exact(plain.into()), value));
            return;
        }
        let Some(names) = split(&plain) else {
            let message = format!("invalid hostname or wildcard \"{}\"", word.text());
            return l.report.emerg(word.span, message);
        };
        self.map.entries.extend(names.into_iter().filter_map(|name| {
            let key = match name {
                ServerName::Exact(name) => MapKey::Exact(name),
                ServerName::Suffix(suffix) => MapKey::Suffix(suffix),
                ServerName::Prefix(prefix) => MapKey::Prefix(prefix),
                ServerName::Regex(_) => return None,
            };
            Some((key, value.clone()))
        }));
    }
}
