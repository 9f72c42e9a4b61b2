//! Intended differences from the module.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// The list of them, `/conformance/deviations.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviations {
    /// One entry per difference.
    #[serde(rename = "deviation")]
    pub all: Vec<Deviation>,
}

/// One intended difference.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    /// A short name, to which cases refer.
    pub id: String,
    /// The section of the reference.
    pub section: String,
    /// What the module does.
    pub module: String,
    /// What outpour does.
    pub outpour: String,
    /// Why.
    pub why: String,
    /// Why no case shows it.
    #[serde(default)]
    pub untested: Option<String>,
}

impl Deviations {
    /// Reads the list.
    ///
    /// # Errors
    /// When it cannot be read or is not well-formed.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }
}
