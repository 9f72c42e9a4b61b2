//! `outpour sub CHANNEL...`: prints messages as they arrive.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;

use crate::client::{Answer, Body, request};
use crate::terminal;
use crate::url::{Url, escape};

/// First pause before a new attempt; it doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(500);

/// Longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// What to listen to, and where.
#[derive(Debug, Args)]
pub(crate) struct Subscription {
    /// The channels; `news.b5` starts with the last five stored messages
    #[arg(required = true)]
    channels: Vec<String>,

    /// Subscriber location in streaming mode; the channels are put behind it
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9080/sub/")]
    url: String,

    /// End after this many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
}

/// Why reading messages ended.
enum Ending {
    /// As many as wanted have been printed, or nobody reads them any more.
    Done,
    /// The server ended the answer, or the connection broke.
    Lost(String),
}

/// Subscribes, and comes back after a lost connection. Only the first attempt must succeed: a
/// wrong address is no reason to try for ever.
///
/// # Errors
/// The server cannot be reached at first, or refuses the subscription.
pub(crate) fn run(subscription: &Subscription) -> Result<ExitCode> {
    let channels: Vec<String> =
        subscription.channels.iter().map(|channel| escape(channel)).collect();
    let url = Url::parse(&format!("{}{}", subscription.url, channels.join("/")))?;
    let mut left = subscription.count.unwrap_or(u64::MAX);
    let mut response = subscribe(&url)?;
    loop {
        let Ending::Lost(why) = print(&mut response.body, &mut left, &mut io::stdout().lock())
        else {
            return Ok(ExitCode::SUCCESS);
        };
        terminal::err(&format!("outpour: {why}; subscribing again"));
        response = subscribe_again(&url)?;
    }
}

fn subscribe(url: &Url) -> Result<Answer> {
    let response = request(url, "GET", &[], None, None)?;
    if !response.is_success() {
        bail!("outpour: the subscription was refused: {}", response.describe());
    }
    Ok(response)
}

/// Tries until the server is there again; what it says then, counts.
fn subscribe_again(url: &Url) -> Result<Answer> {
    let mut pause = PAUSE;
    loop {
        thread::sleep(pause);
        match request(url, "GET", &[], None, None) {
            Ok(response) if response.is_success() => return Ok(response),
            Ok(response) if response.status < 500 => {
                bail!("outpour: the subscription was refused: {}", response.describe())
            }
            Ok(_) | Err(_) => pause = (pause * 2).min(PAUSE_MAX),
        }
    }
}

/// Prints one message a line until `left` are printed. In streaming mode each message is a chunk.
fn print(body: &mut Body<impl BufRead>, left: &mut u64, out: &mut impl Write) -> Ending {
    while *left > 0 {
        let piece = match body.piece() {
            Ok(Some(piece)) => piece,
            Ok(None) => return Ending::Lost("the server ended the subscription".into()),
            Err(error) => return Ending::Lost(format!("{error:#}")),
        };
        if is_ping(&piece) {
            continue;
        }
        let message = piece.strip_suffix(b"\n").unwrap_or(&piece);
        let message = message.strip_suffix(b"\r").unwrap_or(message);
        let printed =
            out.write_all(message).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
        if printed.is_err() {
            return Ending::Done;
        }
        *left -= 1;
    }
    Ending::Done
}

/// Pings are messages with id -1 and a space for text: blank with the module's default template,
/// and easily known with the JSON template of the built-in configuration.
fn is_ping(piece: &[u8]) -> bool {
    piece.trim_ascii().is_empty() || piece.starts_with(b"{\"id\":-1,")
}
