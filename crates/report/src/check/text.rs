//! The check for people.

use std::collections::HashSet;

use outpour_config::{Finding, Treatment};

use super::{Check, Verdict};
use crate::style::{Ink, Style};

/// Width of the column with the treatment.
const WORD: usize = 9;

impl Check {
    /// Every line with how it is treated, then the sums and the verdict. `brief` leaves out what is
    /// honoured or ignored.
    #[must_use]
    pub fn text(&self, style: Style, brief: bool) -> String {
        let mut out = String::new();
        let mut file = None;
        let mut said = HashSet::new();
        let mut last = None;
        let wanted = |finding: &&Finding| {
            !brief || !matches!(finding.treatment, Treatment::Honoured | Treatment::Ignored)
        };
        let digits = self.findings.iter().map(|finding| finding.line).max().unwrap_or(0);
        let digits = digits.to_string().len().max(3);
        for finding in self.findings.iter().filter(wanted) {
            if file != Some(&finding.file) {
                if file.is_some() {
                    out.push('\n');
                }
                let name = finding.file.as_deref().unwrap_or("the whole");
                out.push_str(&style.paint(Ink::Bold, &crate::style::printable(name)));
                out.push('\n');
                file = Some(&finding.file);
            }
            let first =
                said.insert((&finding.directive, &finding.reason)) && last != Some(&finding.reason);
            last = Some(&finding.reason);
            line(&mut out, style, finding, digits, first);
        }
        if !out.is_empty() {
            out.push('\n');
        }
        style.wrap(&mut out, 0, Ink::Plain, &self.sums());
        let ink = match self.verdict() {
            Verdict::AsItIs => Ink::Green,
            Verdict::WithThingsToLookAt => Ink::Yellow,
            Verdict::NotYet => Ink::Red,
        };
        style.wrap(&mut out, 0, ink, &self.sentence());
        out
    }

    /// `12 directives: 10 honoured, 2 ignored`
    fn sums(&self) -> String {
        let each = Treatment::ALL.into_iter().filter_map(|treatment| {
            let count = self.count(treatment);
            (count > 0).then(|| format!("{count} {}", treatment.name()))
        });
        let total = self.findings.len();
        let noun = if total == 1 { "directive" } else { "directives" };
        match total {
            0 => "no directives".to_owned(),
            _ => format!("{total} {noun}: {}", each.collect::<Vec<_>>().join(", ")),
        }
    }
}

/// `full`: with the reason, which is told once for each directive, and once for several in a row.
fn line(out: &mut String, style: Style, finding: &Finding, digits: usize, full: bool) {
    let (word, ink) = match finding.treatment {
        Treatment::Honoured => ("ok", Ink::Faint),
        other @ (Treatment::Renamed | Treatment::Ignored) => (other.name(), Ink::Cyan),
        other @ (Treatment::Differs | Treatment::Warning) => (other.name(), Ink::Yellow),
        other @ Treatment::Refused => (other.name(), Ink::Red),
    };
    let number = match finding.line {
        0 => " ".repeat(digits),
        line => format!("{line:>digits$}"),
    };
    let room = style.columns().saturating_sub(digits + WORD + 2);
    let mark = style.paint(ink, &format!("{word:WORD$}"));
    out.push_str(format!("{number}  {mark}{}", Style::cut(&finding.text, room)).trim_end());
    out.push('\n');
    if !full {
        return;
    }
    let indent = digits + 2 + WORD.min(style.columns() / 8);
    if let Some(reason) = &finding.reason {
        style.wrap(out, indent, Ink::Faint, reason);
    }
    if let Some(hint) = &finding.hint {
        style.wrap(out, indent, Ink::Plain, &format!("-> {hint}"));
    }
    if let Some(deviation) = finding.deviation {
        let text = format!("-> docs/deviations.md, {deviation}");
        style.wrap(out, indent, Ink::Faint, &text);
    }
}
