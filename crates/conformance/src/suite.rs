//! All cases.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::case::{Case, CaseFile};
use crate::configuration::Configurations;
use crate::variants::expand;

/// The cases of a directory and the configurations they need.
#[derive(Debug)]
pub struct Suite {
    /// In order of files and places in them.
    pub cases: Vec<Case>,
    /// What the servers are started with.
    pub configurations: Configurations,
}

impl Suite {
    /// Reads `cases/**.toml` and `configurations/*.conf` of a directory.
    ///
    /// # Errors
    /// When a file is not well-formed or two cases of one file have the same name.
    pub fn read(folder: &Path) -> Result<Self> {
        let configurations = Configurations::read(&folder.join("configurations"))?;
        let root = folder.join("cases");
        let mut cases = Vec::new();
        for path in crate::paths::files(&root, "toml")? {
            let name = path.strip_prefix(&root)?.with_extension("").display().to_string();
            let text = fs::read_to_string(&path)?;
            let read = read_file(&name, &text).with_context(|| format!("{}", path.display()))?;
            cases.extend(read);
        }
        for (index, case) in cases.iter_mut().enumerate() {
            case.index = index;
        }
        Ok(Self { cases, configurations })
    }
}

/// Reads one file of cases.
pub(crate) fn read_file(name: &str, text: &str) -> Result<Vec<Case>> {
    let file: CaseFile = toml::from_str(text)?;
    let mut cases = Vec::new();
    let mut names = BTreeSet::new();
    for value in file.cases {
        for value in expand(value)? {
            let title = value.get("name").map(ToString::to_string).unwrap_or_default();
            let mut case: Case = value.try_into().with_context(|| format!("case {title}"))?;
            if case.section.is_empty() {
                case.section.clone_from(&file.section);
            }
            if case.configuration.is_empty() {
                case.configuration.clone_from(&file.configuration);
            }
            for (block, text) in &file.set {
                let own = case.set.entry(block.clone()).or_default();
                *own = [text.as_str(), own.as_str()].join("\n").trim().to_owned();
            }
            for (path, text) in &file.files {
                case.files.entry(path.clone()).or_insert_with(|| text.clone());
            }
            name.clone_into(&mut case.file);
            if !names.insert(case.name.clone()) {
                bail!("two cases are named {:?}", case.name);
            }
            cases.push(case);
        }
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_in_what_the_file_says() {
        let text = r#"
            section = "2.2"
            set = { http = "a 1;" }
            [[case]]
            name = "one"
            set = { http = "b 2;" }
            step = [{ get = "/", status = 200 }]
            [[case]]
            name = "two"
            section = "3"
            step = []
        "#;
        let cases = read_file("f", text).unwrap();
        assert_eq!(cases[0].set["http"], "a 1;\nb 2;");
        assert_eq!((cases[0].section.as_str(), cases[1].section.as_str()), ("2.2", "3"));
        assert_eq!(cases[0].configuration, "suite");
    }

    #[test]
    fn a_misspelt_step_is_a_mistake() {
        let text = "section = \"1\"\n[[case]]\nname = \"x\"\nstep = [{ gett = \"/\" }]";
        assert!(read_file("f", text).is_err());
    }
}
