//! A process and all that it started.

use std::fs;

/// A process that cannot be mistaken for a later one with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    /// Its number.
    pub pid: u32,
    parent: u32,
    /// When it was started, in clock ticks since boot.
    started: u64,
}

impl Process {
    /// Reads `/proc/PID/stat`; `None` after its end.
    fn read(pid: u32) -> Option<Self> {
        parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Whether the same process still runs.
    pub(crate) fn lives(&self) -> bool {
        Self::read(self.pid).is_some_and(|other| other.started == self.started)
    }
}

/// Field 4 and 22; fields are counted from the bracket behind the name, which may hold brackets.
/// A process that has ended and was not reaped is none.
fn parse(pid: u32, text: &str) -> Option<Process> {
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let started = fields.nth(17)?.parse().ok()?;
    (state != "Z").then_some(Process { pid, parent, started })
}

/// The process `root` and its descendants, `root` first.
pub(crate) fn tree(root: u32) -> Vec<Process> {
    let all: Vec<Process> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(Process::read)
        .collect();
    let mut tree: Vec<Process> = all.iter().copied().filter(|one| one.pid == root).collect();
    let mut index = 0;
    while let Some(&parent) = tree.get(index) {
        tree.extend(all.iter().filter(|one| one.parent == parent.pid && one.pid != root));
        index += 1;
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses() {
        let check = |text: &str, expected: Option<(u32, u64)>| {
            let process = parse(7, text).map(|process| (process.parent, process.started));
            assert_eq!(process, expected, "{text}");
        };
        let tail = "1 7 7 0 -1 4194304 90 0 0 0 31 11 0 0 20 0 3 0 555 6";
        check(&format!("7 (a b) c)) S {tail}"), Some((1, 555)));
        check(&format!("7 (a) Z {tail}"), None);
        check("7 (a) S 1 7", None);
        check("", None);
    }

    #[test]
    fn own_process() {
        let own = std::process::id();
        let tree = tree(own);
        assert!(tree.first().is_some_and(|process| process.pid == own && process.lives()));
    }
}
