//! Lines of an access log that are collected before they are written (`buffer=`, `gzip`).

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flate2::Compression;
use flate2::write::GzEncoder;
use outpour_core::now::Tick;
use outpour_core::settings::LogBuffer;

use super::target::Target;

/// A buffer before a file. It holds `size` bytes at most, whatever comes.
#[derive(Debug)]
pub(super) struct Buffered {
    target: Arc<Target>,
    settings: LogBuffer,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    lines: u64,
    /// When the oldest line came.
    since: Tick,
}

/// Lines that a file did not take.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) target: Arc<Target>,
    pub(super) lines: u64,
    pub(super) error: io::Error,
}

impl Buffered {
    pub(super) fn new(target: Arc<Target>, settings: LogBuffer) -> Self {
        Self { target, settings, state: Mutex::default() }
    }

    /// Takes a line over; writes what is there if that does not fit beside it.
    pub(super) fn push(&self, line: &[u8], now: Tick) -> Result<(), Lost> {
        let mut state = self.lock();
        let mut written = Ok(());
        if state.bytes.len() + line.len() > self.settings.size {
            written = self.write(&mut state);
        }
        if state.bytes.is_empty() {
            state.since = now;
        }
        state.bytes.extend_from_slice(line);
        state.lines += 1;
        if state.bytes.len() >= self.settings.size {
            return written.and(self.write(&mut state));
        }
        written
    }

    /// Writes what is there.
    pub(super) fn flush(&self) -> Result<(), Lost> {
        self.write(&mut self.lock())
    }

    /// The same if the oldest line has waited for `flush=` by `now`.
    pub(super) fn flush_due(&self, now: Tick) -> Result<(), Lost> {
        let mut state = self.lock();
        let due = self.settings.flush.is_some_and(|flush| state.since.after(flush) <= now);
        if due { self.write(&mut state) } else { Ok(()) }
    }

    /// Written or not, the buffer is empty afterwards: a full disk costs lines, not memory.
    fn write(&self, state: &mut State) -> Result<(), Lost> {
        if state.bytes.is_empty() {
            return Ok(());
        }
        let written = match self.settings.gzip {
            None => self.target.write_bytes(&state.bytes),
            Some(level) => {
                compressed(&state.bytes, level).and_then(|bytes| self.target.write_bytes(&bytes))
            }
        };
        state.bytes.clear();
        let lines = std::mem::take(&mut state.lines);
        written.map_err(|error| Lost { target: Arc::clone(&self.target), lines, error })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A buffer that no settings name any more goes with what it holds.
impl Drop for Buffered {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

/// A gzip member by itself: the file is one row of them, which `zcat` reads.
fn compressed(bytes: &[u8], level: u32) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes)?;
    encoder.finish()
}
