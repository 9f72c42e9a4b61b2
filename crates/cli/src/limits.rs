//! How many files, and so connections, the process may have open.

use outpour_server::os_error;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the open-file limit came to.
#[derive(Debug)]
pub(crate) struct OpenFiles {
    /// The limit in force; `None` if there is none.
    pub(crate) limit: Option<u64>,
    /// What could not be done, for the log.
    pub(crate) warning: Option<String>,
}

/// Raises the open-file limit of the process: to `wanted` (`worker_rlimit_nofile`), else to the
/// hard limit. Only root can go beyond the hard limit.
pub(crate) fn raise_open_files(wanted: Option<u64>) -> OpenFiles {
    let before = getrlimit(Resource::Nofile);
    let result = setrlimit(Resource::Nofile, target(&before, wanted));
    let warning = result.err().map(|error| {
        let text = os_error::describe(&error.into());
        let number = wanted.or(before.maximum).unwrap_or(u64::MAX);
        format!("setrlimit(RLIMIT_NOFILE, {number}) failed ({text})")
    });
    OpenFiles { limit: getrlimit(Resource::Nofile).current, warning }
}

/// The limits to ask for. Without `wanted` the hard limit is the soft one's; with it the hard
/// limit only ever grows, so that a later reload can go up again.
fn target(before: &Rlimit, wanted: Option<u64>) -> Rlimit {
    match wanted {
        None => Rlimit { current: before.maximum, maximum: before.maximum },
        Some(wanted) => Rlimit {
            current: Some(wanted),
            maximum: before.maximum.map(|maximum| maximum.max(wanted)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: [Option<u64>; 2], wanted: Option<u64>, expected: [Option<u64>; 2]) {
        let before = Rlimit { current: before[0], maximum: before[1] };
        let after = target(&before, wanted);
        assert_eq!([after.current, after.maximum], expected);
    }

    #[test]
    fn the_soft_limit_follows_the_hard_one_or_the_directive() {
        check([Some(1024), Some(4096)], None, [Some(4096), Some(4096)]);
        check([Some(1024), None], None, [None, None]);
        check([Some(1024), Some(4096)], Some(2000), [Some(2000), Some(4096)]);
        check([Some(1024), Some(4096)], Some(9000), [Some(9000), Some(9000)]);
        check([Some(1024), None], Some(9000), [Some(9000), None]);
    }
}
