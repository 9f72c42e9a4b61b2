//! `error_log`, `log_format` and `access_log`.

use outpour_core::settings::{AccessLog, ErrorLog, Escape, Level, LogFormat, LogTarget};

use crate::draft::Block;
use crate::lower::Lowering;
use crate::nearest::did_you_mean;
use crate::syntax::{Node, Word};
use crate::values;

use super::table::{Args, Contexts, Directive, row};

/// The predefined format.
pub(crate) const COMBINED: &str = "$remote_addr - $remote_user [$time_local] \"$request\" \
    $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\"";

pub(crate) const ROWS: &[Directive] = &[
    row(
        "error_log",
        Contexts(Contexts::MAIN.0 | Contexts::HSL.0),
        Args::new(1, 2, "file | stderr | syslog:... [level]"),
        "stderr error; PREFIX/logs/error.log if PREFIX/logs exists",
        "Where errors are written, and from which level on.",
        error_log,
    )
    .repeats(),
    row(
        "log_format",
        Contexts::HTTP,
        Args::new(2, usize::MAX, "name [escape=default|json|none] text ..."),
        "combined",
        "Names a form of access log lines.",
        log_format,
    )
    .repeats(),
    row(
        "access_log",
        Contexts::HSLI,
        Args::new(1, usize::MAX, "off | file | syslog:... [format [parameter ...]]"),
        "off; PREFIX/logs/access.log combined if PREFIX/logs exists",
        "Where requests are written to, and in which form.",
        access_log,
    )
    .repeats(),
];

fn target(l: &mut Lowering<'_>, word: &Word) -> Option<LogTarget> {
    match word.value.as_slice() {
        b"stderr" => Some(LogTarget::Stderr),
        [b's', b'y', b's', b'l', b'o', b'g', b':', rest @ ..] => {
            let text = String::from_utf8_lossy(rest).into_owned();
            if !text.starts_with("server=") {
                l.report.emerg(word.span, "no syslog server specified");
                return None;
            }
            Some(LogTarget::Syslog(text))
        }
        b"" => {
            l.report.emerg(word.span, "the name of the log is empty");
            None
        }
        path => Some(LogTarget::File(l.prefixed(path))),
    }
}

fn error_log(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let Some(word) = n.args.first() else { return };
    if word.value.starts_with(b"memory:") {
        return l.not_implemented(word.span, "an \"error_log\" in memory");
    }
    let Some(target) = target(l, word) else { return };
    let level = match n.args.get(1) {
        None => Some(Level::Error),
        Some(word) => level(l, word),
    };
    let Some(level) = level else { return };
    let log = ErrorLog { target, level };
    match b.context {
        Contexts::MAIN => b.main.error_log.push(log),
        _ => b.core.error_log.get_or_insert_default().push(log),
    }
}

fn level(l: &mut Lowering<'_>, word: &Word) -> Option<Level> {
    const LEVELS: [Level; 8] = [
        Level::Emerg,
        Level::Alert,
        Level::Crit,
        Level::Error,
        Level::Warn,
        Level::Notice,
        Level::Info,
        Level::Debug,
    ];
    let text = word.text();
    if text.starts_with("debug_") {
        return Some(Level::Debug);
    }
    let found = LEVELS.into_iter().find(|level| level.name() == text);
    if found.is_none() {
        let names = LEVELS.map(Level::name);
        let help = did_you_mean(&text, names);
        let help = help.or_else(|| Some(format!("known levels: {}", names.join(", "))));
        let message = format!("invalid log level \"{text}\"");
        l.report.emerg_help(word.span, message, help);
    }
    found
}

fn log_format(l: &mut Lowering<'_>, _: &mut Block, n: &Node) {
    let [name, rest @ ..] = n.args.as_slice() else { return };
    if l.formats.iter().any(|format| *format.name == *name.text()) {
        let message = format!("duplicate \"log_format\" name \"{}\"", name.text());
        return l.report.emerg(name.span, message);
    }
    let (escape, texts) = match rest {
        [first, texts @ ..] if first.value.starts_with(b"escape=") => (escape(l, first), texts),
        texts => (Some(Escape::Default), texts),
    };
    let (Some(escape), Some(first)) = (escape, texts.first()) else { return };
    let text: Vec<u8> = texts.iter().flat_map(|word| word.value.iter().copied()).collect();
    let at = crate::source::Span { end: n.span().end, ..first.span };
    let Some(expression) = l.expression_of(&text, at) else { return };
    let (name, pieces) = (name.text().into(), expression.pieces);
    l.formats.push(LogFormat { name, escape, pieces });
}

fn escape(l: &mut Lowering<'_>, word: &Word) -> Option<Escape> {
    match &word.value[b"escape=".len()..] {
        b"default" => Some(Escape::Default),
        b"json" => Some(Escape::Json),
        b"none" => Some(Escape::None),
        other => {
            let other = String::from_utf8_lossy(other).into_owned();
            let message = format!("unknown log format escaping \"{other}\"");
            l.report.emerg_help(word.span, message, "known are default, json, none".to_owned());
            None
        }
    }
}

fn access_log(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    let [path, rest @ ..] = n.args.as_slice() else { return };
    if path.is("off") {
        b.core.access_log = Some(Vec::new());
        if let Some(word) = rest.first() {
            l.invalid_parameter(n, word, &[]);
        }
        return;
    }
    if path.value.contains(&b'$') {
        return l.not_implemented(path.span, "a variable in the name of an \"access_log\"");
    }
    let Some(target) = target(l, path) else { return };
    let (format, parameters) = match rest.split_first() {
        Some((name, parameters)) if !is_parameter(name) => (format(l, name), parameters),
        _ => (Some(0), rest),
    };
    let mut condition = None;
    for word in parameters {
        match word.value.strip_prefix(b"if=") {
            Some(text) => condition = l.expression_of(text, word.span),
            None => parameter(l, n, word),
        }
    }
    let Some(format) = format else { return };
    b.core.access_log.get_or_insert_default().push(AccessLog { target, format, condition });
}

fn is_parameter(word: &Word) -> bool {
    word.is("gzip")
        || ["if=", "buffer=", "flush=", "gzip="]
            .iter()
            .any(|p| word.value.starts_with(p.as_bytes()))
}

fn format(l: &mut Lowering<'_>, word: &Word) -> Option<usize> {
    let name = word.text();
    let found = l.formats.iter().position(|format| *format.name == *name);
    if found.is_none() {
        let help = did_you_mean(&name, l.formats.iter().map(|format| &*format.name));
        let message = format!("unknown log format \"{name}\"");
        l.report.emerg_help(word.span, message, help);
    }
    found
}

/// Parameters about buffers: lines are written in batches anyway.
fn parameter(l: &mut Lowering<'_>, n: &Node, word: &Word) {
    let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    if let Some(size) = word.value.strip_prefix(b"buffer=") {
        if values::size(size).is_none_or(|size| size == 0) {
            l.report.emerg(word.span, format!("invalid buffer size \"{}\"", shown(size)));
        }
    } else if let Some(time) = word.value.strip_prefix(b"flush=") {
        if values::milliseconds(time).is_none_or(|time| time.is_zero()) {
            l.report.emerg(word.span, format!("invalid flush time \"{}\"", shown(time)));
        }
    } else if word.is("gzip") {
        uncompressed(l, word);
    } else if let Some(level) = word.value.strip_prefix(b"gzip=") {
        match values::number(level) {
            Some(1..=9) => uncompressed(l, word),
            _ => {
                l.report.emerg(word.span, format!("invalid compression level \"{}\"", shown(level)))
            }
        }
    } else {
        l.invalid_parameter(n, word, &["buffer=", "flush=", "gzip", "if="]);
    }
}

fn uncompressed(l: &mut Lowering<'_>, word: &Word) {
    if l.first_time("access_log gzip") {
        l.report
            .notice(word.span, "\"gzip\" of \"access_log\" is ignored, lines are written plainly");
    }
}
