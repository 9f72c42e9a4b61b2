//! One measurement: start, connect, hold, publish, compare the books.

mod requests;

use std::{thread, time::Duration};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    answer::exchange,
    cores::Cores,
    generator::{Crowd, Press, Until, gather},
    kernel_memory::KernelMemory,
    load::Load,
    outcome::{Held, Memory, Outcome, Work},
    process_usage::{tree_cpu_time, tree_pss_bytes},
    progress::Progress,
    request::{self, CHANNEL, Names},
    server::Server,
    socket,
    subject::{Programs, Subject},
    target::Target,
};

/// How long the server's CPU is watched to tell whether it has something to do.
const GLANCE: Duration = Duration::from_millis(100);

/// How long is watched for messages that come twice.
const AFTER: Duration = Duration::from_millis(200);

/// A ping that comes later than after its interval times this is late.
const LATE: f64 = 1.2;

/// Open files that this program needs beside the connections.
const SPARE_FILES: u64 = 64;

/// What all measurements of a run share.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Where the programs are.
    pub programs: Programs,
    /// The cores of the server, and of the generator.
    pub pins: (Option<Cores>, Option<Cores>),
    /// How long is waited for anything.
    pub patience: Duration,
}

/// A server to measure, started here or not.
#[derive(Debug)]
pub(crate) struct Site<'a> {
    /// Its name in tables.
    pub name: String,
    /// Where requests go.
    pub target: &'a Target,
    /// Its first process, if that is on this machine and known.
    pub pid: Option<u32>,
}

impl Setting {
    /// Starts `subject`, measures it under `load`, and ends it.
    ///
    /// # Errors
    /// If the server or a connection fails. Lost messages are no error: see [`Outcome::is_faulty`].
    pub(crate) fn measure(
        &self,
        subject: Subject,
        load: &Load,
        progress: &mut Progress,
    ) -> Result<Outcome> {
        if let Some(reason) = subject.refuses(load) {
            bail!("{}: {reason}", subject.name());
        }
        self.prepare(load)?;
        let server_cores = self.cores(load)?;
        let server =
            Server::start(subject, load, &self.programs, server_cores.as_ref(), self.patience)?;
        let name = subject.name().to_owned();
        let site = Site { name, target: server.target(), pid: Some(server.pid()) };
        let outcome = self.measure_site(&site, load, progress);
        let outcome = outcome.with_context(|| match server.output() {
            output if output.is_empty() => subject.name().to_owned(),
            output => format!("{} (which says: {output})", subject.name()),
        })?;
        Ok(Outcome { start_up: Some(server.start_up()), ..outcome })
    }

    /// Puts this program on its cores; those of the server.
    fn cores(&self, load: &Load) -> Result<Option<Cores>> {
        let (server, generator) = match &self.pins {
            (None, None) => Cores::divide(load.workers)?.unzip(),
            pins => pins.clone(),
        };
        if let Some(cores) = &generator {
            cores.take()?;
        }
        Ok(server)
    }

    /// Refuses a load that this program has not enough files for.
    pub(crate) fn prepare(&self, load: &Load) -> Result<()> {
        load.check()?;
        let needed = u64::from(load.connections()) + u64::from(load.publishers) + SPARE_FILES;
        let limit = socket::open_file_limit();
        ensure!(
            needed <= limit,
            "{needed} open files are needed, the limit is {limit} (see outpour doctor)"
        );
        Ok(())
    }

    /// Measures a server that runs: deliveries, or answers where the load is requests.
    ///
    /// # Errors
    /// As [`Setting::measure`].
    pub(crate) fn measure_site(
        &self,
        site: &Site<'_>,
        load: &Load,
        progress: &mut Progress,
    ) -> Result<Outcome> {
        if let Some(resource) = load.request {
            return self.measure_requests(site, load, resource, progress);
        }
        let names = Names::new();
        warm_up(site, load, &names, self.patience)?;
        let before = Snapshot::take(site, self.patience);
        let mut crowd = Crowd::new(load, site.target, &names)?;
        let cpu = site.cpu();
        let time = gather(&mut crowd, load, self.patience, progress)?;
        let connected = Snapshot::take(site, self.patience);
        let connecting = Work { time, cpu: site.cpu_since(cpu) };
        let held = hold(&mut crowd, load, progress)?;

        let mut press = Press::open(&crowd, load)?;
        let warm_up = Duration::from_secs_f64(load.warm_up);
        if load.messages.is_none() && !warm_up.is_zero() {
            let until = Until { time: warm_up, messages: u64::MAX };
            press.run(&mut crowd, until, self.patience, progress)?;
        }
        crowd.reset();
        let (cpu, own, published) = (site.cpu(), own_cpu()?, press.published());
        let until = Until { time: load.duration(), messages: load.messages.unwrap_or(u64::MAX) };
        let time = press.run(&mut crowd, until, self.patience, progress)?;
        let publishing = Work { time, cpu: site.cpu_since(cpu) };
        let generator_cpu = own_cpu()?.saturating_sub(own);
        let tally = crowd.tally().clone();
        crowd.hold(AFTER, progress)?;
        Ok(Outcome {
            subject: site.name.clone(),
            load: load.clone(),
            start_up: None,
            connecting,
            publishing,
            generator_cpu,
            published: press.published() - published,
            tally,
            memory: Snapshot::growth(before, connected, load.subscribers),
            faults: crowd.faults(|channel, origin| press.published_by(channel, origin)),
            closed: u64::try_from(crowd.closed())?,
            held,
        })
    }
}

/// Holds the connections without messages, and tells whether pings came in time.
fn hold(crowd: &mut Crowd, load: &Load, progress: &mut Progress) -> Result<Held> {
    let silences = crowd.hold(Duration::from_secs_f64(load.hold), progress)?;
    let silent = if load.ping == 0 {
        0
    } else {
        let late = Duration::from_secs(load.ping.into()).mul_f64(LATE);
        silences.beyond(late)
    };
    Ok(Held { longest_silence: silences.longest(), silent: u64::try_from(silent)? })
}

/// The CPU time of this program.
fn own_cpu() -> Result<Duration> {
    crate::process_usage::cpu_time(std::process::id())
}

/// Takes the server once through publishing, so that its code is not counted as connections.
fn warm_up(site: &Site<'_>, load: &Load, names: &Names, patience: Duration) -> Result<()> {
    if load.publishers == 0 {
        return Ok(());
    }
    let target = site.target;
    let channel = names.warm_up();
    let fill = |text: &str| text.replace(CHANNEL, &channel);
    let body = fill(&target.envelope.0) + "warm-up" + &target.envelope.1;
    let (path, host, length) = (fill(&target.publish), &target.host, body.len());
    let request =
        format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{body}");
    let status =
        exchange(&target.publish_endpoint, request.as_bytes(), patience).with_context(|| {
            format!("the first publication, to {}, failed", target.publish_endpoint.address)
        })?;
    ensure!((200..300).contains(&status), "the first publication was answered {status}");
    let ready = request::get(host, &target.ready, "");
    exchange(&target.endpoint, &ready, patience)?;
    Ok(())
}

impl Site<'_> {
    /// CPU of the server's processes so far.
    fn cpu(&self) -> Option<Duration> {
        tree_cpu_time(self.pid?).ok()
    }

    /// CPU since then.
    fn cpu_since(&self, then: Option<Duration>) -> Option<Duration> {
        Some(self.cpu()?.saturating_sub(then?))
    }

    /// Waits until the server has nothing to do, or for a moment if its processes are not known.
    fn rest(&self, patience: Duration) {
        let begin = std::time::Instant::now();
        let mut before = self.cpu();
        let mut quiet = 0;
        while quiet < 3 && begin.elapsed() < patience {
            thread::sleep(GLANCE);
            let cpu = self.cpu();
            quiet = if cpu == before { quiet + 1 } else { 0 };
            before = cpu;
        }
    }
}

/// Memory at one moment.
#[derive(Debug, Clone, Copy)]
struct Snapshot {
    pss: u64,
    kernel: KernelMemory,
}

impl Snapshot {
    /// Waits until the server rests, then reads; `None` if its processes are not known.
    fn take(site: &Site<'_>, patience: Duration) -> Option<Self> {
        site.rest(patience);
        let pss = tree_pss_bytes(site.pid?).ok()?;
        Some(Self { pss, kernel: KernelMemory::read() })
    }

    /// The growth per connection; `None` without connections.
    fn growth(before: Option<Self>, after: Option<Self>, connections: u32) -> Option<Memory> {
        let (before, after) = (before?, after?);
        let each = |from: u64, to: u64| (to as f64 - from as f64) / f64::from(connections);
        let kernel = |one: KernelMemory| Some(one.tcp_bytes? + one.slab_bytes?);
        let kernel = kernel(before.kernel).zip(kernel(after.kernel));
        (connections > 0).then(|| Memory {
            base_bytes: before.pss,
            connected_bytes: after.pss,
            user_per_connection: each(before.pss, after.pss),
            kernel_per_connection: kernel.map(|(from, to)| each(from, to)),
        })
    }
}
