//! The memory budget of a configuration that does not name one.

use std::fs;
use std::path::Path;

/// Bytes of a page, in which the budget is counted.
const PAGE: u64 = 4096;

/// A quarter of the memory that the process may use, in whole pages: the machine's, or less where
/// a control group (a container, a unit with `MemoryMax`) allows less.
pub(crate) fn default_budget() -> u64 {
    let system = rustix::system::sysinfo();
    let machine = total(u64::from(system.mem_unit), u128::from(system.totalram));
    let available = group_limit().map_or(machine, |limit| limit.min(machine));
    (available / 4 / PAGE * PAGE).max(32 * PAGE)
}

fn total(unit: u64, count: u128) -> u64 {
    u64::try_from(u128::from(unit.max(1)) * count).unwrap_or(u64::MAX)
}

/// The least `memory.max` of the control groups around this process (version 2 of the interface).
fn group_limit() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let own = Path::new("/sys/fs/cgroup").join(own);
    own.ancestors()
        .take_while(|folder| folder.starts_with("/sys/fs/cgroup"))
        .filter_map(|folder| fs::read_to_string(folder.join("memory.max")).ok())
        .filter_map(|text| text.trim().parse().ok())
        .min()
}

/// A number of bytes for people: `512 MiB`, `3.8 GiB`.
pub(crate) fn describe(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut tenths = u128::from(bytes) * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    match (tenths / 10, tenths % 10) {
        (whole, tenth) if whole < 10 && tenth > 0 => format!("{whole}.{tenth} {}", UNITS[unit]),
        (whole, _) => format!("{whole} {}", UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_some_whole_pages() {
        assert_eq!(default_budget() % PAGE, 0);
        assert!(default_budget() >= 32 * PAGE);
    }

    #[test]
    fn sizes_are_readable() {
        let cases = [
            (0, "0 KiB"),
            (128 << 10, "128 KiB"),
            (32 << 20, "32 MiB"),
            (1536 << 20, "1.5 GiB"),
            (4096 << 20, "4 GiB"),
            (15 << 40, "15 TiB"),
        ];
        for (bytes, text) in cases {
            assert_eq!(describe(bytes), text);
        }
    }
}
