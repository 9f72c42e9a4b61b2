//! `-t` and `-T`.

use std::process::ExitCode;

use outpour_config::Loaded;
use outpour_core::settings::Level;

use crate::args::Arguments;
use crate::source::Source;
use crate::{diagnostics, privileges, terminal};

/// Tests the configuration, says the result in nginx's words and, for `-T`, prints every file.
pub(crate) fn run(source: &Source, arguments: &Arguments) -> ExitCode {
    let loaded = source.load();
    let least = if arguments.quiet { Level::Error } else { Level::Debug };
    diagnostics::print(&loaded.diagnostics, least);
    let name = source.name();
    if !passes(&loaded, arguments.quiet) {
        terminal::err(&format!("nginx: configuration file {name} test failed"));
        return ExitCode::FAILURE;
    }
    if !arguments.quiet {
        terminal::err(&format!("nginx: the configuration file {name} syntax is ok"));
        terminal::err(&format!("nginx: configuration file {name} test is successful"));
    }
    if arguments.dump {
        terminal::out_bytes(&dump(&loaded));
    }
    ExitCode::SUCCESS
}

/// Whether a server could start from this, as far as a look at the machine's users can tell.
fn passes(loaded: &Loaded, quiet: bool) -> bool {
    let Some(settings) = &loaded.settings else { return false };
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

/// Every file read, each under a comment with its name, in nginx's form.
fn dump(loaded: &Loaded) -> Vec<u8> {
    let mut out = Vec::new();
    for (path, text) in &loaded.files {
        out.extend_from_slice(format!("# configuration file {}:\n", path.display()).as_bytes());
        out.extend_from_slice(text);
        out.push(b'\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_dumped_as_nginx_dumps_them() {
        let files = vec![("/a".into(), b"x;\n".to_vec()), ("/b".into(), b"y;".to_vec())];
        let loaded = Loaded { settings: None, diagnostics: Vec::new(), files };
        let expected = b"# configuration file /a:\nx;\n\n# configuration file /b:\ny;\n";
        assert_eq!(dump(&loaded), expected);
    }
}
