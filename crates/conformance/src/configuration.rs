//! Base configurations with overrides.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// Overrides by block.
pub type Overrides = BTreeMap<String, String>;

/// The base configurations, files of nginx syntax with one directive per line.
///
/// A line `#@NAME` opens a block that can be overridden; it reaches to the next such line or to the first
/// line that is a lone `}` or opens a block itself.
#[derive(Debug)]
pub struct Configurations {
    by_name: BTreeMap<String, String>,
}

impl Configurations {
    /// Reads all `*.conf` of a directory.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut by_name = BTreeMap::new();
        for path in crate::paths::files(folder, "conf")? {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            by_name.insert(name, fs::read_to_string(&path)?);
        }
        Ok(Self { by_name })
    }

    /// The text of a base configuration with `overrides` in it.
    ///
    /// # Errors
    /// When there is no such configuration, or no such block in it.
    pub fn text(&self, name: &str, overrides: &Overrides) -> Result<String> {
        let base = self.by_name.get(name).with_context(|| format!("no configuration {name:?}"))?;
        apply(base, overrides)
    }
}

/// Puts overrides into a base configuration: each replaces the directives of its block that have the
/// same first word, and stands at the block's beginning. A line `-NAME` only removes. The blocks stay
/// marked, so that the result can be overridden again.
///
/// # Errors
/// When a block does not exist.
pub fn apply(base: &str, overrides: &Overrides) -> Result<String> {
    for block in overrides.keys() {
        if !base.lines().any(|line| opens(line) == Some(block)) {
            bail!("no block `#@{block}` in the configuration");
        }
    }
    let mut text = String::new();
    let mut removed: Vec<&str> = Vec::new();
    for line in base.lines() {
        let trimmed = line.trim();
        if let Some(block) = opens(line) {
            text.extend([line, "\n"]);
            let added = overrides.get(block).map_or("", String::as_str);
            removed = names(added);
            text.extend(
                added.lines().filter(|line| !line.trim().starts_with('-')).flat_map(|l| [l, "\n"]),
            );
            continue;
        }
        if trimmed == "}" || trimmed.ends_with('{') {
            removed.clear();
        }
        if !removed.contains(&first_word(trimmed)) {
            text.extend([line, "\n"]);
        }
    }
    Ok(text)
}

fn opens(line: &str) -> Option<&str> {
    line.trim().strip_prefix("#@")
}

/// First words of the directives on the outermost level.
fn names(directives: &str) -> Vec<&str> {
    const REPEATABLE: [&str; 8] =
        ["if", "location", "set", "map", "add_header", "server", "allow", "}"];
    let mut depth = 0_usize;
    let mut names = Vec::new();
    for line in directives.lines().map(str::trim) {
        if depth == 0 {
            names.push(first_word(line.trim_start_matches('-')));
        }
        depth = (depth + line.matches('{').count()).saturating_sub(line.matches('}').count());
    }
    names.retain(|name| !name.is_empty() && !REPEATABLE.contains(name));
    names
}

fn first_word(line: &str) -> &str {
    line.split([' ', '\t', ';']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str =
        "http {\n  #@http\n  a 1;\n  b 2;\n  server {\n    #@server\n    a 3;\n  }\n}\n";

    fn check(overrides: &[(&str, &str)], expected: &str) {
        let overrides = overrides.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        assert_eq!(apply(BASE, &overrides).unwrap(), expected);
    }

    #[test]
    fn puts_overrides_in() {
        check(&[], BASE);
        let rest = "  server {\n    #@server\n    a 3;\n  }\n}\n";
        let text = format!("http {{\n  #@http\na 9;\nc 7;\n  b 2;\n{rest}");
        check(&[("http", "a 9;\nc 7;")], &text);
        let start = "http {\n  #@http\n  a 1;\n  b 2;\n  server {\n    #@server\n";
        check(&[("server", "-a")], &format!("{start}  }}\n}}\n"));
        let block = "if ($x) {\n a 5;\n}";
        check(&[("server", block)], &format!("{start}{block}\n    a 3;\n  }}\n}}\n"));
    }

    #[test]
    fn overrides_can_be_overridden() {
        let once = apply(BASE, &[("http".to_owned(), "a 9;".to_owned())].into()).unwrap();
        let twice = apply(&once, &[("http".to_owned(), "a 8;".to_owned())].into()).unwrap();
        assert!(twice.starts_with("http {\n  #@http\na 8;\n  b 2;\n"), "{twice}");
    }

    #[test]
    fn an_unknown_block_is_a_mistake() {
        assert!(apply(BASE, &[("pub".to_owned(), String::new())].into()).is_err());
    }
}
