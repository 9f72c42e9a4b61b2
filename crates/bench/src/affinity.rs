//! Keeps the measured server and this program off each other's cores.

use anyhow::Result;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores of a measurement: the first for the server, the others for this program.
///
/// A child inherits the cores of the thread that starts it. On a machine with one core, or when the
/// server has as many workers as there are cores, both share what the server leaves.
#[derive(Debug)]
pub(crate) struct Cores {
    all: CpuSet,
    server: CpuSet,
    generator: CpuSet,
}

impl Cores {
    /// Divides the cores that this thread may use; the server gets one per worker, but not all.
    pub(crate) fn divide(workers: u16) -> Result<Self> {
        let all = sched_getaffinity(None)?;
        let numbers: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|&cpu| all.is_set(cpu)).collect();
        let (server, generator) = match cut(&numbers, usize::from(workers)) {
            Some((server, generator)) => (set(server), set(generator)),
            None => (all, all),
        };
        Ok(Self { all, server, generator })
    }

    /// Runs `start` on the server's cores, then goes on on the generator's.
    pub(crate) fn start_server<T>(&self, start: impl FnOnce() -> Result<T>) -> Result<T> {
        sched_setaffinity(None, &self.server)?;
        let server = start();
        sched_setaffinity(None, &self.generator)?;
        server
    }
}

impl Drop for Cores {
    fn drop(&mut self) {
        // Only the speed of later parts is at stake.
        let _ = sched_setaffinity(None, &self.all);
    }
}

/// Cuts the core numbers in two; `None` if there is only one.
fn cut(numbers: &[usize], workers: usize) -> Option<(&[usize], &[usize])> {
    let rest = numbers.len().checked_sub(1).filter(|&rest| rest > 0)?;
    numbers.split_at_checked(workers.min(rest))
}

/// The set of these cores.
fn set(numbers: &[usize]) -> CpuSet {
    let mut set = CpuSet::new();
    numbers.iter().for_each(|&cpu| set.set(cpu));
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts() {
        let check = |numbers: &[usize], workers, expected: Option<(&[usize], &[usize])>| {
            assert_eq!(cut(numbers, workers), expected);
        };
        check(&[], 1, None);
        check(&[3], 1, None);
        check(&[0, 1], 1, Some((&[0], &[1])));
        check(&[0, 1], 2, Some((&[0], &[1])));
        check(&[0, 1, 4, 5], 2, Some((&[0, 1], &[4, 5])));
    }
}
