//! `daemon on`: the server goes to the background.
//!
//! Nothing forks: the process starts its own executable again, with the same arguments, waits
//! until that one says that it serves, and ends. The child's standard output is the pipe for that
//! word; what goes wrong before, it writes to the standard error that it shares with its parent.

use std::env;
use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, parent_id};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

/// Marks the child; the value is its parent's process number, so that nothing that the child
/// itself starts is taken for one.
const MARK: &str = "OUTPOUR_DAEMON_OF";

/// What the child says when it serves.
const READY: &[u8] = b"ready\n";

/// Whether this process is the one in the background.
pub(crate) fn is_child() -> bool {
    env::var(MARK).is_ok_and(|parent| parent == parent_id().to_string())
}

/// Starts the server in the background; returns when it serves, or has failed.
///
/// # Errors
/// The executable could not be started again.
pub(crate) fn launch() -> Result<ExitCode> {
    let executable = env::current_exe().context("nginx: [alert] cannot find own executable")?;
    let mut arguments = env::args_os();
    let name = arguments.next().unwrap_or_else(|| "outpour".into());
    let mut child = Command::new(executable)
        .arg0(name)
        .args(arguments)
        .env(MARK, std::process::id().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("nginx: [alert] cannot start the background process")?;
    let mut said = Vec::new();
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_end(&mut said).context("nginx: [alert] lost the background process")?;
    }
    if said.ends_with(READY) {
        return Ok(ExitCode::SUCCESS);
    }
    let status = child.wait().context("nginx: [alert] lost the background process")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).filter(|code| *code != 0);
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// First act of the child: leaves the terminal and the session of its parent.
///
/// # Errors
/// The system refuses a new session.
pub(crate) fn detach() -> Result<()> {
    rustix::process::setsid().context("nginx: [alert] setsid() failed")?;
    Ok(())
}

/// Last act of the child's start: lets the parent go, and lets go of its outputs. Standard error
/// stays if `keep_stderr`: it is where the configuration wants the log.
///
/// # Errors
/// `/dev/null` cannot be opened.
pub(crate) fn release(keep_stderr: bool) -> io::Result<()> {
    let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    let mut stdout = io::stdout().lock();
    // The parent may have been ended while it waited; the server serves all the same.
    let _ = stdout.write_all(READY).and_then(|()| stdout.flush());
    rustix::stdio::dup2_stdout(&null)?;
    if !keep_stderr {
        rustix::stdio::dup2_stderr(&null)?;
    }
    Ok(())
}
