//! `outpour`: the command line, and the life of the process around the server.
//!
//! The options and signals are nginx's; what nginx does not have are subcommands and long options.
#![forbid(unsafe_code)]

mod args;
mod banner;
mod bench;
mod check;
mod check_file;
mod client;
mod daemon;
mod diagnostics;
mod doctor;
mod exit;
mod explain;
mod life;
mod limits;
mod memory;
mod notify;
mod pid_file;
mod privileges;
mod publish;
mod signal;
mod source;
mod start;
mod start_error;
mod subscribe;
mod terminal;
mod url;
mod version;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{Arguments, Verb};
use crate::source::Source;

fn main() -> ExitCode {
    match args::parse() {
        Ok(arguments) => exit::code(dispatch(&arguments)),
        Err(code) => code,
    }
}

/// Does the one thing that was asked for; as nginx, `-v` together with `-t` does both.
fn dispatch(arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.verb {
        Some(Verb::Pub(publication)) => return publish::run(publication),
        Some(Verb::Sub(subscription)) => return subscribe::run(subscription),
        Some(Verb::Bench(arguments)) => return bench::run(arguments),
        Some(Verb::Check(arguments)) => return check_file::run(arguments),
        Some(Verb::Explain(arguments)) => return explain::run(arguments),
        Some(Verb::Doctor(arguments)) => return doctor::run(arguments),
        None => {}
    }
    if arguments.print_config {
        terminal::out(outpour_config::BUILTIN);
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.version || arguments.build {
        version::print(arguments.build);
        if !arguments.tests() {
            return Ok(ExitCode::SUCCESS);
        }
    }
    let source = Source::new(arguments)?;
    match arguments.signal {
        _ if arguments.tests() => Ok(check::run(&source, arguments)),
        Some(signal) => signal::run(&source, signal),
        None => start::run(source, arguments.quiet),
    }
}
