//! Kernel memory behind the sockets, of the whole machine: `/proc/net/sockstat`, `/proc/meminfo`.
//!
//! Neither belongs to one process: both ends of a loopback connection are counted, and other
//! programs of the machine too. They are a hint beside the user-space figure.

use std::fs;

/// Kernel memory of the machine at one moment; `None` where the kernel does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KernelMemory {
    /// Bytes in the queues of TCP sockets.
    pub tcp_bytes: Option<u64>,
    /// Bytes of kernel objects, socket structures among them.
    pub slab_bytes: Option<u64>,
}

impl KernelMemory {
    /// Reads both files.
    pub(crate) fn read() -> Self {
        let text = |path| fs::read_to_string(path).unwrap_or_default();
        let page = u64::try_from(rustix::param::page_size()).unwrap_or(4096);
        Self {
            tcp_bytes: parse_tcp_pages(&text("/proc/net/sockstat"))
                .and_then(|pages| pages.checked_mul(page)),
            slab_bytes: parse_slab(&text("/proc/meminfo")),
        }
    }
}

/// The number behind `mem` in the line `TCP:`, in pages.
fn parse_tcp_pages(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("TCP:"))?;
    let mut words = line.split_whitespace().skip_while(|&word| word != "mem");
    words.nth(1)?.parse().ok()
}

/// Bytes of the line `Slab:  N kB`.
fn parse_slab(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Slab:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tcp_pages() {
        let check = |text, expected| assert_eq!(parse_tcp_pages(text), expected, "{text}");
        check(
            "sockets: used 23\nTCP: inuse 2 orphan 0 tw 0 alloc 2 mem 61\nUDP: inuse 0 mem 7\n",
            Some(61),
        );
        check("TCP: inuse 2 mem\n", None);
        check("TCP: inuse 2 mem x\n", None);
        check("UDP: inuse 0 mem 7\n", None);
        check("", None);
    }

    #[test]
    fn slab() {
        let check = |text, expected| assert_eq!(parse_slab(text), expected, "{text}");
        check("MemTotal: 9 kB\nSlab:     12 kB\nSReclaimable: 4 kB\n", Some(12_288));
        check("MemTotal: 9 kB\n", None);
        check("Slab: kB\n", None);
    }
}
