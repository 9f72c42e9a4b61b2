//! What a process uses: `/proc/PID/smaps_rollup` and `/proc/PID/stat`.

use std::{fs, time::Duration};

use anyhow::{Context, Result};

use crate::process_tree::tree;

/// The proportional set size of a process and its children together.
///
/// # Errors
/// If it cannot be read, as for another user's process.
pub(crate) fn tree_pss_bytes(root: u32) -> Result<u64> {
    tree(root).iter().map(|process| pss_bytes(process.pid)).sum()
}

/// The CPU time of a process and its children together.
///
/// # Errors
/// If `root` has ended; children that end in the meantime are left out.
pub(crate) fn tree_cpu_time(root: u32) -> Result<Duration> {
    let children = tree(root).into_iter().filter(|process| process.pid != root);
    let children: Duration = children.filter_map(|process| cpu_time(process.pid).ok()).sum();
    Ok(cpu_time(root)? + children)
}

/// The proportional set size of a process in bytes: its own pages, and its share of common ones.
///
/// # Errors
/// If the file cannot be read, as after the process has ended or for another user's process.
fn pss_bytes(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    parse_pss(&text).with_context(|| format!("{path} has no line Pss"))
}

/// The CPU time of all threads of a process, user and system, in steps of a clock tick (10 ms).
///
/// # Errors
/// If the file cannot be read, as after the process has ended.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let ticks = parse_cpu_ticks(&text).with_context(|| format!("{path} has too few fields"))?;
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    Ok(Duration::from_micros(ticks.saturating_mul(1_000_000) / per_second))
}

/// Bytes of the line `Pss:  N kB`.
fn parse_pss(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// Fields 14 and 15, utime and stime.
///
/// Field 2 is the program's name in brackets and may hold blanks and brackets itself, so fields
/// are counted from the last bracket: behind it comes field 3.
fn parse_cpu_ticks(text: &str) -> Option<u64> {
    let (_, fields) = text.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(|field| field.parse::<u64>().ok());
    times.next()??.checked_add(times.next()??)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pss() {
        let check = |text, expected| assert_eq!(parse_pss(text), expected, "{text}");
        check(
            "55d0-7fff ---p 0 0 [rollup]\nRss:  900 kB\nPss:  123 kB\nPss_Dirty: 5 kB\n",
            Some(125_952),
        );
        check("Pss_Dirty: 5 kB\n", None);
        check("Pss:\n", None);
        check("Pss: x kB\n", None);
        check("Pss: 18446744073709551615 kB\n", None);
        check("", None);
    }

    #[test]
    fn cpu_ticks() {
        let check = |text, expected| assert_eq!(parse_cpu_ticks(text), expected, "{text}");
        check("7 (outpour) S 1 7 7 0 -1 4194304 90 0 0 0 31 11 0 0 20 0 3 0 5 6", Some(42));
        check("7 (a) b (c)) S 1 7 7 0 -1 4194304 90 0 0 0 31 11 0 0", Some(42));
        check("7 (outpour) S 1 7 7 0 -1 4194304 90 0 0 0 31", None);
        check("7 (outpour) S 1 7 7 0 -1 4194304 90 0 0 0 x 11", None);
        check("", None);
    }

    #[test]
    fn own_process() {
        assert!(pss_bytes(std::process::id()).unwrap() > 0);
        cpu_time(std::process::id()).unwrap();
    }
}
