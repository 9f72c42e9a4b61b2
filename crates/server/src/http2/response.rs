//! Heads of answers, as h2 wants them.

use http::{HeaderName, HeaderValue, Response, StatusCode};
use outpour_core::wire::http2::Head;

/// The head as h2 sends it. A name that is no token is left out; bytes that HTTP/2 forbids in a
/// value become blanks.
pub(super) fn response(head: &Head<'_>) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() =
        StatusCode::from_u16(head.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, text) in head.headers() {
        if let Ok(name) = HeaderName::from_bytes(name) {
            response.headers_mut().append(name, value(text));
        }
    }
    response
}

fn value(text: &[u8]) -> HeaderValue {
    HeaderValue::from_bytes(text).unwrap_or_else(|_| {
        let clean = |byte: &u8| if matches!(byte, 0..32 | 127) { b' ' } else { *byte };
        let text: Vec<u8> = text.iter().map(clean).collect();
        HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static(""))
    })
}

#[cfg(test)]
mod tests {
    use outpour_core::wire::http2::split_head;

    use super::*;

    #[test]
    fn headers_keep_their_order_and_lose_what_is_forbidden() {
        let bytes =
            b"HTTP/1.1 201 Created\r\nServer: a\r\nX Y: b\r\nLink: c\r\nConnection: close\r\n\
                      Link: d\x01\xe9\r\n\r\n";
        let (head, _) = split_head(bytes).unwrap();
        let response = response(&head);
        assert_eq!(response.status(), 201);
        let found: Vec<_> =
            response.headers().iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
        let expected = [("server", &b"a"[..]), ("link", b"c"), ("link", b"d \xe9")];
        assert_eq!(found, expected);
    }
}
