//! A large body full of template tokens, published to one subscriber of each mode.
//!
//! Rendering has to be linear in template plus text: a token in a text is text.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};

use super::Setting;
use crate::{
    arguments::PublishArguments,
    client::{self, MARK},
    configuration::{Configuration, FULL_TEMPLATE},
    report::{Cell, Report, Table, progress},
    server::Server,
    socket,
    spread::Spread,
    transport::Transport,
};

/// What the body repeats.
const TOKENS: &[u8] = b"~id~~channel~~text~~size~~tag~~time~~event-id~~event-type~";

/// The modes whose subscriber waits; polling comes after.
const WAITING: [Transport; 4] =
    [Transport::Streaming, Transport::EventSource, Transport::Websocket, Transport::LongPolling];

/// Times of one publication.
struct Times {
    answer: Duration,
    delivery: Duration,
}

/// Measures every mode on one server.
pub(super) fn run(setting: &Setting, part: &PublishArguments, report: &mut Report) -> Result<()> {
    progress(format_args!("publish: a body of {} bytes in each mode", part.body));
    let configuration = Configuration { workers: setting.workers(), template: FULL_TEMPLATE };
    let server = setting.start(&configuration)?;
    let body = body(usize::try_from(part.body)?);
    let title = format!("A body of {} bytes full of template tokens", part.body);
    let mut table = Table::new("large_body", title, &COLUMNS);
    for transport in WAITING {
        let times = (0..part.rounds)
            .map(|round| waiting(&server, transport, round, &body, setting.patience))
            .collect::<Result<Vec<_>>>()?;
        table.row(row(transport.name(), &times));
    }
    let times = (0..part.rounds)
        .map(|round| polling(&server, round, &body, setting.patience))
        .collect::<Result<Vec<_>>>()?;
    table.row(row("polling, after", &times));
    report.add(table);
    Ok(())
}

/// The columns of the table. Times count from the first byte of the publication; with polling the
/// delivery counts from the request.
const COLUMNS: [&str; 7] = [
    "mode",
    "answer min ms",
    "answer median ms",
    "answer max ms",
    "delivery min ms",
    "delivery median ms",
    "delivery max ms",
];

/// The row of a mode.
fn row(mode: &str, times: &[Times]) -> Vec<Cell> {
    let spread = |time: fn(&Times) -> Duration| {
        Cell::spread(Spread::of(times.iter().map(|times| time(times).as_secs_f64() * 1e3)), 2)
    };
    let mut cells = vec![Cell::Text(mode.to_owned())];
    cells.extend(spread(|times| times.answer));
    cells.extend(spread(|times| times.delivery));
    cells
}

/// `length` bytes of tokens with one [`MARK`] at the end.
fn body(length: usize) -> Vec<u8> {
    let tokens = TOKENS.iter().copied().cycle().take(length.saturating_sub(1));
    tokens.chain([MARK]).collect()
}

/// Publishes to a subscriber that waits.
fn waiting(
    server: &Server,
    transport: Transport,
    round: u32,
    body: &[u8],
    patience: Duration,
) -> Result<Times> {
    let channel = format!("large-{}-{round}", transport.name().replace(' ', "-"));
    let mut subscriber = socket::connect_patient(server.port(), patience)?;
    subscriber.write_all(&transport.request(&channel))?;
    wait_for_subscriber(server, &channel, patience)?;
    let length = body.len();
    let reader = thread::spawn(move || read_message(&mut subscriber, length));
    let begin = Instant::now();
    let answer = publish(server, &channel, body, patience)?;
    let end = reader.join().map_err(|_| anyhow!("the subscriber's thread panicked"))?;
    let end = end.with_context(|| format!("no delivery by {}", transport.name()))?;
    Ok(Times { answer, delivery: end.duration_since(begin) })
}

/// Publishes, then polls for the stored message.
fn polling(server: &Server, round: u32, body: &[u8], patience: Duration) -> Result<Times> {
    let channel = format!("large-polling-{round}");
    let answer = publish(server, &channel, body, patience)?;
    let mut subscriber = socket::connect_patient(server.port(), patience)?;
    let begin = Instant::now();
    let request = format!("GET /poll/{channel}.b1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    subscriber.write_all(request.as_bytes())?;
    let end = read_message(&mut subscriber, body.len()).context("no delivery by polling")?;
    Ok(Times { answer, delivery: end.duration_since(begin) })
}

/// Publishes `body`; the time until the answer is complete.
fn publish(server: &Server, channel: &str, body: &[u8], patience: Duration) -> Result<Duration> {
    let request = client::publication("store", channel, body);
    let begin = Instant::now();
    client::exchange(server.port(), &request, patience)?.expect_ok("the large publication")?;
    Ok(begin.elapsed())
}

/// Waits until the server counts the subscriber.
fn wait_for_subscriber(server: &Server, channel: &str, patience: Duration) -> Result<()> {
    let begin = Instant::now();
    while client::subscribers(server.port(), channel, patience)? == 0 {
        ensure!(begin.elapsed() < patience, "the subscriber of {channel} is not counted");
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Reads up to the mark of the message; the moment when it came.
fn read_message(subscriber: &mut TcpStream, length: usize) -> Result<Instant> {
    let mut buffer = vec![0; 256 * 1024];
    let mut total = 0;
    loop {
        let count = subscriber.read(&mut buffer)?;
        ensure!(count > 0, "the server closed the connection after {total} bytes");
        total += count;
        let bytes = buffer.get(..count).unwrap_or_default();
        if memchr::memchr(MARK, bytes).is_some() {
            let moment = Instant::now();
            ensure!(total >= length, "only {total} bytes of {length} came");
            return Ok(moment);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies() {
        let check = |length| {
            let body = body(length);
            assert_eq!(body.len(), length);
            assert_eq!(memchr::memchr(MARK, &body), Some(length - 1));
        };
        check(1);
        check(2);
        check(1 << 20);
    }
}
