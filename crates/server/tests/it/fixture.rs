//! A server in this process.

use std::fs;
use std::net::SocketAddr;
use std::thread::{self, JoinHandle};

use outpour_core::settings::Settings;
use outpour_server::{Handle, Server, StartError};
use outpour_testkit::free_port;
use tempfile::TempDir;

use crate::authority::Authority;
use crate::client::Client;

/// Locations of every kind.
pub(crate) const LOCATIONS: &str = r#"
    location /pub { push_stream_publisher admin; push_stream_channels_path $arg_id;
        push_stream_store_messages on; client_max_body_size 8m; }
    location ~ ^/sub/(.*) { push_stream_subscriber; push_stream_channels_path $1; }
    location ~ ^/ev/(.*) { push_stream_subscriber eventsource; push_stream_channels_path $1; }
    location ~ ^/lp/(.*) { push_stream_subscriber long-polling; push_stream_channels_path $1; }
    location ~ ^/poll/(.*) { push_stream_subscriber polling; push_stream_channels_path $1; }
    location ~ ^/ws/(.*) { push_stream_subscriber websocket; push_stream_channels_path $1;
        push_stream_websocket_allow_publish on; }
    location /stats { push_stream_channels_statistics; push_stream_channels_path $arg_id; }
    location /vars { default_type text/plain;
        return 200 "$scheme $https $ssl_protocol $ssl_server_name $ssl_client_verify $ssl_session_reused $ssl_client_s_dn|$ssl_client_i_dn|$server_name"; }
"#;

/// A running server, its folder and the authority of its certificates.
pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) authority: Authority,
    pub(crate) port: u16,
    template: String,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Fixture {
    /// Serves `servers`, in which `{{port}}`, `{{dir}}` and `{{locations}}` are filled in. There
    /// are certificates `a` and `b` of the authority `ca.pem` in the folder, and its
    /// list of revocations `crl.pem`.
    pub(crate) fn new(servers: &str) -> Self {
        let authority = Authority::new("tests");
        let folder = TempDir::with_prefix("outpour-tls-").unwrap();
        authority.write(folder.path(), "a.test", "a");
        authority.write(folder.path(), "b.test", "b");
        fs::write(folder.path().join("ca.pem"), &authority.pem).unwrap();
        fs::write(folder.path().join("crl.pem"), authority.revocations(&[], false)).unwrap();
        loop {
            let port = free_port().unwrap();
            let settings = settings(servers, port, &folder);
            let server = match Server::bind(settings) {
                Err(StartError::Bind { .. }) => continue,
                bound => bound.unwrap(),
            };
            let handle = server.handle();
            let thread = Some(thread::spawn(move || server.run().unwrap()));
            let template = servers.to_owned();
            return Self { folder, authority, port, template, handle, thread };
        }
    }

    /// One server `a.test` with everything, and `more` directives.
    pub(crate) fn simple(more: &str) -> Self {
        Self::new(&format!(
            "server {{ listen 127.0.0.1:{{{{port}}}} ssl; server_name a.test; \
             ssl_certificate {{{{dir}}}}/a.pem; ssl_certificate_key {{{{dir}}}}/a.key; {more} \
             {{{{locations}}}} }}"
        ))
    }

    /// The same server with more directives, put into force by a reload.
    pub(crate) fn with_directives(mut self, more: &str) -> Self {
        self.template =
            self.template.replace("{{locations}}", &format!("{more} {{{{locations}}}}"));
        self.reload().unwrap();
        self
    }

    pub(crate) fn reload(&self) -> Result<(), StartError> {
        self.handle.reload(settings(&self.template, self.port, &self.folder))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// A client that trusts the authority and asks for `name`.
    pub(crate) fn client(&self, name: &str) -> Client {
        Client::connect(self.address(), name, crate::client::config(&self.authority, None)).unwrap()
    }

    /// Publishes over a connection of its own.
    pub(crate) fn publish(&self, channel: &str, text: &[u8]) {
        let mut client = self.client("a.test");
        let head = format!(
            "POST /pub?id={channel} HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        client.send(head.as_bytes());
        client.send(text);
        client.read_until("HTTP/1.1 200 OK");
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.handle.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub(crate) fn settings(servers: &str, port: u16, folder: &TempDir) -> Settings {
    let text = format!(
        "worker_processes 2; error_log {}/error.log info; events {{ }} http {{ access_log off; \
         push_stream_shared_memory_size 64m; {servers} }}",
        folder.path().display()
    );
    let text = text
        .replace("{{port}}", &port.to_string())
        .replace("{{dir}}", &folder.path().display().to_string())
        .replace("{{locations}}", LOCATIONS);
    let loaded = outpour_config::load_text(text.as_bytes());
    let said: Vec<String> = loaded.diagnostics.iter().map(|d| d.one_line()).collect();
    loaded.settings.unwrap_or_else(|| panic!("{said:#?}"))
}
