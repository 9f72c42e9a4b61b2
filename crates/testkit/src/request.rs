/// Builds the bytes of an HTTP request.
///
/// `Host` and, with a body, `Content-Length` are added unless they are given.
#[derive(Clone, Debug)]
pub struct Request {
    first_line: String,
    headers: Vec<Vec<u8>>,
    host: Option<String>,
    body: Option<Vec<u8>>,
    chunks: Vec<Vec<u8>>,
}

impl Request {
    /// A request of HTTP/1.1.
    pub fn new(method: &str, target: &str) -> Self {
        Self::with_version(method, target, "1.1")
    }

    /// A request of another version, `1.0` for example.
    pub fn with_version(method: &str, target: &str, version: &str) -> Self {
        let first_line = format!("{method} {target} HTTP/{version}\r\n");
        let host = Some("127.0.0.1".to_owned());
        Self { first_line, headers: Vec::new(), host, body: None, chunks: Vec::new() }
    }

    /// Another `Host`; `None` leaves the header out.
    #[must_use]
    pub fn host(mut self, host: Option<&str>) -> Self {
        self.host = host.map(str::to_owned);
        self
    }

    /// Adds a header line, given without its line end.
    #[must_use]
    pub fn header(mut self, line: impl Into<Vec<u8>>) -> Self {
        self.headers.push(line.into());
        self
    }

    /// Gives the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Gives a body in chunks, with `Transfer-Encoding: chunked`.
    #[must_use]
    pub fn chunks(mut self, chunks: Vec<Vec<u8>>) -> Self {
        self.chunks = chunks;
        self
    }

    /// The bytes to send.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.first_line.clone().into_bytes();
        if let Some(host) = self.host.as_ref().filter(|_| !self.has("host:")) {
            bytes.extend_from_slice(format!("Host: {host}\r\n").as_bytes());
        }
        for line in &self.headers {
            bytes.extend_from_slice(line);
            bytes.extend_from_slice(b"\r\n");
        }
        self.add_body(&mut bytes);
        bytes
    }

    fn add_body(&self, bytes: &mut Vec<u8>) {
        if !self.chunks.is_empty() {
            bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            for chunk in &self.chunks {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
            return;
        }
        let framed = self.has("content-length:") || self.has("transfer-encoding:");
        if let Some(body) = self.body.as_ref().filter(|_| !framed) {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
    }

    fn has(&self, prefix: &str) -> bool {
        let starts = |line: &Vec<u8>| line.to_ascii_lowercase().starts_with(prefix.as_bytes());
        self.headers.iter().any(starts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(request: &Request, expected: &str) {
        assert_eq!(String::from_utf8(request.bytes()).unwrap(), expected);
    }

    #[test]
    fn builds_the_bytes() {
        check(&Request::new("GET", "/"), "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        check(&Request::with_version("GET", "/", "1.0").host(None), "GET / HTTP/1.0\r\n\r\n");
        check(
            &Request::new("POST", "/").host(None).body("ab"),
            "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab",
        );
        check(
            &Request::new("POST", "/").header("host: x").header("content-length: 9").body("ab"),
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nab",
        );
        check(
            &Request::new("PUT", "/").host(None).chunks(vec![b"ab".to_vec(), vec![b'c'; 10]]),
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\na\r\ncccccccccc\r\n0\r\n\r\n",
        );
    }
}
