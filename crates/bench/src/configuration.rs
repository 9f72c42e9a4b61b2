//! The configuration that every measured server runs.
//!
//! | location | what |
//! |---|---|
//! | `/channels-stats?id=` | statistics |
//! | `/pub?id=` | publisher, messages are not stored |
//! | `/store?id=` | publisher, messages are stored |
//! | `/sub/` `/ev/` `/ws/` `/lp/` `/poll/` | streaming, EventSource, WebSocket, long-polling, polling |

use std::path::Path;

/// A message template with every token, for bodies that are full of them.
pub(crate) const FULL_TEMPLATE: &str = r#"{"id":~id~,"channel":"~channel~","tag":~tag~,"time":"~time~","event":"~event-id~~event-type~","size":~size~,"text":"~text~"}"#;

/// What differs between the servers of the parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Configuration {
    /// `worker_processes`.
    pub workers: u16,
    /// `push_stream_message_template` of all subscribers.
    pub template: &'static str,
}

impl Configuration {
    /// A server with `workers` workers that sends the text alone, as without a template.
    pub(crate) fn plain(workers: u16) -> Self {
        Self { workers, template: "~text~" }
    }

    /// The file for a server on `port` whose own files lie in `directory`.
    ///
    /// Time-outs are long, so that a shared machine under load loses no connection to them.
    pub(crate) fn render(&self, port: u16, open_files: u64, directory: &Path) -> String {
        let Self { workers, template } = self;
        let directory = directory.display();
        format!(
            "worker_processes {workers};
worker_rlimit_nofile {open_files};
daemon off;
master_process off;
pid {directory}/server.pid;
error_log {directory}/error.log warn;
events {{
    worker_connections {open_files};
}}
http {{
    access_log off;
    default_type text/plain;
    keepalive_timeout 1h;
    keepalive_requests 100000000;
    client_header_timeout 1h;
    client_body_timeout 1h;
    send_timeout 1h;
    client_max_body_size 64m;
    client_body_buffer_size 64m;
    push_stream_shared_memory_size 1024m;
    push_stream_message_template '{template}';
    server {{
        listen 127.0.0.1:{port};
{locations}    }}
}}
",
            locations = locations(),
        )
    }
}

/// The `location` blocks.
fn locations() -> String {
    let publishers = [("pub", "off"), ("store", "on")].map(|(name, store)| {
        let role = format!("push_stream_publisher; push_stream_store_messages {store};");
        location(&format!("/{name}"), &role, "$arg_id")
    });
    let subscribers = [
        ("sub", "streaming"),
        ("ev", "eventsource"),
        ("ws", "websocket"),
        ("lp", "long-polling"),
        ("poll", "polling"),
    ]
    .map(|(name, mode)| {
        location(&format!("~ ^/{name}/(.*)$"), &format!("push_stream_subscriber {mode};"), "$1")
    });
    let statistics = location("/channels-stats", "push_stream_channels_statistics;", "$arg_id");
    statistics + &publishers.concat() + &subscribers.concat()
}

/// One `location` block.
fn location(pattern: &str, role: &str, path: &str) -> String {
    format!("        location {pattern} {{ {role} push_stream_channels_path {path}; }}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_every_location() {
        let text = Configuration::plain(2).render(9080, 1024, Path::new("/d"));
        let check = |part: &str| assert!(text.contains(part), "{part} is missing in {text}");
        check("worker_processes 2;");
        check("listen 127.0.0.1:9080;");
        check("location /store { push_stream_publisher; push_stream_store_messages on;");
        check("location ~ ^/lp/(.*)$ { push_stream_subscriber long-polling;");
        assert_eq!(text.matches('{').count(), text.matches('}').count());
    }
}
