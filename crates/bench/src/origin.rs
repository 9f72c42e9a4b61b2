//! The origin behind a proxy: an answer of a given size, and for pushpin, which connections to
//! hold, and for which channel.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use anyhow::Result;
use clap::Args;
use rustix::process::{Signal, set_parent_process_death_signal};

use crate::resource::content;

/// Arguments of the hidden `origin`.
#[derive(Debug, Clone, Args)]
pub(crate) struct OriginArguments {
    /// Port to listen on, on 127.0.0.1
    #[arg(long)]
    pub(crate) port: u16,

    /// Bytes of the answer to what is not a subscription
    #[arg(long, default_value_t = 5)]
    pub(crate) size: u32,
}

/// The greatest body of a request that is read.
const BODY_BYTES_MAX: u64 = 1 << 20;

/// Serves until the process is killed, or its parent ends; a thread per connection of the proxy.
///
/// # Errors
/// If the port cannot be bound.
pub(crate) fn serve(arguments: &OriginArguments) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    crate::socket::raise_open_file_limit()?;
    let plain: Arc<str> = response("", &String::from_utf8(content(arguments.size))?).into();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port))?;
    for stream in listener.incoming().flatten() {
        let plain = Arc::clone(&plain);
        thread::Builder::new().stack_size(128 * 1024).spawn(move || {
            // A proxy that goes away ends the thread; that is all.
            let _ = attend(&stream, &plain);
        })?;
    }
    Ok(())
}

/// Answers the requests of one connection.
fn attend(stream: &TcpStream, plain: &str) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let length = skip_head(&mut reader)?.min(BODY_BYTES_MAX);
        let mut body = Vec::new();
        reader.by_ref().take(length).read_to_end(&mut body)?;
        let mut writer = stream;
        match answer(&path, &body) {
            Some(answer) => writer.write_all(answer.as_bytes())?,
            None => writer.write_all(plain.as_bytes())?,
        }
    }
}

/// Reads up to the empty line; the length of the body behind it.
fn skip_head(reader: &mut impl BufRead) -> std::io::Result<u64> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            return Ok(length);
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
}

/// The answer for a subscriber's path, in the words of GRIP and of WebSocket over HTTP.
fn answer(path: &str, body: &[u8]) -> Option<String> {
    let mut segments = path.trim_start_matches('/').splitn(2, '/');
    let (location, channel) = (segments.next(), segments.next().unwrap_or_default());
    let hold = format!("Grip-Hold: stream\r\nGrip-Channel: {channel}\r\n");
    let answer = match location {
        Some("sub") => response(&format!("Content-Type: text/plain\r\n{hold}"), ""),
        Some("ev") => response(&format!("Content-Type: text/event-stream\r\n{hold}"), ""),
        Some("ws") if body.starts_with(b"OPEN") => {
            let control = format!(r#"c:{{"type":"subscribe","channel":"{channel}"}}"#);
            let events = format!("OPEN\r\nTEXT {:X}\r\n{control}\r\n", control.len());
            response(
                "Content-Type: application/websocket-events\r\nSec-WebSocket-Extensions: grip\r\n",
                &events,
            )
        }
        Some("ws") => response("Content-Type: application/websocket-events\r\n", ""),
        Some(_) | None => return None,
    };
    Some(answer)
}

/// A complete answer.
fn response(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let check = |path: &str, body: &str, part: &str| {
            let answer = answer(path, body.as_bytes()).unwrap();
            assert!(answer.contains(part), "{path}: {answer}");
        };
        check("/sub/a", "", "Grip-Hold: stream\r\nGrip-Channel: a\r\n");
        check("/ev/a", "", "text/event-stream");
        check(
            "/ws/a",
            "OPEN\r\n",
            "OPEN\r\nTEXT 24\r\nc:{\"type\":\"subscribe\",\"channel\":\"a\"}\r\n",
        );
        assert_eq!(answer("/ready", b""), None);
    }

    #[test]
    fn heads() {
        let mut bytes = b"Host: a\r\ncontent-Length: 12\r\n\r\nrest".as_slice();
        assert_eq!(skip_head(&mut bytes).unwrap(), 12);
        assert_eq!(bytes, b"rest");
    }
}
