//! nginx with Nchan, in Debian the packages nginx and libnginx-mod-nchan.

use std::path::Path;

use super::{
    HISTORY, Plan,
    nginx_style::{Parts, location, render, temporary_files},
};

/// Where Debian puts the module.
pub(super) const MODULE: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/// The configuration.
pub(super) fn configuration(plan: &Plan<'_>, directory: &Path) -> String {
    let main = format!("{}load_module {MODULE};\n", super::user());
    let ping = match plan.load.ping {
        0 => String::new(),
        seconds => format!(
            "    nchan_websocket_ping_interval {seconds}s;\n    \
             nchan_eventsource_ping_interval {seconds}s;\n"
        ),
    };
    let http = format!("{}    nchan_shared_memory_size 1024m;\n{ping}", temporary_files(directory));
    let publishers = [("pub", 0), ("store", HISTORY)].map(|(name, history)| {
        let role = format!(
            "nchan_publisher http; nchan_channel_id $arg_id; \
             nchan_message_buffer_length {history}; nchan_message_timeout 1h;"
        );
        location(&format!("/{name}"), &role)
    });
    let subscribers = [
        ("sub", "http-chunked"),
        ("ev", "eventsource"),
        ("ws", "websocket"),
        ("lp", "longpoll"),
        ("poll", "intervalpoll"),
    ]
    .map(|(name, kind)| {
        // An interval poll that begins at the newest message never learns where to go on.
        let first = if name == "poll" { "oldest" } else { "newest" };
        let role = format!(
            "nchan_subscriber {kind}; nchan_channel_id $1; \
             nchan_subscriber_first_message {first}; nchan_subscriber_timeout 0;"
        );
        location(&format!("~ ^/{name}/(.*)$"), &role)
    });
    let locations = publishers.concat() + &subscribers.concat();
    render(plan, directory, &Parts { main, http, locations })
}
