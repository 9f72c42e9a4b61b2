//! The binary as a child process, with a folder of its own.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

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
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
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

    /// Runs the binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        let output = self.command(arguments).output().unwrap();
        Finished {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Starts a server with `arguments` and waits until its pid file is there.
    pub(crate) fn start(&self, arguments: &[&str]) -> Server {
        let err = fs::File::create(self.path("stderr")).unwrap();
        let out = fs::File::create(self.path("stdout")).unwrap();
        let child = self.command(arguments).stdout(out).stderr(err).spawn().unwrap();
        let mut server = Server { child };
        poll("the pid file", || {
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none(), "{ended:?}: {}", self.read("stderr"));
            self.pid("pid").is_some()
        });
        server
    }

    /// The process that a pid file names.
    pub(crate) fn pid(&self, name: &str) -> Option<u32> {
        self.read(name).strip_suffix('\n')?.parse().ok()
    }
}

/// A server in the foreground; ended the hard way if a test forgets it.
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
