//! The frame of the configurations that outpour and the nginx modules share.
//!
//! Time-outs are long, so that a shared machine under load loses no connection to them; every
//! server gets the same.

use std::path::Path;

use super::{Plan, certificate};

/// What differs between the servers.
pub(super) struct Parts {
    /// Directives of the main level, such as `load_module`.
    pub main: String,
    /// Directives of the http level.
    pub http: String,
    /// The publisher and subscriber locations.
    pub locations: String,
}

/// The whole file.
pub(super) fn render(plan: &Plan<'_>, directory: &Path, parts: &Parts) -> String {
    let (workers, port, open_files) = (plan.load.workers, plan.port, plan.open_files);
    let Parts { main, http, locations } = parts;
    let (mut listen, certificate) = match plan.load.tls {
        true => (" ssl".to_owned(), certificate::directives(directory)),
        false => (String::new(), String::new()),
    };
    let mut http2 = String::new();
    if let Some(streams) = plan.load.streams() {
        listen += " http2";
        // Those that the generator has given up may still count for a moment.
        http2 =
            format!("    http2_max_concurrent_streams {};\n", streams.saturating_mul(2).max(128));
    }
    let directory = directory.display();
    format!(
        "{main}worker_processes {workers};
worker_rlimit_nofile {open_files};
daemon off;
pid {directory}/server.pid;
error_log {directory}/error.log warn;
events {{
    worker_connections {open_files};
}}
http {{
    access_log off;
    default_type text/plain;
    tcp_nodelay on;
    keepalive_timeout 1h;
    keepalive_requests 100000000;
    client_header_timeout 1h;
    client_body_timeout 1h;
    send_timeout 1h;
    client_max_body_size 2m;
    client_body_buffer_size 2m;
{http2}{http}    server {{
        listen 127.0.0.1:{port}{listen} backlog=4096;
{certificate}        location = /ready {{ return 200 ready; }}
{locations}    }}
}}
"
    )
}

/// One `location` block.
pub(super) fn location(pattern: &str, directives: &str) -> String {
    format!("        location {pattern} {{ {directives} }}\n")
}

/// Directives that keep the temporary files of nginx in the server's own directory, and its
/// workers able to write there.
pub(super) fn temporary_files(directory: &Path) -> String {
    let directory = directory.display();
    ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("    {name}_temp_path {directory}/{name};\n"))
        .concat()
}
