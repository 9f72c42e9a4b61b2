//! `error_log`, `log_format` and `access_log`.

use std::time::Duration;

use outpour_core::settings::{
    AccessLog, ErrorLog, Escape, Level, LogBuffer, LogFormat, LogTarget, OpenLogFiles,
};

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
        Args::new(1, 3, "file | stderr | syslog:... [level] [format=plain|json]"),
        "stderr error; PREFIX/logs/error.log if PREFIX/logs exists",
        "Where errors are written, from which level on, and whether in nginx's form or, with \
         format=json (ours), as a JSON object a line: docs/logging.md.",
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
    row(
        "open_log_file_cache",
        Contexts::HSL,
        Args::new(1, 4, "off | max=number [inactive=time] [min_uses=number] [valid=time]"),
        "off",
        "How many access logs with variables in their names are kept open, and for how long; \
         min_uses has no effect.",
        open_log_file_cache,
    ),
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
    let [word, rest @ ..] = n.args.as_slice() else { return };
    if word.value.starts_with(b"memory:") {
        return l.not_implemented(word.span, "an \"error_log\" in memory");
    }
    let Some(target) = target(l, word) else { return };
    let mut log = ErrorLog { target, level: Level::Error, json: false };
    for (place, word) in rest.iter().enumerate() {
        match word.value.strip_prefix(b"format=") {
            Some(b"plain") => log.json = false,
            Some(b"json") => log.json = true,
            Some(other) => {
                let other = String::from_utf8_lossy(other).into_owned();
                let message = format!("unknown error log format \"{other}\"");
                let help = "known are plain, json".to_owned();
                return l.report.emerg_help(word.span, message, help);
            }
            None if place == 0 => match level(l, word) {
                Some(level) => log.level = level,
                None => return,
            },
            None => return l.invalid_parameter(n, word, &["format="]),
        }
    }
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
    let named = path.value.contains(&b'$');
    let target = if named { named_target(l, path) } else { target(l, path) };
    let Some(target) = target else { return };
    let (format, parameters) = match rest.split_first() {
        Some((name, parameters)) if !is_parameter(name) => (format(l, name), parameters),
        _ => (Some(0), rest),
    };
    let mut condition = None;
    let mut buffer = BufferDraft::default();
    for word in parameters {
        match word.value.strip_prefix(b"if=") {
            Some(text) => condition = l.expression_of(text, word.span),
            None => parameter(l, n, word, &mut buffer),
        }
    }
    let buffer = buffer.settled(l, n, &target);
    let Some(format) = format else { return };
    let log = AccessLog { target, format, condition, buffer, open_files: None };
    b.core.access_log.get_or_insert_default().push(log);
}

/// A file whose name has variables.
fn named_target(l: &mut Lowering<'_>, word: &Word) -> Option<LogTarget> {
    let name = l.expression(word)?;
    Some(LogTarget::Named { name, prefix: l.prefixed(b"") })
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

/// What the parameters about buffers say.
#[derive(Debug, Default)]
struct BufferDraft {
    size: Option<usize>,
    flush: Option<Duration>,
    gzip: Option<u32>,
}

impl BufferDraft {
    /// What comes of it; what nginx refuses is reported.
    fn settled(self, l: &mut Lowering<'_>, n: &Node, target: &LogTarget) -> Option<LogBuffer> {
        if self.flush.is_some() && self.size.is_none() && self.gzip.is_none() {
            let shown = n.args.first().map(Word::text).unwrap_or_default();
            l.report.emerg(n.span(), format!("no buffer is defined for access_log \"{shown}\""));
        }
        let size = self.size.or_else(|| self.gzip.map(|_| GZIP_BUFFER))?;
        let problem = match target {
            LogTarget::Syslog(_) => "logs to syslog cannot be buffered",
            LogTarget::Named { .. } => "buffered logs cannot have variables in name",
            LogTarget::File(_) | LogTarget::Stderr => {
                return Some(LogBuffer { size, flush: self.flush, gzip: self.gzip });
            }
        };
        l.report.emerg(n.span(), problem);
        None
    }
}

/// Bytes of a buffer that only `gzip` asks for, as in nginx.
const GZIP_BUFFER: usize = 64 * 1024;

/// Bytes of the largest buffer: a worker writes it in one go.
const BUFFER_MAX: u64 = 64 * 1024 * 1024;

fn parameter(l: &mut Lowering<'_>, n: &Node, word: &Word, buffer: &mut BufferDraft) {
    let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    if let Some(size) = word.value.strip_prefix(b"buffer=") {
        let bytes = values::size(size).filter(|bytes| (1..=BUFFER_MAX).contains(bytes));
        buffer.size = bytes.and_then(|bytes| usize::try_from(bytes).ok());
        if buffer.size.is_none() {
            l.report.emerg(word.span, format!("invalid buffer size \"{}\"", shown(size)));
        }
    } else if let Some(time) = word.value.strip_prefix(b"flush=") {
        buffer.flush = values::milliseconds(time).filter(|time| !time.is_zero());
        if buffer.flush.is_none() {
            l.report.emerg(word.span, format!("invalid flush time \"{}\"", shown(time)));
        }
    } else if word.is("gzip") {
        buffer.gzip = Some(1);
    } else if let Some(level) = word.value.strip_prefix(b"gzip=") {
        match values::number(level).and_then(|level| u32::try_from(level).ok()) {
            Some(level @ 1..=9) => buffer.gzip = Some(level),
            _ => {
                l.report.emerg(word.span, format!("invalid compression level \"{}\"", shown(level)))
            }
        }
    } else {
        l.invalid_parameter(n, word, &["buffer=", "flush=", "gzip", "if="]);
    }
}

fn open_log_file_cache(l: &mut Lowering<'_>, b: &mut Block, n: &Node) {
    if n.args.iter().any(|word| word.is("off")) {
        b.core.open_log_file_cache = Some(None);
        return;
    }
    let mut max = None;
    let (mut inactive, mut valid) = (Duration::from_secs(10), Duration::from_secs(60));
    for word in &n.args {
        let understood = match word.value.split(|byte| *byte == b'=').next() {
            Some(b"max") => {
                let number = values::number(word.value.get(4..).unwrap_or_default())
                    .filter(|number| *number > 0);
                max = number.and_then(|number| usize::try_from(number).ok());
                max.is_some()
            }
            Some(b"inactive") => time(word.value.get(9..).unwrap_or_default(), &mut inactive),
            Some(b"valid") => time(word.value.get(6..).unwrap_or_default(), &mut valid),
            Some(b"min_uses") => values::number(word.value.get(9..).unwrap_or_default()).is_some(),
            _ => false,
        };
        if !understood {
            l.invalid_parameter(n, word, &["max=", "inactive=", "min_uses=", "valid=", "off"]);
        }
    }
    match max {
        Some(max) => {
            b.core.open_log_file_cache = Some(Some(OpenLogFiles { max, inactive, valid }));
        }
        None => {
            let message = "\"open_log_file_cache\" must have \"max\" parameter";
            l.report.emerg(n.span(), message);
        }
    }
}

/// Reads a time of whole seconds; false if it is none.
fn time(text: &[u8], into: &mut Duration) -> bool {
    let Some(time) = values::seconds(text).filter(|time| !time.is_zero()) else { return false };
    *into = time;
    true
}
