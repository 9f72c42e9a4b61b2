//! The explanation for people.

use super::Explanation;
use super::explanation::{At, Line, Outcome, Setting, Stage};
use crate::style::{Ink, Style, printable};

/// Width of the column with the names of stages.
const NAME: usize = 11;

impl Explanation {
    /// The way, its end, and the settings in force. Without `all`, defaults are left out.
    #[must_use]
    pub fn text(&self, style: Style, all: bool) -> String {
        let mut out = String::new();
        let request = &self.request;
        let title = format!("{} {}", printable(&request.method), printable(&request.target));
        out.push_str(&style.paint(Ink::Bold, &title));
        out.push('\n');
        let who = format!(
            "for host \"{}\", from {}, through {}",
            request.host, request.from, request.listen
        );
        style.wrap(&mut out, 2, Ink::Faint, &who);
        for stage in &self.way {
            out.push('\n');
            self.stage(&mut out, style, stage);
        }
        out.push('\n');
        answer(&mut out, style, &self.outcome);
        out.push('\n');
        self.settings(&mut out, style, all);
        out
    }

    /// Line numbers are enough where everything stands in one file.
    fn place(&self, at: Option<&At>) -> String {
        let Some(at) = at else { return String::new() };
        let file = at.file.as_deref().unwrap_or("-g");
        format!("{}:{}", file.rsplit('/').next().unwrap_or(file), at.line)
    }

    fn stage(&self, out: &mut String, style: Style, stage: &Stage) {
        out.push_str(&style.paint(Ink::Cyan, stage.stage));
        out.push('\n');
        for line in &stage.lines {
            self.line(out, style, line);
        }
        style.wrap(out, NAME, Ink::Plain, &stage.sentence);
    }

    fn line(&self, out: &mut String, style: Style, line: &Line) {
        let place = self.place(line.at.as_ref());
        let room = style.columns().saturating_sub(NAME + 4).max(20);
        let text = Style::cut(&line.text, room);
        let takes = line.result.contains("takes it") || line.result.contains("decides");
        let ink = if takes { Ink::Green } else { Ink::Faint };
        out.push_str(&" ".repeat(2));
        out.push_str(&style.paint(Ink::Faint, &place));
        out.push_str("  ");
        out.push_str(&text);
        let used = 4 + place.chars().count() + text.chars().count();
        if used + 3 + line.result.chars().count() > style.columns() {
            out.push('\n');
            style.wrap(out, NAME, ink, &format!("- {}", line.result));
        } else {
            out.push_str(&style.paint(ink, &format!(" - {}", printable(&line.result))));
            out.push('\n');
        }
    }

    fn settings(&self, out: &mut String, style: Style, all: bool) {
        let push = matches!(self.outcome.kind, "publisher" | "subscriber" | "statistics");
        let wanted = |setting: &&Setting| {
            let own = push && setting.directive.starts_with("push_stream_");
            all || setting.at.is_some() || own && setting.value != "none"
        };
        out.push_str(&style.paint(Ink::Cyan, "settings"));
        out.push('\n');
        for setting in self.settings.iter().filter(wanted) {
            let (ink, place) = match &setting.at {
                Some(at) => (Ink::Plain, format!("{} ({})", self.place(Some(at)), setting.set_in)),
                None => (Ink::Faint, "default".to_owned()),
            };
            let room = style.columns().saturating_sub(4 + place.chars().count()).max(20);
            let text = Style::cut(&format!("{} {}", setting.directive, setting.value), room);
            let gap = room.saturating_sub(text.chars().count());
            let place = style.paint(Ink::Faint, &place);
            out.push_str(&format!("  {}{}  {place}\n", style.paint(ink, &text), " ".repeat(gap)));
        }
        if !all {
            style.wrap(out, 2, Ink::Faint, "--all shows the defaults of everything else too");
        }
    }
}

fn answer(out: &mut String, style: Style, outcome: &Outcome) {
    let refused = outcome.status.is_some_and(|status| status >= 400);
    let ink = if refused { Ink::Red } else { Ink::Green };
    out.push_str(&style.paint(Ink::Cyan, "answer"));
    out.push('\n');
    let status = outcome.status.map(|status| format!("{status}: ")).unwrap_or_default();
    style.wrap(out, NAME, ink, &format!("{status}{}", outcome.sentence));
    for value in &outcome.values {
        style.wrap(out, NAME, Ink::Plain, &format!("{}: {}", value.name, value.value));
    }
}
