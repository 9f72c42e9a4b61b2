//! Where the requests of a measurement go.

use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::{Context, Result, ensure};

use crate::{
    endpoint::Endpoint,
    load::Load,
    request::{self, CHANNEL, Names, Publication},
    transport::Transport,
};

/// A server's address and its locations.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Where connections go.
    pub endpoint: Endpoint,
    /// Where connections of publishers go.
    pub publish_endpoint: Endpoint,
    /// The `Host` header.
    pub host: String,
    /// The subscriber location, with `{channel}`.
    pub subscribe: String,
    /// The publisher location, with `{channel}`.
    pub publish: String,
    /// What stands before and behind the text in the body of a publication.
    pub envelope: (String, String),
    /// A location that is answered at once, 200.
    pub ready: String,
    /// Whether this program has started it, and knows what it answers.
    pub started: bool,
}

impl Target {
    /// A server that this program starts on `port`, with the locations of its configurations.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub(crate) fn local(port: u16, load: &Load) -> Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let endpoint = if load.tls {
            Endpoint::encrypted(address, "localhost")?
        } else {
            Endpoint::plain(address)
        };
        let target = Self::at(endpoint, address.to_string(), load.transport, load.stores());
        target.with_streams(load)
    }

    /// The same, with subscribers over HTTP/2 where `load` wants that; publishers stay with
    /// HTTP/1.1, a connection each.
    ///
    /// # Errors
    /// If the number of streams is beyond what can be counted.
    pub(crate) fn with_streams(mut self, load: &Load) -> Result<Self> {
        self.endpoint.streams = load.streams().map(usize::try_from).transpose()?;
        Ok(self)
    }

    /// A server with the locations of outpour's built-in configuration.
    fn at(endpoint: Endpoint, host: String, transport: Transport, stored: bool) -> Self {
        let publisher = if stored { "store" } else { "pub" };
        Self {
            publish_endpoint: endpoint.clone(),
            endpoint,
            host,
            subscribe: format!("/{}/{CHANNEL}", location(transport)),
            publish: format!("/{publisher}?id={CHANNEL}"),
            envelope: (String::new(), String::new()),
            ready: "/ready".to_owned(),
            started: true,
        }
    }

    /// A server that runs already, with the locations of outpour's built-in configuration.
    ///
    /// # Errors
    /// If `url` is not `http[s]://host[:port]`, or the host is not known.
    pub(crate) fn remote(url: &str, transport: Transport) -> Result<Self> {
        let encrypted = url.starts_with("https://");
        let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        let host = host.context("the address must begin with http:// or https://")?;
        let host = host.strip_suffix('/').unwrap_or(host);
        let plain = !host.is_empty() && !host.contains(['/', '?', ' ', '@']);
        ensure!(
            plain,
            "{url}: expected http[s]://HOST[:PORT]; paths are given by their own options"
        );
        let port = host.rsplit(']').next().is_some_and(|tail| tail.contains(':'));
        let name = if port { host.rsplit_once(':').map_or(host, |(name, _)| name) } else { host };
        let default = if encrypted { 443 } else { 80 };
        let authority = if port { host.to_owned() } else { format!("{host}:{default}") };
        let mut addresses = authority.to_socket_addrs().with_context(|| url.to_owned())?;
        let address = addresses.next().with_context(|| format!("{url}: no address"))?;
        let endpoint = if encrypted {
            Endpoint::encrypted(address, name.trim_matches(['[', ']']))?
        } else {
            Endpoint::plain(address)
        };
        let target = Self::at(endpoint, host.to_owned(), transport, false);
        Ok(Self { ready: "/".to_owned(), started: false, ..target })
    }

    /// The first request of a connection.
    pub(crate) fn subscription(&self, transport: Transport, channel: &str) -> Vec<u8> {
        let target = match transport {
            Transport::KeepAlive => self.ready.clone(),
            Transport::Streaming
            | Transport::EventSource
            | Transport::Websocket
            | Transport::LongPolling
            | Transport::Polling => self.subscribe.replace(CHANNEL, channel),
        };
        request::get(&self.host, &target, transport.headers())
    }

    /// The publication that publishers fill in.
    pub(crate) fn publication(&self, names: &Names, size: usize) -> Publication {
        let (before, after) = &self.envelope;
        Publication::new((&self.host, &self.publish), names, (before, after), size)
    }
}

/// The first segment of the subscriber locations, as outpour's built-in configuration has them.
fn location(transport: Transport) -> &'static str {
    match transport {
        Transport::Streaming => "sub",
        Transport::EventSource => "ev",
        Transport::Websocket => "ws",
        Transport::LongPolling => "lp",
        Transport::Polling => "poll",
        Transport::KeepAlive => "ready",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |url: &str, expected: Option<(&str, &str)>| {
            let target = Target::remote(url, Transport::Streaming).ok();
            let target = target.map(|target| (target.endpoint.address.to_string(), target.host));
            let expected = expected.map(|(address, host)| (address.to_owned(), host.to_owned()));
            assert_eq!(target, expected, "{url}");
        };
        check("http://127.0.0.1:9080", Some(("127.0.0.1:9080", "127.0.0.1:9080")));
        check("http://127.0.0.1:9080/", Some(("127.0.0.1:9080", "127.0.0.1:9080")));
        check("http://127.0.0.1", Some(("127.0.0.1:80", "127.0.0.1")));
        check("http://[::1]:80", Some(("[::1]:80", "[::1]:80")));
        check("https://127.0.0.1", Some(("127.0.0.1:443", "127.0.0.1")));
        check("https://[::1]:8443/", Some(("[::1]:8443", "[::1]:8443")));
        check("ftp://127.0.0.1", None);
        check("http://127.0.0.1/sub", None);
        check("http://", None);
        check("127.0.0.1:9080", None);
    }
}
