//! Memory of the server per idle connection.
//!
//! The user-space figure is the growth of the process's PSS divided by the connections. The
//! kernel's part is the growth on the whole machine, in which both ends of each connection are counted.

use std::{thread, time::Duration};

use anyhow::{Result, ensure};

use super::Setting;
use crate::{
    arguments::MemoryArguments,
    client,
    configuration::Configuration,
    crowd::Crowd,
    kernel_memory::KernelMemory,
    process_usage::pss_bytes,
    report::{Cell, Report, Table, progress},
    server::Server,
    socket,
    transport::Transport,
};

/// The channel of all subscribers.
const CHANNEL: &str = "memory";

/// Bytes of the one message.
const MESSAGE_BYTES: usize = 200;

/// How long the server is left alone before its memory is read, and watched for second deliveries.
const SETTLE: Duration = Duration::from_millis(500);

/// Open files that this program needs beside the connections.
const SPARE_FILES: u64 = 64;

/// Measures each transport on a fresh server.
pub(super) fn run(setting: &Setting, part: &MemoryArguments, report: &mut Report) -> Result<()> {
    let limit = socket::open_file_limit();
    let needed = u64::from(part.connections) + SPARE_FILES;
    ensure!(needed <= limit, "{needed} open files are needed, the limit is {limit}");
    let transports =
        if part.transport.is_empty() { &Transport::ALL } else { part.transport.as_slice() };
    let mut table = Table::new("memory", title(part.connections), &COLUMNS);
    let outcome = transports.iter().try_for_each(|&transport| {
        table.row(measure(setting, transport, part.connections)?);
        Ok(())
    });
    report.add(table);
    outcome
}

/// The columns of the table.
const COLUMNS: [&str; 9] = [
    "transport",
    "base KiB",
    "connected KiB",
    "B/connection",
    "B after a message",
    "kernel queues B",
    "kernel slab B",
    "served once",
    "lost",
];

/// What the table shows.
fn title(connections: u32) -> String {
    format!(
        "Memory at {connections} idle connections: PSS of the server, growth per connection; \
         kernel memory of the machine per connection, both ends"
    )
}

/// Memory at one moment.
struct Snapshot {
    pss: u64,
    kernel: KernelMemory,
}

impl Snapshot {
    /// Leaves the server alone for a moment, then reads.
    fn take(server: &Server) -> Result<Self> {
        thread::sleep(SETTLE);
        Ok(Self { pss: pss_bytes(server.pid())?, kernel: KernelMemory::read() })
    }
}

/// The row of one transport.
fn measure(setting: &Setting, transport: Transport, connections: u32) -> Result<[Cell; 9]> {
    progress(format_args!("memory: {connections} connections, {}", transport.name()));
    let server = setting.start(&Configuration::plain(setting.workers()))?;
    warm_up(&server, setting.patience)?;
    let before = Snapshot::take(&server)?;
    let mut crowd = Crowd::new()?;
    let place = (server.port(), CHANNEL);
    crowd.gather(place, transport, usize::try_from(connections)?, setting.patience)?;
    let connected = Snapshot::take(&server)?;
    let served = serve(&mut crowd, &server, transport, connections, setting.patience)?;
    let after = Snapshot::take(&server)?;
    let growth = |from: Option<u64>, to: Option<u64>| {
        let (Some(from), Some(to)) = (from, to) else { return Cell::Missing };
        Cell::Number((to as f64 - from as f64) / f64::from(connections), 0)
    };
    Ok([
        Cell::Text(transport.name().to_owned()),
        Cell::Count(before.pss / 1024),
        Cell::Count(connected.pss / 1024),
        growth(Some(before.pss), Some(connected.pss)),
        growth(Some(before.pss), Some(after.pss)),
        growth(before.kernel.tcp_bytes, connected.kernel.tcp_bytes),
        growth(before.kernel.slab_bytes, connected.kernel.slab_bytes),
        Cell::Text(format!("{served}/{connections}")),
        Cell::Count(u64::try_from(crowd.lost())?),
    ])
}

/// Takes the server once through publishing, so that its code is not counted as connections.
fn warm_up(server: &Server, patience: Duration) -> Result<()> {
    let request = client::publication("pub", "warm-up", b"warm-up");
    client::exchange(server.port(), &request, patience)?.expect_ok("the first publication")?;
    Ok(())
}

/// Shows that the connections work: one message to all of them, or one more request on each.
///
/// Returns how many were served exactly once.
fn serve(
    crowd: &mut Crowd,
    server: &Server,
    transport: Transport,
    connections: u32,
    patience: Duration,
) -> Result<usize> {
    if !transport.subscribes() {
        crowd.ask_again(&transport.request(CHANNEL), patience)?;
        return Ok(crowd.answered());
    }
    let text = client::marked_text(MESSAGE_BYTES);
    let request = client::publication("pub", CHANNEL, &text);
    client::exchange(server.port(), &request, patience)?.expect_ok("the publication")?;
    crowd.turn_until(patience, |crowd| crowd.messages() >= u64::from(connections))?;
    crowd.turn_until(SETTLE, |_| false)?;
    Ok(crowd.members_with(1))
}
