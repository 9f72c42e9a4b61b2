//! The exit status: 0, or 1 with a sentence on standard error, as nginx has it.

use std::process::ExitCode;

use anyhow::Result;

use crate::terminal;

/// Turns what came of a command into the status of the process, and says what went wrong.
pub(crate) fn code(result: Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| {
        terminal::err(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}
