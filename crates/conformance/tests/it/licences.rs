//! What we link: known licences, one registry, one version of each crate.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

/// Licences that may be linked into a work under MIT OR Apache-2.0.
const ALLOWED: [&str; 9] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
];

/// Further ones that are as free, but seldom.
const ALSO_ALLOWED: [&str; 3] = ["Unlicense", "Zlib", "MIT-0"];

/// Crates that are there in two versions, because their users have not met yet.
const TWICE: [&str; 3] = ["getrandom", "syn", "windows-sys"];

fn packages() -> Vec<Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--all-features"])
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml")])
        .output()
        .expect("cargo runs the tests, so it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    metadata["packages"].as_array().expect("metadata lists packages").clone()
}

/// Whether an expression such as `(MIT OR Apache-2.0) AND Unicode-3.0` can be met.
fn is_allowed(expression: &str) -> bool {
    expression.split(" AND ").all(|group| {
        let group = group.trim_matches(|c| c == '(' || c == ')');
        group.replace('/', " OR ").split(" OR ").any(|licence| {
            let licence = licence.trim().trim_matches(|c| c == '(' || c == ')');
            ALLOWED.contains(&licence) || ALSO_ALLOWED.contains(&licence)
        })
    })
}

#[test]
fn every_dependency_has_a_licence_that_fits() {
    for package in packages() {
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(is_allowed(licence), "{}: licence {licence:?}", package["name"]);
    }
}

#[test]
fn dependencies_come_from_the_registry_once() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages() {
        let name = package["name"].as_str().unwrap_or_default().to_owned();
        let source = package["source"].as_str();
        assert!(source.is_none_or(|s| s.starts_with("registry+")), "{name} comes from {source:?}");
        let version = package["version"].as_str().unwrap_or_default().to_owned();
        versions.entry(name).or_default().push(version);
    }
    let twice: Vec<_> = versions
        .iter()
        .filter(|(name, versions)| versions.len() > 1 && !TWICE.contains(&name.as_str()))
        .collect();
    assert!(twice.is_empty(), "in several versions: {twice:?}");
}
