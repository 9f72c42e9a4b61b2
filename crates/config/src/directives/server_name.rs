//! `server_name`.

use outpour_core::settings::ServerName;

use crate::draft::{Block, NameDraft};
use crate::lower::Lowering;
use crate::syntax::{Node, Word};

use super::table::{Args, Contexts, Directive, row};

pub(crate) const ROWS: &[Directive] = &[row(
    "server_name",
    Contexts::SERVER,
    Args::new(1, usize::MAX, "name ..."),
    "\"\"",
    "Names that the server answers to: exact, *.example.com, www.example.*, or ~regex.",
    |l, b, n| n.args.iter().for_each(|word| server_name(l, b, n, word)),
)
.repeats()];

fn server_name(l: &mut Lowering<'_>, b: &mut Block, n: &Node, word: &Word) {
    let written: Vec<u8> = match word.value.as_slice() {
        b"$hostname" => hostname(),
        value => value.to_vec(),
    };
    let Some(names) = parse(l, n, word, &written) else { return };
    if word.value.contains(&b'/') && !word.value.starts_with(b"~") {
        l.report.warn(word.span, format!("server name \"{}\" has suspicious symbols", word.text()));
    }
    b.names.push(NameDraft { written: written.into(), ways: names });
}

fn parse(l: &mut Lowering<'_>, n: &Node, word: &Word, value: &[u8]) -> Option<Vec<ServerName>> {
    if let Some(pattern) = value.strip_prefix(b"~") {
        if pattern.is_empty() {
            l.report.emerg(word.span, format!("empty regex in server name \"{}\"", word.text()));
            return None;
        }
        let pattern = l.pattern(pattern, true, word.span)?;
        return Some(vec![ServerName::Regex(pattern)]);
    }
    let lower = value.to_ascii_lowercase();
    let names = split(&lower);
    if names.is_none() {
        let message = format!("server name \"{}\" is invalid", word.text());
        let help = l.missing_semicolon(n);
        l.report.emerg_help(word.span, message, help);
    }
    names
}

/// The ways in which a name that is no expression matches.
pub(crate) fn split(lower: &[u8]) -> Option<Vec<ServerName>> {
    let plain = |text: &[u8]| !text.contains(&b'*') && !text.windows(2).any(|pair| pair == b"..");
    match lower {
        [b'*', suffix @ ..] if suffix.len() >= 2 && suffix[0] == b'.' && plain(suffix) => {
            Some(vec![ServerName::Suffix(suffix.into())])
        }
        [b'.', host @ ..] if !host.is_empty() && plain(host) && host[0] != b'.' => {
            Some(vec![ServerName::Exact(host.into()), ServerName::Suffix(lower.into())])
        }
        [prefix @ .., b'*'] if prefix.len() >= 2 && prefix.ends_with(b".") && plain(prefix) => {
            Some(vec![ServerName::Prefix(prefix.into())])
        }
        [b'*' | b'.', ..] => None,
        _ => plain(lower).then(|| vec![ServerName::Exact(lower.into())]),
    }
}

/// `server_name $hostname`: the machine's name.
fn hostname() -> Vec<u8> {
    let name = std::fs::read("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim_ascii().to_vec()
}
