//! Arguments of directives as values; what does not parse is reported with nginx's texts.

use std::path::PathBuf;
use std::time::Duration;

use outpour_core::variables::{Expression, Pattern};

use crate::draft::Given;
use crate::names;
use crate::nearest::did_you_mean;
use crate::pcre;
use crate::source::Span;
use crate::syntax::{Node, Word};
use crate::values;

use super::Lowering;

/// How a size is written.
pub(crate) const SIZES: &str = "a size such as 512, 16k or 4m";

impl Lowering<'_> {
    /// `on` or `off`.
    pub(crate) fn flag(&mut self, node: &Node) -> Option<bool> {
        let word = node.args.first()?;
        match word.value.to_ascii_lowercase().as_slice() {
            b"on" => Some(true),
            b"off" => Some(false),
            _ => {
                let (value, name) = (word.text(), node.name.text());
                let message = format!(
                    "invalid value \"{value}\" in \"{name}\" directive, it must be \"on\" or \"off\""
                );
                self.report.emerg(word.span, message);
                None
            }
        }
    }

    pub(crate) fn number(&mut self, node: &Node) -> Option<u64> {
        self.first(node, values::number, "number", "a number in decimal digits")
    }

    pub(crate) fn size(&mut self, node: &Node) -> Option<usize> {
        self.first(node, values::size, "value", SIZES).and_then(|size| usize::try_from(size).ok())
    }

    pub(crate) fn offset(&mut self, node: &Node) -> Option<u64> {
        self.first(node, values::offset, "value", "a size such as 512, 16k, 4m or 1g")
    }

    pub(crate) fn seconds(&mut self, node: &Node) -> Option<Duration> {
        self.first(node, values::seconds, "value", "a time such as 30s, 5m or 1h30m")
    }

    pub(crate) fn milliseconds(&mut self, node: &Node) -> Option<Duration> {
        self.first(node, values::milliseconds, "value", "a time such as 500ms, 30s, 5m or 1h30m")
    }

    fn first<T>(
        &mut self,
        node: &Node,
        parse: fn(&[u8]) -> Option<T>,
        noun: &str,
        form: &str,
    ) -> Option<T> {
        let word = node.args.first()?;
        let value = parse(&word.value);
        if value.is_none() {
            let message = format!("\"{}\" directive invalid {noun}", node.name.text());
            let help = self.missing_semicolon(node).or_else(|| Some(form.to_owned()));
            self.report.emerg_help(word.span, message, help);
        }
        value
    }

    pub(crate) fn given<T>(&mut self, node: &Node, value: Option<T>) -> Option<Given<T>> {
        Some(Given { value: value?, at: node.span() })
    }

    /// A plain string: a `$` in it stays a `$`.
    pub(crate) fn text(&mut self, node: &Node) -> Option<Box<[u8]>> {
        node.args.first().map(|word| word.value.as_slice().into())
    }

    /// One of a few words.
    pub(crate) fn one_of(&mut self, node: &Node, known: &[&'static str]) -> Option<&'static str> {
        let word = node.args.first()?;
        let found = known.iter().find(|known| word.is(known)).copied();
        if found.is_none() {
            let help = Some(format!("accepted values: {}", known.join(", ")));
            let message = format!("invalid value \"{}\"", word.text());
            self.report.emerg_help(word.span, message, help);
        }
        found
    }

    /// nginx's `invalid parameter "V"`, with the nearest of the words that may stand there.
    pub(crate) fn invalid_parameter(&mut self, node: &Node, word: &Word, known: &[&str]) {
        let swallowed = self.swallowed(node).and_then(|at| node.args.get(at));
        if swallowed.is_some_and(|first| first.span < word.span) {
            // Words of the directive that was swallowed: one report is enough.
            return;
        }
        let message = format!("invalid parameter \"{}\"", word.text());
        let nearest = did_you_mean(&word.text(), known.iter().copied());
        let help = self.missing_semicolon(node).or(nearest);
        self.report.emerg_help(word.span, message, help);
    }

    /// A value with variables.
    pub(crate) fn expression(&mut self, word: &Word) -> Option<Expression> {
        self.expression_of(&word.value, word.span)
    }

    pub(crate) fn expression_of(&mut self, text: &[u8], at: Span) -> Option<Expression> {
        match self.names.expression(text) {
            Ok(expression) => Some(expression),
            Err(message) => {
                let help = self.nearest_variable(&message);
                self.report.emerg_help(at, message, help);
                None
            }
        }
    }

    fn nearest_variable(&self, message: &str) -> Option<String> {
        let name = message.strip_prefix("unknown \"")?.strip_suffix("\" variable")?;
        let common = [
            "args",
            "remote_addr",
            "request_uri",
            "request_method",
            "uri",
            "host",
            "scheme",
            "server_name",
            "server_port",
            "query_string",
            "request_filename",
            "document_root",
            "status",
            "body_bytes_sent",
            "time_local",
            "request_time",
            "http_user_agent",
            "http_referer",
            "remote_user",
            "content_type",
            "content_length",
            "is_args",
        ];
        did_you_mean(name, self.names.own().into_iter().chain(common))
    }

    pub(crate) fn value(&mut self, node: &Node) -> Option<Expression> {
        let word = node.args.first()?;
        self.expression(word)
    }

    /// The name of a variable that a directive defines: `$name`, in lower case.
    pub(crate) fn variable_name(&mut self, word: &Word) -> Option<String> {
        match word.value.strip_prefix(b"$") {
            Some(name) if !name.is_empty() => Some(names::lower(name)),
            _ => {
                self.report.emerg(word.span, format!("invalid variable name \"{}\"", word.text()));
                None
            }
        }
    }

    /// A regular expression; its named captures become variables.
    pub(crate) fn pattern(&mut self, text: &[u8], caseless: bool, at: Span) -> Option<Pattern> {
        let shown = String::from_utf8_lossy(text).into_owned();
        let regex = match pcre::compile(text, caseless) {
            Ok(regex) => regex,
            Err(reason) => {
                let message = format!("invalid regular expression \"{shown}\": {reason}");
                self.report.emerg(at, message);
                return None;
            }
        };
        let mut slots = Vec::new();
        for (group, name) in regex.capture_names().enumerate() {
            let Some(name) = name else { continue };
            slots.push((group, self.names.slot(&name.to_ascii_lowercase())));
        }
        Some(Pattern::new(regex, caseless, slots))
    }

    /// A path of the server's own files: relative ones refer to the prefix.
    pub(crate) fn prefixed(&self, name: &[u8]) -> PathBuf {
        use std::os::unix::ffi::OsStrExt as _;
        self.prefix.join(std::ffi::OsStr::from_bytes(name))
    }
}
