//! Every log that a configuration names.

use std::collections::BTreeSet;
use std::path::Path;

use outpour_core::router::Statement;
use outpour_core::settings::{Location, LocationSettings, LogTarget, Settings};

/// The files of all `error_log` and `access_log` directives, each once.
#[must_use]
pub fn files(settings: &Settings) -> BTreeSet<&Path> {
    targets(settings).into_iter().filter_map(file).collect()
}

fn file(target: &LogTarget) -> Option<&Path> {
    match target {
        LogTarget::File(path) => Some(path),
        LogTarget::Stderr | LogTarget::Syslog(_) => None,
    }
}

/// The targets of the main level, `http`, servers, locations and their `if` blocks; one that is
/// named several times is there several times.
pub(super) fn targets(settings: &Settings) -> Vec<&LogTarget> {
    let mut out: Vec<_> = settings.main.error_log.iter().map(|log| &log.target).collect();
    let Some(http) = &settings.http else { return out };
    add(&http.settings, &mut out);
    for server in &http.servers {
        add(&server.settings, &mut out);
        add_script(&server.script, &mut out);
        add_locations(&server.locations, &mut out);
    }
    out
}

fn add_locations<'a>(locations: &'a [Location], out: &mut Vec<&'a LogTarget>) {
    for location in locations {
        add(&location.settings, out);
        add_script(&location.script, out);
        add_locations(&location.locations, out);
    }
}

fn add_script<'a>(script: &'a [Statement], out: &mut Vec<&'a LogTarget>) {
    for statement in script {
        let Statement::If(block) = statement else { continue };
        if let Some(settings) = &block.settings {
            add(settings, out);
        }
        add_script(&block.script, out);
    }
}

fn add<'a>(settings: &'a LocationSettings, out: &mut Vec<&'a LogTarget>) {
    out.extend(settings.error_log.iter().map(|log| &log.target));
    out.extend(settings.access_log.iter().map(|log| &log.target));
}
