//! How the diagnostics of a configuration are shown.

use outpour_config::Diagnostic;
use outpour_core::settings::Level;

use crate::terminal;

/// Which diagnostics are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// What forbids to start.
    Fatal,
    /// The same, and warnings.
    Important,
    /// All.
    All,
}

/// Prints diagnostics.
///
/// What needs an act (warnings and above) and has a place is first explained with the line and a
/// caret; then
/// everything follows in nginx's one-line form, because scripts look for it.
pub(crate) fn print(diagnostics: &[Diagnostic], shown: Shown) {
    let selected = || diagnostics.iter().filter(|diagnostic| shown.includes(diagnostic));
    let placed = |diagnostic: &&Diagnostic| diagnostic.place.is_some() && is_important(diagnostic);
    for diagnostic in selected().filter(placed) {
        terminal::err(&format!("{}\n", diagnostic.render(terminal::err_colour()).trim_end()));
    }
    for diagnostic in selected() {
        terminal::err(&diagnostic.one_line());
    }
}

impl Shown {
    fn includes(self, diagnostic: &Diagnostic) -> bool {
        match self {
            Self::Fatal => diagnostic.fatal,
            Self::Important => is_important(diagnostic),
            Self::All => true,
        }
    }
}

fn is_important(diagnostic: &Diagnostic) -> bool {
    diagnostic.fatal || diagnostic.level <= Level::Warn
}
