//! Regular expressions in PCRE's language for the linear-time engine.
//!
//! What PCRE reads literally and the engine does not (a lone `{`, a `[` inside a class) is escaped;
//! what the engine lacks (look-around, back-references, ...) is refused with the reason. Subjects
//! and expressions are bytes, as in nginx without `(*UTF8)`.

use regex::bytes::{Regex, RegexBuilder};

/// Compiles `pattern`.
///
/// # Errors
///
/// A sentence that says what is wrong, or what the engine does not have.
pub(crate) fn compile(pattern: &[u8], caseless: bool) -> Result<Regex, String> {
    let translated = Translator { rest: pattern, out: String::new() }.run()?;
    RegexBuilder::new(&translated)
        .unicode(false)
        .case_insensitive(caseless)
        .build()
        .map_err(|error| reason(&error))
}

/// The engine's explanation without its drawing.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    last.trim().trim_start_matches("error: ").to_owned()
}

/// Names of the captures in `pattern`, read without compiling it.
pub(crate) fn capture_names(pattern: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for at in memchr_all(pattern, b"(?") {
        let rest = &pattern[at + 2..];
        let (rest, close) = match rest {
            [b'P', b'<', rest @ ..] => (rest, b'>'),
            [b'<', rest @ ..] => (rest, b'>'),
            [b'\'', rest @ ..] => (rest, b'\''),
            _ => continue,
        };
        let Some(end) = rest.iter().position(|b| *b == close) else { continue };
        let name = &rest[..end];
        if !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_') {
            names.push(String::from_utf8_lossy(name).into_owned());
        }
    }
    names
}

fn memchr_all<'a>(text: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    text.windows(needle.len()).enumerate().filter(move |(_, w)| *w == needle).map(|(at, _)| at)
}

struct Translator<'a> {
    rest: &'a [u8],
    out: String,
}

impl Translator<'_> {
    fn run(mut self) -> Result<String, String> {
        while let Some((&byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            match byte {
                b'\\' => self.escape(false)?,
                b'[' => self.class()?,
                b'(' => self.group()?,
                b'{' if !self.counts() => self.out.push_str("\\{"),
                b'*' | b'+' | b'?' | b'{' => self.quantifier(byte)?,
                b'}' | b']' => self.literal(byte),
                _ => self.byte(byte),
            }
        }
        Ok(self.out)
    }

    fn byte(&mut self, byte: u8) {
        use std::fmt::Write as _;
        if byte.is_ascii() {
            self.out.push(char::from(byte));
        } else {
            let _ = write!(self.out, "\\x{byte:02X}");
        }
    }

    fn literal(&mut self, byte: u8) {
        self.out.push('\\');
        self.out.push(char::from(byte));
    }

    fn take(&mut self, prefix: &[u8]) -> bool {
        let found = self.rest.starts_with(prefix);
        if found {
            self.rest = &self.rest[prefix.len()..];
        }
        found
    }

    /// Whether the `{` just read begins `{n}`, `{n,}` or `{n,m}`; PCRE reads it literally if not.
    fn counts(&self) -> bool {
        let Some(end) = self.rest.iter().position(|b| *b == b'}') else { return false };
        let mut numbers = self.rest[..end].splitn(2, |b| *b == b',');
        let first = numbers.next().unwrap_or_default();
        let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
        !first.is_empty() && digits(first) && numbers.next().is_none_or(digits)
    }

    fn quantifier(&mut self, byte: u8) -> Result<(), String> {
        self.out.push(char::from(byte));
        if byte == b'{' {
            let end = self.rest.iter().position(|b| *b == b'}').map_or(0, |end| end + 1);
            self.out.push_str(&String::from_utf8_lossy(&self.rest[..end]));
            self.rest = &self.rest[end..];
        }
        if self.rest.first() == Some(&b'+') {
            return Err(missing("possessive quantifiers"));
        }
        if self.take(b"?") {
            self.out.push('?');
        }
        Ok(())
    }

    fn group(&mut self) -> Result<(), String> {
        if self.rest.first() == Some(&b'*') {
            return Err(missing("PCRE verbs such as (*UTF8)"));
        }
        if !self.take(b"?") {
            self.out.push('(');
            return Ok(());
        }
        match self.rest {
            [b'=' | b'!', ..] | [b'<', b'=' | b'!', ..] => Err(missing("look-around")),
            [b'>', ..] => Err(missing("atomic groups")),
            [b'|', ..] => Err(missing("branch reset groups")),
            [b'(', ..] => Err(missing("conditional groups")),
            [b'R' | b'&' | b'+' | b'0'..=b'9', ..] | [b'P', b'>' | b'=', ..] => {
                Err(missing("recursion and references to groups"))
            }
            [b'#', ..] => {
                let end = self.rest.iter().position(|b| *b == b')');
                let end = end.ok_or("missing ) after (?# comment")?;
                self.rest = &self.rest[end + 1..];
                Ok(())
            }
            [b'\'', rest @ ..] => {
                let end = rest.iter().position(|b| *b == b'\'').ok_or("unclosed group name")?;
                self.out.push_str("(?<");
                self.out.push_str(&String::from_utf8_lossy(&rest[..end]));
                self.out.push('>');
                self.rest = &rest[end + 1..];
                Ok(())
            }
            _ => {
                self.out.push_str("(?");
                Ok(())
            }
        }
    }

    fn escape(&mut self, in_class: bool) -> Result<(), String> {
        let Some((&byte, rest)) = self.rest.split_first() else {
            return Err("\\ at the end of the expression".into());
        };
        self.rest = rest;
        match byte {
            b'Q' => {
                while !self.rest.is_empty() && !self.take(b"\\E") {
                    let byte = self.rest[0];
                    self.rest = &self.rest[1..];
                    self.verbatim(byte);
                }
            }
            b'E' => {}
            b'h' if in_class => self.out.push_str("\\t\\x20\\xA0"),
            b'h' => self.out.push_str("[\\t\\x20\\xA0]"),
            b'H' if !in_class => self.out.push_str("[^\\t\\x20\\xA0]"),
            b'N' => self.out.push_str("[^\\n]"),
            b'R' if !in_class => self.out.push_str("(?:\\r\\n|[\\n\\x0B\\f\\r\\x85])"),
            b'Z' if !in_class => self.out.push_str("(?:\\n?\\z)"),
            b'e' => self.out.push_str("\\x1B"),
            b'b' if in_class => self.out.push_str("\\x08"),
            b'0' => self.octal(),
            b'1'..=b'9' | b'g' | b'k' if !in_class => {
                return Err(missing("back-references"));
            }
            b'K' | b'G' | b'X' | b'C' if !in_class => {
                return Err(missing(&format!("\\{}", char::from(byte))));
            }
            _ if byte.is_ascii_alphanumeric() => {
                self.out.push('\\');
                self.out.push(char::from(byte));
            }
            _ => self.verbatim(byte),
        }
        Ok(())
    }

    /// `\0` and up to two more octal digits.
    fn octal(&mut self) {
        let digits = self.rest.iter().take(2).take_while(|b| (b'0'..=b'7').contains(b)).count();
        let value = self.rest[..digits].iter().fold(0u8, |value, b| value * 8 + (b - b'0'));
        self.rest = &self.rest[digits..];
        self.out.push_str(&format!("\\x{value:02X}"));
    }

    fn verbatim(&mut self, byte: u8) {
        if byte.is_ascii_punctuation() && !matches!(byte, b'<' | b'>') {
            self.out.push('\\');
        }
        self.byte(byte);
    }

    /// A bracketed class: `[` was read.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.take(b"^") {
            self.out.push('^');
        }
        if self.take(b"]") {
            self.out.push_str("\\]");
        }
        let mut after_set = false;
        while let Some((&byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            let is_set = set_begins(byte, rest);
            match byte {
                b']' => {
                    self.out.push(']');
                    return Ok(());
                }
                // A range has single characters at both ends; beside a set the `-` is itself.
                b'-' if after_set || rest.split_first().is_some_and(|(b, r)| set_begins(*b, r)) => {
                    self.literal(b'-');
                }
                b'\\' => self.escape(true)?,
                b'[' if rest.first() == Some(&b':') => self.posix_class(),
                b'[' | b'&' | b'~' | b'^' => self.literal(byte),
                _ => self.byte(byte),
            }
            after_set = is_set;
        }
        Err("missing terminating ] for character class".into())
    }

    /// `[:alpha:]` inside a class, as it stands; `[:` without end is literal.
    fn posix_class(&mut self) {
        let end = self.rest.windows(2).position(|pair| pair == b":]");
        let name = end.map(|end| &self.rest[..end + 2]);
        match name {
            Some(name)
                if name[1..].iter().all(|b| b.is_ascii_lowercase() || b":]^".contains(b)) =>
            {
                self.out.push('[');
                self.out.push_str(&String::from_utf8_lossy(name));
                self.rest = &self.rest[name.len()..];
            }
            _ => self.literal(b'['),
        }
    }
}

/// Whether `byte` and what follows it stand for a set of characters inside a class.
fn set_begins(byte: u8, rest: &[u8]) -> bool {
    match (byte, rest.first()) {
        (b'\\', Some(letter)) => b"dDwWsShHvV".contains(letter),
        (b'[', Some(b':')) => true,
        _ => false,
    }
}

fn missing(what: &str) -> String {
    format!("{what} are not supported by the linear-time expression engine")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, subject: &str, expected: Result<bool, &str>) {
        let found = compile(pattern.as_bytes(), false).map(|r| r.is_match(subject.as_bytes()));
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{pattern}"),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{pattern}: {found}"),
            (found, expected) => panic!("{pattern}: {found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn what_pcre_reads_literally() {
        check("/sub/(.*)?", "/sub/a", Ok(true));
        check("a{,3}", "a{,3}", Ok(true));
        check("a{b", "a{b", Ok(true));
        check("^a{2,3}$", "aaa", Ok(true));
        check("^a{2}$", "aaa", Ok(false));
        check("[T|t]est 1", "A Test 1", Ok(true));
        check("[[]x", "[x", Ok(true));
        check("[]a]+", "]", Ok(true));
        check("[a&&b]", "&", Ok(true));
        check("^[[:alpha:]]+$", "abc", Ok(true));
        check("\\/a\\-b\\_", "/a-b_", Ok(true));
        check("a}", "a}", Ok(true));
        check("\\Qa.b\\E", "a.b", Ok(true));
        check("\\Qa.b\\E", "axb", Ok(false));
        check("[\\d\\.]", ".", Ok(true));
        check("é", "é", Ok(true));
        check("^[\\w-.]+$", "a-.b", Ok(true));
        check("^[.-\\d]+$", "-.1", Ok(true));
        check("^[a-c]+$", "-", Ok(false));
        check("(?'x'a)", "a", Ok(true));
        check("(?P<x>a)(?<y>b)(?:c)(?i)D", "abcd", Ok(true));
        check("\\<a\\>", "<a>", Ok(true));
    }

    #[test]
    fn what_the_engine_lacks() {
        check("(?=a)", "", Err("look-around"));
        check("(?<!a)b", "", Err("look-around"));
        check("(a)\\1", "", Err("back-references"));
        check("a++", "", Err("possessive"));
        check("(?>a)", "", Err("atomic"));
        check("[a", "", Err("missing terminating ]"));
        check("(a", "", Err("unclosed group"));
        check("a\\", "", Err("\\ at the end"));
    }

    #[test]
    fn names() {
        assert_eq!(capture_names(b"(?<a>x)(?P<b>y)(?'c'z)(?:d)(?<=e)"), ["a", "b", "c"]);
    }
}
