//! One case and the file it stands in.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::step::Step;

/// What a file of cases says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// The section of the reference that the cases of this file are about, unless they say otherwise.
    pub section: String,
    /// The base configuration of the cases, a file of `/conformance/configurations`.
    #[serde(default = "suite")]
    pub configuration: String,
    /// Overrides of that configuration for all cases, by block.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Files for all cases, by name; see [`Case::files`].
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// The cases, not yet multiplied by their variants.
    #[serde(rename = "case")]
    pub cases: Vec<toml::Value>,
}

fn suite() -> String {
    "suite".to_owned()
}

/// One thing that must hold.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What must hold, as a sentence; with the file unique.
    pub name: String,
    /// The section of the reference.
    #[serde(default)]
    pub section: String,
    /// The base configuration.
    #[serde(default)]
    pub configuration: String,
    /// Overrides of the configuration, by block: directives that replace those of the same name.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Files written into the server's folder before it starts.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Needs a server that no other case has touched.
    #[serde(default)]
    pub isolated: bool,
    /// The deviation of `deviations.toml` that this case shows.
    #[serde(default)]
    pub deviation: Option<String>,
    /// What happens, in order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
    /// The file it stands in, relative to the directory of cases, without the extension.
    #[serde(skip)]
    pub file: String,
    /// Position in the suite, from which its channel names are made.
    #[serde(skip)]
    pub index: usize,
}

impl Case {
    /// `FILE: NAME`.
    pub fn title(&self) -> String {
        format!("{}: {}", self.file, self.name)
    }

    /// A channel name that no other case uses; always five characters.
    pub fn channel(&self) -> String {
        format!("c{:04}", self.index)
    }

    /// Whether it spends its time on waiting rather than on working.
    pub fn waits(&self) -> bool {
        self.steps.iter().any(Step::waits)
    }
}
