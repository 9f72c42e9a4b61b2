//! The measurements, one a file.

mod channels;
mod fanout;
mod large_body;
mod memory;
mod start;

use std::{path::PathBuf, time::Duration};

use anyhow::Result;

use crate::{
    arguments::{
        Arguments, FanoutArguments, MemoryArguments, Part, PublishArguments, StartArguments,
    },
    configuration::Configuration,
    report::{Report, cores},
    server::{self, Server},
};

/// What all parts share.
#[derive(Debug)]
struct Setting {
    binary: PathBuf,
    workers: Option<u16>,
    patience: Duration,
}

impl Setting {
    /// The workers of the server, if the command line leaves them open: one per core.
    fn workers(&self) -> u16 {
        self.workers.unwrap_or_else(cores)
    }

    /// Starts the measured server.
    fn start(&self, configuration: &Configuration) -> Result<Server> {
        Server::start(&self.binary, configuration, self.patience)
    }
}

/// Runs the chosen parts; each adds its tables to `report`, also when a later one fails.
pub(crate) fn run(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let setting = Setting {
        binary: server::binary(arguments)?,
        workers: arguments.workers,
        patience: arguments.patience(),
    };
    match &arguments.part {
        Part::Start(part) => start::run(&setting, part, report),
        Part::Memory(part) => memory::run(&setting, part, report),
        Part::Publish(part) => publish(&setting, part, report),
        Part::Fanout(part) => fanout::run(&setting, part, report),
        Part::All => all(&setting, report),
        Part::Raw(_) => Ok(()),
    }
}

/// Every part with its defaults.
fn all(setting: &Setting, report: &mut Report) -> Result<()> {
    start::run(setting, &StartArguments::default(), report)?;
    memory::run(setting, &MemoryArguments::default(), report)?;
    publish(setting, &PublishArguments::default(), report)?;
    fanout::run(setting, &FanoutArguments::default(), report)
}

/// The two measurements of publishing.
fn publish(setting: &Setting, part: &PublishArguments, report: &mut Report) -> Result<()> {
    large_body::run(setting, part, report)?;
    channels::run(setting, part, report)
}
