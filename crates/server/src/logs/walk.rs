//! Every log that a configuration names.

use std::collections::BTreeSet;
use std::path::Path;

use outpour_core::router::Statement;
use outpour_core::settings::{Location, LocationSettings, LogBuffer, LogTarget, Settings};

/// The files of all `error_log` and `access_log` directives, each once.
#[must_use]
pub fn files(settings: &Settings) -> BTreeSet<&Path> {
    targets(settings).into_iter().filter_map(file).collect()
}

fn file(target: &LogTarget) -> Option<&Path> {
    match target {
        LogTarget::File(path) => Some(path),
        LogTarget::Stderr | LogTarget::Syslog(_) | LogTarget::Named { .. } => None,
    }
}

/// The targets of the main level, `http`, servers, locations and their `if` blocks; one that is
/// named several times is there several times.
pub(super) fn targets(settings: &Settings) -> Vec<&LogTarget> {
    let mut out: Vec<_> = settings.main.error_log.iter().map(|log| &log.target).collect();
    for settings in levels(settings) {
        out.extend(settings.error_log.iter().map(|log| &log.target));
        out.extend(settings.access_log.iter().map(|log| &log.target));
    }
    out
}

/// The buffers of all access logs, with what they stand before.
pub(super) fn buffers(settings: &Settings) -> Vec<(&LogTarget, LogBuffer)> {
    let logs = levels(settings).into_iter().flat_map(|settings| &settings.access_log);
    logs.filter_map(|log| Some((&log.target, log.buffer?))).collect()
}

/// The settings of `http`, servers, locations and their `if` blocks.
fn levels(settings: &Settings) -> Vec<&LocationSettings> {
    let mut out = Vec::new();
    let Some(http) = &settings.http else { return out };
    out.push(&*http.settings);
    for server in &http.servers {
        out.push(&server.settings);
        add_script(&server.script, &mut out);
        add_locations(&server.locations, &mut out);
    }
    out
}

fn add_locations<'a>(locations: &'a [Location], out: &mut Vec<&'a LocationSettings>) {
    for location in locations {
        out.push(&location.settings);
        add_script(&location.script, out);
        add_locations(&location.locations, out);
    }
}

fn add_script<'a>(script: &'a [Statement], out: &mut Vec<&'a LocationSettings>) {
    for statement in script {
        let Statement::If(block) = statement else { continue };
        out.extend(block.settings.as_deref());
        add_script(&block.script, out);
    }
}
