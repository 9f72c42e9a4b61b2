//! A server process under measurement.

use std::{
    env,
    fs::{self, File},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::{arguments::Arguments, client, configuration::Configuration, interrupt, socket};

/// Pause between attempts to reach a server that starts.
const RETRY: Duration = Duration::from_micros(200);

/// The binary that `--binary`, `OUTPOUR_BIN` or the place of this program tells.
pub(crate) fn binary(arguments: &Arguments) -> Result<PathBuf> {
    if let Some(named) =
        arguments.binary.clone().or_else(|| env::var_os("OUTPOUR_BIN").map(Into::into))
    {
        return Ok(named);
    }
    let beside = env::current_exe()?.with_file_name("outpour");
    let candidates = [beside, PathBuf::from("target/release/outpour")];
    let found = candidates.into_iter().find(|path| path.is_file());
    found.context("no outpour beside this program or in target/release; set OUTPOUR_BIN")
}

/// A running server; it is killed and its files are removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    port: u16,
    start_up: Duration,
    directory: TempDir,
}

impl Server {
    /// Starts `binary` with `configuration` on a free port and waits for its first answer.
    ///
    /// # Errors
    /// If it cannot be started, ends, or gives no answer within `patience`; with its output.
    pub(crate) fn start(
        binary: &Path,
        configuration: &Configuration,
        patience: Duration,
    ) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("outpour-bench-").tempdir()?;
        let port = socket::free_port()?;
        let file = directory.path().join("server.conf");
        let open_files = socket::open_file_limit();
        fs::write(&file, configuration.render(port, open_files, directory.path()))?;
        let mut command = Command::new(binary);
        command.arg("-p").arg(directory.path()).arg("-c").arg(&file);
        Self::spawn(command, port, directory, patience)
    }

    /// Starts the raw loop of this program as a process of its own.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub(crate) fn start_raw(joined: bool, patience: Duration) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("outpour-bench-").tempdir()?;
        let port = socket::free_port()?;
        let mut command = Command::new(env::current_exe()?);
        command.arg("raw").arg("--port").arg(port.to_string());
        if joined {
            command.arg("--joined");
        }
        Self::spawn(command, port, directory, patience)
    }

    /// Starts `command` and waits for its first answer on `port`.
    fn spawn(
        mut command: Command,
        port: u16,
        directory: TempDir,
        patience: Duration,
    ) -> Result<Self> {
        let output = File::create(directory.path().join("output"))?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let begin = Instant::now();
        let program = command.get_program().to_owned();
        let child =
            command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        interrupt::remember(child.id(), directory.path());
        let mut server = Self { child, port, start_up: Duration::ZERO, directory };
        server.wait_for_answer(begin, patience)?;
        server.start_up = begin.elapsed();
        Ok(server)
    }

    /// Asks for the statistics until there is an answer.
    fn wait_for_answer(&mut self, begin: Instant, patience: Duration) -> Result<()> {
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}: {}", self.output());
            }
            if begin.elapsed() > patience {
                bail!("the server does not listen after {patience:?}: {}", self.output());
            }
            thread::sleep(RETRY);
        }
        client::fetch(self.port, "/channels-stats", patience)?.expect_ok("the first request")?;
        Ok(())
    }

    /// What the server has printed and logged.
    fn output(&self) -> String {
        let text = |name| fs::read_to_string(self.directory.path().join(name)).unwrap_or_default();
        format!("{}{}", text("output"), text("error.log")).trim_end().to_owned()
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The time from the start of the process to the end of its first answer.
    pub(crate) fn start_up(&self) -> Duration {
        self.start_up
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        interrupt::forget(self.child.id());
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
