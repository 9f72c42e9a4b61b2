//! A syslog server as a log: RFC 3164 messages over datagrams, as nginx sends them.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use outpour_core::settings::Level;

use super::OpenError;
use super::complaint::Complaint;
use super::target::Line;

const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "intern", "lpr", "news", "uucp", "clock", "authpriv",
    "ftp", "ntp", "audit", "alert", "cron", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];

const SEVERITIES: [&str; 8] =
    ["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"];

/// The port of syslog over UDP.
const PORT: u16 = 514;

/// Longest tag in bytes, as in nginx.
const TAG_BYTES_MAX: usize = 32;

/// Where messages go.
#[derive(Debug)]
enum Server {
    Unix(PathBuf),
    Udp(SocketAddr),
}

#[derive(Debug)]
enum Socket {
    Unix(UnixDatagram),
    Udp(UdpSocket),
}

/// A `syslog:` target. Its socket is made when the first line is sent, and again after a failure:
/// a server that is started later, or anew, gets what follows.
#[derive(Debug)]
pub(super) struct Syslog {
    server: Server,
    facility: usize,
    /// Of access log lines; those of an error log have their own.
    severity: usize,
    tag: Box<str>,
    /// The host's name and a space; empty with `nohostname`.
    host: String,
    socket: Mutex<Option<Socket>>,
    complaint: Complaint,
}

impl Syslog {
    /// Takes `server=ADDRESS[,facility=F][,tag=T][,severity=S][,nohostname]`.
    pub(super) fn parse(text: &str) -> Result<Self, OpenError> {
        let (mut server, mut facility, mut severity) = (None, 23, 6);
        let (mut tag, mut host) = ("nginx", hostname());
        for parameter in text.split(',') {
            match parameter.split_once('=') {
                Some(("server", address)) => server = Some(Server::parse(address)?),
                Some(("facility", name)) => facility = index(&FACILITIES, "facility", name)?,
                Some(("severity", name)) => severity = index(&SEVERITIES, "severity", name)?,
                Some(("tag", name)) => tag = checked_tag(name)?,
                None if parameter == "nohostname" => host.clear(),
                _ => return refused(format!("unknown syslog parameter \"{parameter}\"")),
            }
        }
        let Some(server) = server else {
            return refused("no syslog server specified".into());
        };
        let (socket, complaint) = (Mutex::new(None), Complaint::default());
        Ok(Self { server, facility, severity, tag: tag.into(), host, socket, complaint })
    }

    /// Sends one message; a socket that fails is made anew for the next.
    pub(super) fn send(&self, line: &Line<'_>) -> io::Result<()> {
        let datagram = self.datagram(line);
        let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        let connected = match socket.take() {
            Some(connected) => connected,
            None => self.server.connect()?,
        };
        let sent = connected.send(&datagram);
        let usable = |error: &io::Error| error.kind() == io::ErrorKind::WouldBlock;
        if sent.as_ref().err().is_none_or(usable) {
            *socket = Some(connected);
        }
        sent.map(|_| ())
    }

    /// `<PRIORITY>Nov 21 01:16:32 HOST TAG: text`, without line end.
    fn datagram(&self, line: &Line<'_>) -> Vec<u8> {
        let severity = line.level.map_or(self.severity, severity);
        let priority = self.facility * 8 + severity;
        let time = line.civil.syslog();
        let mut out = format!("<{priority}>{time} {}{}: ", self.host, self.tag).into_bytes();
        out.extend(line.text.strip_suffix(b"\n").unwrap_or(line.text));
        out
    }

    /// Lets go of the socket.
    pub(super) fn reconnect(&self) {
        *self.socket.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn complains(&self, unix: u64) -> bool {
        self.complaint.is_due(unix)
    }
}

impl fmt::Display for Syslog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.server {
            Server::Unix(path) => write!(f, "syslog server unix:{}", path.display()),
            Server::Udp(address) => write!(f, "syslog server {address}"),
        }
    }
}

impl Server {
    /// `unix:PATH`, or an address or name with or without port.
    fn parse(text: &str) -> Result<Self, OpenError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::Unix(path.into()));
        }
        let after_bracket = text.rsplit(']').next().unwrap_or(text);
        let with_port =
            if after_bracket.contains(':') { text.into() } else { format!("{text}:{PORT}") };
        match with_port.to_socket_addrs().ok().and_then(|mut addresses| addresses.next()) {
            Some(address) => Ok(Self::Udp(address)),
            None => refused(format!("host not found in syslog server \"{text}\"")),
        }
    }

    fn connect(&self) -> io::Result<Socket> {
        match self {
            Self::Unix(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.set_nonblocking(true)?;
                socket.connect(path)?;
                Ok(Socket::Unix(socket))
            }
            Self::Udp(address) => {
                let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = UdpSocket::bind(any)?;
                socket.set_nonblocking(true)?;
                socket.connect(address)?;
                Ok(Socket::Udp(socket))
            }
        }
    }
}

impl Socket {
    fn send(&self, datagram: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(socket) => socket.send(datagram),
            Self::Udp(socket) => socket.send(datagram),
        }
    }
}

fn hostname() -> String {
    let mut name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    name.push(' ');
    name
}

/// Severities are nginx's levels, in the same order.
fn severity(level: Level) -> usize {
    SEVERITIES.iter().position(|name| *name == level.name()).unwrap_or(6)
}

fn index(names: &[&str], what: &str, name: &str) -> Result<usize, OpenError> {
    match names.iter().position(|known| *known == name) {
        Some(index) => Ok(index),
        None => refused(format!("unknown syslog {what} \"{name}\"")),
    }
}

fn checked_tag(tag: &str) -> Result<&str, OpenError> {
    if tag.len() > TAG_BYTES_MAX {
        return refused(format!("syslog tag length exceeds {TAG_BYTES_MAX}"));
    }
    if !tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        let text = "syslog \"tag\" only allows alphanumeric characters and underscore";
        return refused(text.into());
    }
    Ok(tag)
}

fn refused<T>(text: String) -> Result<T, OpenError> {
    Err(OpenError::Syslog(text))
}
