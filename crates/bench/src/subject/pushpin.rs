//! pushpin: a proxy that holds connections which its origin tells it to hold.
//!
//! The origin is a small server of this program, in a process that is not measured: it is asked
//! once per connection, through zurl, Debian's client for it. Publications go to pushpin's own HTTP port, as JSON.

use std::{env, ffi::OsString, fs, path::Path};

use anyhow::{Context, Result};

use super::{Invocation, Plan, find_program};
use crate::{request::CHANNEL, target::Target, transport::Transport};

/// Where Debian puts what the configuration refers to.
const LIBRARY: &str = "/usr/lib/pushpin";

/// Publications are JSON, with the text in the format of the transport.
pub(super) fn address(target: &mut Target, plan: &Plan<'_>) {
    let transport = plan.load.transport;
    let [publish, ..] = plan.more_ports;
    target.publish_endpoint.address.set_port(publish);
    let format = match transport {
        Transport::Websocket => r#""ws-message":{"content":""#,
        Transport::EventSource => r#""http-stream":{"content":"data: "#,
        Transport::Streaming
        | Transport::LongPolling
        | Transport::Polling
        | Transport::KeepAlive => r#""http-stream":{"content":""#,
    };
    let before = format!(r#"{{"items":[{{"channel":"{CHANNEL}","formats":{{{format}"#);
    let end = if transport == Transport::EventSource { r"\n\n" } else { "" };
    target.envelope = (before, format!(r#"{end}"}}}}}}]}}"#));
    target.publish = "/publish/".to_owned();
}

/// Writes `pushpin.conf` and tells how to start pushpin and its origin.
pub(super) fn prepare(plan: &Plan<'_>, directory: &Path) -> Result<Invocation> {
    let file = directory.join("pushpin.conf");
    fs::write(&file, configuration(plan, directory))?;
    let [_, _, _, origin] = plan.more_ports;
    let file_argument = format!("--config={}", file.display());
    let route = format!("--route=* localhost:{origin},over_http");
    let port = format!("--port=127.0.0.1:{}", plan.port);
    let arguments = [file_argument, port, route].map(OsString::from);
    let origin = ["bench".into(), "origin".into(), "--port".into(), origin.to_string().into()];
    let own = env::current_exe()?.into_os_string();
    let client = directory.join("zurl.conf");
    fs::write(&client, client_configuration(directory))?;
    let client_argument = format!("--config={}", client.display());
    Ok(Invocation {
        program: find_program("pushpin").context("pushpin is not installed")?,
        arguments: arguments.into(),
        helpers: vec![
            std::iter::once(own).chain(origin).collect(),
            vec!["zurl".into(), client_argument.into()],
        ],
    })
}

/// The configuration: Debian's, with room for the connections and no bound on the rate.
fn configuration(plan: &Plan<'_>, directory: &Path) -> String {
    let [publish, subscribe, command, _] = plan.more_ports;
    let connections = plan.open_files.saturating_sub(64).min(100_000);
    let directory = directory.display();
    format!(
        "[global]
include={LIBRARY}/internal.conf
rundir={directory}
libdir={LIBRARY}
ipc_prefix=bench-
stats_connection_ttl=120

[runner]
services=condure,pushpin-proxy,pushpin-handler
logdir={directory}
log_level=1
client_buffer_size=8192
client_maxconn={connections}
condure_bin=condure

[proxy]
routesfile=routes
zurl_out_specs=ipc://{directory}/zurl-in
zurl_out_stream_specs=ipc://{directory}/zurl-in-stream
zurl_in_specs=ipc://{directory}/zurl-out

[handler]
push_in_sub_specs=tcp://127.0.0.1:{subscribe}
push_in_http_addr=127.0.0.1
push_in_http_port={publish}
push_in_http_max_headers_size=10000
push_in_http_max_body_size=2000000
command_spec=tcp://127.0.0.1:{command}
message_rate=100000000
message_hwm=100000000
message_wait=0
id_cache_ttl=0
subscription_linger=60
stats_report_interval=3600
stats_format=tnetstring
"
    )
}

/// The configuration of zurl, which asks the origin.
fn client_configuration(directory: &Path) -> String {
    let directory = directory.display();
    format!(
        "[General]
in_spec=ipc://{directory}/zurl-in
in_stream_spec=ipc://{directory}/zurl-in-stream
out_spec=ipc://{directory}/zurl-out
in_req_spec=ipc://{directory}/zurl-req
defpolicy=allow
max_open_requests=10000
buffer_size=200000
timeout=600
in_hwm=10000
out_hwm=10000
"
    )
}
