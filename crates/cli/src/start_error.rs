//! Why a server did not start, and what would help.

use std::io;

use outpour_server::StartError;

use crate::os_error;

/// nginx's sentence, and what would help.
pub(crate) fn explain(error: &StartError, built_in: bool) -> String {
    match error {
        StartError::Bind { address, error } => {
            let text = os_error::describe(error);
            let help = bind_help(error, address, built_in);
            format!("bind() to {address} failed ({text}){help}")
        }
        other => other.to_string(),
    }
}

fn bind_help(error: &io::Error, address: &str, built_in: bool) -> String {
    let port = address.rsplit(':').next().unwrap_or(address);
    let change = if built_in {
        "; another address: save the output of `outpour --print-config`, change its `listen`, and \
         give the file to `outpour -c`"
    } else {
        ""
    };
    match error.kind() {
        io::ErrorKind::AddrInUse if address.starts_with("unix:") => {
            format!("\nAnother process serves there, or the socket was left behind{change}.")
        }
        io::ErrorKind::AddrInUse => format!(
            "\nAnother process listens there (`ss -ltnp 'sport = :{port}'` names it){change}."
        ),
        io::ErrorKind::PermissionDenied => format!(
            "\nOnly root, or a process with CAP_NET_BIND_SERVICE, may take this address{change}."
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("\nNo interface of this machine has this address{change}.")
        }
        _ => String::new(),
    }
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
             Only root, or a process with CAP_NET_BIND_SERVICE, may take this address.",
        );
        check(
            99,
            "(99: Cannot assign requested address)\n\
             No interface of this machine has this address.",
        );
        check(24, "(24: Too many open files)");
    }
}
