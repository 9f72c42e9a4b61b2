//! outpour and nginx as web servers around the push: a file, and an upstream's answers.

use std::{env, ffi::OsString, fs, path::Path};

use anyhow::Result;

use super::{
    Plan,
    nginx_style::{Parts, location, render, temporary_files},
};
use crate::resource::{Resource, content};

/// Idle connections to the upstream that a worker keeps.
const KEPT: u32 = 64;

/// The configuration of outpour.
pub(super) fn outpour(plan: &Plan<'_>, directory: &Path) -> String {
    render(plan, directory, &parts(plan, directory, String::new(), ""))
}

/// The configuration of nginx.
pub(super) fn nginx(plan: &Plan<'_>, directory: &Path) -> String {
    render(plan, directory, &parts(plan, directory, super::user(), &temporary_files(directory)))
}

/// The directives, the same for both: Debian's for files, those that nginx's manual gives for kept
/// connections to an upstream.
fn parts(plan: &Plan<'_>, directory: &Path, main: String, http: &str) -> Parts {
    let [origin, ..] = plan.more_ports;
    let directory = directory.display();
    match plan.load.request {
        Some(Resource::Proxied) => Parts {
            main,
            http: format!(
                "{http}    upstream origin {{ server 127.0.0.1:{origin}; keepalive {KEPT}; }}\n"
            ),
            locations: location(
                "/proxied/",
                "proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection '';",
            ),
        },
        Some(Resource::File) | None => Parts {
            main,
            http: format!("{http}    sendfile on;\n    tcp_nopush on;\n"),
            locations: location(
                "/files/",
                &format!("root {directory}; types {{ text/html html; }}"),
            ),
        },
    }
}

/// Writes the file that is asked for.
pub(super) fn write_file(plan: &Plan<'_>, directory: &Path) -> Result<()> {
    let path = directory.join(Resource::File.path().trim_start_matches('/'));
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    Ok(fs::write(path, content(plan.load.size))?)
}

/// The upstream, where there is one to ask.
pub(super) fn helper(plan: &Plan<'_>) -> Result<Option<Vec<OsString>>> {
    if plan.load.request != Some(Resource::Proxied) {
        return Ok(None);
    }
    let [port, ..] = plan.more_ports;
    let mut words = vec![env::current_exe()?.into_os_string()];
    words.extend(["bench", "origin", "--port"].map(OsString::from));
    words.extend(
        [port.to_string(), "--size".to_owned(), plan.load.size.to_string()].map(OsString::from),
    );
    Ok(Some(words))
}
