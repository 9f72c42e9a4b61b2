//! How the diagnostics of a configuration are shown.

use outpour_config::Diagnostic;
use outpour_core::settings::Level;

use crate::terminal;

/// Prints those of `diagnostics` that are at least as important as `least`.
///
/// What needs an act (warnings and above) is first explained with the line and a caret; then
/// everything follows in nginx's one-line form, because scripts look for it.
pub(crate) fn print(diagnostics: &[Diagnostic], least: Level) {
    let shown = || diagnostics.iter().filter(|diagnostic| diagnostic.level <= least);
    for diagnostic in shown().filter(|diagnostic| diagnostic.level <= Level::Warn) {
        terminal::err(&format!("{}\n", diagnostic.render(terminal::err_colour()).trim_end()));
    }
    for diagnostic in shown() {
        terminal::err(&diagnostic.one_line());
    }
}

/// The one-line form as a log wants it: its line begins with time and level already.
pub(crate) fn unadorned(diagnostic: &Diagnostic) -> String {
    let line = diagnostic.one_line();
    let prefix = format!("nginx: [{}] ", diagnostic.level.name());
    line.strip_prefix(&prefix).unwrap_or(&line).to_owned()
}
