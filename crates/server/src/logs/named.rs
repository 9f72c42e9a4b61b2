//! Access logs whose file names have variables.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use outpour_core::now::Tick;
use outpour_core::settings::OpenLogFiles;

use super::OpenError;
use super::target::Target;

/// Files that are kept open (`open_log_file_cache`), of all logs together.
#[derive(Debug, Default)]
pub(super) struct Named {
    files: Mutex<HashMap<PathBuf, Entry>>,
}

#[derive(Debug)]
struct Entry {
    target: Arc<Target>,
    opened: Tick,
    used: Tick,
}

impl Named {
    /// The file that `name` came to. Without a cache it is opened for one line.
    pub(super) fn target(
        &self,
        prefix: &Path,
        name: &[u8],
        cache: Option<OpenLogFiles>,
        now: Tick,
    ) -> Result<Arc<Target>, OpenError> {
        let path = path(prefix, name)?;
        let Some(cache) = cache else { return Target::open_file(&path).map(Arc::new) };
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = files.get_mut(&path)
            && entry.opened.after(cache.valid) > now
        {
            entry.used = now;
            return Ok(Arc::clone(&entry.target));
        }
        let target = Arc::new(Target::open_file(&path)?);
        files.retain(|_, entry| entry.used.after(cache.inactive) > now);
        if files.len() >= cache.max && !files.contains_key(&path) {
            let oldest = files.iter().min_by_key(|(_, entry)| entry.used);
            if let Some(oldest) = oldest.map(|(path, _)| path.clone()) {
                files.remove(&oldest);
            }
        }
        let entry = Entry { target: Arc::clone(&target), opened: now, used: now };
        files.insert(path, entry);
        Ok(target)
    }

    /// Lets go of every file.
    pub(super) fn close(&self) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A client may have a part in the name: it must not lead out of the folder that the operator
/// meant.
fn path(prefix: &Path, name: &[u8]) -> Result<PathBuf, OpenError> {
    let path = prefix.join(OsStr::from_bytes(name));
    match path.components().any(|component| component == Component::ParentDir) {
        true => {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "\"..\" in its name");
            Err(OpenError::File { path, error })
        }
        false => Ok(path),
    }
}
