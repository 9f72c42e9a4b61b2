//! Tokens to a tree; goes on after mistakes, so that all of them are found.

use crate::report::Report;
use crate::source::Span;

use super::lexer::{Lexer, Token};
use super::tree::{Node, Word};

/// Blocks within blocks beyond this depth are refused: no configuration needs them, and a tree is
/// walked recursively.
const DEPTH_MAX: usize = 100;

/// An open block: the directive that opened it and what stands in it so far.
struct Open {
    /// `None` for a `{` without a directive: its content is read and forgotten.
    head: Option<(Word, Vec<Word>)>,
    nodes: Vec<Node>,
    at: Span,
}

/// Parses one text of the configuration.
pub(crate) fn parse(report: &mut Report, source: u32) -> Vec<Node> {
    let text = std::sync::Arc::clone(report.sources.get(source));
    let command_line = text.path.is_none();
    let mut lexer = Lexer::new(&text.text, source);
    let parser = Parser { report, command_line, words: Vec::new(), open: Vec::new(), too_deep: 0 };
    parser.run(&mut lexer)
}

/// Whether a block holds a script of another language.
fn is_script(name: &Word) -> bool {
    name.value.ends_with(b"_by_lua_block")
}

struct Parser<'a> {
    report: &'a mut Report,
    command_line: bool,
    /// Words of the directive that is being read.
    words: Vec<Word>,
    open: Vec<Open>,
    /// Blocks open beyond [`DEPTH_MAX`].
    too_deep: usize,
}

impl Parser<'_> {
    fn run(mut self, lexer: &mut Lexer<'_>) -> Vec<Node> {
        let mut top = Vec::new();
        loop {
            match lexer.next() {
                Token::Word(word) => self.words.push(word),
                Token::Semicolon(at) => self.semicolon(&mut top, at),
                Token::Open(at) => {
                    if self.words.first().is_some_and(is_script) {
                        lexer.skip_script();
                    }
                    self.open(at);
                }
                Token::Close(at) => self.close(&mut top, at),
                Token::Unexpected(byte, at) => {
                    let shown = String::from_utf8_lossy(&[byte]).into_owned();
                    self.report.emerg(at, format!("unexpected \"{shown}\""));
                }
                Token::Unclosed(at) => {
                    let help = "the quote opened here is not closed".to_owned();
                    self.report.emerg_help(at, self.end_text(true), help);
                    return self.finish(top);
                }
                Token::End(at) => {
                    self.end(at);
                    return self.finish(top);
                }
            }
        }
    }

    fn end_text(&self, in_directive: bool) -> &'static str {
        match (in_directive, self.command_line) {
            (true, true) => "unexpected end of parameter, expecting \";\"",
            (true, false) => "unexpected end of file, expecting \";\" or \"}\"",
            (false, _) => "unexpected end of file, expecting \"}\"",
        }
    }

    fn end(&mut self, at: Span) {
        if !self.words.is_empty() {
            self.report.emerg(at, self.end_text(true));
        } else if let Some(open) = self.open.last() {
            let line = self.report.sources.get(open.at.source).line_of(open.at.start);
            let help = format!("the block opened in line {line} is not closed");
            self.report.emerg_help(at, self.end_text(false), help);
        }
    }

    /// Closes what is still open, so that mistakes inside are found too.
    fn finish(mut self, mut top: Vec<Node>) -> Vec<Node> {
        while let Some(open) = self.open.pop() {
            self.put_block(&mut top, open);
        }
        top
    }

    fn semicolon(&mut self, top: &mut Vec<Node>, at: Span) {
        let mut words = std::mem::take(&mut self.words).into_iter();
        match words.next() {
            Some(name) => self.put(top, Node { name, args: words.collect(), block: None }),
            None => self.report.emerg(at, "unexpected \";\""),
        }
    }

    fn put(&mut self, top: &mut Vec<Node>, node: Node) {
        if self.too_deep == 0 {
            self.open.last_mut().map_or(top, |open| &mut open.nodes).push(node);
        }
    }

    fn open(&mut self, at: Span) {
        let mut words = std::mem::take(&mut self.words).into_iter();
        let head = words.next().map(|name| (name, words.collect()));
        if head.is_none() {
            self.report.emerg(at, "unexpected \"{\"");
        }
        if self.command_line {
            self.report.emerg(at, "block directives are not supported in -g option");
        }
        if self.open.len() >= DEPTH_MAX {
            if self.too_deep == 0 {
                self.report.emerg(at, format!("more than {DEPTH_MAX} blocks within each other"));
            }
            self.too_deep += 1;
            return;
        }
        self.open.push(Open { head, nodes: Vec::new(), at });
    }

    fn close(&mut self, top: &mut Vec<Node>, at: Span) {
        let mut words = std::mem::take(&mut self.words).into_iter();
        if let Some(name) = words.next() {
            let args: Vec<Word> = words.collect();
            let last = args.last().unwrap_or(&name).text();
            let help = format!("\";\" is missing after \"{last}\"");
            self.report.emerg_help(at, "unexpected \"}\"", help);
            self.put(top, Node { name, args, block: None });
        }
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        match self.open.pop() {
            Some(open) => self.put_block(top, open),
            None => self.report.emerg(at, "unexpected \"}\""),
        }
    }

    fn put_block(&mut self, top: &mut Vec<Node>, open: Open) {
        let Some((name, args)) = open.head else { return };
        let node = Node { name, args, block: Some(open.nodes) };
        self.open.last_mut().map_or(top, |outer| &mut outer.nodes).push(node);
    }
}
