//! `-v` and `-V`.

use crate::terminal;

/// The nginx whose configuration and wire habits outpour follows; scripts look for its form.
const NGINX: &str = "nginx/1.28.0";

/// The release of outpour.
pub(crate) const OUTPOUR: &str = env!("CARGO_PKG_VERSION");

/// Prints the version to standard error, as nginx does, and with `build` what it was built from.
pub(crate) fn print(build: bool) {
    terminal::err(&format!("nginx version: {NGINX} (outpour/{OUTPOUR})"));
    if build {
        terminal::err(&format!("built by {}", env!("OUTPOUR_RUSTC")));
        let (target, profile) = (env!("OUTPOUR_TARGET"), env!("OUTPOUR_PROFILE"));
        terminal::err(&format!("built for {target} ({profile})"));
        terminal::err("configure arguments: none; nginx-push-stream-module 0.6.0 is built in");
    }
}
