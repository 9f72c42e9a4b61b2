//! `outpour pub CHANNEL TEXT`: publishes one message.

use std::io::{self, Read};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::client::request;
use crate::terminal;
use crate::url::{Url, escape};

/// How long the server may be silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// What to publish, and where.
#[derive(Debug, Args)]
pub(crate) struct Publication {
    /// The channel; several are separated by `/`
    channel: String,

    /// The message; without it, standard input up to its end is the message
    text: Option<String>,

    /// Publisher location; the channel is put behind it
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9080/pub?id=")]
    url: String,

    /// Event id of the message
    #[arg(long, value_name = "ID")]
    event_id: Option<String>,

    /// Event type of the message
    #[arg(long, value_name = "TYPE")]
    event_type: Option<String>,
}

/// Publishes, and prints the server's answer.
///
/// # Errors
/// The server cannot be reached or refuses the message.
pub(crate) fn run(publication: &Publication) -> Result<ExitCode> {
    let url = Url::parse(&format!("{}{}", publication.url, escape(&publication.channel)))?;
    let text = match &publication.text {
        Some(text) => text.clone().into_bytes(),
        None => from_stdin()?,
    };
    let events = [("Event-Id", &publication.event_id), ("Event-Type", &publication.event_type)];
    let mut headers = vec![("Connection", "close")];
    headers.extend(events.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))));
    let mut response = request(&url, "POST", &headers, Some(&text), Some(PATIENCE))?;
    if !response.is_success() {
        bail!("outpour: the message was refused: {}", response.describe());
    }
    let answer = response.body.rest().context("outpour")?;
    terminal::out_bytes(&answer);
    if !answer.is_empty() && !answer.ends_with(b"\n") {
        terminal::out("\n");
    }
    Ok(ExitCode::SUCCESS)
}

/// All of standard input; one line end at its end belongs to the shell, not to the message.
fn from_stdin() -> Result<Vec<u8>> {
    let mut text = Vec::new();
    io::stdin().lock().read_to_end(&mut text).context("outpour: cannot read standard input")?;
    for end in [b'\n', b'\r'] {
        if text.last() == Some(&end) {
            text.pop();
        }
    }
    Ok(text)
}
