//! `outpour doctor`: what of this machine limits a push server, and how to change it.

mod checks;
mod facts;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use self::{checks::Verdict, facts::Facts};
use crate::table::print;

/// Tells what of this machine limits the number of connections, and how to change it
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// Judge for this number of connections at the same time
    #[arg(short = 'n', long, default_value_t = 10_000)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    connections: u64,

    /// Print an array of objects
    #[arg(long)]
    json: bool,
}

/// Examines and prints; false if something does not suffice.
///
/// # Errors
/// If the findings cannot be rendered.
pub fn examine(arguments: &DoctorArguments) -> Result<bool> {
    let findings = checks::judge(&Facts::read(), arguments.connections);
    let suffices = findings.iter().all(|finding| finding.verdict != Verdict::Limit);
    if arguments.json {
        let objects = findings.iter().map(|finding| {
            json!({
                "name": finding.name,
                "value": finding.value,
                "verdict": finding.verdict.name(),
                "remark": finding.remark,
                "command": finding.command,
            })
        });
        let objects: Vec<_> = objects.collect();
        print(&format!("{}\n", serde_json::to_string_pretty(&objects)?));
        return Ok(suffices);
    }
    print(&format!("For {} connections:\n\n", arguments.connections));
    for finding in &findings {
        let (verdict, name, value) = (finding.verdict.name(), finding.name, &finding.value);
        let mut text = format!("  {verdict:<8} {name:<22} {value}\n");
        if !finding.remark.is_empty() {
            text.push_str(&format!("{:34}{}\n", "", finding.remark));
        }
        if let Some(command) = &finding.command {
            text.push_str(&format!("{:34}{command}\n", ""));
        }
        print(&text);
    }
    let end = if suffices { "Nothing stands in the way." } else { "Set what is marked `limit`." };
    print(&format!("\n{end}\n"));
    Ok(suffices)
}
