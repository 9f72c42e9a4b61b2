//! `outpour check`: every directive of a configuration and how it is treated.

mod json;
mod text;

use outpour_config::{Finding, Options, Treatment};

/// Whether outpour can take over a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it is. Exit status 0.
    AsItIs,
    /// With something to look at. Exit status 1.
    WithThingsToLookAt,
    /// Not yet. Exit status 2.
    NotYet,
}

impl Verdict {
    /// Exit status of the command.
    #[must_use]
    pub fn status(self) -> u8 {
        match self {
            Self::AsItIs => 0,
            Self::WithThingsToLookAt => 1,
            Self::NotYet => 2,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::AsItIs => "as-it-is",
            Self::WithThingsToLookAt => "with-things-to-look-at",
            Self::NotYet => "not-yet",
        }
    }
}

/// What there is to say about a configuration.
#[derive(Clone, Debug)]
pub struct Check {
    /// The configuration's name in sentences.
    name: String,
    findings: Vec<Finding>,
}

impl Check {
    /// Reads a configuration, called `name` in sentences, with its includes.
    #[must_use]
    pub fn new(name: String, options: &Options) -> Self {
        Self { name, findings: outpour_config::inspect(options).findings }
    }

    /// Adds a mistake that the text does not show, such as a certificate that cannot be read.
    pub fn refuse(&mut self, reason: String) {
        self.findings.push(Finding {
            file: None,
            line: 0,
            column: 0,
            directive: String::new(),
            text: String::new(),
            treatment: Treatment::Refused,
            reason: Some(reason),
            hint: None,
            deviation: None,
        });
    }

    /// Whether anything forbids to start.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.verdict() == Verdict::NotYet
    }

    /// Whether outpour can take over.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.findings.iter().map(|finding| finding.treatment).max() {
            Some(Treatment::Refused) => Verdict::NotYet,
            Some(Treatment::Differs | Treatment::Warning) => Verdict::WithThingsToLookAt,
            Some(Treatment::Honoured | Treatment::Renamed | Treatment::Ignored) | None => {
                Verdict::AsItIs
            }
        }
    }

    fn count(&self, treatment: Treatment) -> usize {
        self.findings.iter().filter(|finding| finding.treatment == treatment).count()
    }

    /// The verdict as a sentence.
    fn sentence(&self) -> String {
        let name = &self.name;
        match self.verdict() {
            Verdict::AsItIs => format!("outpour takes over {name} as it is."),
            Verdict::WithThingsToLookAt => {
                let things = self.count(Treatment::Differs) + self.count(Treatment::Warning);
                let noun = if things == 1 { "thing" } else { "things" };
                format!("outpour takes over {name} with {things} {noun} to look at.")
            }
            Verdict::NotYet => {
                format!("outpour cannot take over {name} yet, because of {}.", self.obstacles())
            }
        }
    }

    /// The refused directives by name, the first few of them with their lines.
    fn obstacles(&self) -> String {
        const SHOWN_MAX: usize = 3;
        let mut known: Vec<(String, &Finding)> = Vec::new();
        for finding in self.findings.iter().filter(|f| f.treatment == Treatment::Refused) {
            let inside = finding.reason.as_deref() == Some("stands in a refused block");
            let what = match (finding.directive.as_str(), &finding.reason) {
                ("", reason) => reason.clone().unwrap_or_default(),
                (directive, _) => format!("`{directive}`"),
            };
            if !inside && known.iter().all(|(name, _)| *name != what) {
                known.push((what, finding));
            }
        }
        let place = |finding: &Finding| match &finding.file {
            Some(file) => {
                let file = file.rsplit('/').next().unwrap_or_default();
                format!(" ({file}:{})", finding.line)
            }
            None => String::new(),
        };
        let shown = known.iter().take(SHOWN_MAX);
        let shown: Vec<String> =
            shown.map(|(what, finding)| format!("{what}{}", place(finding))).collect();
        let rest = known.len().saturating_sub(SHOWN_MAX);
        match rest {
            0 => shown.join(", "),
            rest => format!("{} and {rest} more", shown.join(", ")),
        }
    }
}
