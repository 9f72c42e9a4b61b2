//! Every log file that a configuration names.

use std::collections::BTreeSet;
use std::path::Path;

use outpour_core::settings::{Location, LocationSettings, LogTarget, Settings};

/// The files of all `error_log` and `access_log` directives, each once.
pub(crate) fn of(settings: &Settings) -> BTreeSet<&Path> {
    let mut files: BTreeSet<&Path> =
        settings.main.error_log.iter().filter_map(|log| file(&log.target)).collect();
    if let Some(http) = &settings.http {
        add(&http.settings, &mut files);
        for server in &http.servers {
            add(&server.settings, &mut files);
            add_locations(&server.locations, &mut files);
        }
    }
    files
}

fn add_locations<'a>(locations: &'a [Location], files: &mut BTreeSet<&'a Path>) {
    for location in locations {
        add(&location.settings, files);
        add_locations(&location.locations, files);
    }
}

fn add<'a>(settings: &'a LocationSettings, files: &mut BTreeSet<&'a Path>) {
    files.extend(settings.error_log.iter().filter_map(|log| file(&log.target)));
    files.extend(settings.access_log.iter().filter_map(|log| file(&log.target)));
}

fn file(target: &LogTarget) -> Option<&Path> {
    match target {
        LogTarget::File(path) => Some(path),
        LogTarget::Stderr | LogTarget::Syslog(_) => None,
    }
}
