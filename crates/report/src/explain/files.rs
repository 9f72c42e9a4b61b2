//! What is known about files.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use outpour_core::router::FileTest;

/// What stands behind a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A file of so many bytes.
    File {
        /// Its length.
        length: u64,
        /// Whether anybody may run it.
        executable: bool,
    },
    /// A directory.
    Directory,
    /// A socket, a pipe, a device.
    Other,
}

/// Asks what stands behind a name; `None` if nothing does.
pub type Look = fn(&[u8]) -> Option<FileKind>;

/// [`Look`] at the file system.
#[must_use]
pub fn look(name: &[u8]) -> Option<FileKind> {
    let metadata = std::fs::metadata(Path::new(OsStr::from_bytes(name))).ok()?;
    Some(if metadata.is_dir() {
        FileKind::Directory
    } else if metadata.is_file() {
        let executable = metadata.permissions().mode() & 0o111 != 0;
        FileKind::File { length: metadata.len(), executable }
    } else {
        FileKind::Other
    })
}

/// What an `if` asks about a file.
pub(crate) fn test(look: Look, test: FileTest, name: &[u8]) -> bool {
    match (test, look(name)) {
        (_, None) => false,
        (FileTest::Exists, Some(_)) => true,
        (FileTest::IsFile, Some(kind)) => matches!(kind, FileKind::File { .. }),
        (FileTest::IsDirectory, Some(kind)) => kind == FileKind::Directory,
        (FileTest::IsExecutable, Some(kind)) => {
            matches!(kind, FileKind::Directory | FileKind::File { executable: true, .. })
        }
    }
}
