//! Start-up time: from starting the process to the end of its first answer.

use anyhow::Result;

use super::Setting;
use crate::{
    arguments::StartArguments,
    configuration::Configuration,
    report::{Cell, Report, Table, progress},
    spread::Spread,
};

/// Starts the server several times.
pub(super) fn run(setting: &Setting, part: &StartArguments, report: &mut Report) -> Result<()> {
    let configuration = Configuration::plain(setting.workers());
    progress(format_args!("start: {} times", part.starts));
    let mut times = Vec::new();
    for _ in 0..part.starts {
        times.push(setting.start(&configuration)?.start_up().as_secs_f64() * 1e3);
    }
    let title = "Start-up, from starting the process to its first answer";
    let mut table = Table::new("start", title, &["starts", "min ms", "median ms", "max ms"]);
    let [min, median, max] = Cell::spread(Spread::of(times), 2);
    table.row([Cell::Count(part.starts.into()), min, median, max]);
    report.add(table);
    Ok(())
}
