use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::binary::binary;
use crate::ports::free_port;
use crate::template::Template;

/// How long a server may take to accept its first connection.
const START_MAX: Duration = Duration::from_secs(30);

/// How long a server may take to end.
const STOP_MAX: Duration = Duration::from_secs(20);

/// How often another port is tried when the chosen one has been taken by somebody else.
const PORT_ATTEMPTS: usize = 5;

/// What a finished process left.
#[derive(Clone, Debug)]
pub struct Output {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs the server binary with `arguments` to its end, in `folder`.
///
/// # Errors
/// When there is no binary, or it does not end within 20 seconds.
pub fn run(arguments: &[&str], folder: &Path) -> Result<Output> {
    let mut child = Command::new(binary()?)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdout = Captured::new(child.stdout.take().context("piped")?);
    let stderr = Captured::new(child.stderr.take().context("piped")?);
    let status = wait(&mut child, STOP_MAX);
    if status.is_err() {
        child.kill()?;
        child.wait()?;
    }
    Ok(Output { code: status?.code(), stdout: stdout.finish_soon(), stderr: stderr.finish_soon() })
}

/// A running server with a folder of its own, on ports of its own.
///
/// Dropped, it is killed: this child and nothing else.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    folder: TempDir,
    ports: [u16; 3],
    stderr: Captured,
}

impl ServerProcess {
    /// Starts a server with the configuration `template` and waits until it accepts connections.
    ///
    /// `{{port}}`, `{{port2}}` and `{{port3}}` become free ports, `{{dir}}` the server's folder, which has a
    /// sub-folder `logs`. `files` are written into it before, filled in the same way; names may have
    /// folders, and a text `-> NAME` makes a symbolic link.
    ///
    /// # Errors
    /// When the server ends or does not accept within 30 seconds; with all it said.
    pub fn start(template: &str, files: &[(&str, &str)]) -> Result<Self> {
        let mut attempt = 1;
        loop {
            let error = match Self::attempt(template, files) {
                Ok(server) => return Ok(server),
                Err(error) => error,
            };
            let taken = error.to_string().contains("in use");
            if !taken || attempt == PORT_ATTEMPTS {
                return Err(error);
            }
            attempt += 1;
        }
    }

    fn attempt(template: &str, files: &[(&str, &str)]) -> Result<Self> {
        let folder = TempDir::with_prefix("outpour-test-")?;
        fs::create_dir(folder.path().join("logs"))?;
        let ports = [free_port()?, free_port()?, free_port()?];
        let fill = |text: &str| fill(text, ports, folder.path());
        for (name, text) in files {
            place(&folder.path().join(name), &fill(text))?;
        }
        let file = folder.path().join("server.conf");
        fs::write(&file, fill(template))?;
        let mut child = Command::new(binary()?)
            .arg("-c")
            .arg(&file)
            .arg("-p")
            .arg(folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = Captured::new(child.stderr.take().context("piped")?);
        let mut server = Self { child, folder, ports, stderr };
        server.wait_until_ready()?;
        Ok(server)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_MAX;
        while TcpStream::connect_timeout(&self.address(), Duration::from_secs(1)).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}:\n{}", self.stderr.finish_soon());
            }
            if Instant::now() > deadline {
                bail!("the server does not accept connections:\n{}", self.stderr());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports[0]))
    }

    /// The number behind `{{port}}`, `{{port2}}`, `{{port3}}`.
    pub fn ports(&self) -> [u16; 3] {
        self.ports
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its configuration file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("server.conf")
    }

    /// The most memory that the process has used so far, in bytes (`VmHWM`).
    ///
    /// # Errors
    /// The system does not tell.
    pub fn peak_memory(&self) -> io::Result<usize> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let digits = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kilobytes: usize =
            digits.and_then(|d| d.trim().parse().ok()).unwrap_or(usize::MAX / 1024);
        Ok(kilobytes * 1024)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to standard error up to this moment.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Standard error and everything in its `logs` folder, joined.
    pub fn logs(&self) -> String {
        let mut text = self.stderr();
        let entries = fs::read_dir(self.folder().join("logs")).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            text.push_str(&fs::read_to_string(path).unwrap_or_default());
        }
        text
    }

    /// Writes another configuration, filled like the first one, without telling the server.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn write_configuration(&self, template: &str) -> io::Result<()> {
        fs::write(self.file(), fill(template, self.ports, self.folder()))
    }

    /// Sends a signal by its name: `TERM`, `QUIT`, `HUP`, `USR1` or `USR2`.
    ///
    /// # Errors
    /// When the name is another one or the process is gone.
    pub fn signal(&self, name: &str) -> Result<()> {
        let signal = match name {
            "TERM" => Signal::TERM,
            "QUIT" => Signal::QUIT,
            "HUP" => Signal::HUP,
            "USR1" => Signal::USR1,
            "USR2" => Signal::USR2,
            other => bail!("no signal named {other:?} here"),
        };
        let pid = Pid::from_raw(i32::try_from(self.pid())?).context("a process id")?;
        Ok(kill_process(pid, signal)?)
    }

    /// Waits for the end and gives the exit code; `None` when a signal ended it.
    ///
    /// # Errors
    /// When it is still there after 20 seconds.
    pub fn wait(&mut self) -> Result<Option<i32>> {
        Ok(wait(&mut self.child, STOP_MAX)?.code())
    }

    /// Stops the server by TERM.
    ///
    /// # Errors
    /// When it does not end within 20 seconds, or ends with something else than 0; with all it said.
    pub fn stop(mut self) -> Result<String> {
        self.signal("TERM")?;
        let code = self.wait()?;
        let said = self.stderr.finish_soon();
        if code != Some(0) {
            bail!("stopped by TERM, the server ended with {code:?}:\n{said}");
        }
        Ok(said)
    }
}

/// Writes a file or a symbolic link, with the folders around it.
fn place(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    match text.strip_prefix("-> ") {
        Some(target) => std::os::unix::fs::symlink(target, path)?,
        None => fs::write(path, text)?,
    }
    Ok(())
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn fill(text: &str, ports: [u16; 3], folder: &Path) -> String {
    Template::new(text).fill(|name| match name {
        "port" => Some(ports[0].to_string()),
        "port2" => Some(ports[1].to_string()),
        "port3" => Some(ports[2].to_string()),
        "dir" => Some(folder.display().to_string()),
        _ => None,
    })
}

fn wait(child: &mut Child, limit: Duration) -> Result<ExitStatus> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() > deadline {
            bail!("process {} has not ended after {limit:?}", child.id());
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// A pipe that a thread empties into memory.
#[derive(Debug)]
struct Captured {
    text: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Captured {
    fn new(mut pipe: impl io::Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&text);
        let reader = thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut chunk) {
                let mut text = shared.lock().unwrap_or_else(PoisonError::into_inner);
                text.extend_from_slice(&chunk[..count]);
            }
        });
        Self { text, reader }
    }

    fn text(&self) -> String {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Waits a moment for the end of the pipe, which a surviving child may hold open.
    fn finish_soon(&self) -> String {
        let deadline = Instant::now() + Duration::from_secs(2);
        while !self.reader.is_finished() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        self.text()
    }
}
