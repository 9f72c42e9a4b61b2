//! Single requests, each on a connection of its own.

use std::{
    io::{Read, Write},
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{answer::Answer, socket};

/// The byte that every message of the benchmark holds exactly once.
///
/// It stands in no head, frame or date, so counting it counts messages however they are framed.
pub(crate) const MARK: u8 = b'^';

/// A text of `length` bytes with one [`MARK`] at its end.
pub(crate) fn marked_text(length: usize) -> Vec<u8> {
    let mut text = vec![b'x'; length.saturating_sub(1)];
    text.push(MARK);
    text
}

/// The request that publishes `body` into `channel` through the location `/{location}`.
pub(crate) fn publication(location: &str, channel: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut request = format!(
        "POST /{location}?id={channel} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n"
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

/// Sends `request` on a new connection and waits for its answer.
///
/// # Errors
/// If the connection fails or there is no complete answer within `patience`.
pub(crate) fn exchange(port: u16, request: &[u8], patience: Duration) -> Result<Answer> {
    let mut stream = socket::connect_patient(port, patience)?;
    stream.write_all(request)?;
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = stream.read(&mut buffer).context("no answer in time")?;
        bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
        if let Some(answer) = Answer::parse(&bytes, count == 0)? {
            return Ok(answer);
        }
    }
}

/// Fetches `target`.
///
/// # Errors
/// As [`exchange`].
pub(crate) fn fetch(port: u16, target: &str, patience: Duration) -> Result<Answer> {
    let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    exchange(port, request.as_bytes(), patience)
}

/// The number of subscribers of `channel`, as the statistics tell it; 0 without the channel.
///
/// # Errors
/// As [`exchange`], or if the answer is not understood.
pub(crate) fn subscribers(port: u16, channel: &str, patience: Duration) -> Result<u64> {
    let answer = fetch(port, &format!("/channels-stats?id={channel}"), patience)?;
    if answer.status == 404 {
        return Ok(0);
    }
    let answer = answer.expect_ok("the statistics request")?;
    let statistics: serde_json::Value = serde_json::from_slice(&answer.body)?;
    let subscribers = statistics.get("subscribers").and_then(serde_json::Value::as_u64);
    subscribers.with_context(|| format!("no number of subscribers in {statistics}"))
}
