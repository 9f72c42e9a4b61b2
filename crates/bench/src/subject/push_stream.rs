//! outpour and nginx with push-stream: the same directives.

use std::path::Path;

use super::{
    HISTORY, Plan,
    nginx_style::{Parts, location, render, temporary_files},
};

/// The configuration of outpour.
pub(super) fn outpour(plan: &Plan<'_>, directory: &Path) -> String {
    render(plan, directory, &parts(plan, String::new(), ""))
}

/// The configuration of nginx with push-stream, built in or loaded from `module`.
pub(super) fn nginx(plan: &Plan<'_>, directory: &Path, module: Option<&Path>) -> String {
    let load = module.map(|module| format!("load_module {};\n", module.display()));
    let main = super::user() + &load.unwrap_or_default();
    render(plan, directory, &parts(plan, main, &temporary_files(directory)))
}

/// The directives of push-stream.
fn parts(plan: &Plan<'_>, main: String, http: &str) -> Parts {
    let ping = match plan.load.ping {
        0 => String::new(),
        seconds => format!("    push_stream_ping_message_interval {seconds}s;\n"),
    };
    let http = format!(
        "{http}    push_stream_shared_memory_size 1024m;
    push_stream_max_messages_stored_per_channel {HISTORY};
    push_stream_message_template '~text~';
{ping}"
    );
    let publishers = [("pub", "off"), ("store", "on")].map(|(name, store)| {
        let role = format!(
            "push_stream_publisher; push_stream_store_messages {store}; \
             push_stream_channels_path $arg_id;"
        );
        location(&format!("/{name}"), &role)
    });
    let subscribers = [
        ("sub", "streaming"),
        ("ev", "eventsource"),
        ("ws", "websocket"),
        ("lp", "long-polling"),
        ("poll", "polling"),
    ]
    .map(|(name, mode)| {
        let role = format!("push_stream_subscriber {mode}; push_stream_channels_path $1;");
        location(&format!("~ ^/{name}/(.*)$"), &role)
    });
    Parts { main, http, locations: publishers.concat() + &subscribers.concat() }
}
