//! Header lists and the requests that they become.

use proptest::prelude::*;

use super::*;

fn list<'a>(method: &'a str, path: &'a str, headers: &[(&'a str, &'a str)]) -> HeaderList<'a> {
    HeaderList {
        method: method.as_bytes(),
        authority: Some(b"Example.com:8080"),
        path: path.as_bytes(),
        protocol: None,
        headers: headers.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect(),
        ends: true,
    }
}

fn read(list: &HeaderList<'_>) -> Result<Request, u16> {
    request(list, &ServerSettings::default()).map_err(|rejected| rejected.rejection.status)
}

fn check_refused(list: &HeaderList<'_>, status: u16) {
    assert_eq!(read(list).map(drop), Err(status), "{list:?}");
}

#[test]
fn a_request_is_that_of_http1() {
    let request = read(&list("GET", "/a/../b%20c?d=e", &[("accept", "text/xml")])).unwrap();
    assert_eq!(request.method, Method::Get);
    assert_eq!(request.path, b"/b c");
    assert_eq!(request.args(), b"d=e");
    assert_eq!(request.target(), b"/a/../b%20c?d=e");
    assert_eq!(request.host, b"example.com");
    assert_eq!(request.header("Accept"), Some(&b"text/xml"[..]));
    assert_eq!((request.body, request.keep_alive), (BodyLength::None, false));
    let bytes =
        "GET /a/../b%20c?d=e HTTP/2.0\r\nhost: Example.com:8080\r\naccept: text/xml\r\n\r\n";
    assert_eq!(String::from_utf8(request.bytes).unwrap(), bytes);
}

#[test]
fn hosts() {
    let mut list = list("GET", "/", &[("host", "example.com:8080")]);
    assert_eq!(read(&list).unwrap().header_values("host").count(), 1);
    list.authority = None;
    assert_eq!(read(&list).unwrap().host, b"example.com");
    list.headers.clear();
    assert_eq!(read(&list).unwrap().host, b"");
    list.authority = Some(b"a,b");
    check_refused(&list, 400);
    list.authority = Some(b"example.com");
    list.headers.push((b"host", b"other.example.com"));
    check_refused(&list, 400);
}

#[test]
fn cookies_are_joined() {
    let headers = [("cookie", "a=1"), ("x", "y"), ("cookie", "b=2"), ("cookie", "c=3")];
    let request = read(&list("GET", "/", &headers)).unwrap();
    let cookies: Vec<_> = request.header_values("cookie").collect();
    assert_eq!(cookies, [b"a=1; b=2; c=3"]);
    assert_eq!(request.cookie(b"b"), Some(&b"2"[..]));
}

#[test]
fn bodies() {
    let mut list = list("POST", "/pub", &[("content-length", "5")]);
    assert_eq!(read(&list).unwrap().body, BodyLength::None);
    list.ends = false;
    assert_eq!(read(&list).unwrap().body, BodyLength::Known(5));
    list.headers[0].1 = b"five";
    check_refused(&list, 400);
    list.headers.clear();
    assert_eq!(read(&list).unwrap().body, BodyLength::Chunked);
}

#[test]
fn websockets() {
    let mut list = list("CONNECT", "/ws/a", &[("sec-websocket-version", "13")]);
    check_refused(&list, 405);
    list.ends = false;
    list.protocol = Some(b"websocket");
    let request = read(&list).unwrap();
    assert!(request.is_extended_connect());
    assert_eq!(request.body, BodyLength::None);
    list.protocol = Some(b"connect-udp");
    check_refused(&list, 501);
}

#[test]
fn what_http1_refuses_is_refused() {
    check_refused(&list("TRACE", "/", &[]), 405);
    check_refused(&list("get", "/", &[]), 400);
    check_refused(&list("GET", "a", &[]), 400);
    check_refused(&list("GET", "*", &[]), 400);
    assert!(read(&list("OPTIONS", "*", &[])).is_ok());
    check_refused(&list("GET", "/a b", &[]), 400);
    check_refused(&list("GET", "/%00", &[]), 400);
    check_refused(&list("GET", "/..", &[]), 400);
    check_refused(&list("GET", "/", &[("a", "b\r\nc: d")]), 400);
    let long = "a".repeat(8200);
    check_refused(&list("GET", &format!("/{long}"), &[]), 414);
    check_refused(&list("GET", "/", &[("a", &long)]), 431);
    check_refused(&list("GET", "/", &[("a", "b"); 101]), 431);
    check_refused(&list("GET", "/", &[("a", &long[..8000]); 5]), 431);
}

#[test]
fn invalid_names_are_ignored() {
    let request = read(&list("GET", "/", &[("a_b", "c"), ("d", "e")])).unwrap();
    assert_eq!(request.header("a_b"), None);
    assert_eq!(request.header("d"), Some(&b"e"[..]));
    assert!(!request.bytes.windows(3).any(|bytes| bytes == b"a_b"));
}

proptest! {
    /// Whatever the list says, the head has as many lines as it has headers, and no more.
    #[test]
    fn no_value_begins_another_line(
        path in prop::collection::vec(any::<u8>(), 0..20),
        headers in prop::collection::vec(("[a-z:_ -]{1,8}", prop::collection::vec(any::<u8>(), 0..20)), 0..5),
    ) {
        let mut list = list("GET", "/", &[]);
        let path = [b"/", &path[..]].concat();
        list.path = &path;
        list.headers = headers.iter().map(|(n, v)| (n.as_bytes(), &v[..])).collect();
        if let Ok(request) = request(&list, &ServerSettings::default()) {
            prop_assert_eq!(memchr::memchr_iter(b'\n', &request.bytes).count(), request.headers.len() + 2);
        }
    }
}
