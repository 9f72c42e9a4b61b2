//! A log file.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::OpenError;
use super::complaint::Complaint;

/// A file that is appended to.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: RwLock<Arc<File>>,
    complaint: Complaint,
}

impl LogFile {
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        let file = RwLock::new(Arc::new(open(path)?));
        Ok(Self { path: path.into(), file, complaint: Complaint::default() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn reopen(&self) -> Result<(), OpenError> {
        let file = Arc::new(open(&self.path)?);
        *self.file.write().unwrap_or_else(PoisonError::into_inner) = file;
        Ok(())
    }

    /// Writes once. What the file does not take is dropped: a second attempt could land behind
    /// another worker's line.
    pub(super) fn write(&self, text: &[u8]) -> io::Result<()> {
        let file = Arc::clone(&self.file.read().unwrap_or_else(PoisonError::into_inner));
        loop {
            match (&*file).write(text) {
                Ok(taken) if taken == text.len() => return Ok(()),
                Ok(_) => return Err(ErrorKind::WriteZero.into()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn complains(&self, unix: u64) -> bool {
        self.complaint.is_due(unix)
    }
}

/// Opens `path` for appending. A pipe, or a terminal behind `/dev/stdout`, is opened so that a
/// reader who does not read is never waited for; files do not know the difference.
fn open(path: &Path) -> Result<File, OpenError> {
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o644)
        .custom_flags(nonblocking)
        .open(path)
        .map_err(|error| OpenError::File { path: path.into(), error })
}
