//! `conformance [--url HOST:PORT] [--filter TEXT] [--list]`: plays the conformance cases.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "this is a program for the terminal")]

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use outpour_conformance::{Outcome, Runner, Suite, Target, paths};

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let (mut target, mut filter, mut list) = (Target::OwnServers, None, false);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} wants a value"));
        match argument.as_str() {
            "--url" => target = Target::Address(address(&value()?)?),
            "--filter" => filter = Some(value()?),
            "--list" => list = true,
            other => bail!("unknown argument {other:?}; known are --url, --filter, --list"),
        }
    }
    let suite = Suite::read(&paths::data())?;
    if list {
        suite.cases.iter().for_each(|case| println!("{} ({})", case.title(), case.section));
        println!("{} cases", suite.cases.len());
        return Ok(ExitCode::SUCCESS);
    }
    let report = Runner::new(&suite, target, filter.as_deref()).run(&|case, outcome| {
        if let Outcome::Failed(_) = outcome {
            println!("... failed: {}", case.title());
        }
    })?;
    println!("{report}");
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn address(url: &str) -> Result<SocketAddr> {
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    host.to_socket_addrs()?.next().with_context(|| format!("no address for {url:?}"))
}
