//! Why a server did not start, and what would help.

use std::io;

use outpour_server::{StartError, os_error};
use rustix::io::Errno;

/// nginx's sentence, and what would help.
pub(crate) fn explain(error: &StartError, built_in: bool) -> String {
    let StartError::Bind { address, error } = error else { return error.to_string() };
    let text = os_error::describe(error);
    format!("bind() to {address} failed ({text}){}", bind_help(error, address, built_in))
}

fn bind_help(error: &io::Error, address: &str, built_in: bool) -> String {
    let port = address.rsplit(':').next().unwrap_or(address);
    let change = if built_in {
        "; another address: save the output of `outpour --print-config`, change its `listen`, and \
         give the file to `outpour -c`"
    } else {
        ""
    };
    let unix = address.starts_with("unix:");
    let help = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::ADDRINUSE) if unix => {
            "Another process serves there, or the socket was left behind".into()
        }
        Some(Errno::ADDRINUSE) => {
            format!("Another process listens there (`ss -ltnp 'sport = :{port}'` names it)")
        }
        Some(Errno::ACCESS | Errno::PERM) if unix => "This user may not create it".into(),
        Some(Errno::ACCESS | Errno::PERM) => {
            "Only root, or a process with CAP_NET_BIND_SERVICE, may take this port".into()
        }
        Some(Errno::ADDRNOTAVAIL) => "No interface of this machine has this address".into(),
        _ => return String::new(),
    };
    format!("\n{help}{change}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(number: i32, expected: &str) {
        let error = io::Error::from_raw_os_error(number);
        let text = explain(&StartError::Bind { address: "127.0.0.1:9080".into(), error }, false);
        assert_eq!(text, format!("bind() to 127.0.0.1:9080 failed {expected}"));
    }

    #[test]
    fn bind_failures_are_nginx_s_and_help() {
        check(
            98,
            "(98: Address already in use)\n\
             Another process listens there (`ss -ltnp 'sport = :9080'` names it).",
        );
        check(
            13,
            "(13: Permission denied)\n\
             Only root, or a process with CAP_NET_BIND_SERVICE, may take this port.",
        );
        check(
            99,
            "(99: Cannot assign requested address)\n\
             No interface of this machine has this address.",
        );
        check(24, "(24: Too many open files)");
    }
}
