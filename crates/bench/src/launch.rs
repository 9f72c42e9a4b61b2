//! Puts a server on its cores and ties its life to this program's, then becomes it.
//!
//! A step of its own between this program and the server, so that neither has to change its own
//! cores for it and a killed benchmark leaves nothing behind.

use std::{ffi::OsString, os::unix::process::CommandExt, process::Command};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use rustix::process::{Signal, set_parent_process_death_signal};

use crate::cores::Cores;

/// Arguments of the hidden `launch`.
#[derive(Debug, Clone, Args)]
pub(crate) struct LaunchArguments {
    /// The cores of the server.
    #[arg(long)]
    pub(crate) cores: Option<Cores>,

    /// The program and its arguments.
    #[arg(last = true, required = true)]
    pub(crate) command: Vec<OsString>,
}

/// Becomes the server; returns only if that fails.
///
/// # Errors
/// If the cores are not there or the program cannot be started.
pub(crate) fn run(arguments: &LaunchArguments) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::TERM))?;
    if let Some(cores) = &arguments.cores {
        cores.take()?;
    }
    let (program, rest) = arguments.command.split_first().context("no program is named")?;
    let error = Command::new(program).args(rest).exec();
    Err(anyhow!(error).context(format!("cannot start {}", program.display())))
}
