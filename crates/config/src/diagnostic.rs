//! Something to tell the operator about the configuration.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Renderer, Snippet};
use outpour_core::settings::Level;

use crate::source::{Source, Span};

/// Something to tell the operator about the configuration.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// How grave.
    pub level: Level,
    /// Whether it forbids to start. Errors and worse do; so does one warning of the module
    /// (`push_stream_shared_memory_size` below its minimum).
    pub fatal: bool,
    /// One sentence, without the place.
    pub message: String,
    /// Where; `None` for what concerns the whole file or its absence.
    pub place: Option<Place>,
    /// What would help: the nearest known name, the allowed values, the new name of an old one.
    pub help: Option<String>,
}

/// A place in a text of the configuration.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file as it was named; `None` for directives of the command line (`-g`).
    pub file: Option<String>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The bytes meant.
    pub span: Range<usize>,
    pub(crate) source: Arc<Source>,
    pub(crate) order: Span,
}

impl Place {
    pub(crate) fn new(source: &Arc<Source>, span: Span) -> Self {
        let (line, column) = source.position(span.start);
        let file = source.path.as_ref().map(|path| path.display().to_string());
        let range = span.start..span.end;
        Self { file, line, column, span: range, source: Arc::clone(source), order: span }
    }
}

impl Diagnostic {
    /// nginx's form: `nginx: [emerg] unknown directive "x" in FILE:LINE`.
    #[must_use]
    pub fn one_line(&self) -> String {
        format!("nginx: [{}] {}", self.level.name(), self.text())
    }

    /// The sentence and its place, as nginx writes them to its log: `TEXT in FILE:LINE`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut line = printable(&self.message);
        if let Some(place) = &self.place {
            let _ = match &place.file {
                Some(file) => write!(line, " in {file}:{}", place.line),
                None => write!(line, " in command line"),
            };
        }
        line
    }

    /// The same with file, line, column, the line itself, a caret and what would help.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let level = self.severity();
        let message = printable(&self.message);
        let title = level.with_name(self.level.name()).primary_title(message);
        let Some(place) = &self.place else {
            return draw(Group::with_title(title), self.help.as_deref(), colour);
        };
        let excerpt = Excerpt::cut(place);
        let snippet = Snippet::source(excerpt.text)
            .line_start(place.line)
            .path(place.source.name())
            .annotation(AnnotationKind::Primary.span(excerpt.span));
        draw(title.element(snippet), self.help.as_deref(), colour)
    }

    fn severity(&self) -> annotate_snippets::Level<'static> {
        use annotate_snippets::Level as Shown;
        match self.level {
            Level::Emerg | Level::Alert | Level::Crit | Level::Error => Shown::ERROR,
            Level::Warn => Shown::WARNING,
            Level::Notice | Level::Info | Level::Debug => Shown::NOTE,
        }
    }
}

fn draw(group: Group<'_>, help: Option<&str>, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let group = match help {
        Some(help) => group.element(annotate_snippets::Level::HELP.message(printable(help))),
        None => group,
    };
    renderer.decor_style(DecorStyle::Ascii).render(&[group])
}

/// Longest stretch of a line that is shown on either side of a mistake, in bytes.
const CONTEXT_MAX: usize = 400;
/// Most lines of a mistake that are shown.
const LINES_MAX: usize = 4;

/// The lines of a mistake as text, with the place of the mistake in it.
struct Excerpt {
    text: String,
    span: Range<usize>,
}

impl Excerpt {
    fn cut(place: &Place) -> Self {
        let source = &place.source;
        let (start, first_end) = source.line(place.line);
        let last = source.line_of(place.span.end.saturating_sub(1).max(place.span.start));
        let last_end = source.line(last.min(place.line + LINES_MAX - 1)).1.max(first_end);
        let from = start.max(place.span.start.saturating_sub(CONTEXT_MAX));
        let to = last_end.min(place.span.end.saturating_add(CONTEXT_MAX)).max(from);
        let to = to.min(from + 3 * CONTEXT_MAX);
        let inside = |offset: usize| offset.clamp(from, to);
        let text = &source.text;
        let before = shown(&text[from..inside(place.span.start)]);
        let marked = shown(&text[inside(place.span.start)..inside(place.span.end)]);
        let after = shown(&text[inside(place.span.end)..to]);
        let span = before.len()..before.len() + marked.len();
        Self { text: before + &marked + &after, span }
    }
}

/// Bytes of a configuration as text that a terminal shows as it stands.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let keep = |c: char| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c };
    text.chars().map(keep).collect()
}

/// One line without control characters.
fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}
