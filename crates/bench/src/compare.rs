//! outpour beside the other servers: interleaved, repeated, medians and ratios.

use std::fs;

use anyhow::{Context, Result};
use serde_json::json;

use crate::{
    arguments::CompareArguments,
    bench::{setting, write_files},
    load::Load,
    machine,
    measure::Setting,
    outcome::Outcome,
    progress::Progress,
    scenario::Scenario,
    spread::Spread,
    subject::{Programs, Subject},
    table::{Cell, Table, print},
};

/// What a delivery costs, or an answer, or a publication where nobody subscribes; `x CPU` and
/// `x rate` are the medians over outpour's. As wide as an ordinary terminal.
const COST: [&str; 9] =
    ["server", "CPU us", "min", "max", "x CPU", "per second", "x rate", "p50 ms", "p99 ms"];

/// What a connection costs, and whether all went well.
const CONNECTIONS: [&str; 7] =
    ["server", "B/conn", "kernel B", "conn/s", "us/conn", "runs", "faults"];

/// Measures and prints; false if outpour lost, repeated or misordered a message.
///
/// A fault of another server is shown and is no failure of the comparison.
///
/// # Errors
/// If a scenario is not understood, or outpour or the raw loop cannot be measured.
pub(crate) fn run(arguments: &CompareArguments) -> Result<bool> {
    let scenarios = scenarios(arguments)?;
    let setting = setting(&arguments.common);
    print(&format!("{}\n", machine::line()));
    name_missing(&scenarios, arguments, &setting.programs);
    let mut progress = Progress::new();
    let (mut all, mut drawn, mut tables) = (Vec::new(), Vec::new(), Vec::new());
    let mut markdown = format!(
        "outpour {}, {}; medians of {} interleaved runs. Command: `{}`\n",
        env!("CARGO_PKG_VERSION"),
        machine::line(),
        arguments.runs,
        machine::command(),
    );
    for scenario in &scenarios {
        progress.clear();
        print(&format!("\n{}: {}\nbar: {}\n", scenario.name, scenario.title, scenario.bar));
        markdown.push_str(&format!(
            "\n### {}\n\n{}. Bar: {}.\n",
            scenario.name, scenario.title, scenario.bar
        ));
        for load in &scenario.loads {
            let measured = measure(&setting, arguments, scenario, load, &mut progress)?;
            progress.clear();
            let (cost, connections) = (cost(load, &measured), connections(&measured));
            print(&format!("\n{}\n{}", cost.to_text(), connections.to_text()));
            markdown.push_str(&format!("\n{}\n{}", cost.to_markdown(), connections.to_markdown()));
            tables.push(json!({
                "scenario": scenario.name,
                "load": load.title(),
                "cost": cost.to_json(),
                "connections": connections.to_json(),
            }));
            let last = measured.iter().filter_map(|(_, outcomes)| outcomes.last().cloned());
            drawn.extend(last);
            all.extend(measured.into_iter().flat_map(|(_, outcomes)| outcomes));
        }
    }
    drop(progress);
    write_files(&arguments.common, &all, &drawn, &tables)?;
    if let Some(path) = &arguments.markdown {
        fs::write(path, markdown).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let own = |outcome: &&Outcome| outcome.subject == Subject::Outpour.name();
    Ok(!all.iter().filter(own).any(Outcome::is_faulty))
}

/// The scenarios that were asked for.
fn scenarios(arguments: &CompareArguments) -> Result<Vec<Scenario>> {
    let named: Vec<Scenario> = arguments.scenarios().map(Scenario::find).collect::<Result<_>>()?;
    if !named.is_empty() {
        return Ok(named);
    }
    let mut all = Scenario::all()?;
    all.retain(|scenario| !scenario.heavy);
    Ok(all)
}

/// The servers of a scenario, as far as they were asked for and are installed.
fn subjects<'a>(
    scenario: &'a Scenario,
    arguments: &'a CompareArguments,
) -> impl Iterator<Item = Subject> + 'a {
    let asked = &arguments.server;
    Subject::ALL.into_iter().filter(move |subject| {
        scenario.subjects.contains(subject) && (asked.is_empty() || asked.contains(subject))
    })
}

/// Tells which servers are left out because they are not there, and how to get them.
fn name_missing(scenarios: &[Scenario], arguments: &CompareArguments, programs: &Programs) {
    for subject in Subject::ALL {
        let wanted = scenarios.iter().any(|one| subjects(one, arguments).any(|it| it == subject));
        if let Some(reason) = subject.missing(programs).filter(|_| wanted) {
            print(&format!("left out: {}: {reason}\n", subject.name()));
        }
    }
}

/// What one server gave under one load; fewer outcomes than runs if it failed.
type Measured = (Subject, Vec<Outcome>);

/// Measures every server in turn, as often as there are runs.
fn measure(
    setting: &Setting,
    arguments: &CompareArguments,
    scenario: &Scenario,
    load: &Load,
    progress: &mut Progress,
) -> Result<Vec<Measured>> {
    let fits = |subject: &Subject| {
        subject.missing(&setting.programs).is_none() && subject.refuses(load).is_none()
    };
    let mut measured: Vec<Measured> =
        subjects(scenario, arguments).filter(fits).map(|subject| (subject, Vec::new())).collect();
    for run in 1..=arguments.runs {
        for (subject, outcomes) in &mut measured {
            let (name, runs, title) = (subject.name(), arguments.runs, load.title());
            progress.begin(format!("{title}, run {run} of {runs}, {name}"));
            match setting.measure(*subject, load, progress) {
                Ok(outcome) => outcomes.push(outcome),
                Err(error) if subject.is_peer() => progress.begin(format!("failed: {error:#}")),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(measured)
}

/// What deliveries cost, one row per server.
fn cost(load: &Load, measured: &[Measured]) -> Table {
    let mut table = Table::new(load.title(), &COST);
    let own = measured.iter().find(|(subject, _)| *subject == Subject::Outpour);
    let own = own.map_or(&[][..], |(_, outcomes)| outcomes);
    let (own_cpu, own_rate) = (median(own, cpu), median(own, rate));
    for (subject, outcomes) in measured {
        let spread = Spread::of(outcomes.iter().filter_map(cpu));
        let [least, middle, most] = Cell::spread(spread, 3);
        table.row([
            Cell::Text(subject.name().to_owned()),
            middle,
            least,
            most,
            ratio(spread.map(|spread| spread.median), own_cpu),
            number(median(outcomes, rate), 0),
            ratio(median(outcomes, rate), own_rate),
            number(median(outcomes, |outcome| outcome.latency(0.5)), 2),
            number(median(outcomes, |outcome| outcome.latency(0.99)), 2),
        ]);
    }
    table
}

/// What connections cost, one row per server.
fn connections(measured: &[Measured]) -> Table {
    let mut table = Table::new("", &CONNECTIONS);
    for (subject, outcomes) in measured {
        let faults = outcomes.iter().filter(|outcome| outcome.is_faulty()).count();
        let memory = |outcome: &Outcome| outcome.memory;
        table.row([
            Cell::Text(subject.name().to_owned()),
            number(median(outcomes, |outcome| Some(memory(outcome)?.user_per_connection)), 0),
            number(median(outcomes, |outcome| memory(outcome)?.kernel_per_connection), 0),
            number(median(outcomes, Outcome::connections_per_second), 0),
            number(median(outcomes, Outcome::cpu_per_connection), 1),
            Cell::Count(u64::try_from(outcomes.len()).unwrap_or(u64::MAX)),
            Cell::Text(if faults == 0 { "-".to_owned() } else { complaint(outcomes) }),
        ]);
    }
    table
}

/// The first complaint.
fn complaint(outcomes: &[Outcome]) -> String {
    outcomes.iter().find(|one| one.is_faulty()).map(Outcome::complaint).unwrap_or_default()
}

/// CPU per delivery, or per publication where nobody subscribes.
fn cpu(outcome: &Outcome) -> Option<f64> {
    outcome.cpu_per_delivery().or_else(|| outcome.cpu_per_publication())
}

/// Deliveries per second, or publications where nobody subscribes.
fn rate(outcome: &Outcome) -> Option<f64> {
    let delivered = outcome.tally.delivered > 0;
    let rate =
        if delivered { outcome.deliveries_per_second() } else { outcome.publications_per_second() };
    (rate > 0.0).then_some(rate)
}

/// The middle of a figure.
fn median(outcomes: &[Outcome], figure: impl Fn(&Outcome) -> Option<f64>) -> Option<f64> {
    Spread::of(outcomes.iter().filter_map(figure)).map(|spread| spread.median)
}

/// A number, if it is known.
fn number(value: Option<f64>, decimals: usize) -> Cell {
    value.map_or(Cell::Missing, |value| Cell::Number(value, decimals))
}

/// A ratio, if both are known and there is something to divide by.
fn ratio(value: Option<f64>, own: Option<f64>) -> Cell {
    number(value.zip(own.filter(|&own| own > 0.0)).map(|(value, own)| value / own), 2)
}
