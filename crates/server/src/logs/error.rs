//! A line of an error log.

use std::fmt;
use std::io::Write as _;
use std::net::IpAddr;

use outpour_core::now::Now;
use outpour_core::settings::{Escape, Level};
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
    /// The upstream that is asked, as an address.
    pub upstream: Option<&'a [u8]>,
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

/// Longest value in bytes of a line in JSON, before it is escaped.
const VALUE_BYTES_MAX: usize = 1024;

/// An object with the same facts, and a line end. What is not known is left out.
pub(super) fn json(
    civil: &Civil,
    now: Now,
    level: Level,
    context: Option<&RequestContext<'_>>,
    message: fmt::Arguments<'_>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let (time, offset) = split_offset(&civil.iso8601());
    let millis = now.unix_millis.min(999);
    // Writing to memory does not fail.
    let _ = write!(out, "{{\"time\":\"{time}.{millis:03}{offset}\",\"level\":\"{}\"", level.name());
    let thread = std::thread::current();
    if let Some(worker) = thread.name().and_then(|name| name.strip_prefix("worker-")) {
        let _ = write!(out, ",\"worker\":{worker}");
    }
    if let Some(context) = context {
        let _ = write!(out, ",\"connection\":{}", context.connection);
        let client = context.client.map_or_else(|| "unix:".to_owned(), |ip| ip.to_string());
        let pairs = [
            ("client", Some(client.as_bytes())),
            ("server", context.server),
            ("request", context.request),
            ("upstream", context.upstream),
            ("host", context.host),
            ("referrer", context.referrer),
        ];
        for (name, value) in pairs {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                member(name, value, &mut out);
            }
        }
    }
    member("message", message.to_string().as_bytes(), &mut out);
    out.extend_from_slice(b"}\n");
    out
}

fn member(name: &str, value: &[u8], out: &mut Vec<u8>) {
    let value = String::from_utf8_lossy(&value[..value.len().min(VALUE_BYTES_MAX)]);
    let _ = write!(out, ",\"{name}\":\"");
    super::format::value(Escape::Json, Some(value.as_bytes()), out);
    out.push(b'"');
}

/// `2026-11-21T01:16:32` and `+00:00`.
fn split_offset(time: &str) -> (String, String) {
    let at = time.len().saturating_sub("+00:00".len());
    let offset = time.get(at..).unwrap_or_default().to_owned();
    (time.get(..at).unwrap_or_default().to_owned(), offset)
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
        let quoted = [
            ("request", self.request),
            ("upstream", self.upstream),
            ("host", self.host),
            ("referrer", self.referrer),
        ];
        for (name, text) in quoted {
            let Some(text) = text else { continue };
            let _ = write!(out, ", {name}: \"");
            printable(text, out);
            out.push(b'"');
        }
    }
}
