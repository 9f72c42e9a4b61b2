//! A subscriber whose cable is pulled: it says no goodbye, and nothing that is sent to it comes
//! back.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use outpour_testkit::{Connection, Request};

use crate::process::{Server, Site, poll};

/// A ping a second, and a second for its acknowledgement.
const CONFIGURATION: &str = "worker_processes 1; pid {dir}/pid; error_log {dir}/error.log info;
    events {} http { push_stream_shared_memory_size 32m; 
    push_stream_ping_message_interval 1s; send_timeout 1s; server { listen 0.0.0.0:{port};
        location ~ ^/sub/(.*)$ { push_stream_subscriber; push_stream_channels_path $1; }
        location /statistics { push_stream_channels_statistics; push_stream_channels_path a; } } }";

/// A network for a client, joined to ours by a cable. It goes when this is dropped.
struct Network {
    name: String,
    /// Our end of the cable has this address.
    here: String,
}

impl Network {
    /// `None` where this process may not make one.
    fn new() -> Option<Self> {
        let id = std::process::id();
        let prefix = format!("198.18.{}.{}", id >> 6 & 255, (id & 63) << 2);
        let (prefix, last) = prefix.rsplit_once('.')?;
        let last: u32 = last.parse().ok()?;
        let [here, there] = [1, 2].map(|end| format!("{prefix}.{}", last + end));
        if !ip(&format!("netns add outpour{id}")) {
            return None;
        }
        let network = Self { name: format!("outpour{id}"), here };
        let name = &network.name;
        let made = ip(&format!("link add near{id} type veth peer name far netns {name}"))
            && ip(&format!("address add {}/30 dev near{id}", network.here))
            && ip(&format!("link set near{id} up"))
            && ip(&format!("-n {name} address add {there}/30 dev far"))
            && ip(&format!("-n {name} link set far up"));
        made.then_some(network)
    }

    /// The binary with `arguments`, in that network.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, env!("CARGO_BIN_EXE_outpour")]);
        command.args(arguments).stdin(Stdio::null());
        command
    }

    fn pull_the_cable(&self) {
        assert!(ip(&format!("-n {} link set far down", self.name)));
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        ip(&format!("netns delete {}", self.name));
    }
}

/// Runs `ip`; whether it did what was asked.
fn ip(line: &str) -> bool {
    let mut command = Command::new("ip");
    command.args(line.split(' ')).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Waits until the server counts so many subscribers.
fn await_subscribers(site: &Site, count: usize) {
    let address = ([127, 0, 0, 1], site.port).into();
    let part = format!("\"subscribers\": {count}}}");
    poll(&part, || {
        let mut connection = Connection::open(address).unwrap();
        let ask = Request::new("GET", "/statistics").header("Connection: close");
        connection.send(&ask.bytes()).unwrap();
        let answer = connection.take_to_end(Instant::now() + Duration::from_secs(5)).unwrap();
        String::from_utf8_lossy(&answer).contains(&part)
    });
}

#[test]
fn a_subscriber_that_vanishes_is_noticed_by_the_next_ping() {
    let Some(network) = Network::new() else {
        // Root and the right to configure networks are needed.
        eprintln!("no network could be made: not tested");
        return;
    };
    let site = Site::new();
    site.write("push.conf", CONFIGURATION);
    let _server = site.start(&["-c", "{dir}/push.conf"]);
    let url = format!("http://{}:{}/sub/", network.here, site.port);
    let _subscriber: Server = site.spawn(network.command(&["sub", "--url", &url, "a"]));
    await_subscribers(&site, 1);
    network.pull_the_cable();
    let pulled = Instant::now();
    await_subscribers(&site, 0);
    // Without a limit the kernel would go on trying for a quarter of an hour.
    assert!(pulled.elapsed() < Duration::from_secs(15), "{:?}", pulled.elapsed());
}
