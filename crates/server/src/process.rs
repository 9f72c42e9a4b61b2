//! What the process knows about itself and its machine.

use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use outpour_core::variables::{Environment, LocalTime};
use rustix::rand::{GetRandomFlags, getrandom};

/// Host name, process id, local time.
pub(crate) fn environment() -> Environment {
    let hostname = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Environment {
        hostname: hostname.into(),
        pid: std::process::id(),
        seed: seed(),
        realpath: Some(realpath),
        local_time: LocalTime(crate::logs::local::utc_offset),
    }
}

/// Random bits of the system; it has some as soon as the machine is up.
fn seed() -> u128 {
    let mut bytes = [0; 16];
    // 16 bytes come in one piece.
    let _ = getrandom(&mut bytes, GetRandomFlags::empty());
    u128::from_ne_bytes(bytes)
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
