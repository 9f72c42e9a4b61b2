//! Lines of a text, for event source.

/// Cuts `text` at CR LF, CR and LF; empty lines are dropped, as nginx-push-stream-module does.
///
/// Every line end counts (the module sees a bare CR only if an LF follows somewhere).
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    // With empty lines dropped, CR LF needs no rule of its own.
    text.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> =
            lines(text.as_bytes()).map(|line| str::from_utf8(line).unwrap()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_line_end_cuts_and_empty_lines_vanish() {
        check("", &[]);
        check("\r\n\n\r", &[]);
        check("one", &["one"]);
        check("line 1\nline 2\rline 3\r\nline 4", &["line 1", "line 2", "line 3", "line 4"]);
        check("\na\n\n b \r\r\n", &["a", " b "]);
        check("a\rb", &["a", "b"]);
    }
}
