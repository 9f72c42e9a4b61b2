//! Style that no lint holds.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use outpour_conformance::deviations::Deviations;
use outpour_conformance::{Suite, checks, paths};

/// What core may depend on: nothing with a socket, a clock or a thread in it.
const CORE_DEPENDENCIES: [&str; 21] = [
    "base64",
    // Passwords are compared with what password files say about them.
    "bcrypt",
    "crc32fast",
    "flate2",
    "foldhash",
    "hashbrown",
    "httparse",
    "httpdate",
    "itoa",
    "md-5",
    "memchr",
    "regex",
    // Signatures of tokens and links; its randomness and threads are not used.
    "ring",
    // What tokens say.
    "serde_json",
    "sha-crypt",
    "sha1",
    "simdutf8",
    "slab",
    "smallvec",
    "subtle",
    "thiserror",
];

/// The most lines of one source file.
const LINES_MAX: usize = 1_000;

#[test]
fn core_depends_on_little() {
    let manifest = fs::read_to_string(paths::repository().join("crates/core/Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let dependencies = manifest["dependencies"].as_table().unwrap();
    let allowed: BTreeSet<&str> = CORE_DEPENDENCIES.into_iter().collect();
    let extra: Vec<_> =
        dependencies.keys().filter(|name| !allowed.contains(name.as_str())).collect();
    assert!(extra.is_empty(), "core must not depend on {extra:?}");
}

#[test]
fn no_file_is_too_long() {
    for path in sources() {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", path.display());
    }
}

#[test]
fn nothing_is_left_to_do() {
    let marks = [["to", "do!("].concat(), ["unimple", "mented!("].concat()];
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let found = marks.iter().find(|mark| text.contains(mark.as_str()));
        assert!(found.is_none(), "{} has {found:?}", path.display());
    }
}

#[test]
fn every_source_file_is_a_module_of_something() {
    for path in sources() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let parent = path.parent().unwrap();
        if is_root(&path) {
            continue;
        }
        let declaring = declaring_files(parent, &name);
        let module = if name == "mod" { file_name(parent) } else { name };
        let names = [format!("mod {module};"), format!("\"{}\"", file_name(&path))];
        let declared = declaring.iter().filter_map(|file| fs::read_to_string(file).ok());
        let declared = declared
            .flat_map(|text| names.iter().map(move |n| text.contains(n)).collect::<Vec<_>>());
        assert!(declared.into_iter().any(|found| found), "{} belongs to nothing", path.display());
    }
}

#[test]
fn every_deviation_is_shown_or_says_why_not() {
    let suite = Suite::read(&paths::data()).unwrap();
    let checks = checks::read(&paths::data().join("configuration")).unwrap();
    let deviations = Deviations::read(&paths::data().join("deviations.toml")).unwrap();
    let shown: BTreeSet<&str> =
        suite.cases.iter().filter_map(|case| case.deviation.as_deref()).collect();
    let shown_by_checks = checks.iter().filter_map(|check| check.deviation.as_deref());
    let shown: BTreeSet<&str> = shown.into_iter().chain(shown_by_checks).collect();
    let known: BTreeSet<&str> = deviations.all.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(known.len(), deviations.all.len(), "two deviations have the same id");
    let unknown: Vec<_> = shown.difference(&known).collect();
    assert!(unknown.is_empty(), "deviations.toml lacks {unknown:?}");
    for entry in &deviations.all {
        let told = shown.contains(entry.id.as_str()) != entry.untested.is_some();
        assert!(told, "{}: shown by a case or `untested`, one of the two", entry.id);
    }
}

#[test]
fn configuration_tests_have_names_of_their_own() {
    let checks = checks::read(&paths::data().join("configuration")).unwrap();
    let names: BTreeSet<_> = checks.iter().map(|check| (&check.source, &check.name)).collect();
    assert_eq!(names.len(), checks.len());
}

/// All Rust files of the repository.
fn sources() -> Vec<PathBuf> {
    let root = paths::repository();
    let folders = ["crates", "fuzz"].map(|folder| root.join(folder));
    let existing = folders.iter().filter(|folder| folder.is_dir());
    let files = existing.flat_map(|folder| paths::files(folder, "rs").expect("a directory"));
    files.filter(|path| !is_foreign(path)).collect()
}

/// What is built or fetched rather than written.
fn is_foreign(path: &Path) -> bool {
    let foreign = ["target", "node_modules", "corpus", "artifacts", ".git"];
    path.components().any(|part| foreign.iter().any(|name| part.as_os_str() == *name))
}

/// Whether Cargo finds the file by itself.
fn is_root(path: &Path) -> bool {
    let parent = path.parent().map(file_name).unwrap_or_default();
    let above = path.ancestors().nth(2).is_some_and(|above| above.join("Cargo.toml").exists());
    ["lib.rs", "main.rs", "build.rs"].contains(&file_name(path).as_str())
        || ["fuzz_targets", "examples", "benches", "bin"].contains(&parent.as_str())
        || (parent == "tests" && above)
}

/// The files in which the module of a file in `folder` can be declared.
fn declaring_files(folder: &Path, name: &str) -> Vec<PathBuf> {
    let above = folder.parent().unwrap_or(folder);
    let folder = if name == "mod" { above } else { folder };
    let mut files = vec![folder.with_extension("rs")];
    files.extend(folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path()));
    files
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
