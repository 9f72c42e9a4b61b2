//! What one measurement does: who waits, who publishes, how fast and for how long.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::{resource::Resource, stamp::STAMP_BYTES, transport::Transport};

/// One measurement; the fields of a `[[load]]` in a scenario file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Load {
    /// Names the load in tables; empty: made from the other fields.
    pub name: String,
    /// How the subscribers wait.
    pub transport: Transport,
    /// Connections that wait; at most 1,000,000.
    pub subscribers: u32,
    /// Channels; subscribers and publishers are spread over them in turn. At most 1,000,000.
    pub channels: u32,
    /// Keep-alive connections that publish; at most 10,000.
    pub publishers: u32,
    /// Bytes of a message; at least 41, which its stamp takes, at most 1 MiB.
    pub size: u32,
    /// Whether the server stores the messages; long-polling and polling need it.
    pub stored: bool,
    /// When the next message is sent.
    pub pace: Pace,
    /// Messages per second of all publishers together, instead of `pace`.
    pub rate: Option<f64>,
    /// How long is published and measured, in seconds; at most 3,600.
    pub seconds: f64,
    /// How long is published before that, in seconds.
    pub warm_up: f64,
    /// Publish only so many messages, then wait for their delivery.
    pub messages: Option<u64>,
    /// How long the connections are held before the first message, in seconds.
    pub hold: f64,
    /// Connections opened per second; 0: as fast as the server answers.
    pub ramp: u32,
    /// Requests per second of each polling subscriber.
    pub poll_rate: f64,
    /// Seconds between pings of the server; 0: none. Whoever hears nothing for 1.2 times that while
    /// connections are held counts as a fault.
    pub ping: u32,
    /// Worker threads or processes of the server.
    pub workers: u16,
    /// Whether every connection is encrypted.
    pub tls: bool,
    /// Whether subscribers speak HTTP/2, several on a connection; publishers speak HTTP/1.1.
    pub http2: bool,
    /// Subscribers on each HTTP/2 connection; at most 1,000.
    pub streams_per_connection: u32,
    /// What the connections ask for in a closed loop, `size` bytes of it, instead of waiting for
    /// messages: nobody publishes then.
    pub request: Option<Resource>,
}

/// When a publisher sends its next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Pace {
    /// When the last one is answered.
    #[default]
    Closed,
    /// When the messages of all publishers are answered and delivered to everybody.
    Delivered,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            name: String::new(),
            transport: Transport::Streaming,
            subscribers: 1000,
            channels: 1,
            publishers: 1,
            size: 200,
            stored: false,
            pace: Pace::Closed,
            rate: None,
            seconds: 3.0,
            warm_up: 0.5,
            messages: None,
            hold: 0.0,
            ramp: 0,
            poll_rate: 1.0,
            ping: 0,
            workers: 1,
            tls: false,
            http2: false,
            streams_per_connection: 10,
            request: None,
        }
    }
}

impl Load {
    /// Refuses what cannot be measured.
    ///
    /// # Errors
    /// A sentence on the first field out of its bounds.
    pub(crate) fn check(&self) -> Result<()> {
        let within = |what: &str, value: u32, bounds: std::ops::RangeInclusive<u32>| {
            let (least, most) = (bounds.start(), bounds.end());
            ensure!(bounds.contains(&value), "{what} is {value}, not within {least} and {most}");
            Ok(())
        };
        let least = u32::try_from(STAMP_BYTES)?;
        within("subscribers", self.subscribers, 0..=1_000_000)?;
        within("channels", self.channels, 1..=1_000_000)?;
        within("publishers", self.publishers, 0..=10_000)?;
        within("size", self.size, least..=1 << 20)?;
        within("streams_per_connection", self.streams_per_connection, 1..=1000)?;
        within("workers", self.workers.into(), 1..=256)?;
        for (what, seconds) in
            [("seconds", self.seconds), ("warm_up", self.warm_up), ("hold", self.hold)]
        {
            ensure!(
                (0.0..=3600.0).contains(&seconds),
                "{what} is {seconds}, not within 0 and 3600"
            );
        }
        let rates = [("rate", self.rate.unwrap_or(1.0)), ("poll_rate", self.poll_rate)];
        for (what, rate) in rates {
            ensure!(
                (0.001..=1e6).contains(&rate),
                "{what} is {rate}, not within 0.001 and 1000000"
            );
        }
        ensure!(
            !self.http2 || self.request.is_none(),
            "what is asked for again and again is asked for over HTTP/1.1: leave http2 out"
        );
        let books = u64::from(self.subscribers) * u64::from(self.origins());
        ensure!(books <= 1 << 28, "subscribers times publishers per channel is more than 2^28");
        Ok(())
    }

    /// Requests that share a connection, where subscribers speak HTTP/2.
    pub(crate) fn streams(&self) -> Option<u32> {
        self.http2.then_some(self.streams_per_connection)
    }

    /// Connections of the subscribers.
    pub(crate) fn connections(&self) -> u32 {
        self.subscribers.div_ceil(self.streams().unwrap_or(1).max(1))
    }

    /// Whether messages have to be stored: those who ask again would miss others.
    pub(crate) fn stores(&self) -> bool {
        self.stored || self.transport.asks_again()
    }

    /// Publishers per channel: publisher `p` sends into channel `p mod channels`, as origin
    /// `p / channels` of it; with fewer publishers than channels each goes on by their number.
    pub(crate) fn origins(&self) -> u32 {
        self.publishers.div_ceil(self.channels.max(1)).max(1)
    }

    /// Subscribers of a channel.
    pub(crate) fn subscribers_of(&self, channel: u32) -> u32 {
        if !self.transport.subscribes() {
            return 0;
        }
        let channels = self.channels.max(1);
        self.subscribers / channels + u32::from(channel < self.subscribers % channels)
    }

    /// The time of publishing.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// A line that says what the load is.
    pub(crate) fn title(&self) -> String {
        if !self.name.is_empty() {
            return self.name.clone();
        }
        let tls = match (self.http2, self.tls) {
            (false, false) => "",
            (false, true) => " over TLS",
            (true, false) => " over HTTP/2",
            (true, true) => " over HTTP/2 and TLS",
        };
        if let Some(resource) = self.request {
            let (connections, size) = (self.subscribers, self.size);
            return format!(
                "{connections} connections{tls} ask for {}, {size} bytes",
                resource.name()
            );
        }
        let many = |count: u64, what: &str| match count {
            1 => format!("1 {what}"),
            _ => format!("{count} {what}s"),
        };
        let pace = match (self.messages, self.rate, self.pace) {
            (Some(messages), _, _) => many(messages, "message"),
            (None, Some(rate), _) => format!("{rate} messages/s"),
            (None, None, Pace::Closed) => many(self.publishers.into(), "closed-loop publisher"),
            (None, None, Pace::Delivered) => "each delivered before the next".to_owned(),
        };
        let (subscribers, transport) = (self.subscribers, self.transport.name());
        let (channels, size) = (many(self.channels.into(), "channel"), self.size);
        format!("{subscribers} {transport}{tls}, {channels}, {pace}, {size} bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        let check = |text: &str, expected: bool| {
            let load: Load = toml::from_str(text).unwrap();
            assert_eq!(load.check().is_ok(), expected, "{text}");
        };
        check("", true);
        check("size = 41", true);
        check("size = 40", false);
        check("channels = 0", false);
        check("seconds = -1", false);
        check("rate = nan", false);
        check("rate = 0", false);
        check("http2 = true\nstreams_per_connection = 1000", true);
        check("http2 = true\nstreams_per_connection = 0", false);
        check("http2 = true\nrequest = 'file'", false);
        check("subscribers = 1000000\npublishers = 10000", false);
        check("subscribers = 1000000\npublishers = 10000\nchannels = 10000", true);
    }

    #[test]
    fn subscribers_are_spread() {
        let check = |subscribers, channels, expected: &[u32]| {
            let load = Load { subscribers, channels, ..Load::default() };
            let spread: Vec<u32> = (0..channels).map(|index| load.subscribers_of(index)).collect();
            assert_eq!(spread, expected);
        };
        check(5, 2, &[3, 2]);
        check(1, 3, &[1, 0, 0]);
        check(0, 1, &[0]);
    }

    #[test]
    fn titles() {
        let check = |load: Load, expected: &str| assert_eq!(load.title(), expected);
        let one = Load::default();
        check(one, "1000 streaming, 1 channel, 1 closed-loop publisher, 200 bytes");
        let two = Load { channels: 2, messages: Some(2), tls: true, ..Load::default() };
        check(two, "1000 streaming over TLS, 2 channels, 2 messages, 200 bytes");
        let http2 = Load { http2: true, tls: true, ..Load::default() };
        assert_eq!((http2.connections(), Load::default().connections()), (100, 1000));
        let title =
            "1000 streaming over HTTP/2 and TLS, 1 channel, 1 closed-loop publisher, 200 bytes";
        check(http2, title);
        let asking = Load { request: Some(Resource::File), ..Load::default() };
        check(asking, "1000 connections ask for a file, 200 bytes");
        check(Load { name: "a".to_owned(), ..Load::default() }, "a");
    }

    #[test]
    fn unknown_fields_are_refused() {
        assert!(toml::from_str::<Load>("subscriber = 5").is_err());
    }
}
