//! From settings to a serving process, and to its end.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use outpour_config::Diagnostic;
use outpour_core::settings::{ErrorLog, Level, LogTarget, Settings};
use outpour_server::{Handle, Server, logs, os_error};

use crate::banner::Banner;
use crate::diagnostics::Shown;
use crate::life::{InForce, Life, Signals};
use crate::limits::{OpenFiles, raise_open_files};
use crate::notify::Notifier;
use crate::pid_file::PidFile;
use crate::privileges::{Identity, Resolved};
use crate::source::Source;
use crate::{daemon, diagnostics, memory, privileges, start_error, terminal};

/// Starts a server with the settings of `source` and returns when it has ended.
///
/// # Errors
/// One sentence in nginx's form on why it did not start.
pub(crate) fn run(source: Source, quiet: bool) -> Result<ExitCode> {
    let loaded = source.load();
    let in_background = daemon::is_child();
    if !in_background {
        let shown = if quiet { Shown::Fatal } else { Shown::Important };
        diagnostics::print(&loaded.diagnostics, shown);
    }
    let Some(settings) = loaded.settings else { return Ok(ExitCode::FAILURE) };
    if settings.main.daemon && !in_background {
        return daemon::launch();
    }
    if in_background {
        daemon::detach()?;
    }
    serve(source, settings, &loaded.diagnostics, quiet || in_background)
}

/// Everything between good settings and the end of the last worker. The order matters: what may
/// fail comes before the pid file, what needs root before privileges are given up, and that before
/// there is a second thread.
fn serve(
    mut source: Source,
    mut settings: Settings,
    diagnostics: &[Diagnostic],
    quiet: bool,
) -> Result<ExitCode> {
    let Resolved { identity, warning } =
        privileges::resolve(&settings.main).map_err(|error| emergency(&error))?;
    let open_files = raise_open_files(settings.main.worker_rlimit_nofile);
    decide_memory(&mut settings);
    source.pin()?;
    enter_working_directory(&settings)?;

    let signals = Signals::catch().map_err(|error| emergency(&error.into()))?;
    let server = Server::bind(settings.clone())
        .map_err(|error| emergency(&anyhow!(start_error::explain(&error, source.is_built_in()))))?;
    let pid_file = settings.main.pid.as_deref().map(PidFile::create).transpose();
    let pid_file = pid_file.map_err(|error| emergency(&error))?;
    if let Some(identity) = &identity {
        give_up_root(identity, &settings).map_err(|error| emergency(&error))?;
    }

    log_start(&server.handle(), &settings, diagnostics, [warning, open_files.warning.clone()]);
    announce(&source, &settings, &server, &open_files, quiet)?;
    let notifier = Notifier::from_environment();
    notifier.ready();
    let in_force = InForce::of(&settings);
    let life = Life::new(server.handle(), source, in_force, pid_file, notifier);
    let watcher = signals.watch(life).map_err(|error| emergency(&error.into()))?;
    let ended = server.run();
    watcher.end();
    ended.map_err(|error| emergency(&anyhow!(start_error::explain(&error, false))))?;
    Ok(ExitCode::SUCCESS)
}

fn emergency(error: &anyhow::Error) -> anyhow::Error {
    anyhow!("nginx: [emerg] {error:#}")
}

/// A start without a size takes a quarter of the memory; from here on the settings name it.
fn decide_memory(settings: &mut Settings) {
    if let Some(http) = &mut settings.http {
        http.store.shared_memory_size.get_or_insert_with(memory::default_budget);
    }
}

fn enter_working_directory(settings: &Settings) -> Result<()> {
    let Some(folder) = &settings.main.working_directory else { return Ok(()) };
    std::env::set_current_dir(folder).map_err(|error| {
        let text = os_error::describe(&error);
        anyhow!("nginx: [emerg] chdir(\"{}\") failed ({text})", folder.display())
    })
}

/// The logs go to the user first: only their owner can open them anew.
fn give_up_root(identity: &Identity, settings: &Settings) -> Result<()> {
    for path in logs::files(settings) {
        identity.own(path);
    }
    if let Some(path) = &settings.main.pid {
        identity.own(path);
    }
    identity.assume()
}

/// What the log says of a start: the diagnostics that let it pass, and the lines of the module.
fn log_start(
    server: &Handle,
    settings: &Settings,
    diagnostics: &[Diagnostic],
    warnings: [Option<String>; 2],
) {
    for warning in warnings.into_iter().flatten() {
        server.log(Level::Warn, &warning);
    }
    for diagnostic in diagnostics {
        server.log(diagnostic.level, &diagnostic.text());
    }
    let http = settings.http.as_ref().filter(|http| http.push_used);
    let store = http.map(|http| &http.store);
    if let Some((bytes, zone)) = store.and_then(|s| Some((s.shared_memory_size?, &s.zone))) {
        let size = bytes / 1024;
        let text =
            format!("Using {size}KiB of shared memory for push stream module on zone: {zone}");
        server.log(Level::Info, &text);
    }
}

/// Tells the terminal, or the waiting parent of a background process, that the server is up.
fn announce(
    source: &Source,
    settings: &Settings,
    server: &Server,
    open_files: &OpenFiles,
    quiet: bool,
) -> Result<()> {
    if !quiet {
        let banner = Banner { settings, workers: server.workers(), open_files: open_files.limit };
        terminal::out(&if source.is_built_in() {
            banner.welcome()
        } else {
            banner.line(&source.name())
        });
    }
    if daemon::is_child() {
        let on_stderr = |log: &ErrorLog| log.target == LogTarget::Stderr;
        daemon::release(settings.main.error_log.iter().any(on_stderr))?;
    }
    Ok(())
}
