//! Files of passwords and keys, read again when they change.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use outpour_core::now::Tick;

/// Between two looks at whether a file has changed.
const PAUSE: Duration = Duration::from_secs(1);

/// Files that are remembered: their names may contain variables.
const FILES_MAX: usize = 256;

/// Longest file that is read.
const BYTES_MAX: u64 = 16 << 20;

/// What tells two states of a file apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Self { inode: metadata.ino(), length: metadata.len(), modified }
    }
}

#[derive(Debug)]
struct Known<T> {
    stamp: Stamp,
    /// When it was looked at last.
    looked: Tick,
    content: Arc<T>,
}

/// Files of one kind, as they were understood.
#[derive(Debug)]
pub(crate) struct Watched<T> {
    understand: fn(&[u8]) -> T,
    known: Mutex<HashMap<PathBuf, Known<T>>>,
}

impl<T> Watched<T> {
    pub(crate) fn new(understand: fn(&[u8]) -> T) -> Self {
        Self { understand, known: Mutex::default() }
    }

    /// The content of the file `path` as it was a second ago at most.
    ///
    /// # Errors
    /// A file that cannot be read, or is longer than 16 MiB.
    pub(crate) fn get(&self, path: &Path, now: Tick) -> io::Result<Arc<T>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = known.get_mut(path) {
            if now < file.looked.after(PAUSE) {
                return Ok(Arc::clone(&file.content));
            }
            file.looked = now;
            if fs::metadata(path).is_ok_and(|metadata| Stamp::of(&metadata) == file.stamp) {
                return Ok(Arc::clone(&file.content));
            }
            known.remove(path);
        }
        let (stamp, text) = read(path)?;
        let content = Arc::new((self.understand)(&text));
        if known.len() >= FILES_MAX {
            known.clear();
        }
        known.insert(path.to_owned(), Known { stamp, looked: now, content: Arc::clone(&content) });
        Ok(content)
    }
}

fn read(path: &Path) -> io::Result<(Stamp, Vec<u8>)> {
    let file = File::open(path)?;
    let stamp = Stamp::of(&file.metadata()?);
    let mut text = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut text)?;
    if text.len() as u64 > BYTES_MAX {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    Ok((stamp, text))
}

#[cfg(test)]
mod tests {
    use outpour_core::access::Users;

    use super::*;

    #[test]
    fn a_changed_file_is_read_again_after_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users");
        let files = Watched::new(Users::parse);
        let has = |user: &str, millis| {
            files.get(&path, Tick(millis)).map(|users| users.hash(user.as_bytes()).is_some())
        };
        assert_eq!(has("joe", 0).unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::write(&path, "joe:x\n").unwrap();
        assert!(has("joe", 1).unwrap());
        fs::write(&path, "joe:x\nann:y\n").unwrap();
        assert!(!has("ann", 1000).unwrap());
        assert!(has("ann", 1001).unwrap());
        fs::remove_file(&path).unwrap();
        assert!(has("ann", 2000).unwrap());
        assert!(has("ann", 2001).is_err());
    }
}
