//! The process's own lines in the error log: start, reload, end, and what went wrong between.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use outpour_core::settings::{ErrorLog, Level, LogTarget};

use crate::terminal;

/// The `error_log`s of the main level.
///
/// A handful of lines an hour: a file is opened for each, so that a rotated log needs no act.
#[derive(Debug)]
pub(crate) struct Log {
    targets: Vec<ErrorLog>,
}

impl Log {
    /// Writes to `targets`; without any to standard error, from level error on.
    pub(crate) fn new(targets: &[ErrorLog]) -> Self {
        let default = ErrorLog { target: LogTarget::Stderr, level: Level::Error };
        Self { targets: if targets.is_empty() { vec![default] } else { targets.to_vec() } }
    }

    /// Writes `message` to every log that wants `level`.
    pub(crate) fn write(&self, level: Level, message: &str) {
        let wanted = self.targets.iter().filter(|target| level <= target.level);
        for target in wanted {
            let line = line(SystemTime::now(), level, message);
            match &target.target {
                LogTarget::Stderr => terminal::err(&line),
                LogTarget::File(path) => append(path, &line),
                LogTarget::Syslog(_) => {}
            }
        }
    }
}

fn append(path: &Path, line: &str) {
    // There is no other place left to complain to.
    if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(path) {
        let _ = writeln!(file, "{line}");
    }
}

/// `2026/11/21 01:31:00 [notice] 123#123: message`, in UTC.
fn line(now: SystemTime, level: Level, message: &str) -> String {
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let (name, pid) = (level.name(), std::process::id());
    format!(
        "{year}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02} [{name}] {pid}#{pid}: {message}"
    )
}

/// Year, month and day of a day since 1970, by the usual count in years that begin in March.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn lines_have_the_form_of_nginx() {
        let pid = std::process::id();
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let expected = format!("1994/11/06 08:49:37 [warn] {pid}#{pid}: text");
        assert_eq!(line(now, Level::Warn, "text"), expected);
    }

    #[test]
    fn days_have_dates() {
        let cases = [(0, (1970, 1, 1)), (59, (1970, 3, 1)), (11_016, (2000, 2, 29))];
        for (days, date) in cases {
            assert_eq!(civil(days), date);
        }
    }

    #[test]
    fn only_wanted_levels_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("error.log");
        let target = LogTarget::File(path.clone());
        let log = Log::new(&[ErrorLog { target, level: Level::Warn }]);
        log.write(Level::Notice, "not this");
        log.write(Level::Error, "but this");
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.ends_with(": but this\n") && !text.contains("not this"), "{text}");
    }
}
