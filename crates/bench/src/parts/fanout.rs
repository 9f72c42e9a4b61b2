//! CPU per delivery: many subscribers of one channel, publishers in closed loops.
//!
//! The server runs on one core and the generator on the others, where there are several. The same
//! generator drives the raw loop of [`raw`](crate::raw), plain and, with several publishers, with
//! the publications of a turn joined; the measurements take turns so that a change of the machine
//! meets all of them.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use mio::Token;

use super::Setting;
use crate::{
    affinity::Cores,
    arguments::FanoutArguments,
    client,
    configuration::Configuration,
    crowd::{Crowd, FOREIGN},
    process_usage::cpu_time,
    publisher::Publisher,
    report::{Cell, Report, Table, progress},
    server::Server,
    spread::Spread,
    transport::Transport,
};

/// The channel of all subscribers.
const CHANNEL: &str = "fanout";

/// Bytes of a message.
const MESSAGE_BYTES: usize = 200;

/// Publishing before the measurement.
const WARM_UP: Duration = Duration::from_millis(300);

/// Loads without `--load`: subscribers and publishers.
const LOADS: [(u32, u32); 3] = [(1_000, 1), (10_000, 1), (1_000, 16)];

/// Who delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Server,
    Raw,
    RawJoined,
}

/// What one measurement counted.
#[derive(Debug, Clone, Copy)]
struct Count {
    published: u64,
    delivered: u64,
    missing: u64,
    lost: usize,
    /// CPU of the process that delivers.
    cpu: Duration,
    /// CPU of this program; near `elapsed` it is what limits the deliveries per second.
    generator_cpu: Duration,
    elapsed: Duration,
}

/// Measures every load.
pub(super) fn run(setting: &Setting, part: &FanoutArguments, report: &mut Report) -> Result<()> {
    ensure!(
        matches!(
            part.transport,
            Transport::Streaming | Transport::EventSource | Transport::Websocket
        ),
        "a fan-out needs streaming, event-source or websocket"
    );
    let loads = if part.loads.is_empty() { &LOADS } else { part.loads.as_slice() };
    let title = format!(
        "Fan-out by {}, {MESSAGE_BYTES}-byte messages: CPU of the process that delivers, \
         medians of {} runs",
        part.transport.name(),
        part.runs
    );
    let mut table = Table::new("fanout", title, &COLUMNS);
    let outcome = loads.iter().try_for_each(|&load| measure(setting, part, load, &mut table));
    report.add(table);
    outcome
}

/// The columns of the table.
const COLUMNS: [&str; 12] = [
    "subject",
    "subscribers",
    "publishers",
    "CPU us/delivery",
    "min",
    "max",
    "deliveries/s",
    "publications/s",
    "busy %",
    "generator busy %",
    "missing",
    "lost",
];

/// The rows of one load.
fn measure(
    setting: &Setting,
    part: &FanoutArguments,
    load: (u32, u32),
    table: &mut Table,
) -> Result<()> {
    let mut subjects = vec![Subject::Server, Subject::Raw];
    if load.1 > 1 {
        subjects.push(Subject::RawJoined);
    }
    let mut counts = vec![Vec::new(); subjects.len()];
    for _ in 0..part.runs {
        for (&subject, counts) in subjects.iter().zip(&mut counts) {
            counts.push(once(setting, part, load, subject)?);
        }
    }
    for (subject, counts) in subjects.iter().zip(&counts) {
        table.row(row(*subject, load, counts));
    }
    Ok(())
}

/// One subject, one load, one run.
fn once(
    setting: &Setting,
    part: &FanoutArguments,
    (subscribers, publishers): (u32, u32),
    subject: Subject,
) -> Result<Count> {
    let name = subject.name();
    progress(format_args!("fan-out: {subscribers} subscribers, {publishers} publishers, {name}"));
    let workers = setting.workers.unwrap_or(1);
    let cores = Cores::divide(workers)?;
    let server = cores.start_server(|| match subject {
        Subject::Server => setting.start(&Configuration::plain(workers)),
        Subject::Raw => Server::start_raw(false, setting.patience),
        Subject::RawJoined => Server::start_raw(true, setting.patience),
    })?;
    let mut crowd = Crowd::new()?;
    let place = (server.port(), CHANNEL);
    crowd.gather(place, part.transport, usize::try_from(subscribers)?, setting.patience)?;
    let mut generator = Generator::connect(crowd, server.port(), publishers)?;
    generator.publish_for(WARM_UP, subscribers, setting.patience)?;
    let own = std::process::id();
    let (cpu, generator_cpu) = (cpu_time(server.pid())?, cpu_time(own)?);
    let mut count = generator.publish_for(
        Duration::from_secs(part.seconds.into()),
        subscribers,
        setting.patience,
    )?;
    count.cpu = cpu_time(server.pid())?.saturating_sub(cpu);
    count.generator_cpu = cpu_time(own)?.saturating_sub(generator_cpu);
    Ok(count)
}

/// Subscribers and publishers in one loop.
struct Generator {
    crowd: Crowd,
    publishers: Vec<Publisher>,
    request: Vec<u8>,
}

impl Generator {
    /// Adds publishers to the subscribers.
    fn connect(crowd: Crowd, port: u16, publishers: u32) -> Result<Self> {
        let publishers = (0..usize::try_from(publishers)?)
            .map(|index| Publisher::connect(port, index, crowd.registry(), Token(FOREIGN + index)))
            .collect::<Result<Vec<_>>>()?;
        let request = client::publication("pub", CHANNEL, &client::marked_text(MESSAGE_BYTES));
        Ok(Self { crowd, publishers, request })
    }

    /// Publishes for `duration`, then waits until everything is delivered or `patience` is over.
    fn publish_for(
        &mut self,
        duration: Duration,
        subscribers: u32,
        patience: Duration,
    ) -> Result<Count> {
        let before = self.crowd.messages();
        let begin = Instant::now();
        for publisher in &mut self.publishers {
            publisher.send(&self.request)?;
        }
        let mut published = self.publishers.len();
        while self.publishers.iter().any(Publisher::is_waiting) {
            let elapsed = begin.elapsed();
            ensure!(elapsed < duration + patience, "a publication is not answered");
            published += self.turn(elapsed < duration)?;
        }
        let published = u64::try_from(published)?;
        let expected = published * u64::from(subscribers);
        self.crowd.turn_until(patience, |crowd| {
            crowd.messages() - before >= expected || crowd.lost() > 0
        })?;
        let delivered = self.crowd.messages() - before;
        Ok(Count {
            published,
            delivered,
            missing: expected.saturating_sub(delivered),
            lost: self.crowd.lost(),
            cpu: Duration::ZERO,
            generator_cpu: Duration::ZERO,
            elapsed: begin.elapsed(),
        })
    }

    /// One turn of the loop; how many publications were sent in it.
    fn turn(&mut self, go_on: bool) -> Result<usize> {
        let mut ready = Vec::new();
        let mut sent = 0;
        self.crowd.turn(Duration::from_millis(100), &mut ready)?;
        for token in ready {
            let publisher =
                token.checked_sub(FOREIGN).and_then(|index| self.publishers.get_mut(index));
            let Some(publisher) = publisher else { continue };
            if publisher.read()? && go_on {
                publisher.send(&self.request)?;
                sent += 1;
            }
        }
        Ok(sent)
    }
}

/// The row of one subject.
fn row(subject: Subject, (subscribers, publishers): (u32, u32), counts: &[Count]) -> Vec<Cell> {
    let spread = |figure: fn(&Count) -> f64| Spread::of(counts.iter().map(figure));
    let [min, median, max] = Cell::spread(spread(cpu_per_delivery), 2);
    let [_, deliveries, _] = Cell::spread(spread(|count| per_second(count.delivered, count)), 0);
    let [_, publications, _] = Cell::spread(spread(|count| per_second(count.published, count)), 0);
    let [_, busy, _] = Cell::spread(spread(|count| percent(count.cpu, count)), 0);
    let [_, generator_busy, _] =
        Cell::spread(spread(|count| percent(count.generator_cpu, count)), 0);
    let lost = counts.iter().map(|count| u64::try_from(count.lost).unwrap_or(u64::MAX));
    vec![
        Cell::Text(subject.name().to_owned()),
        Cell::Count(subscribers.into()),
        Cell::Count(publishers.into()),
        median,
        min,
        max,
        deliveries,
        publications,
        busy,
        generator_busy,
        Cell::Count(counts.iter().map(|count| count.missing).sum()),
        Cell::Count(lost.sum()),
    ]
}

impl Subject {
    /// The name in tables and JSON.
    fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Raw => "raw loop",
            Self::RawJoined => "raw loop, joined",
        }
    }
}

/// Microseconds of the server's CPU per delivery.
fn cpu_per_delivery(count: &Count) -> f64 {
    count.cpu.as_secs_f64() * 1e6 / count.delivered.max(1) as f64
}

/// CPU time as a share of the elapsed time; 100 is one core.
fn percent(cpu: Duration, count: &Count) -> f64 {
    cpu.as_secs_f64() * 100.0 / count.elapsed.as_secs_f64()
}

/// A number of things per second.
fn per_second(things: u64, count: &Count) -> f64 {
    things as f64 / count.elapsed.as_secs_f64()
}
