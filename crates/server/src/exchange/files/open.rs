//! Opening files: errors as statuses, symbolic links as the configuration says.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use outpour_core::settings::Symlinks;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, fstat, openat, statat};
use rustix::io::Errno;

/// Non-blocking, so that a pipe without writer does not hold up the worker.
const READ: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

/// How names may go through symbolic links.
#[derive(Clone, Copy, Debug)]
pub(super) struct Links<'a> {
    pub(super) mode: Symlinks,
    /// The beginning of the name that is not looked at.
    pub(super) from: &'a [u8],
}

/// An open file.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) metadata: Metadata,
}

/// Opens `path` for reading.
pub(super) fn open(path: &[u8], links: Links<'_>) -> io::Result<Opened> {
    let file = match links.mode {
        Symlinks::Follow => openat(CWD, Path::new(OsStr::from_bytes(path)), READ, Mode::empty())?,
        Symlinks::Refuse | Symlinks::RefuseForeign => open_guarded(path, links)?,
    };
    let file = File::from(file);
    let metadata = file.metadata()?;
    Ok(Opened { file, metadata })
}

/// What there is under `path`; nothing is opened if links are followed.
pub(super) fn look(path: &[u8], links: Links<'_>) -> io::Result<Metadata> {
    match links.mode {
        Symlinks::Follow => std::fs::metadata(OsStr::from_bytes(path)),
        Symlinks::Refuse | Symlinks::RefuseForeign => {
            open(path, links).map(|opened| opened.metadata)
        }
    }
}

/// The status for a file that cannot be opened.
pub(super) fn status(error: &io::Error) -> u16 {
    match Errno::from_io_error(error) {
        Some(Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::NXIO | Errno::INVAL) => 404,
        Some(Errno::ACCESS | Errno::PERM | Errno::LOOP) => 403,
        // A NUL byte in the name never reaches the kernel.
        None if error.kind() == io::ErrorKind::InvalidInput => 404,
        Some(_) | None => 500,
    }
}

/// Opens `path` step by step, each from the directory before it: what was looked at is what is
/// opened.
fn open_guarded(path: &[u8], links: Links<'_>) -> io::Result<OwnedFd> {
    let checked = !links.from.is_empty() && path.starts_with(links.from);
    let (from, rest) = path.split_at(if checked { links.from.len() } else { 0 });
    let start: &[u8] = match from {
        [] if path.starts_with(b"/") => b"/",
        [] => b".",
        from => from,
    };
    let directory = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut here = openat(CWD, Path::new(OsStr::from_bytes(start)), directory, Mode::empty())?;
    let mut steps = rest.split(|byte| *byte == b'/').filter(|step| !step.is_empty()).peekable();
    if steps.peek().is_none() {
        return Ok(openat(&here, ".", READ, Mode::empty())?);
    }
    while let Some(step) = steps.next() {
        let flags = if steps.peek().is_some() { directory } else { READ };
        here = open_step(&here, OsStr::from_bytes(step), flags, links.mode)?;
    }
    Ok(here)
}

fn open_step(
    directory: impl AsFd,
    name: &OsStr,
    flags: OFlags,
    mode: Symlinks,
) -> io::Result<OwnedFd> {
    let link = statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(link.st_mode) != FileType::Symlink {
        return Ok(openat(&directory, name, flags | OFlags::NOFOLLOW, Mode::empty())?);
    }
    if mode != Symlinks::RefuseForeign {
        // As nginx, to which a link within a name is no directory.
        let within = flags.contains(OFlags::DIRECTORY);
        return Err(if within { Errno::NOTDIR } else { Errno::LOOP }.into());
    }
    let target = openat(&directory, name, flags, Mode::empty())?;
    if fstat(&target)?.st_uid == link.st_uid { Ok(target) } else { Err(Errno::LOOP.into()) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn check(path: &Path, mode: Symlinks, from: &Path, expected: Result<u64, u16>) {
        let links = Links { mode, from: from.as_os_str().as_bytes() };
        let opened = open(path.as_os_str().as_bytes(), links);
        let found = opened.map(|opened| opened.metadata.len()).map_err(|error| status(&error));
        assert_eq!(found, expected, "{} {mode:?}", path.display());
    }

    #[test]
    fn links_are_followed_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("d")).unwrap();
        std::fs::write(root.join("d/f"), "abc").unwrap();
        symlink("d", root.join("l")).unwrap();
        symlink("f", root.join("d/lf")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let nowhere = Path::new("");
        for path in ["d/f", "l/f", "d/lf"] {
            check(&root.join(path), Symlinks::Follow, nowhere, Ok(3));
            check(&root.join(path), Symlinks::RefuseForeign, nowhere, Ok(3));
        }
        check(&root.join("d/f"), Symlinks::Refuse, nowhere, Ok(3));
        check(&root.join("l/f"), Symlinks::Refuse, nowhere, Err(404));
        check(&root.join("d/lf"), Symlinks::Refuse, nowhere, Err(403));
        check(&root.join("l/f"), Symlinks::Refuse, &root.join("l"), Ok(3));
        check(&root.join("l/lf"), Symlinks::Refuse, &root.join("l"), Err(403));
        check(&root.join("loop"), Symlinks::Follow, nowhere, Err(403));
        check(&root.join("none"), Symlinks::Refuse, nowhere, Err(404));
        check(&root.join("d/f/x"), Symlinks::Follow, nowhere, Err(404));
        check(Path::new("/a\0b"), Symlinks::Follow, nowhere, Err(404));
    }
}
