use proptest::prelude::*;

use super::*;
use crate::request::Version;

const EXPECTED: Expected = Expected { head_max: 4096, head_only: false, upgrade: false };

/// Status, body and whether the connection goes on, or a part of the reason for the refusal.
fn check(head: &str, expected: Result<(u16, ResponseBody, bool), &str>) {
    check_with(head, EXPECTED, expected);
}

fn check_with(head: &str, rules: Expected, expected: Result<(u16, ResponseBody, bool), &str>) {
    let head = head.replace('|', "\r\n");
    match (parse_response(head.as_bytes(), rules), expected) {
        (Ok(ParsedResponse::Complete { response, consumed }), Ok(expected)) => {
            assert_eq!((response.status, response.body, response.keep_alive), expected, "{head:?}");
            assert_eq!(consumed, head.find("\r\n\r\n").unwrap() + 4);
        }
        (Err(defect), Err(part)) => {
            assert!(!part.is_empty() && defect.reason.contains(part), "{head:?}: {defect:?}");
        }
        (Ok(ParsedResponse::Partial), Err("")) => {}
        (found, expected) => panic!("{head:?}: {found:?} instead of {expected:?}"),
    }
}

#[test]
fn bodies_and_connections() {
    use ResponseBody::{Chunked, Known, None, UntilClose};
    check("HTTP/1.1 200 OK|Content-Length: 5||hello", Ok((200, Known(5), true)));
    check("HTTP/1.1 200 OK|content-length:5|Connection: close||", Ok((200, Known(5), false)));
    check("HTTP/1.1 200 OK|Transfer-Encoding: Chunked||", Ok((200, Chunked, true)));
    check("HTTP/1.1 200 OK||", Ok((200, UntilClose, false)));
    check("HTTP/1.0 200 OK|Content-Length: 0||", Ok((200, Known(0), false)));
    check(
        "HTTP/1.0 200 OK|Content-Length: 0|Connection: x, Keep-Alive||",
        Ok((200, Known(0), true)),
    );
    check("HTTP/1.1 204 No Content|Content-Length: 5||", Ok((204, None, true)));
    check("HTTP/1.1 304 Not Modified|Content-Length: 5||", Ok((304, None, true)));
    check("HTTP/1.1 200||", Ok((200, UntilClose, false)));
    check("HTTP/1.1 200 ||", Ok((200, UntilClose, false)));
    check("HTTP/1.9 599 Strange é||", Ok((599, UntilClose, false)));
    let head = Expected { head_only: true, ..EXPECTED };
    check_with("HTTP/1.1 200 OK|Content-Length: 5||", head, Ok((200, None, true)));
    check_with("HTTP/1.1 200 OK|Transfer-Encoding: chunked||", head, Ok((200, None, true)));
    let upgrade = Expected { upgrade: true, ..EXPECTED };
    check_with("HTTP/1.1 101 Go|Upgrade: websocket||", upgrade, Ok((101, None, false)));
    check_with("HTTP/1.1 200 OK|Content-Length: 0||", upgrade, Ok((200, Known(0), true)));
}

#[test]
fn what_could_be_understood_differently() {
    let ok = "HTTP/1.1 200 OK|";
    let refused = |headers: &str, reason| check(&format!("{ok}{headers}||"), Err(reason));
    refused("Content-Length: 5|Transfer-Encoding: chunked", "at the same time");
    refused("Transfer-Encoding: chunked|Content-Length: 5", "at the same time");
    refused("Content-Length: 5|Content-Length: 6", "duplicate");
    refused("Content-Length: 5|Content-Length: 5", "duplicate");
    refused("Content-Length: 5, 5", "invalid \"Content-Length\"");
    refused("Content-Length: -1", "invalid \"Content-Length\"");
    refused("Content-Length: +1", "invalid \"Content-Length\"");
    refused("Content-Length: 0x1", "invalid \"Content-Length\"");
    refused("Content-Length:", "invalid \"Content-Length\"");
    refused("Content-Length: 99999999999999999999", "invalid \"Content-Length\"");
    refused("Transfer-Encoding: chunked|Transfer-Encoding: chunked", "duplicate");
    refused("Transfer-Encoding: gzip, chunked", "unknown");
    refused("Transfer-Encoding: identity", "unknown");
    refused("Transfer-Encoding: \u{b}chunked", "invalid header value");
    refused("Content-Length : 5", "invalid header");
    refused("Content\tLength: 5", "invalid header");
    refused(" Content-Length: 5", "invalid header");
    refused("A: b| folded", "invalid header");
    refused("A: b\0c", "invalid header value");
    refused("A: b\rc", "invalid header");
    refused("A: b\nSet-Cookie: x", "CR LF");
    refused("no colon", "invalid header");
    refused(": x", "invalid header");
    check("HTTP/1.0 200 OK|Transfer-Encoding: chunked||", Err("HTTP/1.0"));
    check("HTTP/1.1 101 Go|Upgrade: x||", Err("101"));
}

#[test]
fn what_is_no_answer() {
    for line in [
        "",
        "hello",
        "|HTTP/1.1 200 OK",
        " HTTP/1.1 200 OK",
        "http/1.1 200 OK",
        "HTTP/2 200",
        "HTTP/1.1  200 OK",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 2x0 OK",
        "HTTP/1.1 099 OK",
        "HTTP/1.1 200\tOK",
        "HTTP/1.10 200 OK",
        "HTTP/1.1 200 O\0K",
        "ICY 200 OK",
        "<html>",
    ] {
        check(&format!("{line}||"), Err("no valid HTTP/1.0 header"));
    }
    check("HTTP/1.1 200 OK\nA: b\n\n", Err("CR LF"));
    // Refused before a line end has come.
    check("220 smtp", Err("no valid HTTP/1.0 header"));
}

#[test]
fn heads_are_bounded() {
    let rules = Expected { head_max: 100, ..EXPECTED };
    let filler = "x".repeat(200);
    check_with(&format!("HTTP/1.1 200 OK|A: {filler}||"), rules, Err("too big header"));
    check_with(&format!("HTTP/1.1 200 OK|A: {filler}"), rules, Err("too big header"));
    check_with(&format!("HTTP/1.1 200 {filler}"), rules, Err("too big header"));
    check(&format!("HTTP/1.1 200 OK|{}|", "A: b|".repeat(101)), Err("too many headers"));
    check(
        &format!("HTTP/1.1 200 OK|{}|", "A: b|".repeat(100)),
        Ok((200, ResponseBody::UntilClose, false)),
    );
}

#[test]
fn interim_answers_are_told_apart() {
    let bytes = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    let Ok(ParsedResponse::Interim(used)) = parse_response(bytes, EXPECTED) else { panic!() };
    let rest = parse_response(&bytes[used..], EXPECTED);
    assert!(
        matches!(rest, Ok(ParsedResponse::Complete { response, .. }) if response.status == 200)
    );
}

#[test]
fn heads_are_partial_until_their_last_byte() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    for len in 0..head.len() {
        check(&head[..len], Err(""));
    }
}

#[test]
fn headers_are_kept_in_order() {
    let bytes = b"HTTP/1.0 200 OK\r\nSet-Cookie: a\r\nX-Y:  b \r\nset-cookie: c\r\n\r\n";
    let Ok(ParsedResponse::Complete { response, .. }) = parse_response(bytes, EXPECTED) else {
        panic!()
    };
    let headers: Vec<_> = response.headers().collect();
    assert_eq!(headers, [(&b"Set-Cookie"[..], &b"a"[..]), (b"X-Y", b"b"), (b"set-cookie", b"c"),]);
    assert_eq!(response.header("SET-COOKIE"), Some(&b"a"[..]));
    assert_eq!(response.version, Version::Http10);
}

#[test]
fn bodies_end() {
    let read = |body, input: &'static str| {
        let mut reader = ResponseReader::new(body);
        let (mut at, mut data) = (0, Vec::new());
        while at < input.len() && !reader.is_done() {
            let (used, piece) = reader.piece(&input.as_bytes()[at..])?;
            at += used;
            data.extend_from_slice(piece);
        }
        Ok((String::from_utf8(data).unwrap(), &input[at..], reader.is_done(), reader.may_end()))
    };
    let check = |body, input, expected: (&str, &str, bool, bool)| {
        let expected = (expected.0.to_owned(), expected.1, expected.2, expected.3);
        assert_eq!(read(body, input), Ok(expected));
    };
    check(ResponseBody::Known(3), "abcHTTP", ("abc", "HTTP", true, true));
    check(ResponseBody::Known(3), "ab", ("ab", "", false, false));
    check(ResponseBody::None, "abc", ("", "abc", true, true));
    check(ResponseBody::UntilClose, "abc", ("abc", "", false, true));
    check(ResponseBody::Chunked, "1\r\na\r\n2\r\nbc\r\n0\r\n\r\nX", ("abc", "X", true, true));
    check(ResponseBody::Chunked, "1\r\na\r\n", ("a", "", false, false));
    let bad: Result<_, Defect> = read(ResponseBody::Chunked, "x\r\n");
    assert_eq!(bad.map_err(|d| d.reason), Err("upstream sent invalid chunked response"));
}

proptest! {
    #[test]
    fn anything_is_answered(input in "(HTTP/1\\.[01] [0-9]{3}( [a-z]*)?\r\n)?([A-Za-z-]{0,12}:? ?[ -~]{0,12}\r?\n|\r\n){0,6}") {
        let whole = parse_response(input.as_bytes(), EXPECTED);
        if let Ok(ParsedResponse::Complete { response, consumed }) = whole {
            prop_assert!(input.as_bytes()[..consumed].ends_with(b"\r\n\r\n"));
            for (name, value) in response.headers() {
                prop_assert!(!name.iter().chain(value).any(|b| matches!(b, b'\r' | b'\n' | 0)));
            }
            // No shorter input was complete.
            prop_assert!(matches!(
                parse_response(&input.as_bytes()[..consumed - 1], EXPECTED),
                Ok(ParsedResponse::Partial)
            ));
        }
    }
}
