//! The binary as a child process, with a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Generous: a machine may be busy, and a test that waits in vain has failed anyway.
const DEADLINE: Duration = Duration::from_secs(20);

/// What a finished process left behind.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A folder with configuration, logs and pid file.
#[derive(Debug)]
pub(crate) struct Site {
    folder: TempDir,
    pub(crate) port: u16,
}

impl Site {
    pub(crate) fn new() -> Self {
        let port = outpour_testkit::free_port().unwrap();
        Self { folder: tempfile::tempdir().unwrap(), port }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file; `{dir}` and `{port}` in it become the site's.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let dir = self.folder.path().display().to_string();
        let text = text.replace("{dir}", &dir).replace("{port}", &self.port.to_string());
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The binary with `arguments`, in this folder; `{dir}` in them becomes it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let dir = self.folder.path().display().to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_outpour"));
        command
            .args(arguments.iter().map(|argument| argument.replace("{dir}", &dir)))
            .current_dir(self.folder.path())
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end. Its outputs go to files: a process left in the background
    /// cannot hold the test up.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        let folder = tempfile::tempdir().unwrap();
        let (out, err) = (folder.path().join("out"), folder.path().join("err"));
        let mut command = self.command(arguments);
        command.stdout(fs::File::create(&out).unwrap()).stderr(fs::File::create(&err).unwrap());
        let code = Server { child: command.spawn().unwrap() }.ended();
        let text = |path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        Finished { code, out: text(out), err: text(err) }
    }

    /// Starts a server with `arguments` and waits until its pid file is there.
    pub(crate) fn start(&self, arguments: &[&str]) -> Server {
        let mut server = self.spawn(self.command(arguments));
        poll("the pid file", || {
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none(), "{ended:?}: {}", self.read("stderr"));
            self.pid("pid") == Some(server.id())
        });
        server
    }

    /// Starts `command` with its outputs in the folder's files `stdout` and `stderr`.
    pub(crate) fn spawn(&self, mut command: Command) -> Server {
        let err = fs::File::create(self.path("stderr")).unwrap();
        let out = fs::File::create(self.path("stdout")).unwrap();
        Server { child: command.stdout(out).stderr(err).spawn().unwrap() }
    }

    /// The process that a pid file names.
    pub(crate) fn pid(&self, name: &str) -> Option<u32> {
        self.read(name).strip_suffix('\n')?.parse().ok()
    }
}

/// A process of the binary; ended the hard way if a test forgets it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
}

impl Server {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end and returns the exit code.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let mut status = None;
        poll("the end of the server", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.and_then(|status| status.code())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks until `holds`, or fails at the deadline.
pub(crate) fn poll(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "waited in vain for {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Whether a process is there (a zombie is not).
pub(crate) fn lives(pid: u32) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
    stat.is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().starts_with(" Z"))
}

/// A server in the background; ended the hard way if a test forgets it.
#[derive(Debug)]
pub(crate) struct Daemon(pub(crate) u32);

impl Drop for Daemon {
    fn drop(&mut self) {
        let pid = i32::try_from(self.0).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| lives(self.0)) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}
