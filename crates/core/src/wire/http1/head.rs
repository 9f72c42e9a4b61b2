//! The head of a request, read.

use super::{Rejection, fields, host, lines, request_line, uri};
use crate::request::{Request, Version};
use crate::settings::ServerSettings;

/// How far the head of a request has come.
#[derive(Debug)]
pub enum Parsed {
    /// More bytes are needed.
    Partial,
    /// The head is complete.
    Complete {
        /// The request.
        request: Request,
        /// How many of the bytes belong to the head, empty lines in front of it included.
        consumed: usize,
    },
}

/// Reads the head of a request from the bytes received so far.
///
/// Linear in the head; four allocations for a usual one. What servers may read differently is
/// refused rather than guessed: lines without CR LF, folded headers, blanks before a colon, two
/// hosts, two lengths, unknown codings. Where nginx is lenient without harm (invalid header names,
/// an empty line in front), so is this.
///
/// # Errors
///
/// A [`Rejection`]: 400 for what contradicts HTTP/1; 405 for `CONNECT` and `TRACE`; 414 for a
/// request line longer than a large buffer; 431 for a header line longer than one, a head longer
/// than all of them, or more than 100 headers; 501 for unknown transfer codings; 505 for major
/// versions above 1. Bounds hold while the head is partial, too.
pub fn parse_head(bytes: &[u8], limits: &ServerSettings) -> Result<Parsed, Rejection> {
    let lines = lines::find(bytes, limits)?;
    let Some(line_end) = lines.line_end else {
        request_line::check_beginning(&bytes[lines.start..])?;
        return Ok(Parsed::Partial);
    };
    let line = request_line::parse(&bytes[lines.start..line_end])?;
    let Some(consumed) = lines.end else { return Ok(Parsed::Partial) };
    let block = line_end + 2 - lines.start;
    let request = request(bytes[lines.start..consumed].to_vec(), block, line, limits)?;
    Ok(Parsed::Complete { request, consumed })
}

/// The request of a complete head, whose header lines begin at `block`.
fn request(
    mut bytes: Vec<u8>,
    block: usize,
    line: request_line::RequestLine,
    limits: &ServerSettings,
) -> Result<Request, Rejection> {
    let version = line.version;
    let uri = uri::parse(&bytes[line.target.clone()], limits.merge_slashes)?;
    let mut fields = fields::parse(&mut bytes, block, limits)?;
    if fields.host.is_none() && version == Version::Http11 {
        return Err(Rejection::bad("client sent HTTP/1.1 request without \"Host\" header"));
    }
    let host = match line.authority {
        Some(authority) => host::parse(&bytes[authority])?,
        None => fields.host.take().unwrap_or_default(),
    };
    let start = line.target.start;
    Ok(Request {
        method: line.method,
        method_text: line.method_text,
        args: start + uri.args.start..start + uri.args.end,
        target: line.target,
        path: uri.path,
        version,
        host,
        body: fields.body(&bytes, version)?,
        keep_alive: fields.keep_alive(version),
        expects_continue: fields.expects_continue(version),
        headers: fields.headers,
        bytes,
    })
}

#[cfg(test)]
mod tests;
