//! The writer of a report: rows of names and values in one syntax.

use super::escape::escape;
use super::format::Syntax;

/// A value of a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Number(u64),
    /// A number that JSON shows as a string.
    Quoted(u64),
    Text(&'a [u8]),
}

/// The bytes of a report as far as they are written.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) syntax: Syntax,
    out: Vec<u8>,
}

impl Writer {
    pub(super) fn new(syntax: Syntax, capacity: usize) -> Self {
        Self { syntax, out: Vec::with_capacity(capacity) }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }

    pub(super) fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    pub(super) fn xml_declaration(&mut self) {
        self.put("<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\r\n");
    }

    /// Writes rows with `indent` before the name of each, where the syntax has lines: in JSON they
    /// are joined with commas instead. The last row of plain text and of JSON is left open.
    pub(super) fn rows(&mut self, indent: &str, rows: &[(&str, Value<'_>)]) {
        for (index, (name, value)) in rows.iter().enumerate() {
            if index > 0 {
                self.put(match self.syntax {
                    Syntax::Plain => "\r\n",
                    Syntax::Json => ", ",
                    Syntax::Yaml | Syntax::Xml => "",
                });
            }
            self.row(indent, name, *value);
        }
    }

    fn row(&mut self, indent: &str, name: &str, value: Value<'_>) {
        let (before, between) = match self.syntax {
            Syntax::Plain | Syntax::Yaml => (indent, ": "),
            Syntax::Json => ("\"", "\": "),
            Syntax::Xml => ("  <", ">"),
        };
        self.put(before);
        self.put(name);
        self.put(between);
        self.value(value);
        match self.syntax {
            Syntax::Plain | Syntax::Json => {}
            Syntax::Yaml => self.put("\r\n"),
            Syntax::Xml => {
                self.put("</");
                self.put(name);
                self.put(">\r\n");
            }
        }
    }

    pub(super) fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Quoted(number) if self.syntax == Syntax::Json => {
                self.put("\"");
                self.number(number);
                self.put("\"");
            }
            Value::Number(number) | Value::Quoted(number) => self.number(number),
            Value::Text(text) => escape(&mut self.out, text, self.syntax),
        }
    }

    fn number(&mut self, number: u64) {
        self.put(itoa::Buffer::new().format(number));
    }
}
