//! What people read: standard output and standard error.
//!
//! A reader that has gone away is no reason to end a server, so failures to write are ignored
//! wherever the text is not the very thing that was asked for.

use std::io::{self, IsTerminal, Write};

use outpour_report::Style;

/// Writes `text` to standard output.
pub(crate) fn out(text: &str) {
    out_bytes(text.as_bytes());
}

/// Writes bytes, such as a configuration in any encoding, to standard output.
pub(crate) fn out_bytes(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

/// Writes `text` and a line end to standard error.
pub(crate) fn err(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether standard error wants colours: a terminal, and `NO_COLOR` is not set.
pub(crate) fn err_colour() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// How standard output wants its text: coloured and as wide as it is if it is a terminal.
pub(crate) fn style() -> Style {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let terminal = io::stdout().is_terminal();
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    let columns = size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
    Style { colour: terminal && !plain, width: columns.unwrap_or(100) }
}
