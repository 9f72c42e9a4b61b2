//! How text is laid out for whoever reads it.

/// Colours and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether terminal colours are used.
    pub colour: bool,
    /// Columns of a line; 40 at least are used.
    pub width: usize,
}

/// A colour of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Plain,
    Faint,
    Bold,
    Green,
    Yellow,
    Red,
    Cyan,
}

impl Style {
    /// The columns that text may take.
    pub(crate) fn columns(self) -> usize {
        self.width.max(40)
    }

    /// `text` in a colour.
    pub(crate) fn paint(self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Plain => return text.to_owned(),
            Ink::Faint => "2",
            Ink::Bold => "1",
            Ink::Green => "32",
            Ink::Yellow => "33",
            Ink::Red => "31",
            Ink::Cyan => "36",
        };
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Appends `text` in lines that begin at column `indent`; words are not cut.
    pub(crate) fn wrap(self, out: &mut String, indent: usize, ink: Ink, text: &str) {
        let room = self.columns().saturating_sub(indent).max(20);
        let mut line = String::new();
        let mut flush = |line: &mut String| {
            if !line.is_empty() {
                out.push_str(&" ".repeat(indent));
                out.push_str(&self.paint(ink, line));
                out.push('\n');
                line.clear();
            }
        };
        for word in text.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
                flush(&mut line);
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&printable(word));
        }
        flush(&mut line);
    }

    /// `text` cut to `room` columns.
    pub(crate) fn cut(text: &str, room: usize) -> String {
        let text = printable(text);
        if text.chars().count() <= room {
            return text;
        }
        let kept: String = text.chars().take(room.saturating_sub(3)).collect();
        format!("{}...", kept.trim_end())
    }
}

/// Text without control characters, which a terminal would obey.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        let style = Style { colour: false, width: 40 };
        let mut out = String::new();
        style.wrap(&mut out, 10, Ink::Plain, "one two three four five six seven eight");
        assert_eq!(out, "          one two three four five six\n          seven eight\n");
    }

    #[test]
    fn terminals_get_nothing_to_obey() {
        assert_eq!(Style::cut("a\x1b[2Jb", 20), "a\\u{1b}[2Jb");
        assert_eq!(Style::cut("abcdefghij", 8), "abcde...");
    }
}
