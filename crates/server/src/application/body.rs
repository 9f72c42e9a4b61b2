//! Bodies of answers.

use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::responder::{Address, Post};

/// Bytes that may wait for the worker before a writer has to wait.
const WAITING_MAX: usize = 64 * 1024;

/// The body of an answer.
#[derive(Default)]
#[non_exhaustive]
pub enum Body {
    /// None.
    #[default]
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// These pieces, asked for as the client takes them; the first error breaks the answer off.
    /// The iterator runs on a worker thread and must not block.
    Pieces(Box<dyn Iterator<Item = io::Result<Vec<u8>>> + Send>),
    /// What a [`BodyWriter`] writes; see [`Body::channel`].
    Channel(BodyReader),
}

impl Body {
    /// Pieces that cannot fail; see [`Body::Pieces`].
    pub fn pieces<I>(pieces: I) -> Self
    where
        I: IntoIterator<Item = Vec<u8>>,
        I::IntoIter: Send + 'static,
    {
        Self::Pieces(Box::new(pieces.into_iter().map(Ok)))
    }

    /// A body that another thread writes, and its writer.
    #[must_use]
    pub fn channel() -> (BodyWriter, Self) {
        let pipe = Arc::new(Pipe::default());
        let reader = BodyReader(Arc::clone(&pipe));
        (BodyWriter { pipe, done: false }, Self::Channel(reader))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&[u8]> for Body {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::Bytes(text.into_bytes())
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        Self::Bytes(text.into())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Pieces(_) => f.write_str("Pieces"),
            Self::Channel(_) => f.write_str("Channel"),
        }
    }
}

#[derive(Default)]
struct Pipe {
    inner: Mutex<Inner>,
    room: Condvar,
}

#[derive(Default)]
struct Inner {
    bytes: Vec<u8>,
    /// The worker has all, and will have no more.
    ended: bool,
    /// The writer gave up before the end.
    broken: bool,
    /// Nobody reads any more.
    closed: bool,
    /// Who is to be told that something waits; told once.
    reader: Option<Address>,
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn tell(&mut self) -> Option<Address> {
        self.reader.take()
    }
}

fn tell(address: Option<Address>) {
    if let Some(address) = address {
        address.send(Post::Touched(address.key));
    }
}

/// Writes the body of an answer from any thread.
///
/// Dropping it ends the body: the client sees a whole answer. Blocking methods are not for
/// callbacks on worker threads.
pub struct BodyWriter {
    pipe: Arc<Pipe>,
    done: bool,
}

impl BodyWriter {
    /// Takes as much of `bytes` as there is room for, at once; how many were taken. Room is 64 KiB
    /// that the worker has not passed on.
    ///
    /// # Errors
    /// [`io::ErrorKind::BrokenPipe`]: the client has gone.
    pub fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut inner = self.pipe.lock();
        if inner.closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let taken = WAITING_MAX.saturating_sub(inner.bytes.len()).min(bytes.len());
        inner.bytes.extend_from_slice(&bytes[..taken]);
        let address = if taken > 0 { inner.tell() } else { None };
        drop(inner);
        tell(address);
        Ok(taken)
    }

    /// Waits until there is room; false if there was none within `timeout`.
    ///
    /// # Errors
    /// [`io::ErrorKind::BrokenPipe`]: the client has gone.
    pub fn wait_for_room(&self, timeout: Duration) -> io::Result<bool> {
        let until = Instant::now().checked_add(timeout);
        let mut inner = self.pipe.lock();
        loop {
            if inner.closed {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            if inner.bytes.len() < WAITING_MAX {
                return Ok(true);
            }
            let left =
                until.map_or(timeout, |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(false);
            }
            let waited = self.pipe.room.wait_timeout(inner, left);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether the client has gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.pipe.lock().closed
    }

    /// Breaks the answer off: the client sees that something is missing.
    pub fn abort(mut self) {
        self.end(true);
    }

    fn end(&mut self, broken: bool) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        let mut inner = self.pipe.lock();
        (inner.ended, inner.broken) = (true, broken);
        let address = inner.tell();
        drop(inner);
        tell(address);
    }
}

/// Blocks while there is no room.
impl io::Write for BodyWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let taken = self.try_write(bytes)?;
            if taken > 0 || bytes.is_empty() {
                return Ok(taken);
            }
            self.wait_for_room(Duration::from_secs(3600))?;
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for BodyWriter {
    fn drop(&mut self) {
        self.end(false);
    }
}

impl fmt::Debug for BodyWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyWriter").finish_non_exhaustive()
    }
}

/// The server's side of a body that is written elsewhere.
pub struct BodyReader(Arc<Pipe>);

/// What there is of a body for now.
#[derive(Debug)]
pub(crate) enum Piece {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing yet; the worker will be told.
    Later,
    /// Nothing more.
    End,
    /// Nothing more, although there should be.
    Broken,
}

impl BodyReader {
    /// What was written since the last time. If that is nothing, `address` will be told.
    pub(crate) fn read(&self, address: &Address) -> Piece {
        let mut inner = self.0.lock();
        if !inner.bytes.is_empty() {
            let bytes = std::mem::take(&mut inner.bytes);
            drop(inner);
            self.0.room.notify_all();
            return Piece::Bytes(bytes);
        }
        match (inner.ended, inner.broken) {
            (true, true) => Piece::Broken,
            (true, false) => Piece::End,
            (false, _) => {
                inner.reader = Some(address.clone());
                Piece::Later
            }
        }
    }
}

impl Drop for BodyReader {
    fn drop(&mut self) {
        let mut inner = self.0.lock();
        inner.closed = true;
        inner.reader = None;
        drop(inner);
        self.0.room.notify_all();
    }
}
