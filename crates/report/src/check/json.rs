//! The check for programs: the form is described in `docs/check.md`.

use outpour_config::{Finding, Treatment};
use serde::Serialize;

use super::Check;

/// Changes when a field gets another meaning or goes away; new fields may come at any time.
const FORM: u32 = 1;

#[derive(Serialize)]
struct Whole<'a> {
    form: u32,
    configuration: &'a str,
    verdict: &'static str,
    sentence: String,
    counts: Counts,
    directives: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Counts {
    honoured: usize,
    renamed: usize,
    ignored: usize,
    differs: usize,
    warning: usize,
    refused: usize,
}

#[derive(Serialize)]
struct Line<'a> {
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    directive: &'a str,
    text: &'a str,
    verdict: &'static str,
    reason: Option<&'a str>,
    hint: Option<&'a str>,
    deviation: Option<&'static str>,
}

impl Check {
    /// One JSON object.
    #[must_use]
    pub fn json(&self) -> String {
        let whole = Whole {
            form: FORM,
            configuration: &self.name,
            verdict: self.verdict().name(),
            sentence: self.sentence(),
            counts: Counts {
                honoured: self.count(Treatment::Honoured),
                renamed: self.count(Treatment::Renamed),
                ignored: self.count(Treatment::Ignored),
                differs: self.count(Treatment::Differs),
                warning: self.count(Treatment::Warning),
                refused: self.count(Treatment::Refused),
            },
            directives: self.findings.iter().map(line).collect(),
        };
        serde_json::to_string_pretty(&whole).unwrap_or_default() + "\n"
    }
}

fn line(finding: &Finding) -> Line<'_> {
    let place = |number| (finding.line > 0).then_some(number);
    Line {
        file: finding.file.as_deref(),
        line: place(finding.line),
        column: place(finding.column),
        directive: &finding.directive,
        text: &finding.text,
        verdict: finding.treatment.name(),
        reason: finding.reason.as_deref(),
        hint: finding.hint.as_deref(),
        deviation: finding.deviation,
    }
}
