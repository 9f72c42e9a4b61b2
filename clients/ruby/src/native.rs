//! `Outpour::Native`: a server in this process, and the work that it has for Ruby's threads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use magnus::value::ReprValue;
use magnus::{
    Class, Error, ExceptionClass, Module, Object, RHash, RModule, Ruby, Value, function, method,
};
use outpour_config::{Loaded, Options};
use outpour_core::settings::Level;
use outpour_server::application::Port;
use outpour_server::{Handle, Server, StartError};

use crate::application::RackApplication;
use crate::bridge::{Bridge, Job};
use crate::queue::Woken;
use crate::{failure, gvl, roots, subscriptions};

/// How many jobs a thread does before it looks at Ruby's interrupts.
const JOBS_PER_TURN: usize = 64;

/// How long Ruby's main thread waits at most. Where no other thread runs Ruby code, nobody wakes it
/// for a signal: it has to look by itself.
const MAIN_PATIENCE: Duration = Duration::from_millis(100);

/// The same for the other threads, which are woken by the thread that wants them.
const PATIENCE: Duration = Duration::from_secs(3600);

/// A server whose addresses are bound.
#[magnus::wrap(class = "Outpour::Native", size, free_immediately)]
pub(crate) struct Native {
    bridge: Arc<Bridge>,
    handle: Handle,
    stage: Mutex<Stage>,
}

enum Stage {
    Bound(Server),
    Running(JoinHandle<Result<(), StartError>>),
    Over,
}

/// Counts a thread as busy, until it has nothing to do or is ended by Ruby.
struct Busy<'a>(&'a Bridge);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.queue.rest();
    }
}

impl Native {
    /// `Native.new(app, text:, file:, threads:, ...)`: binds every address.
    fn new(ruby: &Ruby, app: Value, options: RHash) -> Result<Self, Error> {
        let threads = option(options, "threads")?.unwrap_or(1);
        let settings = settings(ruby, options)?;
        let bridge = Arc::new(Bridge::new());
        let application = RackApplication::new(ruby, &bridge, app, threads)?;
        let port = port(Port::new(Arc::new(application)), options)?;
        let port = port.executor(Arc::clone(&bridge) as Arc<_>);
        let server = Server::bind_with(settings, Some(port))
            .map_err(|error| Error::new(start_error(ruby), error.to_string()))?;
        Ok(Self { bridge, handle: server.handle(), stage: Mutex::new(Stage::Bound(server)) })
    }

    /// Starts the threads that serve; from here on there is work for [`Native::work`].
    fn start(ruby: &Ruby, native: &Self) -> Result<(), Error> {
        let mut stage = native.stage.lock().unwrap_or_else(PoisonError::into_inner);
        *stage = match std::mem::replace(&mut *stage, Stage::Over) {
            Stage::Bound(server) => {
                let bridge = Arc::clone(&native.bridge);
                let serve = move || {
                    let outcome = server.run();
                    bridge.queue.close();
                    outcome
                };
                let thread = thread::Builder::new().name("outpour".to_owned()).spawn(serve);
                let failed = |error: std::io::Error| {
                    Error::new(start_error(ruby), format!("no thread could be started: {error}"))
                };
                Stage::Running(thread.map_err(failed)?)
            }
            stage @ (Stage::Running(_) | Stage::Over) => stage,
        };
        Ok(())
    }

    /// Does what the server has for Ruby, until it has ended: the loop of one thread.
    fn work(ruby: &Ruby, native: &Self) -> Result<(), Error> {
        let bridge = &*native.bridge;
        let unblock = || bridge.queue.interrupt();
        let is_main = ruby.thread_current().equal(ruby.thread_main())?;
        let patience = if is_main { MAIN_PATIENCE } else { PATIENCE };
        loop {
            match gvl::without_gvl(|| bridge.queue.wait(patience), &unblock) {
                Some(Woken::Job(job)) => {
                    let _busy = Busy(bridge);
                    perform(ruby, bridge, job)?;
                    let mut done = 1;
                    while let Some(job) = bridge.queue.next() {
                        perform(ruby, bridge, job)?;
                        done += 1;
                        if done % JOBS_PER_TURN == 0 {
                            ruby.thread_check_ints()?;
                        }
                    }
                }
                Some(Woken::Interrupted) | None => {}
                Some(Woken::Closed) => return Ok(()),
            }
            ruby.thread_check_ints()?;
        }
    }

    /// Waits for the end of the server.
    fn join(ruby: &Ruby, native: &Self) -> Result<(), Error> {
        loop {
            let mut stage = native.stage.lock().unwrap_or_else(PoisonError::into_inner);
            match &*stage {
                Stage::Running(thread) if thread.is_finished() => {
                    let Stage::Running(thread) = std::mem::replace(&mut *stage, Stage::Over) else {
                        return Ok(());
                    };
                    let ended = thread.join();
                    let text = match ended {
                        Ok(Ok(())) => return Ok(()),
                        Ok(Err(error)) => error.to_string(),
                        Err(_) => "the server panicked".to_owned(),
                    };
                    return Err(Error::new(start_error(ruby), text));
                }
                Stage::Running(_) => {}
                Stage::Bound(_) | Stage::Over => return Ok(()),
            }
            drop(stage);
            gvl::without_gvl(|| thread::sleep(Duration::from_millis(10)), &|| ());
            ruby.thread_check_ints()?;
        }
    }

    /// Publishes to a channel, for clients and for subscriber locations.
    fn publish(ruby: &Ruby, native: &Self, arguments: &[Value]) -> Result<bool, Error> {
        let (channel, publication) = subscriptions::publication(ruby, arguments)?;
        let published = native.handle.publish(&channel, publication);
        published.map(|()| true).map_err(|refused| subscriptions::refused(ruby, &refused))
    }

    /// Ends gracefully: nothing new is taken, callbacks hear `on_shutdown`. Safe in signal handlers.
    fn quit(&self) {
        self.handle.quit();
    }

    /// Ends at once.
    fn stop(&self) {
        self.handle.stop();
    }
}

fn perform(ruby: &Ruby, bridge: &Bridge, job: Job) -> Result<(), Error> {
    match job {
        // One callback at a time: what it may have to raise must be raised before the next.
        Job::Turn(turn) => {
            if let Some(rest) = turn.run(1) {
                bridge.post(Job::Turn(rest));
            }
        }
        Job::Forget(root) => roots::forget(ruby, root),
    }
    failure::take_pending().map_or(Ok(()), Err)
}

/// An option; nil counts as left out.
fn option<T: magnus::TryConvert>(options: RHash, name: &str) -> Result<Option<T>, Error> {
    let ruby = Ruby::get_with(options);
    match options.get(ruby.to_symbol(name)).filter(|value| !value.is_nil()) {
        Some(value) => T::try_convert(value).map(Some),
        None => Ok(None),
    }
}

/// Reads `text:` or `file:`; what keeps a server from starting is raised.
fn settings(ruby: &Ruby, options: RHash) -> Result<outpour_config::Settings, Error> {
    let loaded: Loaded = match option::<PathBuf>(options, "file")? {
        Some(file) => outpour_config::load(&Options { file: Some(file), ..Options::default() }),
        None => {
            let text: String = option(options, "text")?.unwrap_or_default();
            outpour_config::load_text(text.as_bytes())
        }
    };
    loaded.settings.ok_or_else(|| {
        let said = loaded.diagnostics.iter().filter(|said| said.level <= Level::Error);
        let said: Vec<_> = said.map(outpour_config::Diagnostic::text).collect();
        let class = class(ruby, "ConfigurationError");
        Error::new(class, said.join("\n"))
    })
}

fn port(mut port: Port, options: RHash) -> Result<Port, Error> {
    if let Some(name) = option::<String>(options, "sse_event")? {
        port = port.event_name(name);
    }
    if let Some(seconds) = option::<f64>(options, "ping")? {
        port = port.timeout(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    }
    if let Some(bytes) = option(options, "message_max")? {
        port = port.message_max(bytes);
    }
    let messages = option(options, "pending_max")?;
    let bytes = option(options, "pending_bytes_max")?;
    if messages.is_some() || bytes.is_some() {
        port = port.pending_max(messages.unwrap_or(1024), bytes.unwrap_or(1 << 20));
    }
    Ok(port)
}

fn start_error(ruby: &Ruby) -> ExceptionClass {
    class(ruby, "StartError")
}

/// An exception class of ours; `RuntimeError` if somebody took it away.
fn class(ruby: &Ruby, name: &str) -> ExceptionClass {
    let outpour: Result<RModule, Error> = ruby.class_object().const_get("Outpour");
    outpour
        .and_then(|outpour| outpour.const_get(name))
        .unwrap_or_else(|_| ruby.exception_runtime_error())
}

/// Defines the class.
///
/// # Errors
/// Ruby has no memory left.
pub(crate) fn define(ruby: &Ruby, outpour: RModule) -> Result<(), Error> {
    let class = outpour.define_class("Native", ruby.class_object())?;
    class.undef_default_alloc_func();
    class.define_singleton_method("new", function!(Native::new, 2))?;
    class.define_method("start", method!(Native::start, 0))?;
    class.define_method("work", method!(Native::work, 0))?;
    class.define_method("join", method!(Native::join, 0))?;
    class.define_method("publish", method!(Native::publish, -1))?;
    class.define_method("quit", method!(Native::quit, 0))?;
    class.define_method("stop", method!(Native::stop, 0))?;
    Ok(())
}
