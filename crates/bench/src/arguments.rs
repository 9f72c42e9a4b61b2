//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};

use crate::transport::Transport;

/// Measures an outpour binary: start-up, memory, publishing and fan-out.
#[derive(Debug, Parser)]
#[command(name = "outpour-bench", version)]
pub(crate) struct Arguments {
    /// Print one JSON object instead of tables.
    #[arg(long, global = true)]
    pub json: bool,

    /// The server to measure [default: $OUTPOUR_BIN, else `outpour` beside this program, else
    /// target/release/outpour].
    #[arg(long, global = true, value_name = "FILE")]
    pub binary: Option<PathBuf>,

    /// Worker threads of the server [default: 1 for fan-out, else one per core].
    #[arg(long, global = true, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,

    /// Seconds after which anything waited for counts as failed.
    #[arg(long, global = true, default_value_t = 60)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub patience: u64,

    /// What to measure.
    #[command(subcommand)]
    pub part: Part,
}

impl Arguments {
    /// How long anything is waited for.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.patience)
    }
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum Part {
    /// Time from starting the process to its first answer.
    Start(StartArguments),
    /// Memory of the server per idle connection, for each transport on a fresh server.
    Memory(MemoryArguments),
    /// A large body full of template tokens; many publications into many channels.
    Publish(PublishArguments),
    /// CPU of the server per delivery, beside a raw loop of sends.
    Fanout(FanoutArguments),
    /// Every part with its defaults.
    All,
    /// Serves the raw loop that the fan-out is compared with.
    #[command(hide = true)]
    Raw(RawArguments),
}

/// Arguments of `start`.
#[derive(Debug, Clone, Args)]
pub(crate) struct StartArguments {
    /// How often the server is started.
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub starts: u32,
}

impl Default for StartArguments {
    fn default() -> Self {
        Self { starts: 11 }
    }
}

/// Arguments of `memory`.
#[derive(Debug, Clone, Args)]
pub(crate) struct MemoryArguments {
    /// Idle connections per transport; each needs an open file here and one in the server.
    #[arg(long, default_value_t = 10_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub connections: u32,

    /// Measure only this transport; may be repeated [default: all].
    #[arg(long, value_enum)]
    pub transport: Vec<Transport>,
}

impl Default for MemoryArguments {
    fn default() -> Self {
        Self { connections: 10_000, transport: Vec::new() }
    }
}

/// Arguments of `publish`.
#[derive(Debug, Clone, Args)]
pub(crate) struct PublishArguments {
    /// Bytes of the large body.
    #[arg(long, default_value_t = 1 << 20)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=32 << 20))]
    pub body: u32,

    /// How often the large body is published in each mode.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,

    /// Publications, each into a channel of its own.
    #[arg(long, default_value_t = 20_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=200_000))]
    pub channels: u32,

    /// Keep-alive connections that publish into the channels.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub connections: u32,
}

impl Default for PublishArguments {
    fn default() -> Self {
        Self { body: 1 << 20, rounds: 5, channels: 20_000, connections: 20 }
    }
}

/// Arguments of `fanout`.
#[derive(Debug, Clone, Args)]
pub(crate) struct FanoutArguments {
    /// Subscribers:publishers; may be repeated [default: 1000:1 10000:1 1000:16].
    #[arg(long = "load", value_parser = parse_load)]
    pub loads: Vec<(u32, u32)>,

    /// How the subscribers receive.
    #[arg(long, value_enum, default_value_t = Transport::Streaming)]
    pub transport: Transport,

    /// Seconds of publishing per measurement.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub seconds: u32,

    /// Measurements of each load, server and raw loop in turn.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub runs: u32,
}

impl Default for FanoutArguments {
    fn default() -> Self {
        Self { loads: Vec::new(), transport: Transport::Streaming, seconds: 3, runs: 3 }
    }
}

/// Arguments of the hidden `raw`.
#[derive(Debug, Clone, Args)]
pub(crate) struct RawArguments {
    /// Port to listen on, on 127.0.0.1.
    #[arg(long)]
    pub port: u16,

    /// Join all publications of a turn into one send per subscriber.
    #[arg(long)]
    pub joined: bool,
}

/// Reads `1000:16` as subscribers and publishers.
fn parse_load(text: &str) -> Result<(u32, u32), String> {
    let number = |part: &str| part.parse().ok().filter(|&number: &u32| number > 0);
    text.split_once(':')
        .and_then(|(subscribers, publishers)| Some((number(subscribers)?, number(publishers)?)))
        .filter(|&(subscribers, publishers)| subscribers <= 1_000_000 && publishers <= 1_000)
        .ok_or_else(|| "expected SUBSCRIBERS:PUBLISHERS, as in 1000:16".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn loads() {
        let check =
            |text, expected: Option<(u32, u32)>| assert_eq!(parse_load(text).ok(), expected);
        check("1000:16", Some((1000, 16)));
        check("1:1", Some((1, 1)));
        check("0:1", None);
        check("10", None);
        check("10:x", None);
        check("10:1001", None);
    }
}
