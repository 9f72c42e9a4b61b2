//! Many publications over few keep-alive connections, each into a channel of its own, and one
//! listing of all these channels.

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use mio::{Events, Poll, Token};

use super::Setting;
use crate::{
    arguments::PublishArguments,
    client,
    configuration::Configuration,
    publisher::Publisher,
    report::{Cell, Report, Table, progress},
};

/// Publishes and lists.
pub(super) fn run(setting: &Setting, part: &PublishArguments, report: &mut Report) -> Result<()> {
    progress(format_args!("publish: into {} channels", part.channels));
    let server = setting.start(&Configuration::plain(setting.workers()))?;
    let begin = Instant::now();
    publish(server.port(), part, setting.patience)?;
    let published = begin.elapsed();
    let listed = list(server.port(), part.channels, setting.patience)?;
    let total = begin.elapsed();
    let title = "Publications into channels of their own, and one listing of all channels";
    let mut table = Table::new("channels", title, &COLUMNS);
    table.row([
        Cell::Count(part.channels.into()),
        Cell::Count(part.connections.into()),
        Cell::Number(published.as_secs_f64(), 3),
        Cell::Number((total - published).as_secs_f64(), 3),
        Cell::Number(total.as_secs_f64(), 3),
        Cell::Number(f64::from(part.channels) / published.as_secs_f64(), 0),
        Cell::Count(listed),
    ]);
    report.add(table);
    Ok(())
}

/// The columns of the table.
const COLUMNS: [&str; 7] = [
    "publications",
    "connections",
    "publishing s",
    "listing s",
    "total s",
    "publications/s",
    "channels listed",
];

/// Publishes one message into each channel, every connection in a closed loop.
fn publish(port: u16, part: &PublishArguments, patience: Duration) -> Result<()> {
    let mut poll = Poll::new()?;
    let mut publishers = (0..usize::try_from(part.connections)?)
        .map(|index| Publisher::connect(port, index, poll.registry(), Token(index)))
        .collect::<Result<Vec<_>>>()?;
    let text = client::marked_text(20);
    let mut requests = (0..part.channels)
        .map(|channel| client::publication("store", &format!("many-{channel}"), &text));
    for publisher in &mut publishers {
        if let Some(request) = requests.next() {
            publisher.send(&request)?;
        }
    }
    let deadline = Instant::now() + patience;
    let mut events = Events::with_capacity(1024);
    while publishers.iter().any(Publisher::is_waiting) {
        ensure!(Instant::now() < deadline, "the publications are not answered in time");
        turn(&mut poll, &mut events, &mut publishers, &mut requests)?;
    }
    Ok(())
}

/// Reads the answers that are there and sends the next requests.
fn turn(
    poll: &mut Poll,
    events: &mut Events,
    publishers: &mut [Publisher],
    requests: &mut impl Iterator<Item = Vec<u8>>,
) -> Result<()> {
    match poll.poll(events, Some(Duration::from_millis(100))) {
        Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
        polled => polled?,
    }
    for event in &*events {
        let Some(publisher) = publishers.get_mut(event.token().0) else { continue };
        if publisher.read()?
            && let Some(request) = requests.next()
        {
            publisher.send(&request)?;
        }
    }
    Ok(())
}

/// Lists all channels; the number of them in the answer.
fn list(port: u16, expected: u32, patience: Duration) -> Result<u64> {
    let answer = client::fetch(port, "/channels-stats?id=ALL", patience)?;
    let answer = answer.expect_ok("the listing")?;
    let listed = memchr::memmem::find_iter(&answer.body, "published_messages").count();
    let listed = u64::try_from(listed)?;
    ensure!(listed == u64::from(expected), "{listed} channels are listed, not {expected}");
    Ok(listed)
}
