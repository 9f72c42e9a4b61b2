//! `outpour doctor`: what of this machine limits the number of connections.

use std::process::ExitCode;

use anyhow::{Context, Result};
use outpour_bench::DoctorArguments;

/// Examines and prints; status 1 tells that something does not suffice.
///
/// # Errors
/// The findings cannot be printed.
pub(crate) fn run(arguments: &DoctorArguments) -> Result<ExitCode> {
    let suffices = outpour_bench::examine(arguments).context("outpour doctor")?;
    Ok(if suffices { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
