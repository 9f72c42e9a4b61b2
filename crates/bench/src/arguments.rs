//! The command line of `outpour bench`.

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::{
    cores::Cores,
    launch::LaunchArguments,
    load::{Load, Pace},
    origin::OriginArguments,
    raw::RawArguments,
    resource::Resource,
    subject::{Programs, Subject},
    transport::Transport,
};

/// Measures a push server: this one, one that runs, or another one
///
/// Every message carries its time and number, so that a lost, repeated or misordered one fails the
/// measurement with exit status 1.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct BenchArguments {
    #[command(flatten)]
    pub(crate) one: OneArguments,

    #[command(subcommand)]
    pub(crate) command: Option<BenchCommand>,
}

/// What `outpour bench` can do beside one measurement.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Name the scenarios that come with outpour
    List,
    /// Run a scenario, by its name or from a file
    Run(RunArguments),
    /// Measure outpour and the servers that are installed one after the other, and compare them
    Compare(CompareArguments),
    /// Serve the raw loop that fan-outs are compared with
    #[command(hide = true)]
    Raw(RawArguments),
    /// Serve what pushpin needs behind it
    #[command(hide = true)]
    Origin(OriginArguments),
    /// Become a server, on given cores
    #[command(hide = true)]
    Launch(LaunchArguments),
}

/// Options of every measurement.
#[derive(Debug, Clone, Args)]
pub(crate) struct CommonArguments {
    /// Write all figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Draw latencies and throughput into this file, as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// Cores of the server, as in 0 or 0,2-3 [default: one per worker, if there is one left]
    #[arg(long, value_name = "CORE")]
    pub(crate) pin_server: Option<Cores>,

    /// Cores of the load generator [default: those that the server leaves]
    #[arg(long, value_name = "CORE")]
    pub(crate) pin_generator: Option<Cores>,

    /// Seconds without any progress after which a measurement ends
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) patience: u64,

    /// Measure another outpour binary than this one
    #[arg(long, value_name = "FILE")]
    pub(crate) binary: Option<PathBuf>,

    /// An nginx with push-stream
    #[arg(long, value_name = "FILE")]
    pub(crate) push_stream_nginx: Option<PathBuf>,

    /// The module to load into that nginx, if push-stream is not built in
    #[arg(long, value_name = "FILE", requires = "push_stream_nginx")]
    pub(crate) push_stream_module: Option<PathBuf>,
}

impl CommonArguments {
    /// How long anything is waited for.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.patience)
    }

    /// Where the programs are.
    pub(crate) fn programs(&self) -> Programs {
        Programs {
            outpour: self.binary.clone(),
            push_stream_nginx: self.push_stream_nginx.clone(),
            push_stream_module: self.push_stream_module.clone(),
        }
    }
}

/// Options of one measurement.
#[derive(Debug, Clone, Args)]
pub(crate) struct OneArguments {
    /// Start and measure this server
    #[arg(long, value_enum, default_value = "outpour", conflicts_with = "url")]
    pub(crate) server: Subject,

    /// Measure a server that runs already: http://HOST:PORT or https://HOST:PORT
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// Its subscriber location, {channel} stands for the channel; or what --request asks for
    /// [default: as built into outpour]
    #[arg(long, value_name = "PATH", requires = "url")]
    subscribe_path: Option<String>,

    /// Its publisher location [default: /pub?id={channel}]
    #[arg(long, value_name = "PATH", requires = "url")]
    publish_path: Option<String>,

    /// Its process, to read CPU and memory of it and its children
    #[arg(long, requires = "url")]
    pid: Option<u32>,

    /// How the subscribers receive
    #[arg(long, value_enum, default_value = "streaming")]
    transport: Transport,

    /// Subscribers
    #[arg(short = 'n', long, default_value_t = 1000)]
    subscribers: u32,

    /// Channels; subscribers and publishers are spread over them in turn
    #[arg(long, default_value_t = 1)]
    channels: u32,

    /// Connections that publish
    #[arg(long, default_value_t = 1)]
    publishers: u32,

    /// Bytes of a message, at least 41
    #[arg(long, default_value_t = 200)]
    size: u32,

    /// When the next message is sent
    #[arg(long, value_enum, default_value = "closed", conflicts_with = "rate")]
    pace: Pace,

    /// Messages per second of all publishers together
    #[arg(long)]
    rate: Option<f64>,

    /// Seconds of publishing
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,

    /// Seconds of publishing before that
    #[arg(long, default_value_t = 0.5)]
    warm_up: f64,

    /// Publish only so many messages
    #[arg(long)]
    messages: Option<u64>,

    /// Have the server store the messages (long-polling and polling always do)
    #[arg(long)]
    stored: bool,

    /// Seconds to hold the connections before the first message
    #[arg(long, default_value_t = 0.0)]
    hold: f64,

    /// Connections opened per second [default: as fast as they are answered]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    ramp: u32,

    /// Requests per second of each polling subscriber
    #[arg(long, default_value_t = 1.0)]
    poll_rate: f64,

    /// Seconds between pings of the started server [default: none]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    ping: u32,

    /// Workers of the started server
    #[arg(long, default_value_t = 1)]
    workers: u16,

    /// Have the started server speak TLS, with a certificate made for it
    #[arg(long, conflicts_with = "url")]
    tls: bool,

    /// Ask for this again and again instead of waiting for messages
    #[arg(long, value_enum, conflicts_with_all = ["transport", "pace", "rate", "messages"])]
    request: Option<Resource>,

    /// Have the subscribers speak HTTP/2, several on a connection
    #[arg(long, conflicts_with = "request")]
    http2: bool,

    /// Subscribers on each HTTP/2 connection
    #[arg(long, default_value_t = 10, requires = "http2")]
    streams_per_connection: u32,

    #[command(flatten)]
    pub(crate) common: CommonArguments,
}

/// A server that runs already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remote<'a> {
    /// `http://HOST:PORT` or `https://HOST:PORT`
    pub url: &'a str,
    /// The path of the subscriber location.
    pub subscribe: Option<&'a str>,
    /// The path of the publisher location.
    pub publish: Option<&'a str>,
    /// Its process.
    pub pid: Option<u32>,
}

impl OneArguments {
    /// The server that runs already, if one is named.
    pub(crate) fn remote(&self) -> Option<Remote<'_>> {
        Some(Remote {
            url: self.url.as_deref()?,
            subscribe: self.subscribe_path.as_deref(),
            publish: self.publish_path.as_deref(),
            pid: self.pid,
        })
    }

    /// What is to be measured.
    ///
    /// # Errors
    /// If it is not available, or out of bounds.
    pub(crate) fn load(&self) -> Result<Load> {
        let load = Load {
            name: String::new(),
            transport: self.transport,
            subscribers: self.subscribers,
            channels: self.channels,
            publishers: self.publishers,
            size: self.size,
            stored: self.stored,
            pace: self.pace,
            rate: self.rate,
            seconds: self.seconds,
            warm_up: self.warm_up,
            messages: self.messages,
            hold: self.hold,
            ramp: self.ramp,
            poll_rate: self.poll_rate,
            ping: self.ping,
            workers: self.workers,
            tls: self.tls || self.url.as_ref().is_some_and(|url| url.starts_with("https://")),
            http2: self.http2,
            streams_per_connection: self.streams_per_connection,
            request: self.request,
        };
        load.check()?;
        Ok(load)
    }
}

/// Arguments of `run`.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunArguments {
    /// The scenario
    pub(crate) scenario: String,

    /// Start and measure this server
    #[arg(long, value_enum, default_value = "outpour")]
    pub(crate) server: Subject,

    #[command(flatten)]
    pub(crate) common: CommonArguments,
}

/// Arguments of `compare`.
#[derive(Debug, Clone, Args)]
pub(crate) struct CompareArguments {
    /// Scenarios, by their names or from files [default: all but the heavy ones]
    #[arg(value_name = "SCENARIO")]
    scenarios: Vec<String>,

    /// The same as an option
    #[arg(long, value_name = "NAME", hide = true)]
    scenario: Vec<String>,

    /// Measure only this server; may be repeated [default: those that the scenario names]
    #[arg(long, value_enum, value_name = "SERVER")]
    pub(crate) server: Vec<Subject>,

    /// Write the tables to this file, as Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,

    /// Measurements of each server and load, in turn
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) runs: u32,

    #[command(flatten)]
    pub(crate) common: CommonArguments,
}

impl CompareArguments {
    /// The scenarios that were asked for.
    pub(crate) fn scenarios(&self) -> impl Iterator<Item = &str> {
        self.scenarios.iter().chain(&self.scenario).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command};

    use super::*;

    fn command() -> Command {
        BenchArguments::augment_args(Command::new("bench"))
    }

    #[test]
    fn command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn command_lines() {
        let check = |line: &str, expected: bool| {
            let parsed = command().try_get_matches_from(format!("bench {line}").split_whitespace());
            assert_eq!(parsed.is_ok(), expected, "{line}");
        };
        check("", true);
        check("-n 10 --transport long-polling --pin-server 0 --pin-generator 1", true);
        check("--url http://a --pid 7 --subscribe-path /s/{channel}", true);
        check("--url http://a --server nchan", false);
        check("--pid 7", false);
        check("run fanout --server raw-joined --json a", true);
        check("compare --scenario fanout --scenario idle --runs 5", true);
        check("compare fanout files.toml --server outpour --server nginx", true);
        check("compare --runs 0", false);
        check("--request file --size 1024", true);
        check("--request file --pace delivered", false);
        check("--tls", true);
        check("--tls --url https://a", false);
        check("--http2 --streams-per-connection 100", true);
        check("--streams-per-connection 100", false);
        check("--http2 --request file", false);
        check("-n 10 list", false);
        check("--pin-server x", false);
    }
}
