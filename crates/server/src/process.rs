//! What the process knows about itself and its machine.

use std::hash::{BuildHasher, RandomState};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use outpour_core::variables::Environment;

use crate::clock::Clock;

/// Host name, process id, local time.
pub(crate) fn environment(clock: &Clock) -> Environment {
    let hostname = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Environment {
        hostname: hostname.into(),
        pid: std::process::id(),
        seed: RandomState::new().hash_one(std::process::id()),
        realpath: Some(realpath),
        utc_offset: crate::logs::local::utc_offset(clock.now().unix),
    }
}

fn realpath(path: &[u8]) -> Option<Vec<u8>> {
    let real = std::fs::canonicalize(std::ffi::OsStr::from_bytes(path)).ok()?;
    Some(real.into_os_string().into_vec())
}

/// Bytes of memory of this machine.
pub(crate) fn memory_bytes() -> u64 {
    let info = rustix::system::sysinfo();
    #[expect(clippy::useless_conversion, reason = "the width differs between platforms")]
    let total = u64::from(info.totalram);
    total.saturating_mul(u64::from(info.mem_unit))
}
