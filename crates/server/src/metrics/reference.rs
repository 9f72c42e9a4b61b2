//! `docs/metrics.md`, generated from the table.

use std::fmt::Write as _;

use super::table::{FAMILIES, bounds};

const HEAD: &str = "# Metrics

A location with `push_stream_metrics;` answers with these metrics, in the format that the client's
`Accept` prefers: OpenMetrics 1.0, else Prometheus text 0.0.4. The built-in configuration has it at
`/metrics`, for this machine only; in a configuration of your own:

    location = /metrics {
        allow 127.0.0.1;
        deny all;
        push_stream_metrics;
    }

Workers count for themselves, with plain integers; an answer sums them up, so that asking often costs
little. No label holds anything that a client chose: the number of series depends on the number of
workers only. Counters begin at zero when the process starts and survive reloads.

This page is generated from the table in the code (`crates/server/src/metrics/table.rs`).
";

/// The reference of all metrics as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut out = String::from(HEAD);
    let _ = write!(out, "\nBuckets of the histograms, in seconds: {}.\n", bounds());
    for family in FAMILIES {
        let _ = write!(out, "\n## {}\n\n{}\n\n", family.sample_name(), family.help);
        let _ = writeln!(out, "- Type: {}", family.kind.name());
        if let Some(unit) = family.unit {
            let _ = writeln!(out, "- Unit: {unit}");
        }
        if !family.labels.is_empty() {
            let labels: Vec<_> = family.labels.iter().map(|label| format!("`{label}`")).collect();
            let _ = writeln!(out, "- Labels: {}", labels.join(", "));
        }
    }
    out
}
