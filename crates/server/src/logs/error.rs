//! A line of an error log.

use std::fmt;
use std::io::Write as _;
use std::net::IpAddr;

use outpour_core::settings::Level;
use outpour_core::variables::Civil;

use super::format::printable;

/// Longest line in bytes, line end included, as in nginx (`NGX_MAX_ERROR_STR`).
const LINE_BYTES_MAX: usize = 2048;

/// Whom, and which request, an error is about.
#[derive(Clone, Debug, Default)]
pub struct RequestContext<'a> {
    /// Number of the connection.
    pub connection: u64,
    /// The client's address; `None` on a unix socket.
    pub client: Option<IpAddr>,
    /// Name of the server that was chosen; before that the address that is listened on.
    pub server: Option<&'a [u8]>,
    /// The request line.
    pub request: Option<&'a [u8]>,
    /// The `Host` header.
    pub host: Option<&'a [u8]>,
    /// The `Referer` header.
    pub referrer: Option<&'a [u8]>,
}

/// `2026/11/21 01:16:32 [error] PID#TID: *CONNECTION message, client: ...` and a line end.
pub(super) fn line(
    civil: &Civil,
    level: Level,
    pid: u32,
    context: Option<&RequestContext<'_>>,
    message: fmt::Arguments<'_>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let tid = rustix::thread::gettid().as_raw_nonzero();
    // Writing to memory does not fail.
    let _ = write!(out, "{} [{}] {pid}#{tid}: ", civil.error_log(), level.name());
    if let Some(context) = context {
        let _ = write!(out, "*{} ", context.connection);
    }
    let _ = write!(out, "{message}");
    if let Some(context) = context {
        context.write(&mut out);
    }
    out.truncate(LINE_BYTES_MAX - 1);
    out.push(b'\n');
    out
}

impl RequestContext<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let _ = match self.client {
            Some(ip) => write!(out, ", client: {ip}"),
            None => write!(out, ", client: unix:"),
        };
        if let Some(server) = self.server {
            out.extend(b", server: ");
            printable(server, out);
        }
        let quoted = [("request", self.request), ("host", self.host), ("referrer", self.referrer)];
        for (name, text) in quoted {
            let Some(text) = text else { continue };
            let _ = write!(out, ", {name}: \"");
            printable(text, out);
            out.push(b'"');
        }
    }
}
