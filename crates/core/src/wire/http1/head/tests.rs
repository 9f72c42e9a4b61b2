use proptest::prelude::*;

use super::*;
use crate::request::{BodyLength, Method};

fn limits() -> ServerSettings {
    ServerSettings::default()
}

fn parse(head: &[u8]) -> Result<Option<(Request, usize)>, u16> {
    parse_with(head, &limits())
}

fn parse_with(head: &[u8], limits: &ServerSettings) -> Result<Option<(Request, usize)>, u16> {
    match parse_head(head, limits) {
        Ok(Parsed::Partial) => Ok(None),
        Ok(Parsed::Complete { request, consumed }) => Ok(Some((request, consumed))),
        Err(rejection) => Err(rejection.status),
    }
}

fn request(head: &str) -> Request {
    parse(head.as_bytes()).unwrap().unwrap().0
}

/// The status of the refusal; 0 for a complete request, 1 for a partial one.
fn check(head: impl AsRef<[u8]>, expected: u16) {
    let head = head.as_ref();
    let found = match parse(head) {
        Ok(Some(_)) => 0,
        Ok(None) => 1,
        Err(status) => status,
    };
    assert_eq!(found, expected, "{}", head.escape_ascii());
}

/// Like [`check`] for header lines of an otherwise good request.
fn check_headers(lines: &str, expected: u16) {
    check(format!("POST /pub?id=a HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n"), expected);
}

#[test]
fn a_publication_as_curl_sends_it() {
    let text = "POST /pub?id=ch%31&x HTTP/1.1\r\nHost: LocalHost:9080\r\nUser-Agent: curl/8\r\n\
                Accept: */*\r\nContent-Length: 5\r\nContent-Type:text/plain \t\r\n\r\nhello";
    let (request, consumed) = parse(text.as_bytes()).unwrap().unwrap();
    assert_eq!(&text[consumed..], "hello");
    assert_eq!(request.method, Method::Post);
    assert_eq!(request.method_text(), b"POST");
    assert_eq!(request.target(), b"/pub?id=ch%31&x");
    assert_eq!(request.args(), b"id=ch%31&x");
    assert_eq!(request.arg(b"id"), Some(&b"ch%31"[..]));
    assert_eq!(request.path, b"/pub");
    assert_eq!(request.version, Version::Http11);
    assert_eq!(request.host, b"localhost");
    assert_eq!(request.header("content-TYPE"), Some(&b"text/plain"[..]));
    assert_eq!(request.header("host"), Some(&b"LocalHost:9080"[..]));
    assert_eq!(request.headers.len(), 5);
    assert_eq!(request.body, BodyLength::Known(5));
    assert!(request.keep_alive);
    assert!(!request.expects_continue);
    assert_eq!(request.bytes, &text.as_bytes()[..consumed]);
}

#[test]
fn absolute_targets_name_the_host() {
    let r = request("POST http://A.example:80/pub?id=ch1 HTTP/1.1\r\nHost: b\r\n\r\n");
    assert_eq!((r.host.as_slice(), r.target()), (&b"a.example"[..], &b"/pub?id=ch1"[..]));
    assert_eq!((r.path.as_slice(), r.args()), (&b"/pub"[..], &b"id=ch1"[..]));
    let r = request("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((r.path.as_slice(), r.args()), (&b"/"[..], &b"q"[..]));
    check("GET http://a/ HTTP/1.1\r\n\r\n", 400);
    check("GET http://a/ HTTP/1.1\r\nHost: a,b\r\n\r\n", 400);
    check("GET http://a/ HTTP/1.0\r\n\r\n", 0);
}

#[test]
fn connections_are_kept() {
    for (version, lines, expected) in [
        ("1.1", "", true),
        ("1.1", "Connection: close\r\n", false),
        ("1.1", "Connection: Keep-Alive, Close\r\n", false),
        ("1.1", "Connection: Upgrade\r\nConnection: close\r\n", false),
        ("1.1", "Connection: closed\r\n", true),
        ("1.0", "", false),
        ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: upgrade ,\tkeep-alive\r\n", true),
        ("1.0", "Connection: keep-alive, close\r\n", false),
    ] {
        let head = format!("GET / HTTP/{version}\r\nHost: a\r\n{lines}\r\n");
        assert_eq!(request(&head).keep_alive, expected, "{head}");
    }
}

#[test]
fn continue_is_for_http11() {
    for (version, value, expected) in [
        ("1.1", "100-continue", true),
        ("1.1", "100-Continue", true),
        ("1.1", "200-ok", false),
        ("1.0", "100-continue", false),
    ] {
        let head = format!("PUT / HTTP/{version}\r\nHost: a\r\nExpect: {value}\r\n\r\n");
        assert_eq!(request(&head).expects_continue, expected, "{head}");
    }
}

#[test]
fn hosts() {
    check("GET / HTTP/1.1\r\n\r\n", 400);
    check("GET / HTTP/1.0\r\n\r\n", 0);
    check("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400);
    check("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400);
    check("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", 400);
    check("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400);
    check("GET / HTTP/1.0\r\nHost: a/b\r\n\r\n", 400);
    assert_eq!(request("GET / HTTP/1.0\r\n\r\n").host, b"");
}

#[test]
fn smuggling() {
    for lines in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Transfer-Encoding: chunked\r\nContent-Length: 0",
        "Transfer-Encoding: identity\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\ncontent-length: 6",
        "Content-Length: 5, 5",
        "Content-Length: 5,6",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length: 5.0",
        "Content-Length: \"5\"",
        "Content-Length:",
        "Content-Length: 9223372036854775808",
        "Content-Length: 18446744073709551616",
        "Content-Length: 99999999999999999999999999999",
        "Content-Length : 5",
        "Content-Length\t: 5",
        " Content-Length: 5",
        "Content-Length: 5\r\n 6",
        "Content-Length: 5\r\n\t6",
        "Content-Length:\r\n 5",
        "Content Length: 5",
        "Content-Length 5",
        ": 5",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: \x0bchunked",
        "Transfer-Encoding: chunked\0",
        "Transfer-Encoding:\r\n chunked",
        "X: a\rTransfer-Encoding: chunked",
        "X: a\nTransfer-Encoding: chunked",
        "X: a\0b",
        "X: a\x01b",
        "X: a\x7fb",
        "X\0: a",
        "X\r: a",
        "X: a\r",
        "\r",
    ] {
        check_headers(lines, 400);
    }
    for coding in
        ["gzip", "identity", "xchunked", "gzip, chunked", "chunked, chunked", "chunked;q=1", ""]
    {
        check_headers(&format!("Transfer-Encoding: {coding}"), 501);
    }
    for good in ["Transfer-Encoding: chunked", "transfer-encoding:\tCHUNKED ", "Content-Length: 05"]
    {
        check_headers(good, 0);
    }
    check("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
}

#[test]
fn line_ends() {
    check("GET / HTTP/1.1\nHost: a\r\n\r\n", 400);
    check("GET / HTTP/1.1\r\nHost: a\n\r\n", 400);
    check("GET / HTTP/1.1\r\nHost: a\r\n\n", 400);
    check("GET / HTTP/1.1\rHost: a\r\n\r\n", 400);
    check("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 400);
    check("GET / HTTP/1.1\r\nHost: a\r\n\r\r\n\r\n", 400);
    check("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    check("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    check("\r\n".repeat(8) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    check("\r\n".repeat(9) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    check(" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
}

#[test]
fn old_and_new_versions() {
    check("GET /\r\n", 400);
    check("GET /\r\n\r\n", 400);
    check("GET / HTTP/0.9\r\n\r\n", 400);
    check("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
    check("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 0);
}

#[test]
fn parts_of_a_head() {
    for part in
        ["", "\r", "\r\n", "\r\n\r", "G", "GET /", "GET / HTTP/1.1\r", "GET / HTTP/1.1\r\nHo"]
    {
        check(part, 1);
    }
    check("\x16\x03\x01\x02", 400);
    check("get", 400);
    check("\r\r", 400);
    check("GET /a\tb HTTP/1.1\r\nHo", 400);
}

#[test]
fn invalid_names_are_ignored() {
    let head = "GET / HTTP/1.1\r\nHost: a\r\nx_y: 1\r\nx.y: 2\r\n\u{e9}: 3\r\n(z): 4\r\nok: \u{e9}\r\n\r\n";
    let names = |r: &Request| -> Vec<String> {
        r.headers.iter().map(|(n, _)| r.bytes[n.clone()].escape_ascii().to_string()).collect()
    };
    let found = parse(head.as_bytes()).unwrap().unwrap();
    assert_eq!(names(&found.0), ["Host", "ok"]);
    assert_eq!(found.0.header("ok"), Some("\u{e9}".as_bytes()));
    assert_eq!(found.1, head.len());

    let underscores = ServerSettings { underscores_in_headers: true, ..limits() };
    let found = parse_with(head.as_bytes(), &underscores).unwrap().unwrap();
    assert_eq!(names(&found.0), ["Host", "x_y", "ok"]);

    let strict = ServerSettings { ignore_invalid_headers: false, ..limits() };
    for line in ["x_y: 1", "x.y: 2", "\u{e9}: 3", "(z): 4"] {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n");
        assert_eq!(parse_with(head.as_bytes(), &strict).err(), Some(400), "{line}");
    }
}

#[test]
fn an_ignored_name_excuses_nothing_else() {
    for lines in [
        "(z): 4\r\nContent-Length : 5",
        "(z): 4\r\n fold",
        "(z): \x01",
        "(z) a: 1",
        "(z)",
        "(z)\r\nX: 1",
    ] {
        check_headers(lines, 400);
    }
}

#[test]
fn bounds() {
    let small = ServerSettings {
        client_header_buffer_size: 16,
        large_client_header_buffers: (3, 64),
        ..limits()
    };
    let status = |head: String| parse_with(head.as_bytes(), &small).map(|f| f.is_some());
    let get = |path: usize, rest: &str| format!("GET /{} HTTP/1.1\r\n{rest}", "x".repeat(path));
    // `GET /` and ` HTTP/1.1` with CR LF are 16 bytes.
    assert_eq!(status(get(48, "Host: a\r\n\r\n")), Ok(true));
    assert_eq!(status(get(49, "Host: a\r\n\r\n")), Err(414));
    assert_eq!(status(format!("GET /{}", "x".repeat(59))), Ok(false));
    assert_eq!(status(format!("GET /{}", "x".repeat(60))), Err(414));
    let header = |len: usize| format!("Host: a\r\nX: {}\r\n\r\n", "x".repeat(len));
    assert_eq!(status(get(0, &header(59))), Ok(true));
    assert_eq!(status(get(0, &header(60))), Err(431));
    assert_eq!(status(get(0, &format!("X: {}", "x".repeat(61)))), Ok(false));
    assert_eq!(status(get(0, &format!("X: {}", "x".repeat(62)))), Err(431));
    let many = "X: 1\r\n".repeat(40);
    assert_eq!(status(get(0, &many)), Err(431));
    check(get(0, "Host: a\r\n") + &"X: 1\r\n".repeat(99) + "\r\n", 0);
    check(get(0, "Host: a\r\n") + &"X: 1\r\n".repeat(100), 431);
    check(get(8300, ""), 414);
}

/// Heads made of pieces that matter to a parser.
fn heads() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "GET ",
        "POST ",
        "/",
        "/pub?id=a",
        " ",
        "HTTP/1.1",
        "HTTP/1.0",
        "\r\n",
        "\r\n",
        "\r",
        "\n",
        "Host: a",
        "Host",
        ":",
        "Content-Length: 3",
        "Transfer-Encoding: chunked",
        "x_y: 1",
        "(z): 1",
        "\t",
        "%2e",
        "%zz",
        "..",
        "\0",
        "\u{e9}",
        "http://a",
        "*",
        "OPTIONS ",
        ",",
    ]);
    let soup = prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat().into_bytes());
    let tail =
        soup.clone().prop_map(|tail| [b"GET /a HTTP/1.1\r\nHost: a\r\n".to_vec(), tail].concat());
    prop_oneof![soup, tail, prop::collection::vec(any::<u8>(), 0..60)]
}

proptest! {
    #[test]
    fn prefixes_agree_with_the_whole(head in heads()) {
        let whole = parse(&head);
        let end = whole.as_ref().ok().and_then(|w| w.as_ref()).map_or(head.len(), |w| w.1);
        for len in 0..end {
            let part = parse(&head[..len]);
            prop_assert!(!matches!(part, Ok(Some(_))), "complete at {}", len);
            prop_assert!(part.is_ok() || whole.is_err(), "refused at {}", len);
        }
        if let Ok(Some((request, consumed))) = whole {
            let cut = parse(&head[..consumed]).unwrap().unwrap();
            prop_assert_eq!(cut.1, consumed);
            prop_assert_eq!(cut.0.headers, request.headers);
        }
    }

    #[test]
    fn ranges_stand_in_the_head(head in heads()) {
        if let Ok(Some((request, _))) = parse(&head) {
            let _ = (request.method_text(), request.target(), request.args());
            for (name, value) in &request.headers {
                let name = &request.bytes[name.clone()];
                prop_assert!(!name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-'));
                prop_assert!(!request.bytes[value.clone()].contains(&b'\r'));
            }
            prop_assert!(request.path.starts_with(b"/") || request.path == b"*");
        }
    }
}
