use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

/// The server binary under test: the path in `OUTPOUR_BIN`, else the `outpour` that lies beside
/// the running test in `target/debug` or `target/release`.
///
/// # Errors
/// When there is none; the sentence says how to get one.
pub fn binary() -> Result<PathBuf> {
    if let Some(path) = env::var_os("OUTPOUR_BIN") {
        return Ok(PathBuf::from(path));
    }
    let test = env::current_exe().context("the path of the running test")?;
    // target/debug/deps/it-0123 and target/debug/conformance both occur.
    for folder in test.ancestors().skip(1).take(2) {
        let candidate = folder.join("outpour");
        if candidate.is_file() {
            return Ok(candidate);
        }
    }
    bail!("no `outpour` beside {}: build package `outpour` or set OUTPOUR_BIN", test.display())
}
