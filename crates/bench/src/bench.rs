//! What `outpour bench` does.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{
    arguments::{BenchArguments, BenchCommand, CommonArguments, OneArguments, RunArguments},
    compare, interrupt, launch, machine,
    measure::{Setting, Site},
    origin,
    outcome::Outcome,
    progress::Progress,
    raw,
    scenario::Scenario,
    socket, summary, svg,
    table::print,
    target::Target,
};

/// Runs the command; false if a message was lost, repeated or misordered.
///
/// # Errors
/// If something could not be measured, in a sentence.
pub fn run(arguments: &BenchArguments) -> Result<bool> {
    match &arguments.command {
        Some(BenchCommand::Launch(arguments)) => return launch::run(arguments).map(|()| true),
        Some(BenchCommand::Raw(arguments)) => return raw::serve(arguments).map(|()| true),
        Some(BenchCommand::Origin(arguments)) => return origin::serve(arguments).map(|()| true),
        Some(BenchCommand::List) => return list().map(|()| true),
        Some(BenchCommand::Run(_) | BenchCommand::Compare(_)) | None => {}
    }
    interrupt::install()?;
    socket::raise_open_file_limit()?;
    match &arguments.command {
        Some(BenchCommand::Run(arguments)) => scenario(arguments),
        Some(BenchCommand::Compare(arguments)) => compare::run(arguments),
        Some(_) | None => one(&arguments.one),
    }
}

/// Names the scenarios.
fn list() -> Result<()> {
    for scenario in Scenario::all()? {
        let heavy = if scenario.heavy { " (only by name: needs many open files)" } else { "" };
        let (name, title, bar) = (&scenario.name, &scenario.title, &scenario.bar);
        print(&format!("{name:<21} {title}{heavy}\n{:<21} bar: {bar}\n", ""));
    }
    Ok(())
}

/// What the options make of a measurement.
pub(crate) fn setting(common: &CommonArguments) -> Setting {
    Setting {
        programs: common.programs(),
        pins: (common.pin_server.clone(), common.pin_generator.clone()),
        patience: common.patience(),
    }
}

/// One measurement.
fn one(arguments: &OneArguments) -> Result<bool> {
    let load = arguments.load()?;
    let setting = setting(&arguments.common);
    let mut progress = Progress::new();
    progress.begin(load.title());
    let outcome = match arguments.remote() {
        None => setting.measure(arguments.server, &load, &mut progress)?,
        Some(remote) => {
            let mut target = Target::remote(remote.url, load.transport)?.with_streams(&load)?;
            target.subscribe = remote.subscribe.map_or(target.subscribe, str::to_owned);
            target.publish = remote.publish.map_or(target.publish, str::to_owned);
            if let (_, Some(cores)) = &setting.pins {
                cores.take()?;
            }
            setting.prepare(&load)?;
            let name = remote.url.to_owned();
            let site = Site { name, target: &target, pid: remote.pid };
            setting.measure_site(&site, &load, &mut progress)?
        }
    };
    drop(progress);
    report(&[outcome], &arguments.common)
}

/// All loads of a scenario with one server.
fn scenario(arguments: &RunArguments) -> Result<bool> {
    let scenario = Scenario::find(&arguments.scenario)?;
    let setting = setting(&arguments.common);
    let mut progress = Progress::new();
    let mut outcomes = Vec::new();
    for load in &scenario.loads {
        progress.begin(format!("{}: {}", arguments.server.name(), load.title()));
        if let Some(reason) = arguments.server.refuses(load) {
            progress.begin(format!("left out: {reason}"));
            continue;
        }
        outcomes.push(setting.measure(arguments.server, load, &mut progress)?);
    }
    drop(progress);
    print(&format!("{}\nbar: {}\n", scenario.title, scenario.bar));
    report(&outcomes, &arguments.common)
}

/// Prints the outcomes and writes the files that were asked for.
fn report(outcomes: &[Outcome], common: &CommonArguments) -> Result<bool> {
    for outcome in outcomes {
        print(&format!("\n{}", summary::text(outcome)));
    }
    write_files(common, outcomes, outcomes, &[])?;
    Ok(!outcomes.iter().any(Outcome::is_faulty))
}

/// Writes `--json`, all outcomes and a comparison where there is one, and `--svg`, of those that
/// are to be `drawn`.
///
/// # Errors
/// If a file cannot be written.
pub(crate) fn write_files(
    common: &CommonArguments,
    outcomes: &[Outcome],
    drawn: &[Outcome],
    comparison: &[Value],
) -> Result<()> {
    let write = |path: &Path, text: String| {
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    if let Some(path) = &common.json {
        let measurements: Vec<Value> = outcomes.iter().map(Outcome::to_json).collect();
        let mut parts = vec![
            format!("\"machine\": {}", machine::describe()),
            format!("\"measurements\": {}", lines(&measurements)),
        ];
        if !comparison.is_empty() {
            parts.push(format!("\"comparison\": {}", lines(comparison)));
        }
        write(path, format!("{{\n{}\n}}\n", parts.join(",\n")))?;
    }
    common.svg.as_ref().map_or(Ok(()), |path| write(path, svg::draw(drawn)))
}

/// An array with one value per line: short enough to keep, and lines can be compared.
fn lines(values: &[Value]) -> String {
    let lines: Vec<String> = values.iter().map(Value::to_string).collect();
    format!("[\n{}\n]", lines.join(",\n"))
}
