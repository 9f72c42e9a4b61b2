//! What the kernel tells about its limits.

use std::{fs, path::Path};

use rustix::process::{Resource, getrlimit};

/// Limits of this process and this machine; `None` where the kernel does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Soft limit of open files.
    pub files_soft: Option<u64>,
    /// Hard limit of open files.
    pub files_hard: Option<u64>,
    /// The greatest hard limit that may be set.
    pub files_open_max: Option<u64>,
    /// Open files of the whole machine.
    pub files_machine: Option<u64>,
    /// Connections that may wait to be accepted.
    pub accept_queue: Option<u64>,
    /// Connections that may wait to be made.
    pub syn_queue: Option<u64>,
    /// First and last port of outgoing connections.
    pub ports: Option<(u64, u64)>,
    /// Tracked connections, and how many there may be; `None` without tracking.
    pub tracked: Option<(u64, u64)>,
    /// Pages of socket queues: fine below, pressure above, none beyond.
    pub queue_pages: Option<[u64; 3]>,
    /// Bytes of a receive queue: least, at first, most.
    pub receive: Option<[u64; 3]>,
    /// Bytes of a send queue: least, at first, most.
    pub send: Option<[u64; 3]>,
    /// 0: guesses, 1: always, 2: never more than there is.
    pub overcommit: Option<u64>,
    /// Bytes of memory that programs can have.
    pub available_bytes: Option<u64>,
    /// Bytes of a page.
    pub page_bytes: u64,
    /// Cores that this process may use.
    pub cores: u64,
    /// How the clock of the first core is chosen.
    pub governor: Option<String>,
    /// 0: everybody, 1: a group, 2: nobody. `None` before Linux 6.6, or without io_uring.
    pub io_uring_disabled: Option<u64>,
}

impl Facts {
    /// Reads them.
    pub(super) fn read() -> Self {
        let limit = getrlimit(Resource::Nofile);
        let unlimited = u64::MAX;
        Self {
            files_soft: Some(limit.current.unwrap_or(unlimited)),
            files_hard: Some(limit.maximum.unwrap_or(unlimited)),
            files_open_max: number("/proc/sys/fs/nr_open"),
            files_machine: number("/proc/sys/fs/file-max"),
            accept_queue: number("/proc/sys/net/core/somaxconn"),
            syn_queue: number("/proc/sys/net/ipv4/tcp_max_syn_backlog"),
            ports: numbers("/proc/sys/net/ipv4/ip_local_port_range")
                .map(|[first, last]: [u64; 2]| (first, last)),
            tracked: number("/proc/sys/net/netfilter/nf_conntrack_count")
                .zip(number("/proc/sys/net/netfilter/nf_conntrack_max")),
            queue_pages: numbers("/proc/sys/net/ipv4/tcp_mem"),
            receive: numbers("/proc/sys/net/ipv4/tcp_rmem"),
            send: numbers("/proc/sys/net/ipv4/tcp_wmem"),
            overcommit: number("/proc/sys/vm/overcommit_memory"),
            available_bytes: available(&text("/proc/meminfo").unwrap_or_default()),
            page_bytes: u64::try_from(rustix::param::page_size()).unwrap_or(4096),
            cores: std::thread::available_parallelism()
                .map_or(1, |cores| u64::try_from(cores.get()).unwrap_or(1)),
            governor: text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
                .map(|text| text.trim().to_owned()),
            io_uring_disabled: number("/proc/sys/kernel/io_uring_disabled"),
        }
    }
}

/// A file's text.
fn text(path: impl AsRef<Path>) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// The one number in a file.
fn number(path: &str) -> Option<u64> {
    numbers(path).map(|[number]: [u64; 1]| number)
}

/// The numbers in a file.
fn numbers<const COUNT: usize>(path: &str) -> Option<[u64; COUNT]> {
    parse_numbers(&text(path)?)
}

/// Exactly so many numbers between white space.
fn parse_numbers<const COUNT: usize>(text: &str) -> Option<[u64; COUNT]> {
    let numbers: Option<Vec<u64>> = text.split_whitespace().map(|word| word.parse().ok()).collect();
    numbers?.try_into().ok()
}

/// Bytes of the line `MemAvailable:  N kB`.
fn available(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read() {
        let check = |text: &str, expected: Option<[u64; 2]>| {
            assert_eq!(parse_numbers(text), expected, "{text:?}");
        };
        check("32768\t60999\n", Some([32_768, 60_999]));
        check("32768\n", None);
        check("1 2 3", None);
        check("1 -2", None);
        check("", None);
        assert_eq!(available("MemFree: 1 kB\nMemAvailable:  2 kB\n"), Some(2048));
        assert_eq!(available("MemAvailable: x kB\n"), None);
    }

    #[test]
    fn this_machine_tells_something() {
        let facts = Facts::read();
        assert!(facts.files_soft.is_some() && facts.cores > 0 && facts.page_bytes > 0);
    }
}
