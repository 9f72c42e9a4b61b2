//! nginx's tokens: `ngx_conf_read_token` of its `ngx_conf_file.c`, with places and recovery.

use crate::source::Span;

use super::tree::Word;

/// A token.
#[derive(Debug)]
pub(crate) enum Token {
    /// A word, quotes and escapes resolved.
    Word(Word),
    /// `;`
    Semicolon(Span),
    /// `{`
    Open(Span),
    /// `}`
    Close(Span),
    /// A byte that may not follow a closing quote.
    Unexpected(u8, Span),
    /// The text ends inside the quotes that open at this place.
    Unclosed(Span),
    /// The end of the text.
    End(Span),
}

/// Splits a text into tokens; linear in its length.
#[derive(Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a [u8],
    source: u32,
    at: usize,
    /// The previous token was a quoted word: white space, `;`, `{` or `)` must follow.
    after_quote: bool,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a [u8], source: u32) -> Self {
        // A byte order mark, as Windows editors write it.
        let at = if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        Self { text, source, at, after_quote: false }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { source: self.source, start, end }
    }

    /// The next token; after the end always [`Token::End`].
    pub(crate) fn next(&mut self) -> Token {
        if std::mem::take(&mut self.after_quote)
            && let Some(&byte) = self.text.get(self.at)
            && !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{' | b')')
        {
            return Token::Unexpected(byte, self.span(self.at, self.at + 1));
        }
        self.skip_space();
        let start = self.at;
        let Some(&byte) = self.text.get(start) else {
            return Token::End(self.span(start, start));
        };
        let single = self.span(start, start + 1);
        match byte {
            b';' => self.step(Token::Semicolon(single)),
            b'{' => self.step(Token::Open(single)),
            b'}' => self.step(Token::Close(single)),
            b'"' | b'\'' => self.quoted(byte),
            _ => self.bare(),
        }
    }

    /// Passes over a Lua script up to the brace that closes its block. Braces in its strings and
    /// comments do not count.
    pub(crate) fn skip_script(&mut self) {
        let mut depth = 0_usize;
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'{' => depth += 1,
                b'}' if depth == 0 => return,
                b'}' => depth -= 1,
                b'"' | b'\'' => self.skip_string(byte),
                b'-' if self.text[self.at..].starts_with(b"--") => {
                    let rest = &self.text[self.at..];
                    self.at += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// To the quote that closes a string of one line.
    fn skip_string(&mut self, quote: u8) {
        let mut at = self.at + 1;
        while let Some(&byte) = self.text.get(at).filter(|byte| **byte != b'\n') {
            if byte == quote {
                self.at = at;
                return;
            }
            at += if byte == b'\\' { 2 } else { 1 };
        }
    }

    fn step(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    /// White space and comments; a `#` inside a word begins no comment, it never gets here.
    fn skip_space(&mut self) {
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'#' => {
                    let rest = &self.text[self.at..];
                    let line = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                    self.at += line;
                }
                _ => return,
            }
        }
    }

    fn quoted(&mut self, quote: u8) -> Token {
        let open = self.at;
        let mut at = open + 1;
        while let Some(&byte) = self.text.get(at) {
            if byte == quote {
                self.at = at + 1;
                self.after_quote = true;
                let value = unescape(&self.text[open + 1..at]);
                return Token::Word(Word { value, span: self.span(open, at + 1) });
            }
            at += if byte == b'\\' { 2 } else { 1 };
        }
        self.at = self.text.len();
        Token::Unclosed(self.span(open, open + 1))
    }

    /// A bare word ends at white space, `;` or `{`, unless the brace follows a `$`. A `}` does not
    /// end it.
    fn bare(&mut self) -> Token {
        let start = self.at;
        let mut at = start;
        let mut variable = false;
        while let Some(&byte) = self.text.get(at) {
            match byte {
                b'{' if variable => variable = false,
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{' => break,
                b'\\' => {
                    variable = false;
                    at += 1;
                }
                _ => variable = byte == b'$',
            }
            at += 1;
        }
        self.at = at.min(self.text.len());
        let value = unescape(&self.text[start..self.at]);
        Token::Word(Word { value, span: self.span(start, self.at) })
    }
}

/// `\"`, `\'` and `\\` give the character, `\t`, `\r` and `\n` the control character; every other
/// pair stays as it is.
fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter();
    while let Some(&byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(&plain @ (b'"' | b'\'' | b'\\')) => out.push(plain),
            Some(b't') => out.push(b'\t'),
            Some(b'r') => out.push(b'\r'),
            Some(b'n') => out.push(b'\n'),
            Some(&other) => out.extend_from_slice(&[b'\\', other]),
            None => out.push(b'\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let mut lexer = Lexer::new(text.as_bytes(), 0);
        let mut shown = Vec::new();
        loop {
            match lexer.next() {
                Token::Word(word) => shown.push(word.text()),
                Token::Semicolon(_) => shown.push("<;>".into()),
                Token::Open(_) => shown.push("<{>".into()),
                Token::Close(_) => shown.push("<}>".into()),
                Token::Unexpected(byte, _) => shown.push(format!("<unexpected {byte}>")),
                Token::Unclosed(span) => shown.push(format!("<unclosed {}>", span.start)),
                Token::End(_) => break,
            }
        }
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn words() {
        check("a b\tc;", &["a", "b", "c", "<;>"]);
        check("a{b}c;}", &["a", "<{>", "b}c", "<;>", "<}>"]);
        check("a # comment ; \n b;", &["a", "b", "<;>"]);
        check("a b#c;", &["a", "b#c", "<;>"]);
        check("return 200 ${x}y{", &["return", "200", "${x}y", "<{>"]);
        check("x $ {", &["x", "$", "<{>"]);
        check("\u{FEFF}a;", &["a", "<;>"]);
    }

    #[test]
    fn quotes_and_escapes() {
        check(r#"a "b c" 'd "e"';"#, &["a", "b c", "d \"e\"", "<;>"]);
        check("a \"b\nc\";", &["a", "b\nc", "<;>"]);
        check(r#"a "\"\'\\\t\r\n\d\.";"#, &["a", "\"'\\\t\r\n\\d\\.", "<;>"]);
        check(r#"a "\\n" '';"#, &["a", "\\n", "", "<;>"]);
        check(r"a b\ c\;d;", &["a", "b\\ c\\;d", "<;>"]);
        check(r#"a b"c" d;"#, &["a", "b\"c\"", "d", "<;>"]);
        check(r#"if ($a = "on") {"#, &["if", "($a", "=", "on", ")", "<{>"]);
        check(r#"a "b"c;"#, &["a", "b", "<unexpected 99>", "c", "<;>"]);
        check(r#"a "b\""#, &["a", "<unclosed 2>"]);
        check("a \\", &["a", "\\"]);
    }
}
