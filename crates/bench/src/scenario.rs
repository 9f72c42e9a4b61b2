//! Scenarios: loads with a name and a reason, kept in files.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::{load::Load, subject::Subject};

/// The scenarios that come with this program.
const EMBEDDED: [(&str, &str); 21] = [
    ("fanout", include_str!("../scenarios/fanout.toml")),
    ("fanout-wide", include_str!("../scenarios/fanout-wide.toml")),
    ("many-publishers", include_str!("../scenarios/many-publishers.toml")),
    ("many-publishers-wide", include_str!("../scenarios/many-publishers-wide.toml")),
    ("transports", include_str!("../scenarios/transports.toml")),
    ("paced", include_str!("../scenarios/paced.toml")),
    ("long-polling", include_str!("../scenarios/long-polling.toml")),
    ("polling", include_str!("../scenarios/polling.toml")),
    ("many-channels", include_str!("../scenarios/many-channels.toml")),
    ("idle", include_str!("../scenarios/idle.toml")),
    ("idle-100k", include_str!("../scenarios/idle-100k.toml")),
    ("accept", include_str!("../scenarios/accept.toml")),
    ("files", include_str!("../scenarios/files.toml")),
    ("proxy", include_str!("../scenarios/proxy.toml")),
    ("tls", include_str!("../scenarios/tls.toml")),
    ("http2", include_str!("../scenarios/http2.toml")),
    ("publish", include_str!("../scenarios/publish.toml")),
    ("hold-200k", include_str!("../scenarios/hold-200k.toml")),
    ("smoke-tls", include_str!("../scenarios/smoke-tls.toml")),
    ("smoke-http2", include_str!("../scenarios/smoke-http2.toml")),
    ("smoke", include_str!("../scenarios/smoke.toml")),
];

/// Loads that belong together.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// The name: that of its file.
    #[serde(skip)]
    pub name: String,
    /// What is measured, in a line.
    pub title: String,
    /// What outpour has to reach.
    #[serde(default)]
    pub bar: String,
    /// Whether it needs more than an ordinary machine gives, and has to be asked for by name.
    #[serde(default)]
    pub heavy: bool,
    /// What `compare` measures; those that are not installed are left out.
    #[serde(default = "everybody")]
    pub subjects: Vec<Subject>,
    /// The loads.
    #[serde(rename = "load")]
    pub loads: Vec<Load>,
}

/// Every subject.
fn everybody() -> Vec<Subject> {
    Subject::ALL.to_vec()
}

impl Scenario {
    /// Reads a scenario from the text of a file.
    ///
    /// # Errors
    /// If it is not understood, or one of its loads is out of bounds.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self> {
        let scenario: Self =
            toml::from_str(text).with_context(|| format!("scenario {name} is not understood"))?;
        ensure!(!scenario.loads.is_empty(), "scenario {name} has no [[load]]");
        for load in &scenario.loads {
            load.check().with_context(|| format!("scenario {name}"))?;
        }
        Ok(Self { name: name.to_owned(), ..scenario })
    }

    /// The embedded scenario of this name, or else the file.
    ///
    /// # Errors
    /// If there is neither, or it is not understood.
    pub(crate) fn find(name: &str) -> Result<Self> {
        if let Some((_, text)) = EMBEDDED.iter().find(|(embedded, _)| *embedded == name) {
            return Self::parse(name, text);
        }
        let path = Path::new(name);
        if !path.is_file() {
            bail!("there is no scenario {name}; outpour bench list names them");
        }
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        Self::parse(name, &text)
    }

    /// Every embedded scenario.
    ///
    /// # Errors
    /// None, as a test shows.
    pub(crate) fn all() -> Result<Vec<Self>> {
        EMBEDDED.iter().map(|(name, text)| Self::parse(name, text)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_scenarios_are_good() {
        for scenario in Scenario::all().unwrap() {
            assert!(!scenario.title.is_empty() && !scenario.bar.is_empty(), "{}", scenario.name);
        }
    }

    #[test]
    fn every_file_is_embedded() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        assert_eq!(fs::read_dir(directory).unwrap().count(), EMBEDDED.len());
    }

    #[test]
    fn mistakes_are_refused() {
        let check = |text: &str| assert!(Scenario::parse("s", text).is_err(), "{text}");
        check("");
        check("title = 'a'");
        check("title = 'a'\nload = []");
        check("title = 'a'\n[[load]]\nsize = 1");
        check("title = 'a'\nsubjects = ['apache']\n[[load]]");
    }
}
