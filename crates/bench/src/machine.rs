//! What figures were measured on.

use serde_json::{Value, json};

/// Machine, program and command as an object.
pub(crate) fn describe() -> Value {
    let kernel = rustix::system::uname();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "optimised": !cfg!(debug_assertions),
        "command": command(),
        "cores": cores(),
        "processor": processor(),
        "kernel": kernel.release().to_string_lossy(),
    })
}

/// A line on the machine.
pub(crate) fn line() -> String {
    let cores = cores();
    let kernel = rustix::system::uname();
    let kernel = kernel.release().to_string_lossy().into_owned();
    let slow = if cfg!(debug_assertions) { "; not an optimised build" } else { "" };
    format!("{} ({cores} cores), Linux {kernel}{slow}", processor())
}

/// The command line of this program, its own name without the directory.
pub(crate) fn command() -> String {
    let words = std::env::args().skip(1);
    std::iter::once("outpour".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// Cores of the machine: this thread may have been put on one of them.
fn cores() -> usize {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    text.lines().filter(|line| line.starts_with("processor")).count().max(1)
}

/// The model of the first core; empty where `/proc/cpuinfo` does not tell.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find(|line| line.starts_with("model name"));
    model
        .and_then(|line| line.split_once(':'))
        .map_or_else(String::new, |(_, name)| name.trim().to_owned())
}
