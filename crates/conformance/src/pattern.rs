//! Expected texts with placeholders.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use regex::bytes::Regex;

use crate::text;

/// Values by name, for `{{name}}` in requests and expectations.
pub type Variables = BTreeMap<String, String>;

/// What the general placeholders match.
const PLACEHOLDERS: [(&str, &str); 7] = [
    ("any", r"(?s:.*?)"),
    ("any_date", r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT"),
    ("iso_time", r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}"),
    ("number", r"-?\d+"),
    ("hostname", r"[^\s,<>]+"),
    ("tag", r"\d+"),
    ("version", r"\S+"),
];

/// Replaces the variables of a text.
pub(crate) fn fill(text: &str, variables: &Variables) -> String {
    outpour_testkit::Template::new(text).fill(|name| variables.get(name).cloned())
}

/// The bytes of a text of a case, variables replaced.
pub(crate) fn fill_bytes(text: &str, variables: &Variables) -> Vec<u8> {
    text::bytes(&fill(text, variables))
}

/// Whether `got` is what `expected` says: literally, but for `{{any}}`, `{{any_date}}`, `{{iso_time}}`,
/// `{{number}}`, `{{hostname}}`, `{{tag}}`, `{{version}}` and the variables.
///
/// # Errors
/// A sentence with both, when it is not.
pub fn compare(what: &str, expected: &str, got: &[u8], variables: &Variables) -> Result<()> {
    let expected = fill(expected, variables);
    if matches(&expected, got)? {
        return Ok(());
    }
    let expected = text::shown(&text::bytes(&expected));
    anyhow::bail!("{what}:\n    expected {expected}\n    got      {}", text::shown(got))
}

fn matches(expected: &str, got: &[u8]) -> Result<bool> {
    if !expected.contains("{{") {
        return Ok(text::bytes(expected) == got);
    }
    Ok(regex(expected)?.is_match(got))
}

/// The expression for an expected text, anchored at both ends.
fn regex(expected: &str) -> Result<Regex> {
    let mut pattern = String::from("(?-u)^");
    let mut rest = expected;
    while let Some((before, behind)) = rest.split_once("{{") {
        let (name, after) = behind.split_once("}}").context("`{{` without `}}`")?;
        let known = PLACEHOLDERS.iter().find(|(known, _)| *known == name);
        let (_, part) = known.with_context(|| format!("unknown placeholder `{name}`"))?;
        escape(before, &mut pattern);
        pattern.push_str(part);
        rest = after;
    }
    escape(rest, &mut pattern);
    pattern.push('$');
    Ok(Regex::new(&pattern)?)
}

fn escape(literal: &str, pattern: &mut String) {
    for byte in text::bytes(literal) {
        pattern.push_str(&format!("\\x{byte:02x}"));
    }
}

/// What the one group of `pattern` finds in `text`.
///
/// # Errors
/// When the pattern is none or finds nothing.
pub(crate) fn group(pattern: &str, text: &[u8]) -> Result<String> {
    let found = Regex::new(pattern)?.captures(text).and_then(|found| found.get(1));
    let found = found.with_context(|| format!("no {pattern:?} in {}", text::shown(text)))?;
    Ok(String::from_utf8_lossy(found.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: &str, got: &[u8], same: bool) {
        let variables = Variables::from([("case".to_owned(), "c0001".to_owned())]);
        assert_eq!(compare("x", expected, got, &variables).is_ok(), same, "{expected}");
    }

    #[test]
    fn compares() {
        check("a.c", b"a.c", true);
        check("a.c", b"abc", false);
        check("{{case}}:{{number}}", b"c0001:17", true);
        check("{{case}}:{{number}}", b"c0001:17x", false);
        check(r"{{any}}\r\n", b"\xff\n\r\n", true);
        check("{{any_date}}", b"Sun, 06 Nov 1994 08:49:37 GMT", true);
        check("{{any_date}}", b"Sun, 6 Nov 1994 08:49:37 GMT", false);
    }

    #[test]
    fn an_unknown_placeholder_is_a_mistake() {
        assert!(compare("x", "{{dat}}", b"", &Variables::new()).is_err());
    }

    #[test]
    fn finds_a_group() {
        assert_eq!(group(r"uptime: (\d+)", b"uptime: 42,").unwrap(), "42");
        assert!(group("a(b)", b"ac").is_err());
    }
}
