//! A server process under measurement.

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{
    answer::exchange,
    cores::Cores,
    interrupt,
    load::Load,
    process_tree::{Process, tree},
    request, socket,
    subject::{Plan, Programs, Subject},
    target::Target,
};

/// Pause between attempts to reach a server that starts.
const RETRY: Duration = Duration::from_millis(1);

/// How long a server may take to end when it is asked to.
const END: Duration = Duration::from_secs(5);

/// A running server; it is ended and its files are removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    helpers: Vec<Child>,
    target: Target,
    start_up: Duration,
    directory: TempDir,
}

impl Server {
    /// Starts a subject for `load` on free ports and waits until it answers.
    ///
    /// # Errors
    /// If it cannot be started, ends, or gives no answer within `patience`; with its output.
    pub(crate) fn start(
        subject: Subject,
        load: &Load,
        programs: &Programs,
        cores: Option<&Cores>,
        patience: Duration,
    ) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("outpour-bench-").tempdir()?;
        let [port, more_ports @ ..]: [u16; 5] = socket::free_ports()?;
        let plan = Plan { load, port, more_ports, open_files: socket::open_file_limit() };
        let invocation = subject.prepare(&plan, programs, directory.path())?;
        let mut words = vec![invocation.program.into_os_string()];
        words.extend(invocation.arguments);
        let begin = Instant::now();
        let child = spawn(&words, cores, directory.path(), "output")?;
        let mut server = Self {
            child,
            helpers: Vec::new(),
            target: subject.target(&plan)?,
            start_up: Duration::ZERO,
            directory,
        };
        for words in &invocation.helpers {
            server.helpers.push(spawn(words, None, server.directory.path(), "helper")?);
        }
        server.wait_for_answer(begin, patience).with_context(|| subject.name())?;
        server.start_up = begin.elapsed();
        Ok(server)
    }

    /// Asks until there is a good answer.
    fn wait_for_answer(&mut self, begin: Instant, patience: Duration) -> Result<()> {
        let request = request::get(&self.target.host, &self.target.ready, "");
        while !exchange(&self.target.endpoint, &request, patience).is_ok_and(|code| code == 200) {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}: {}", self.output());
            }
            if begin.elapsed() > patience {
                bail!("the server does not answer after {patience:?}: {}", self.output());
            }
            thread::sleep(RETRY);
        }
        Ok(())
    }

    /// What the server has printed and logged.
    pub(crate) fn output(&self) -> String {
        let text = |name| fs::read_to_string(self.directory.path().join(name)).unwrap_or_default();
        format!("{}{}", text("output"), text("error.log")).trim_end().to_owned()
    }

    /// Where its requests go.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// The first process; others are its children.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The time from the start of the process to its first answer.
    pub(crate) fn start_up(&self) -> Duration {
        self.start_up
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
        self.helpers.iter_mut().for_each(end);
    }
}

/// Starts a command through `launch`; its output goes into a file of `directory`.
fn spawn(
    words: &[OsString],
    cores: Option<&Cores>,
    directory: &Path,
    output: &str,
) -> Result<Child> {
    let output = File::create(directory.join(output))?;
    let mut command = Command::new(env::current_exe()?);
    command.args(["bench", "launch"]);
    if let Some(cores) = cores {
        command.arg("--cores").arg(cores.to_string());
    }
    command.arg("--").args(words).env_remove("NOTIFY_SOCKET").current_dir(directory);
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let child = command.spawn().context("cannot start a server")?;
    interrupt::remember(child.id(), directory);
    Ok(child)
}

/// Asks a process to end, and ends it and what it left the hard way after a while.
fn end(child: &mut Child) {
    let tree = tree(child.id());
    let begin = Instant::now();
    signal(child.id(), Signal::TERM);
    while begin.elapsed() < END && matches!(child.try_wait(), Ok(None)) {
        thread::sleep(RETRY);
    }
    interrupt::forget(child.id());
    // Both fail only if it has ended already.
    let _ = child.kill();
    let _ = child.wait();
    tree.iter().filter(|process| process.lives()).for_each(|one| signal(one.pid, Signal::KILL));
    while begin.elapsed() < 2 * END && tree.iter().any(Process::lives) {
        thread::sleep(RETRY);
    }
}

/// Sends a signal; a process that has ended gets none.
pub(crate) fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}
