//! What is measured: outpour, the raw loop, and the servers that one would otherwise use.

mod certificate;
mod nchan;
mod nginx_style;
mod push_stream;
mod pushpin;
mod web;

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::{load::Load, resource::Resource, target::Target, transport::Transport};

/// Stored messages per channel, wherever messages are stored.
const HISTORY: u32 = 100;

/// A server that this program can start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Subject {
    /// This binary.
    Outpour,
    /// Plain sends of one buffer per message and nothing else: what the kernel charges.
    Raw,
    /// The raw loop with all messages of a turn joined into one send per subscriber.
    RawJoined,
    /// nginx without modules for push: files and proxying.
    Nginx,
    /// nginx with Nchan.
    Nchan,
    /// nginx with push-stream.
    PushStream,
    /// pushpin.
    Pushpin,
}

/// Where the programs are that do not come with outpour.
#[derive(Debug, Clone, Default)]
pub(crate) struct Programs {
    /// Another outpour binary than this one.
    pub outpour: Option<PathBuf>,
    /// nginx with push-stream built in, or the nginx for its module.
    pub push_stream_nginx: Option<PathBuf>,
    /// The module of push-stream, if it is to be loaded.
    pub push_stream_module: Option<PathBuf>,
}

impl Programs {
    /// The outpour to measure.
    fn outpour(&self) -> Result<PathBuf> {
        Ok(self.outpour.clone().map_or_else(env::current_exe, Ok)?)
    }
}

/// What a server is started for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan<'a> {
    /// What will be measured.
    pub load: &'a Load,
    /// The port on 127.0.0.1.
    pub port: u16,
    /// Further free ports, for servers that need them.
    pub more_ports: [u16; 4],
    /// The limit of open files.
    pub open_files: u64,
}

/// A program and its arguments.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// The program.
    pub program: PathBuf,
    /// What follows its name.
    pub arguments: Vec<OsString>,
    /// Programs that have to run beside the server and are not measured.
    pub helpers: Vec<Vec<OsString>>,
}

impl Subject {
    /// Every subject, in the order of tables.
    pub(crate) const ALL: [Self; 7] = [
        Self::Outpour,
        Self::Raw,
        Self::RawJoined,
        Self::Nginx,
        Self::Nchan,
        Self::PushStream,
        Self::Pushpin,
    ];

    /// The name in tables and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Outpour => "outpour",
            Self::Raw => "raw",
            Self::RawJoined => "raw-joined",
            Self::Nginx => "nginx",
            Self::Nchan => "nchan",
            Self::PushStream => "push-stream",
            Self::Pushpin => "pushpin",
        }
    }

    /// Whether it is another server than ours.
    pub(crate) fn is_peer(self) -> bool {
        matches!(self, Self::Nginx | Self::Nchan | Self::PushStream | Self::Pushpin)
    }

    /// Why it is not installed here; `None` if it is.
    pub(crate) fn missing(self, programs: &Programs) -> Option<String> {
        let nchan = || Path::new(nchan::MODULE).is_file() && find_program("nginx").is_some();
        match self {
            Self::Outpour | Self::Raw | Self::RawJoined => None,
            Self::Nginx => find_program("nginx")
                .is_none()
                .then(|| "not installed; Debian has it: apt-get install nginx".to_owned()),
            Self::Nchan => (!nchan()).then(|| {
                "not installed; Debian has it: apt-get install nginx libnginx-mod-nchan".to_owned()
            }),
            Self::PushStream => programs.push_stream_nginx.is_none().then(|| {
                "no package has it: name an nginx that was built with it by --push-stream-nginx"
                    .to_owned()
            }),
            Self::Pushpin => find_program("pushpin")
                .is_none()
                .then(|| "not installed; Debian has it: apt-get install pushpin".to_owned()),
        }
    }

    /// Why it cannot take this load; `None` if it can.
    pub(crate) fn refuses(self, load: &Load) -> Option<&'static str> {
        let asks_again = load.transport.asks_again();
        match self {
            Self::Outpour | Self::Nginx if load.request.is_some() => None,
            Self::Raw | Self::RawJoined | Self::Nchan | Self::PushStream | Self::Pushpin
                if load.request.is_some() =>
            {
                Some("files and proxying are measured with nginx itself")
            }
            Self::Nginx => Some("it does not push without a module"),
            _ if load.http2 => self.refuses_http2(load),
            Self::Raw | Self::RawJoined if load.tls => Some("the raw loop has no TLS"),
            Self::Pushpin if load.tls => Some("its certificates are those of the installation"),
            Self::Raw | Self::RawJoined if asks_again => Some("the raw loop only streams"),
            Self::Raw | Self::RawJoined if load.stored => Some("the raw loop stores nothing"),
            Self::Pushpin if asks_again => {
                Some("messages between two requests are its origin's affair")
            }
            Self::Pushpin if load.stored => Some("messages are stored by its origin"),
            Self::Outpour
            | Self::Raw
            | Self::RawJoined
            | Self::Nchan
            | Self::PushStream
            | Self::Pushpin => None,
        }
    }

    /// Why it cannot take this load over HTTP/2; `None` if it can.
    fn refuses_http2(self, load: &Load) -> Option<&'static str> {
        match self {
            Self::Outpour => None,
            Self::Raw | Self::RawJoined => Some("the raw loop has no HTTP/2"),
            Self::Pushpin => Some("it has no HTTP/2"),
            Self::Nginx | Self::Nchan | Self::PushStream if !load.tls => {
                Some("an address of it speaks either HTTP/2 or HTTP/1.1, unless over TLS")
            }
            Self::Nginx | Self::Nchan | Self::PushStream
                if load.transport == Transport::Websocket =>
            {
                Some("it has no WebSocket over HTTP/2")
            }
            Self::Nchan if load.transport == Transport::Streaming => {
                Some("it streams to those who send TE: chunked, which HTTP/2 does not have")
            }
            Self::Nginx | Self::Nchan | Self::PushStream => None,
        }
    }

    /// Where the generator's requests go.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub(crate) fn target(self, plan: &Plan<'_>) -> Result<Target> {
        let mut target = Target::local(plan.port, plan.load)?;
        if self == Self::Pushpin {
            pushpin::address(&mut target, plan);
        }
        Ok(target)
    }

    /// Writes the configuration into `directory` and tells how to start the server.
    ///
    /// # Errors
    /// If a program is missing or the directory cannot be written.
    pub(crate) fn prepare(
        self,
        plan: &Plan<'_>,
        programs: &Programs,
        directory: &Path,
    ) -> Result<Invocation> {
        if let Some(reason) = self.missing(programs) {
            bail!("{}: {reason}", self.name());
        }
        let file = directory.join("server.conf");
        let mut helpers = Vec::new();
        let (program, text) = match self {
            Self::Outpour if plan.load.request.is_some() => {
                helpers.extend(web::helper(plan)?);
                (programs.outpour()?, web::outpour(plan, directory))
            }
            Self::Nginx => {
                helpers.extend(web::helper(plan)?);
                let program = find_program("nginx").context("nginx is not installed")?;
                (program, web::nginx(plan, directory))
            }
            Self::Raw | Self::RawJoined => return raw(plan, self == Self::RawJoined),
            Self::Pushpin => return pushpin::prepare(plan, directory),
            Self::Outpour => (programs.outpour()?, push_stream::outpour(plan, directory)),
            Self::Nchan => {
                let program = find_program("nginx").context("nginx is not installed")?;
                (program, nchan::configuration(plan, directory))
            }
            Self::PushStream => {
                let program = programs.push_stream_nginx.clone().context("no nginx is given")?;
                let module = programs.push_stream_module.as_deref();
                (program, push_stream::nginx(plan, directory, module))
            }
        };
        fs::write(&file, text)?;
        if plan.load.request == Some(Resource::File) {
            web::write_file(plan, directory)?;
        }
        if plan.load.tls {
            certificate::write(directory)?;
        }
        let error_log = directory.join("error.log");
        let arguments: [OsString; 6] = [
            "-p".into(),
            directory.into(),
            "-e".into(),
            error_log.into(),
            "-c".into(),
            file.into(),
        ];
        Ok(Invocation { program, arguments: arguments.into(), helpers })
    }
}

/// The raw loop, which this binary offers.
fn raw(plan: &Plan<'_>, joined: bool) -> Result<Invocation> {
    let mut arguments: Vec<OsString> =
        vec!["bench".into(), "raw".into(), "--port".into(), plan.port.to_string().into()];
    if joined {
        arguments.push("--joined".into());
    }
    Ok(Invocation { program: env::current_exe()?, arguments, helpers: Vec::new() })
}

/// The file of a program in the directories of `PATH`, and in those of the administrator.
fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let own = env::split_paths(&path);
    let administrator = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    own.chain(administrator).map(|directory| directory.join(name)).find(|file| file.is_file())
}

/// The directive that lets nginx's workers read the server's directory when root starts it.
fn user() -> String {
    if rustix::process::geteuid().is_root() { "user root;\n".to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The configuration of a subject holds each part, and its braces match.
    fn check(text: &str, parts: &[&str]) {
        for part in parts {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert_eq!(text.matches('{').count(), text.matches('}').count(), "{text}");
    }

    #[test]
    fn configurations() {
        let load = Load { ping: 5, workers: 2, ..Load::default() };
        let plan = Plan { load: &load, port: 9080, more_ports: [1, 2, 3, 4], open_files: 1024 };
        let directory = Path::new("/d");
        let common = ["worker_processes 2;", "listen 127.0.0.1:9080 ", "worker_connections 1024;"];
        check(&push_stream::outpour(&plan, directory), &common);
        check(
            &push_stream::outpour(&plan, directory),
            &["push_stream_ping_message_interval 5s;", "push_stream_subscriber long-polling;"],
        );
        let tls = Load { tls: true, ..Load::default() };
        let encrypted = Plan { load: &tls, ..plan };
        let parts = [" ssl backlog", "ssl_certificate_key /d/key.pem;"];
        check(&push_stream::outpour(&encrypted, directory), &parts);
        check(&nchan::configuration(&encrypted, directory), &parts);
        let http2 = Load { http2: true, streams_per_connection: 100, ..tls };
        let parts = [" ssl http2 backlog", "http2_max_concurrent_streams 200;"];
        check(&nchan::configuration(&Plan { load: &http2, ..plan }, directory), &parts);
        let module = Some(Path::new("/m.so"));
        check(&push_stream::nginx(&plan, directory, module), &["load_module /m.so;"]);
        check(&nchan::configuration(&plan, directory), &common);
        check(
            &nchan::configuration(&plan, directory),
            &["nchan_subscriber longpoll;", "nchan_websocket_ping_interval 5s;"],
        );
    }

    #[test]
    fn loads_that_do_not_fit_are_refused() {
        let check = |subject: Subject, load: Load, expected: bool| {
            assert_eq!(subject.refuses(&load).is_some(), expected, "{}", subject.name());
        };
        let asking = |transport| Load { transport, ..Load::default() };
        check(Subject::Raw, asking(Transport::LongPolling), true);
        check(Subject::Raw, asking(Transport::Websocket), false);
        check(Subject::Pushpin, asking(Transport::Polling), true);
        check(Subject::Nchan, asking(Transport::Polling), false);
        let asking = || Load { request: Some(Resource::File), ..Load::default() };
        check(Subject::Outpour, asking(), false);
        check(Subject::Nginx, asking(), false);
        check(Subject::Nchan, asking(), true);
        check(Subject::Nginx, Load::default(), true);
        let http2 = |transport, tls| Load { http2: true, tls, transport, ..Load::default() };
        check(Subject::Outpour, http2(Transport::Websocket, false), false);
        check(Subject::Raw, http2(Transport::Streaming, false), true);
        check(Subject::Nchan, http2(Transport::EventSource, false), true);
        check(Subject::Nchan, http2(Transport::EventSource, true), false);
        check(Subject::Nchan, http2(Transport::Streaming, true), true);
        check(Subject::PushStream, http2(Transport::Websocket, true), true);
        check(Subject::Raw, Load { tls: true, ..Load::default() }, true);
        check(Subject::Nchan, Load { tls: true, ..Load::default() }, false);
    }
}
