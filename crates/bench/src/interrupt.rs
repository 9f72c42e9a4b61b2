//! Ends the started servers when this program is interrupted.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

use anyhow::{Context, Result};
use rustix::process::Signal;
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

use crate::{process_tree::tree, server::signal};

/// A started process, not reaped, and the directory of its files.
type Started = (u32, PathBuf);

static STARTED: Mutex<Vec<Started>> = Mutex::new(Vec::new());

/// Watches for the signals that end this program, for as long as it runs.
pub(crate) fn install() -> Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM]).context("cannot watch signals")?;
    thread::Builder::new().name("interrupt".to_owned()).spawn(move || {
        if let Some(number) = signals.forever().next() {
            end_all();
            std::process::exit(128_i32.saturating_add(number));
        }
    })?;
    Ok(())
}

/// Remembers a process to end; it must be forgotten before it is reaped.
pub(crate) fn remember(pid: u32, directory: &Path) {
    started().push((pid, directory.to_owned()));
}

/// Forgets a process that its owner ends.
pub(crate) fn forget(pid: u32) {
    started().retain(|&(other, _)| other != pid);
}

/// Kills every process that is remembered, with its children, and removes its directory.
fn end_all() {
    for (pid, directory) in started().drain(..) {
        tree(pid).iter().for_each(|process| signal(process.pid, Signal::KILL));
        let _ = std::fs::remove_dir_all(directory);
    }
}

/// The list; a panic of its holder leaves it whole.
fn started() -> MutexGuard<'static, Vec<Started>> {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}
