//! `push_stream_padding_by_user_agent`: its text as groups.

use std::sync::{Arc, LazyLock};

use outpour_core::settings::Padding;
use regex::bytes::Regex;

use crate::pcre;

/// One group, as the module finds it.
static GROUP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u)(?s)([^:]+),([0-9]+),([0-9]+)").expect("a constant expression")
});

/// The groups of a text.
///
/// # Errors
///
/// The module's sentence about what does not fit.
pub(crate) fn parse(text: &[u8]) -> Result<Arc<[Padding]>, String> {
    let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    if !GROUP.is_match(text) {
        let text = shown(text);
        return Err(format!("push stream module: padding pattern not match the value {text}"));
    }
    let mut groups = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let wrong =
            || format!("push stream module: error applying padding pattern to {}", shown(rest));
        let found = GROUP.captures(rest).ok_or_else(wrong)?;
        let whole = found.get(0).filter(|whole| whole.start() == 0).ok_or_else(wrong)?;
        let minimum = |group: usize| -> Option<usize> {
            std::str::from_utf8(found.get(group)?.as_bytes()).ok()?.parse().ok()
        };
        let (header_min, message_min) = minimum(2)
            .zip(minimum(3))
            .filter(|(h, m)| (*h).max(*m) <= PADDING_MAX)
            .ok_or_else(wrong)?;
        let expression = found.get(1).map(|group| group.as_bytes()).unwrap_or_default();
        let user_agent = pcre::compile(expression, false)
            .map_err(|reason| format!("push stream module: {reason} in {}", shown(expression)))?;
        groups.push(Padding { user_agent: Arc::new(user_agent), header_min, message_min });
        // One joining character, whatever it is.
        rest = rest.get(whole.end() + 1..).unwrap_or_default();
    }
    Ok(groups.into())
}

/// Longest padding, in bytes: a message is padded for every subscriber that it goes to.
const PADDING_MAX: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[(&str, usize, usize)], &str>) {
        let found = parse(text.as_bytes()).map(|groups| {
            let shown =
                |p: &Padding| (p.user_agent.as_str().to_owned(), p.header_min, p.message_min);
            groups.iter().map(shown).collect::<Vec<_>>()
        });
        let expected = expected.map(|groups| {
            groups.iter().map(|(r, h, m)| ((*r).to_owned(), *h, *m)).collect::<Vec<_>>()
        });
        let expected = expected.map_err(|text| format!("push stream module: {text}"));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn groups() {
        check(
            "[T|t]est 1,1024,508:[T|t]est 2,4097,0",
            Ok(&[("[T|t]est 1", 1024, 508), ("[T|t]est 2", 4097, 0)]),
        );
        check("a,1,2:b,3,4:", Ok(&[("a", 1, 2), ("b", 3, 4)]));
        check("a,1,2|b,3,4", Ok(&[("a,1,2|b", 3, 4)]));
        check("a,b,1,2", Ok(&[("a,b", 1, 2)]));
        check("user_agent,as,df", Err("padding pattern not match the value user_agent,as,df"));
        check("user_agent;10;0", Err("padding pattern not match the value user_agent;10;0"));
        check("", Err("padding pattern not match the value "));
        check(
            "user_agent,10,0:other_user_agent;20;0:another_user_agent,30,0",
            Err("error applying padding pattern to \
                 other_user_agent;20;0:another_user_agent,30,0"),
        );
    }
}
