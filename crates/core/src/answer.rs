//! An answer to a request, before any wire's framing.

use std::borrow::Cow;

use smallvec::SmallVec;

/// A header of an answer. Names are constants of ours or words of the configuration; what is
/// borrowed is a constant and goes out as it is, the rest is made harmless on the wire.
pub type Header = (Cow<'static, str>, Cow<'static, [u8]>);

/// A complete answer, or the head of one that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Headers beyond those of the wire (`Server`, `Date`, `Content-Length`,
    /// `Transfer-Encoding`, `Connection`), in the order in which they are sent.
    pub headers: SmallVec<[Header; 8]>,
    /// What follows the head.
    pub body: Body,
    /// Whether the connection ends after this answer whatever the client wishes.
    pub close: bool,
}

/// What follows the head of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing, and `Content-Length: 0`.
    Empty,
    /// These bytes, with their `Content-Length`.
    Bytes(Cow<'static, [u8]>),
    /// These parts, chunk by chunk (end of data by close for HTTP/1.0), then the end.
    Parts(Vec<Vec<u8>>),
    /// Parts that follow later; the head announces chunks (HTTP/1.1) or the close (HTTP/1.0).
    Stream,
    /// So many bytes, which the caller sends behind the head.
    Announced(u64),
    /// Nothing, and no framing header at all: 101 and 204, and 304 of a file.
    Upgrade,
}

impl Answer {
    /// An answer without body and headers.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, headers: SmallVec::new(), body: Body::Empty, close: false }
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, [u8]>>,
    ) -> Self {
        self.add(name, value);
        self
    }

    /// Adds one more header.
    pub fn add(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, [u8]>>,
    ) {
        self.headers.push((name.into(), value.into()));
    }

    /// The same answer with a body and its content type.
    #[must_use]
    pub fn body(
        mut self,
        content_type: impl Into<Cow<'static, [u8]>>,
        body: impl Into<Cow<'static, [u8]>>,
    ) -> Self {
        self.headers.push((Cow::Borrowed("Content-Type"), content_type.into()));
        self.body = Body::Bytes(body.into());
        self
    }

    /// The same answer with the two headers that forbid caching, as every answer of a push
    /// location carries them.
    #[must_use]
    pub fn uncached(mut self) -> Self {
        const EXPIRES: &[u8] = b"Thu, 01 Jan 1970 00:00:01 GMT";
        const CONTROL: &[u8] = b"no-cache, no-store, must-revalidate";
        self.headers.push((Cow::Borrowed("Expires"), Cow::Borrowed(EXPIRES)));
        self.headers.push((Cow::Borrowed("Cache-Control"), Cow::Borrowed(CONTROL)));
        self
    }

    /// A refusal of a push location: no body, the reason in `X-Nginx-PushStream-Explain`.
    #[must_use]
    pub fn refusal(status: u16, explain: &'static str) -> Self {
        Self::new(status).uncached().with("X-Nginx-PushStream-Explain", explain.as_bytes())
    }

    /// The page of a 400 with nginx's own reason, as its codes 494 to 497 give it.
    #[must_use]
    pub fn bad_request(title: &str, text: &str) -> Self {
        let text = format!(
            "<html>\r\n<head><title>400 {title}</title></head>\r\n<body>\r\n\
             <center><h1>400 Bad Request</h1></center>\r\n<center>{text}</center>\r\n\
             <hr><center>outpour</center>\r\n</body>\r\n</html>\r\n"
        );
        Self { close: true, ..Self::new(400).body(&b"text/html"[..], text.into_bytes()) }
    }

    /// The server's small HTML page for `status`, as nginx's core sends it.
    #[must_use]
    pub fn page(status: u16) -> Self {
        // In the status line nginx has an older name for 302, and another one for 401.
        let reason = match status {
            302 => "Found",
            401 => "Authorization Required",
            status => reason(status),
        };
        let text = format!(
            "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n\
             <center><h1>{status} {reason}</h1></center>\r\n<hr><center>outpour</center>\r\n\
             </body>\r\n</html>\r\n"
        );
        Self::new(status).body(&b"text/html"[..], text.into_bytes())
    }

    /// The value of the header `name`, if the answer has it.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_ref())
    }
}

/// The reason phrase of `status` as nginx writes it; empty for codes it does not name.
#[must_use]
pub fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Time-out",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Large",
        415 => "Unsupported Media Type",
        416 => "Requested Range Not Satisfiable",
        421 => "Misdirected Request",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        505 => "HTTP Version Not Supported",
        507 => "Insufficient Storage",
        _ => "",
    }
}
