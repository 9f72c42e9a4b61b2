//! The head of a request, from whatever wire it came.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

use crate::now::Tick;

/// A request method. Other methods keep their spelling in [`Request::method_text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
    /// `OPTIONS`
    Options,
    /// Any other token.
    Other,
}

/// The HTTP version that the client spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// HTTP/1.0: no chunking, the connection closes unless asked otherwise.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2: its frames tell where a body ends, and one answer never closes the connection.
    Http2,
}

/// What is known about the body from the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// No `Content-Length` and no `Transfer-Encoding`.
    None,
    /// `Content-Length: N`; may be 0.
    Known(u64),
    /// `Transfer-Encoding: chunked`; over HTTP/2 a body without a length, which comes in chunks too.
    Chunked,
}

/// A request head: one allocation for its bytes, everything else as ranges into them.
///
/// Built by `wire::http1`, and by `wire::http2` from a header list.
#[derive(Clone, Debug)]
pub struct Request {
    /// The head as received, request line first.
    pub bytes: Vec<u8>,
    /// The method.
    pub method: Method,
    /// Where the method's spelling stands.
    pub method_text: Range<usize>,
    /// The request target as received (nginx's `$request_uri` without scheme and authority).
    pub target: Range<usize>,
    /// The query part of the target, without `?`; empty range if there is none.
    pub args: Range<usize>,
    /// The path: percent-decoded, `//` merged, `.` and `..` resolved, as nginx's `$uri`.
    pub path: Vec<u8>,
    /// The version.
    pub version: Version,
    /// Host without port, lower case; from an absolute target, else from `Host`. Empty if absent.
    pub host: Vec<u8>,
    /// Name and value ranges of each header, in order, values trimmed.
    pub headers: Vec<(Range<usize>, Range<usize>)>,
    /// The body's framing.
    pub body: BodyLength,
    /// Whether the client lets the connection be used again (version and `Connection`).
    pub keep_alive: bool,
    /// Whether the client waits for `100 Continue`.
    pub expects_continue: bool,
}

impl Request {
    /// The method's spelling.
    #[must_use]
    pub fn method_text(&self) -> &[u8] {
        &self.bytes[self.method_text.clone()]
    }

    /// Whether this is a WebSocket over HTTP/2 (RFC 8441). Other `CONNECT`s become no requests.
    #[must_use]
    pub fn is_extended_connect(&self) -> bool {
        self.version == Version::Http2 && self.method_text() == b"CONNECT"
    }

    /// Turns it into a GET, with that spelling for whoever it is sent on to.
    pub fn become_get(&mut self) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(b"GET");
        self.method = Method::Get;
        self.method_text = start..self.bytes.len();
    }

    /// The same with POST.
    pub fn become_post(&mut self) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(b"POST");
        self.method = Method::Post;
        self.method_text = start..self.bytes.len();
    }

    /// The request target as received.
    #[must_use]
    pub fn target(&self) -> &[u8] {
        &self.bytes[self.target.clone()]
    }

    /// The query string without `?`, still percent-encoded.
    #[must_use]
    pub fn args(&self) -> &[u8] {
        &self.bytes[self.args.clone()]
    }

    /// First value of the header `name`; letter case is ignored.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|(n, _)| {
                n.len() == name.len() && self.bytes[n.clone()].eq_ignore_ascii_case(name.as_bytes())
            })
            .map(|(_, v)| &self.bytes[v.clone()])
    }

    /// Every value of the header `name`, in order.
    pub fn header_values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let mine = self
            .headers
            .iter()
            .filter(move |(n, _)| self.bytes[n.clone()].eq_ignore_ascii_case(name.as_bytes()));
        mine.map(|(_, v)| &self.bytes[v.clone()])
    }

    /// Raw value of the query argument `name`, still percent-encoded; names compare without
    /// regard to letter case, as nginx's `$arg_NAME` does. An argument without `=` has no value.
    #[must_use]
    pub fn arg(&self, name: &[u8]) -> Option<&[u8]> {
        argument(self.args(), name)
    }

    /// Puts another path and another query in the place of the received ones, for what the request
    /// becomes inside the server. [`Request::target`] stays.
    pub fn rewrite(&mut self, path: Option<Vec<u8>>, args: Option<&[u8]>) {
        if let Some(path) = path {
            self.path = path;
        }
        if let Some(args) = args {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(args);
            self.args = start..self.bytes.len();
        }
    }

    /// Raw value of the cookie `name`.
    #[must_use]
    pub fn cookie(&self, name: &[u8]) -> Option<&[u8]> {
        let cookies = self
            .headers
            .iter()
            .filter(|(n, _)| self.bytes[n.clone()].eq_ignore_ascii_case(b"cookie"));
        cookies.flat_map(|(_, v)| self.bytes[v.clone()].split(|b| *b == b';')).find_map(|pair| {
            let pair = pair.trim_ascii();
            let eq = pair.iter().position(|b| *b == b'=')?;
            pair[..eq].eq_ignore_ascii_case(name).then(|| &pair[eq + 1..])
        })
    }
}

/// Raw value of the argument `name` of a query; see [`Request::arg`].
#[must_use]
pub fn argument<'a>(args: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    args.split(|b| *b == b'&').find_map(|pair| {
        let value = pair.get(name.len() + 1..)?;
        let fits = pair[name.len()] == b'=' && pair[..name.len()].eq_ignore_ascii_case(name);
        fits.then_some(value)
    })
}

/// Who is at the other end, and which door they came through.
#[derive(Clone, Debug)]
pub struct Peer {
    /// When its connection was accepted.
    pub accepted: Tick,
    /// The peer's address; `None` for a unix socket.
    pub remote: Option<SocketAddr>,
    /// Who sent the request on, where `remote` is what that proxy says: its address, `None` for a
    /// unix socket.
    pub proxy: Option<Box<Option<SocketAddr>>>,
    /// The local address of the connection; `None` for a unix socket.
    pub local: Option<SocketAddr>,
    /// Serial number of the connection over the whole server (nginx's `$connection`).
    pub connection: u64,
    /// Requests on this connection so far, this one included (`$connection_requests`).
    pub requests: u64,
    /// How the connection is encrypted; `None` for a plain one.
    pub tls: Option<Arc<Encryption>>,
}

impl Peer {
    /// The address of the connection, whatever a proxy says; `None` for a unix socket.
    #[must_use]
    pub fn connected(&self) -> Option<SocketAddr> {
        self.proxy.as_deref().map_or(self.remote, |proxy| *proxy)
    }
}

/// What a TLS handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// `$ssl_protocol`: `TLSv1.2` or `TLSv1.3`.
    pub protocol: &'static str,
    /// `$ssl_cipher`, in OpenSSL's spelling.
    pub cipher: &'static str,
    /// `$ssl_server_name`: the name that the client asked for (SNI).
    pub server_name: Option<Box<str>>,
    /// `$ssl_session_reused`: an earlier session was taken up again.
    pub reused: bool,
    /// `$ssl_client_verify`: `NONE`, `SUCCESS` or `FAILED:reason`.
    pub client_verify: Box<str>,
    /// `$ssl_client_s_dn`: the subject of the client's certificate as RFC 2253 writes it.
    pub client_subject: Option<Box<str>>,
    /// `$ssl_client_i_dn`: the issuer of the client's certificate.
    pub client_issuer: Option<Box<str>>,
}
