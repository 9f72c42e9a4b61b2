//! Heads of HTTP/1.1 and HTTP/2, turned into each other.

use std::io::{self, ErrorKind};

use h2::ext::Protocol;
use http::{HeaderName, HeaderValue, Method, Request, Response};

/// Header lines that HTTP/2 has no place for, or another one.
const LEFT_OUT: [&str; 5] = ["host", "connection", "upgrade", "te", "sec-websocket-key"];

/// The request in these bytes; an upgrade to a WebSocket becomes an extended CONNECT.
///
/// # Errors
/// If they are no head of a request.
pub(super) fn request(bytes: &[u8], encrypted: bool) -> io::Result<Request<()>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut headers);
    head.parse(bytes).map_err(invalid)?;
    let named = |name: &str| head.headers.iter().find(|line| line.name.eq_ignore_ascii_case(name));
    let authority = named("host").map_or(&b""[..], |host| host.value);
    let authority = String::from_utf8_lossy(authority);
    let scheme = if encrypted { "https" } else { "http" };
    let path = head.path.unwrap_or("/");
    let mut request = Request::new(());
    *request.uri_mut() = format!("{scheme}://{authority}{path}").parse().map_err(invalid)?;
    if named("upgrade").is_some() {
        *request.method_mut() = Method::CONNECT;
        request.extensions_mut().insert(Protocol::from_static("websocket"));
    } else {
        *request.method_mut() = head.method.unwrap_or("GET").parse().map_err(invalid)?;
    }
    for line in head.headers.iter() {
        let name: HeaderName = line.name.parse().map_err(invalid)?;
        if !LEFT_OUT.contains(&name.as_str()) {
            let value = HeaderValue::from_bytes(line.value).map_err(invalid)?;
            request.headers_mut().append(name, value);
        }
    }
    Ok(request)
}

/// The head of an answer, as HTTP/1.1 would have it.
pub(super) fn status_line<T>(response: &Response<T>) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} \r\n", response.status().as_str()).into_bytes();
    for (name, value) in response.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// What is wrong with something of our own.
fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        let check = |head: &str, encrypted, expected: (&str, &str, &[&str])| {
            let request = request(head.as_bytes(), encrypted).unwrap();
            let names: Vec<&str> = request.headers().keys().map(HeaderName::as_str).collect();
            let uri = request.uri().to_string();
            assert_eq!((request.method().as_str(), &*uri, &*names), expected);
        };
        let plain = "GET /sub/a?b HTTP/1.1\r\nHost: h:1\r\nTE: chunked\r\nIf-None-Match: 3\r\n\r\n";
        check(plain, false, ("GET", "http://h:1/sub/a?b", &["if-none-match"]));
        let socket = "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                      Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a\r\n\r\n";
        check(socket, true, ("CONNECT", "https://h/ws", &["sec-websocket-version"]));
        assert!(request(b"\0", false).is_err());
    }

    #[test]
    fn answers() {
        let response = Response::builder().status(304).header("etag", "3").body(()).unwrap();
        assert_eq!(status_line(&response), b"HTTP/1.1 304 \r\netag: 3\r\n\r\n");
    }
}
