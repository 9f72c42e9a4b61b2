//! The `pid` file: where `-s` and service managers look for the process.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use outpour_server::os_error;
use rustix::process::Pid;

/// A pid file of this process; gone when it is dropped.
#[derive(Debug)]
pub(crate) struct PidFile {
    path: PathBuf,
}

impl PidFile {
    /// Writes the number of this process to `path`, over whatever an earlier one left there.
    ///
    /// # Errors
    /// A sentence in nginx's form if the file cannot be written.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let written =
            fs::File::create(path).and_then(|mut file| writeln!(file, "{}", std::process::id()));
        match written {
            Ok(()) => Ok(Self { path: path.into() }),
            Err(error) => {
                bail!("open() \"{}\" failed ({})", path.display(), os_error::describe(&error))
            }
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PidFile {
    /// Removes the file unless another process has put its own number there. Where the directory
    /// does not allow that (the process gave up root for its `user`), the file is emptied: a
    /// number that points nowhere is worse than none.
    fn drop(&mut self) {
        if read(&self.path).is_ok_and(|pid| pid == rustix::process::getpid())
            && fs::remove_file(&self.path).is_err()
        {
            let _ = fs::File::create(&self.path);
        }
    }
}

/// Reads the number in a pid file.
///
/// # Errors
/// Sentences in nginx's form if the file cannot be read or holds no number.
pub(crate) fn read(path: &Path) -> Result<Pid> {
    let text = fs::read(path).map_err(|error: io::Error| {
        anyhow::anyhow!("open() \"{}\" failed ({})", path.display(), os_error::describe(&error))
    })?;
    let text = String::from_utf8_lossy(&text);
    match text.trim().parse().ok().filter(|raw| *raw > 0).and_then(Pid::from_raw) {
        Some(pid) => Ok(pid),
        None => bail!("invalid PID number \"{}\" in \"{}\"", text.trim(), path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_over_a_stale_one_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outpour.pid");
        fs::write(&path, "999999999 stale").unwrap();
        let file = PidFile::create(&path).unwrap();
        assert_eq!(read(file.path()).unwrap(), rustix::process::getpid());
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn the_file_of_a_successor_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outpour.pid");
        let file = PidFile::create(&path).unwrap();
        fs::write(&path, "1\n").unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outpour.pid");
        let missing = read(&path).unwrap_err().to_string();
        assert!(missing.ends_with("failed (2: No such file or directory)"), "{missing}");
        for text in ["", "x", "0", "-1", "99999999999"] {
            fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.starts_with(&format!("invalid PID number \"{text}\" in")), "{error}");
        }
    }
}
