//! Tells the binary what it was built with and for, so that `outpour -V` can say it.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .unwrap_or_default();
    println!("cargo::rustc-env=OUTPOUR_RUSTC={}", version.trim());
    for (variable, source) in [("OUTPOUR_TARGET", "TARGET"), ("OUTPOUR_PROFILE", "PROFILE")] {
        println!("cargo::rustc-env={variable}={}", env::var(source).unwrap_or_default());
    }
}
