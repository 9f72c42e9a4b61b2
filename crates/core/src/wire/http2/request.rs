//! A request out of a header list.

use std::borrow::Cow;
use std::ops::Range;

use crate::request::{BodyLength, Method, Request, Version};
use crate::settings::ServerSettings;
use crate::wire::http1::Rejection;
use crate::wire::http1::fields::Fields;
use crate::wire::http1::{lines, request_line, uri};

/// The header list of a request, of whose pseudo-headers each stands at most once.
#[derive(Clone, Debug)]
pub struct HeaderList<'a> {
    /// `:method`
    pub method: &'a [u8],
    /// `:authority`
    pub authority: Option<&'a [u8]>,
    /// `:path`
    pub path: &'a [u8],
    /// `:protocol` (RFC 8441)
    pub protocol: Option<&'a [u8]>,
    /// Names in lower case, and values, without any that speak about a connection. A WebSocket has
    /// those that HTTP/1 has in its place.
    pub headers: Vec<(&'a [u8], &'a [u8])>,
    /// The list ends the stream: there is no body.
    pub ends: bool,
}

/// A header list that is no request.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// Why.
    pub rejection: Rejection,
    /// The request line, for the logs.
    pub line: Vec<u8>,
}

/// Makes a request of a header list, by the rules that hold for HTTP/1 as well.
///
/// Its bytes are the head that an HTTP/1 client would have sent: the authority is the header
/// `host`, and cookies, which HTTP/2 may split (RFC 9113 8.2.3), are one header again. The
/// connection is not the request's to close.
///
/// # Errors
///
/// 400 for what contradicts HTTP, two different hosts among it; 405 for `TRACE`, and for `CONNECT`
/// that is no WebSocket's; 414 and 431 for more than `large_client_header_buffers` hold.
pub fn request(list: &HeaderList<'_>, limits: &ServerSettings) -> Result<Request, Rejected> {
    let line = [list.method, b" ", list.path, b" HTTP/2.0\r\n"].concat();
    let reject = |rejection| Rejected { rejection, line: line.clone() };
    read(list, line.clone(), limits).map_err(reject)
}

fn read(
    list: &HeaderList<'_>,
    line: Vec<u8>,
    limits: &ServerSettings,
) -> Result<Request, Rejection> {
    let (number, size) = limits.large_client_header_buffers;
    let line_max = size.max(limits.client_header_buffer_size);
    if line.len() > line_max {
        return Err(Rejection::with(414, "client sent too long URI"));
    }
    let method = method(list)?;
    let target = list.method.len() + 1..list.method.len() + 1 + list.path.len();
    check_target(list.path, method)?;
    let uri = uri::parse(list.path, limits.merge_slashes)?;
    let mut head = Head { bytes: line, fields: Fields::default(), headers: Vec::new() };
    for (name, value) in headers(list)? {
        if name.len() + value.len() > line_max {
            return Err(Rejection::with(431, "client sent too long header line"));
        }
        head.add(name, &value, limits)?;
    }
    if head.headers.len() > lines::HEADERS_MAX {
        return Err(Rejection::with(431, "client sent too many header lines"));
    }
    if head.bytes.len() > number.saturating_mul(size).max(line_max) {
        return Err(Rejection::with(431, "client sent too large request"));
    }
    let Head { mut bytes, fields, headers } = head;
    bytes.extend_from_slice(b"\r\n");
    let body = match fields.body(&bytes, Version::Http2)? {
        _ if list.ends || list.protocol.is_some() => BodyLength::None,
        BodyLength::None => BodyLength::Chunked,
        length @ (BodyLength::Known(_) | BodyLength::Chunked) => length,
    };
    Ok(Request {
        method,
        method_text: 0..list.method.len(),
        args: target.start + uri.args.start..target.start + uri.args.end,
        target,
        path: uri.path,
        version: Version::Http2,
        host: fields.host.unwrap_or_default(),
        headers,
        body,
        keep_alive: false,
        expects_continue: false,
        bytes,
    })
}

fn method(list: &HeaderList<'_>) -> Result<Method, Rejection> {
    match list.protocol {
        Some(protocol) if protocol.eq_ignore_ascii_case(b"websocket") => Ok(Method::Other),
        Some(_) => Err(Rejection::with(501, "client sent unknown \":protocol\"")),
        None => {
            request_line::check_method(list.method)?;
            request_line::method(list.method)
        }
    }
}

fn check_target(path: &[u8], method: Method) -> Result<(), Rejection> {
    if path.iter().any(|b| *b <= 0x20 || *b == 0x7f) {
        return Err(Rejection::bad("client sent control characters in its target"));
    }
    match path {
        [b'/', ..] => Ok(()),
        b"*" if method == Method::Options => Ok(()),
        _ => Err(Rejection::bad("client sent invalid \":path\" header")),
    }
}

type Header<'a> = (&'a [u8], Cow<'a, [u8]>);

/// All headers: the host first, cookies joined behind the others.
fn headers<'a>(list: &HeaderList<'a>) -> Result<Vec<Header<'a>>, Rejection> {
    let mut found = Vec::with_capacity(list.headers.len() + 1);
    found.extend(list.authority.map(|authority| (&b"host"[..], Cow::Borrowed(authority))));
    let mut cookies: Option<Vec<u8>> = None;
    for &(name, value) in &list.headers {
        match (name, list.authority) {
            (b"cookie", _) => match &mut cookies {
                None => cookies = Some(value.to_vec()),
                Some(cookies) => {
                    cookies.extend_from_slice(b"; ");
                    cookies.extend_from_slice(value);
                }
            },
            (b"host", Some(authority)) if authority.eq_ignore_ascii_case(value) => {}
            (b"host", Some(_)) => {
                let text = "client sent \":authority\" and \"Host\" with different values";
                return Err(Rejection::bad(text));
            }
            _ => found.push((name, Cow::Borrowed(value))),
        }
    }
    found.extend(cookies.map(|cookies| (&b"cookie"[..], Cow::Owned(cookies))));
    Ok(found)
}

/// A head that is being put together.
struct Head {
    bytes: Vec<u8>,
    fields: Fields,
    headers: Vec<(Range<usize>, Range<usize>)>,
}

impl Head {
    fn add(&mut self, name: &[u8], value: &[u8], limits: &ServerSettings) -> Result<(), Rejection> {
        if value.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
            return Err(Rejection::bad("client sent invalid header value"));
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(b": ");
        let from = self.bytes.len();
        self.bytes.extend_from_slice(value.trim_ascii());
        let field = (start..start + name.len(), from..self.bytes.len());
        match self.fields.take(&self.bytes, &field, limits)? {
            true => {
                self.bytes.extend_from_slice(b"\r\n");
                self.headers.push(field);
            }
            false => self.bytes.truncate(start),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
