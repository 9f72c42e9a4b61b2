//! `outpour check FILE`: what of an existing nginx configuration is honoured.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use outpour_config::Options;
use outpour_report::Check;

use crate::terminal;

/// What is asked about a configuration.
#[derive(Args, Debug)]
pub(crate) struct CheckArguments {
    /// The configuration; everything it includes is read too
    file: PathBuf,

    /// Leave out what is honoured or ignored
    #[arg(short, long)]
    brief: bool,

    /// Print JSON (its form is described in docs/check.md)
    #[arg(long, conflicts_with = "brief")]
    json: bool,

    /// Where relative paths of the configuration start
    #[arg(short, value_name = "PREFIX")]
    prefix: Option<PathBuf>,
}

/// Prints the check; the exit status is 0 if outpour can take over as it is, 1 if there is something
/// to look at, 2 if it cannot yet.
///
/// # Errors
/// None.
pub(crate) fn run(arguments: &CheckArguments) -> Result<ExitCode> {
    let options = Options {
        file: Some(arguments.file.clone()),
        prefix: arguments.prefix.clone(),
        globals: Vec::new(),
    };
    let check = Check::new(arguments.file.display().to_string(), &options);
    terminal::out(&match arguments.json {
        true => check.json(),
        false => check.text(terminal::style(), arguments.brief),
    });
    Ok(ExitCode::from(check.verdict().status()))
}
