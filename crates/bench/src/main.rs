//! Measures an outpour binary from the outside and prints the figures.
//!
//! Everything runs on loopback, against servers that this program starts with a configuration in a
//! temporary directory and ends again. Build the server and this program in release mode first:
//!
//! ```text
//! cargo build --release -p outpour -p outpour-bench
//! target/release/outpour-bench all             # every part, about three minutes
//! target/release/outpour-bench start           # start-up time
//! target/release/outpour-bench memory          # memory per idle connection, each transport
//! target/release/outpour-bench publish         # a large body; many channels and their listing
//! target/release/outpour-bench fanout          # CPU per delivery beside a raw loop of sends
//! target/release/outpour-bench memory --connections 2000 --transport websocket
//! target/release/outpour-bench --json all > figures.json
//! OUTPOUR_BIN=/path/to/server target/release/outpour-bench all
//! ```
//!
//! The server is the binary that `OUTPOUR_BIN` names, else `outpour` beside this executable, else
//! `target/release/outpour`. Any server that reads the configuration of [`configuration`] will do,
//! so a rival can be measured with the same commands. SIGINT, SIGTERM and SIGHUP end the servers
//! with this program; after a SIGKILL a measured server may be left over.
//!
//! Machines differ and are shared: compare the columns of one run, not figures of different runs.

#![forbid(unsafe_code)]

mod affinity;
mod answer;
mod arguments;
mod client;
mod configuration;
mod crowd;
mod interrupt;
mod kernel_memory;
mod parts;
mod process_usage;
mod publisher;
mod raw;
mod report;
mod server;
mod socket;
mod spread;
mod transport;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::{
    arguments::{Arguments, Part},
    report::Report,
};

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::progress(format_args!("outpour-bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Measures and prints; what was measured before a failure is printed too.
fn run(arguments: &Arguments) -> Result<()> {
    if let Part::Raw(raw) = &arguments.part {
        return raw::serve(raw);
    }
    interrupt::install()?;
    socket::raise_open_file_limit()?;
    let mut report = Report::new(arguments)?;
    let outcome = parts::run(arguments, &mut report);
    report.print(arguments.json)?;
    outcome
}
