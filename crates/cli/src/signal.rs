//! `-s`: steers a running server through its pid file.

use std::process::ExitCode;

use anyhow::{Result, bail};
use outpour_server::os_error;
use rustix::process::{Signal as OsSignal, kill_process};

use crate::args::Signal;
use crate::diagnostics::Shown;
use crate::source::Source;
use crate::{diagnostics, pid_file};

/// Sends `signal` to the process whose number the `pid` file of the configuration holds.
///
/// # Errors
/// Sentences in nginx's form: no usable configuration, no `pid` directive, no file, no process.
pub(crate) fn run(source: &Source, signal: Signal) -> Result<ExitCode> {
    let loaded = source.load();
    diagnostics::print(&loaded.diagnostics, Shown::Fatal);
    let Some(settings) = loaded.settings else { return Ok(ExitCode::FAILURE) };
    let Some(path) = settings.main.pid else {
        bail!(
            "nginx: [error] there is no \"pid\" directive in {}, so the process cannot be found: \
             add \"pid PATH;\", or send the signal with kill(1)",
            source.name()
        );
    };
    let pid = pid_file::read(&path).map_err(|error| anyhow::anyhow!("nginx: [error] {error}"))?;
    let number = os_signal(signal);
    kill_process(pid, number).map_err(|error| {
        let text = os_error::describe(&error.into());
        anyhow::anyhow!(
            "nginx: [alert] kill({}, {}) failed ({text})",
            pid.as_raw_nonzero(),
            number.as_raw()
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

fn os_signal(signal: Signal) -> OsSignal {
    match signal {
        Signal::Stop => OsSignal::TERM,
        Signal::Quit => OsSignal::QUIT,
        Signal::Reload => OsSignal::HUP,
        Signal::Reopen => OsSignal::USR1,
    }
}
