//! `-t` and `-T`.

use std::process::ExitCode;

use outpour_config::{Loaded, dump};
use outpour_server::logs::Logs;

use crate::args::Arguments;
use crate::diagnostics::Shown;
use crate::source::Source;
use crate::{diagnostics, privileges, terminal};

/// Tests the configuration, says the result in nginx's words and, for `-T`, prints every file.
pub(crate) fn run(source: &Source, arguments: &Arguments) -> ExitCode {
    let loaded = source.load();
    let shown = if arguments.quiet { Shown::Fatal } else { Shown::All };
    diagnostics::print(&loaded.diagnostics, shown);
    let name = source.name();
    if !passes(&loaded, arguments.quiet) || !certificates_pass(&loaded) {
        terminal::err(&format!("nginx: configuration file {name} test failed"));
        return ExitCode::FAILURE;
    }
    if !arguments.quiet {
        terminal::err(&format!("nginx: the configuration file {name} syntax is ok"));
        terminal::err(&format!("nginx: configuration file {name} test is successful"));
    }
    if arguments.dump {
        terminal::out_bytes(&dump(&loaded.files));
    }
    ExitCode::SUCCESS
}

/// Whether all certificates and keys can be used.
fn certificates_pass(loaded: &Loaded) -> bool {
    let checked = loaded.settings.as_ref().map(outpour_server::check_certificates);
    let Some(Err(error)) = checked else { return true };
    terminal::err(&format!("nginx: [emerg] {error}"));
    false
}

/// Whether a server could start from this, as far as a look at the machine's users and logs can
/// tell. As with nginx, logs that do not exist come into being.
fn passes(loaded: &Loaded, quiet: bool) -> bool {
    let Some(settings) = &loaded.settings else { return false };
    if let Err(error) = Logs::open(settings) {
        terminal::err(&format!("nginx: [emerg] {error}"));
        return false;
    }
    match privileges::resolve(&settings.main) {
        Ok(resolved) => {
            if let Some(warning) = resolved.warning.filter(|_| !quiet) {
                terminal::err(&format!("nginx: [warn] {warning}"));
            }
            true
        }
        Err(error) => {
            terminal::err(&format!("nginx: [emerg] {error}"));
            false
        }
    }
}
