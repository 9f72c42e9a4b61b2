//! Configuration tests as data: a file, the arguments, what must come of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use outpour_testkit::Template;
use serde::Deserialize;

use crate::variants::expand;

/// What a file of `/conformance/configuration` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckFile {
    section: String,
    #[serde(rename = "check")]
    checks: Vec<toml::Value>,
}

/// One run of the server that ends by itself, usually `-t`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What must hold, as a sentence.
    pub name: String,
    /// The section of the reference.
    #[serde(default)]
    pub section: String,
    /// The whole configuration file.
    #[serde(default)]
    pub file: Option<String>,
    /// Or: directives of `http`, put into a small complete file.
    #[serde(default)]
    pub http: String,
    /// And: directives of `server`.
    #[serde(default)]
    pub server: String,
    /// And: directives of a location that has a path and nothing else.
    #[serde(default)]
    pub location: String,
    /// And: directives outside `http`.
    #[serde(default)]
    pub main: String,
    /// Further files in the folder.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// The arguments; `-t -c {{file}} -p {{dir}}` when nothing is said.
    #[serde(default)]
    pub arguments: Option<Vec<String>>,
    /// Exit code.
    pub exit: i32,
    /// Fragments of standard error; `{{file}}` and `{{dir}}` are replaced.
    #[serde(default)]
    pub stderr: Vec<String>,
    /// What standard error must not contain.
    #[serde(default)]
    pub stderr_lacks: Vec<String>,
    /// Fragments of standard output.
    #[serde(default)]
    pub stdout: Vec<String>,
    /// The deviation of `deviations.toml` that this shows.
    #[serde(default)]
    pub deviation: Option<String>,
    /// The file it stands in.
    #[serde(skip)]
    pub source: String,
}

/// Reads all checks of a directory.
///
/// # Errors
/// When a file is not well-formed.
pub fn read(folder: &Path) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for path in crate::paths::files(folder, "toml")? {
        let what = || path.display().to_string();
        let file: CheckFile = toml::from_str(&fs::read_to_string(&path)?).with_context(what)?;
        for value in file.checks {
            for value in expand(value).with_context(what)? {
                let mut check: Check = value.try_into().with_context(what)?;
                if check.section.is_empty() {
                    check.section.clone_from(&file.section);
                }
                check.source = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                checks.push(check);
            }
        }
    }
    Ok(checks)
}

impl Check {
    /// Runs the server in a folder of its own and looks at what it said.
    ///
    /// # Errors
    /// A sentence with expected and got.
    pub fn run(&self) -> Result<()> {
        let folder = tempfile::TempDir::with_prefix("outpour-check-")?;
        fs::create_dir(folder.path().join("logs"))?;
        let file = folder.path().join("server.conf");
        let (folder_name, file_name) =
            (folder.path().display().to_string(), file.display().to_string());
        let fill = |text: &str| {
            Template::new(text).fill(|name| match name {
                "dir" => Some(folder_name.clone()),
                "file" => Some(file_name.clone()),
                _ => None,
            })
        };
        fs::write(&file, fill(&self.text()))?;
        for (name, text) in &self.files {
            fs::write(folder.path().join(name), fill(text))?;
        }
        let usual = || ["-t", "-c", "{{file}}", "-p", "{{dir}}"].map(str::to_owned).to_vec();
        let arguments = self.arguments.clone().unwrap_or_else(usual);
        let arguments: Vec<String> = arguments.iter().map(|argument| fill(argument)).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = outpour_testkit::run(&arguments, folder.path())?;
        let said = format!("stdout:\n{}\nstderr:\n{}", output.stdout, output.stderr);
        if output.code != Some(self.exit) {
            bail!("exit code: expected {}, got {:?}\n{said}", self.exit, output.code);
        }
        let lacking = |parts: &[String], text: &str| {
            parts.iter().map(|part| fill(part)).find(|part| !text.contains(part.as_str()))
        };
        if let Some(part) = lacking(&self.stderr, &output.stderr) {
            bail!("stderr lacks {part:?}\n{said}");
        }
        if let Some(part) = lacking(&self.stdout, &output.stdout) {
            bail!("stdout lacks {part:?}\n{said}");
        }
        if let Some(part) = self.stderr_lacks.iter().find(|part| output.stderr.contains(*part)) {
            bail!("stderr has {part:?}\n{said}");
        }
        Ok(())
    }

    fn text(&self) -> String {
        if let Some(file) = &self.file {
            return file.clone();
        }
        let Self { main, http, server, location, .. } = self;
        format!(
            "{main}\nevents {{ }}\nhttp {{\n{http}\nserver {{\nlisten 127.0.0.1:0;\n{server}\n\
             location /here {{\n{location}\n}}\n}}\n}}\n"
        )
    }
}
