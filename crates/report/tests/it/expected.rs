//! Texts compared with committed ones.

use std::path::Path;

/// Compares `found` with a file of `configurations/expected`; with `UPDATE=1` in the environment
/// the file is written anew.
pub(crate) fn check(name: &str, found: &str) {
    let path = Path::new("tests/configurations/expected").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, found).expect("the folder is there");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        known == found,
        "{name} is another one; `UPDATE=1 cargo test -p outpour-report` writes it anew:\n{found}"
    );
}
