//! Keeps the measured server and the generator off each other's cores.

use std::{fmt, str::FromStr};

use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Numbers of cores, such as `0` or `0,2-3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cores(Vec<usize>);

impl Cores {
    /// Puts the calling thread, and what it starts from here on, on these cores.
    ///
    /// # Errors
    /// If none of them exists or may be used.
    pub(crate) fn take(&self) -> Result<()> {
        let mut set = CpuSet::new();
        self.0.iter().for_each(|&core| set.set(core));
        sched_setaffinity(None, &set).with_context(|| format!("cannot run on core {self}"))
    }

    /// Divides the cores that this thread may use: one for each worker of the server, at least one
    /// for the generator. `None` on a machine with one core.
    pub(crate) fn divide(workers: u16) -> Result<Option<(Self, Self)>> {
        let all = sched_getaffinity(None)?;
        let numbers: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|&core| all.is_set(core)).collect();
        let cut = cut(&numbers, usize::from(workers));
        Ok(cut.map(|(server, generator)| (Self(server.to_vec()), Self(generator.to_vec()))))
    }
}

/// Cuts the core numbers in two; `None` if there is only one.
fn cut(numbers: &[usize], workers: usize) -> Option<(&[usize], &[usize])> {
    let rest = numbers.len().checked_sub(1).filter(|&rest| rest > 0)?;
    numbers.split_at_checked(workers.min(rest))
}

impl fmt::Display for Cores {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(usize::to_string).collect();
        formatter.write_str(&numbers.join(","))
    }
}

impl FromStr for Cores {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number =
            |text: &str| text.parse().ok().filter(|&number: &usize| number < CpuSet::MAX_CPU);
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(number(first)?..=number(last)?).filter(|range| !range.is_empty())
        };
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        let ranges = ranges.ok_or_else(|| "expected core numbers, as in 0 or 0,2-3".to_owned())?;
        Ok(Self(ranges.into_iter().flatten().collect()))
    }
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

    #[test]
    fn numbers() {
        let check = |text: &str, expected: Option<&[usize]>| {
            assert_eq!(text.parse::<Cores>().ok().map(|cores| cores.0), expected.map(Vec::from));
        };
        check("0", Some(&[0]));
        check("0,2-3", Some(&[0, 2, 3]));
        check("3-2", None);
        check("", None);
        check("0,", None);
        check("99999999", None);
    }
}
