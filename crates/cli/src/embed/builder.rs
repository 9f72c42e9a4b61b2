//! From what a program says to a running server.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use outpour_config::{Loaded, Options, Settings, load, load_text};
use outpour_core::settings::{Level, WorkerProcesses};
use outpour_server::Server as Workers;
use outpour_server::application::{Application, Executor, Port};

use super::{Error, Server};

/// A server that is not started yet; see [`Server::builder`].
#[derive(Debug, Default)]
#[must_use = "it serves from Builder::start on"]
pub struct Builder {
    description: Description,
    port: Option<Port>,
    options: PortOptions,
}

/// What settings are made of, at the start and at every reload.
#[derive(Clone, Debug, Default)]
pub(super) struct Description {
    listen: Vec<String>,
    workers: Option<usize>,
    drain_timeout: Option<Duration>,
    source: Option<Source>,
}

/// Where the configuration comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    File(PathBuf),
    Text(String),
}

type Adjust = Box<dyn FnOnce(Port) -> Port + Send>;

/// What is to be said of an application that may not be known yet.
#[derive(Default)]
struct PortOptions(Vec<Adjust>);

impl std::fmt::Debug for PortOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} options", self.0.len())
    }
}

impl Builder {
    /// An address to listen on, as nginx's `listen` has it: `127.0.0.1:8080`, `8080`,
    /// `[::1]:8080`, `unix:/run/app.sock`. Port 0: the system chooses, [`Server::addresses`] tells.
    /// Default, without a configuration: `127.0.0.1:9080`.
    pub fn listen(mut self, address: impl Into<String>) -> Self {
        self.description.listen.push(address.into());
        self
    }

    /// How many worker threads serve; default: what the configuration says, else one per core.
    pub fn workers(mut self, count: usize) -> Self {
        self.description.workers = Some(count.max(1));
        self
    }

    /// Requests go to this application: those of locations with `push_stream_application`; if the
    /// configuration has none, those that no location takes.
    pub fn application(mut self, application: impl Application) -> Self {
        self.port = Some(Port::new(Arc::new(application)));
        self
    }

    /// A configuration file, in nginx's syntax.
    pub fn configuration_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.description.source = Some(Source::File(path.into()));
        self
    }

    /// The text of a configuration. Relative names refer to the working directory.
    pub fn configuration(mut self, text: impl Into<String>) -> Self {
        self.description.source = Some(Source::Text(text.into()));
        self
    }

    /// Callbacks run where `executor` says; default: on the worker threads.
    pub fn executor(self, executor: impl Executor) -> Self {
        self.adjust(|port| port.executor(Arc::new(executor)))
    }

    /// `event:` of what is written to EventSources; default none, which browsers hand to
    /// `onmessage`.
    pub fn event_name(self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.adjust(|port| port.event_name(name))
    }

    /// How long an upgraded connection may be idle before the server pings; default 30 s, 1 s at
    /// least. A WebSocket that says nothing for twice as long is closed.
    pub fn ping_interval(self, interval: Duration) -> Self {
        self.adjust(move |port| port.timeout(interval))
    }

    /// How many messages and bytes may wait for one client; default 1024 and 1 MiB.
    /// [`Client::write`](crate::Client::write) refuses more.
    pub fn pending_max(self, messages: usize, bytes: usize) -> Self {
        self.adjust(move |port| port.pending_max(messages, bytes))
    }

    /// Bytes of one message that a WebSocket client may send; default 1 MiB. A larger one ends its
    /// connection (1009).
    pub fn message_max(self, bytes: u64) -> Self {
        self.adjust(move |port| port.message_max(bytes))
    }

    /// How long [`Server::shutdown`] waits for open requests and handlers; default 10 s, or
    /// `worker_shutdown_timeout` of the configuration.
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.description.drain_timeout = Some(timeout);
        self
    }

    /// Binds the addresses and starts the workers.
    ///
    /// # Errors
    /// Mistakes in the configuration, an address that cannot be bound, a file that cannot be read.
    pub fn start(self) -> Result<Server, Error> {
        if self.port.is_none() && self.description.source.is_none() {
            return Err(Error::Nothing);
        }
        let settings = self.description.settings()?;
        let adjust = self.options.0;
        let port = self.port.map(|port| adjust.into_iter().fold(port, |port, say| say(port)));
        Ok(Server::start(Workers::bind_with(settings, port)?, self.description)?)
    }

    fn adjust(mut self, say: impl FnOnce(Port) -> Port + Send + 'static) -> Self {
        self.options.0.push(Box::new(say));
        self
    }
}

impl Description {
    /// Reads the configuration.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        let loaded = match &self.source {
            Some(_) if !self.listen.is_empty() => return Err(Error::ListenTwice),
            Some(Source::File(path)) => {
                load(&Options { file: Some(path.clone()), ..Options::default() })
            }
            Some(Source::Text(text)) => load_text(text.as_bytes()),
            None => load_text(plain(&self.listen)?.as_bytes()),
        };
        let mut settings = usable(loaded)?;
        if let Some(count) = self.workers {
            settings.main.worker_processes = WorkerProcesses::Count(count);
        }
        let timeout = &mut settings.main.worker_shutdown_timeout;
        *timeout = self.drain_timeout.or(*timeout).or(Some(Duration::from_secs(10)));
        Ok(settings)
    }
}

fn usable(loaded: Loaded) -> Result<Settings, Error> {
    let mistakes = || loaded.at_least(Level::Error).map(|mistake| mistake.one_line()).collect();
    match &loaded.settings {
        Some(_) => {}
        None => return Err(Error::Configuration(mistakes())),
    }
    loaded.settings.ok_or(Error::Configuration(Vec::new()))
}

/// A configuration with nothing but addresses.
fn plain(listen: &[String]) -> Result<String, Error> {
    let mut text = String::from("events { } http { access_log off; server {");
    let default = ["127.0.0.1:9080".to_owned()];
    let addresses = if listen.is_empty() { &default[..] } else { listen };
    for address in addresses {
        if address.contains(|c: char| c.is_whitespace() || ";{}\"'\\#$".contains(c)) {
            let mistake = format!("invalid address \"{address}\"");
            return Err(Error::Configuration(vec![mistake]));
        }
        text.push_str(" listen ");
        text.push_str(address);
        text.push(';');
    }
    text.push_str(" } }");
    Ok(text)
}
