//! `outpour explain`: what a configuration does with one request, and why.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use clap::Args;
use outpour_config::{Options, inspect};
use outpour_core::now::{Now, Tick};
use outpour_core::variables::Environment;
use outpour_report::{Question, Surroundings, explain, look};

use crate::terminal;

/// What is asked about a request.
#[derive(Args, Debug)]
pub(crate) struct ExplainArguments {
    /// The request: 'GET /sub/news?x=1', a path, or a whole address
    request: String,

    /// The configuration; without it, the built-in one
    #[arg(short = 'c', value_name = "FILE")]
    file: Option<PathBuf>,

    /// A header of the request; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,

    /// Through which of the configuration's addresses the request comes: an address or a port
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,

    /// From which address the client comes; `unix:` for a unix socket
    #[arg(long, value_name = "IP")]
    from: Option<String>,

    /// Show the defaults of all settings too
    #[arg(long)]
    all: bool,

    /// Print JSON (its form is described in docs/explain.md)
    #[arg(long)]
    json: bool,

    /// Where relative paths of the configuration start
    #[arg(short, value_name = "PREFIX")]
    prefix: Option<PathBuf>,
}

/// Prints the explanation.
///
/// # Errors
/// The configuration cannot be used, or the request is none.
pub(crate) fn run(arguments: &ExplainArguments) -> Result<ExitCode> {
    let inspection = inspect(&Options {
        file: arguments.file.clone(),
        prefix: arguments.prefix.clone(),
        globals: Vec::new(),
    });
    let question = Question {
        request: arguments.request.clone(),
        headers: arguments.headers.clone(),
        listen: arguments.listen.clone(),
        from: arguments.from.clone(),
    };
    let surroundings = Surroundings { environment: environment(), now: now(), look };
    let explanation = explain(&inspection, &question, &surroundings)
        .map_err(|sentence| anyhow!("outpour: {sentence}"))?;
    terminal::out(&match arguments.json {
        true => explanation.json(),
        false => explanation.text(terminal::style(), arguments.all),
    });
    Ok(ExitCode::SUCCESS)
}

fn environment() -> Environment {
    let name = rustix::system::uname();
    let hostname = name.nodename().to_string_lossy().to_lowercase().into();
    Environment { hostname, pid: std::process::id(), ..Environment::default() }
}

fn now() -> Now {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let unix_millis = u16::try_from(since.subsec_millis()).unwrap_or(0);
    Now { unix: since.as_secs(), unix_millis, tick: Tick(0), micros: 0 }
}
