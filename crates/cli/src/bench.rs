//! `outpour bench`: measures a push server, and fails if it loses a message.

use std::process::ExitCode;

use anyhow::{Context, Result};
use outpour_bench::BenchArguments;

/// Measures and prints.
///
/// # Errors
/// Something could not be measured.
pub(crate) fn run(arguments: &BenchArguments) -> Result<ExitCode> {
    let faultless = outpour_bench::run(arguments).context("outpour bench")?;
    Ok(if faultless { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
