//! Values of variables, expressions and maps for one request.

use super::*;
use crate::now::{Tick, epoch};
use crate::request::{BodyLength, Method, Peer, Request, Version};
use crate::settings::{Files, Root};

/// A request from its text, split at the obvious places; the wire's reader has its own tests.
pub(crate) fn request(text: &str) -> Request {
    let bytes = text.replace('\n', "\r\n").into_bytes();
    let line_end = memchr::memchr(b'\r', &bytes).unwrap_or(bytes.len());
    let spaces: Vec<usize> = memchr::memchr_iter(b' ', &bytes[..line_end]).collect();
    let target = spaces[0] + 1..spaces[1];
    let query = memchr::memchr(b'?', &bytes[target.clone()]).map(|at| target.start + at);
    let mut headers = Vec::new();
    let mut start = line_end + 2;
    while start < bytes.len() {
        let end = start + memchr::memchr(b'\r', &bytes[start..]).unwrap_or(bytes.len() - start);
        if let Some(colon) = memchr::memchr(b':', &bytes[start..end]) {
            headers.push((start..start + colon, start + colon + 2..end));
        }
        start = end + 2;
    }
    let method = if bytes.starts_with(b"POST ") { Method::Post } else { Method::Get };
    let mut request = Request {
        method,
        method_text: 0..spaces[0],
        path: bytes[target.start..query.unwrap_or(target.end)].to_vec(),
        args: query.map_or(target.end..target.end, |at| at + 1..target.end),
        target,
        version: Version::Http11,
        host: Vec::new(),
        headers,
        body: BodyLength::None,
        keep_alive: true,
        expects_continue: false,
        bytes,
    };
    request.host = request.header("host").unwrap_or_default().to_ascii_lowercase();
    request
}

/// Everything that a scope borrows.
pub(crate) struct Fixture {
    pub(crate) request: Request,
    pub(crate) peer: Peer,
    pub(crate) maps: Vec<Map>,
    pub(crate) state: State,
    pub(crate) files: Files,
    pub(crate) environment: Environment,
    pub(crate) outcome: Option<Outcome>,
}

impl Fixture {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            request: request(text),
            peer: Peer {
                accepted: Tick(0),
                remote: Some("192.0.2.7:50000".parse().unwrap()),
                proxy: None,
                local: Some("192.0.2.1:9080".parse().unwrap()),
                connection: 41,
                requests: 3,
                tls: None,
            },
            maps: Vec::new(),
            state: State::new(2),
            files: Files {
                root: Root { path: Expression::literal(*b"/srv/www"), ..Files::default().root },
                ..Files::default()
            },
            environment: Environment {
                hostname: "machine".into(),
                pid: 77,
                local_time: LocalTime(|_| 3600),
                seed: 1,
                realpath: None,
            },
            outcome: None,
        }
    }

    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope {
            request: &self.request,
            peer: &self.peer,
            server_name: b"example.com",
            maps: &self.maps,
            state: &self.state,
            files: &self.files,
            environment: &self.environment,
            now: epoch(),
            outcome: self.outcome.as_ref(),
        }
    }

    fn value(&self, name: &str) -> Option<String> {
        let variable = Variable::parse(name).expect("a known name");
        let value = self.scope().lookup(&variable)?;
        Some(String::from_utf8_lossy(&value).into_owned())
    }
}

pub(crate) fn pattern(regex: &str) -> Pattern {
    Pattern::new(regex::bytes::Regex::new(regex).unwrap(), false, Vec::new())
}

const REQUEST: &str = "POST /pub/a?id=ch1&Tag=&x HTTP/1.1
Host: Push.Example.com
Content-Type: text/plain
Content-Length: 5
User-Agent: test/1
X_Odd-Name: odd
Cookie: a=1; b=2
Cookie: c=3
X-Forwarded-For: 10.0.0.1
X-Forwarded-For: 10.0.0.2
Authorization: Basic dXNlcjpwYXNz

";

fn check(name: &str, expected: Option<&str>) {
    assert_eq!(Fixture::new(REQUEST).value(name).as_deref(), expected, "${name}");
}

#[test]
fn parameters() {
    check("arg_id", Some("ch1"));
    check("arg_TAG", Some(""));
    check("arg_x", None);
    check("http_user_agent", Some("test/1"));
    check("http_x_odd_name", Some("odd"));
    check("http_none", None);
    check("http_cookie", Some("a=1; b=2; c=3"));
    check("http_x_forwarded_for", Some("10.0.0.1, 10.0.0.2"));
    check("cookie_b", Some("2"));
    check("cookie_c", Some("3"));
    check("cookie_d", None);
    check("sent_http_etag", None);
    check("1", None);
}

#[test]
fn the_request() {
    check("args", Some("id=ch1&Tag=&x"));
    check("query_string", Some("id=ch1&Tag=&x"));
    check("is_args", Some("?"));
    check("uri", Some("/pub/a"));
    check("document_uri", Some("/pub/a"));
    check("request_uri", Some("/pub/a?id=ch1&Tag=&x"));
    check("request", Some("POST /pub/a?id=ch1&Tag=&x HTTP/1.1"));
    check("request_method", Some("POST"));
    check("request_filename", Some("/srv/www/pub/a"));
    check("document_root", Some("/srv/www"));
    check("content_length", Some("5"));
    check("content_type", Some("text/plain"));
    check("host", Some("push.example.com"));
    check("http_host", Some("Push.Example.com"));
    check("remote_user", Some("user"));
    check("request_body", None);
    check("server_protocol", Some("HTTP/1.1"));
    check("scheme", Some("http"));
    check("https", Some(""));
    check("proxy_add_x_forwarded_for", Some("10.0.0.1, 10.0.0.2, 192.0.2.7"));
}

#[test]
fn connection_and_process() {
    check("remote_addr", Some("192.0.2.7"));
    check("remote_port", Some("50000"));
    check("binary_remote_addr", Some("\u{fffd}\0\u{2}\u{7}"));
    check("server_addr", Some("192.0.2.1"));
    check("server_port", Some("9080"));
    check("server_name", Some("example.com"));
    check("connection", Some("41"));
    check("connection_requests", Some("3"));
    check("hostname", Some("machine"));
    check("pid", Some("77"));
    check("pipe", Some("."));
    check("nginx_version", Some("1.28.0"));
    check("upstream_addr", None);
    check("msec", Some("784111777.000"));
    check("time_local", Some("06/Nov/1994:09:49:37 +0100"));
    check("time_iso8601", Some("1994-11-06T09:49:37+01:00"));
}

#[test]
fn before_the_end() {
    check("status", Some("000"));
    check("bytes_sent", Some("0"));
    check("body_bytes_sent", Some("0"));
    check("request_time", Some("0.000"));
    check("request_completion", Some(""));
}

#[test]
fn after_the_end() {
    let mut fixture = Fixture::new("GET / HTTP/1.0\n\n");
    fixture.outcome = Some(Outcome {
        status: 200,
        bytes_sent: 300,
        body_bytes_sent: 100,
        request_length: 50,
        request_millis: 1005,
        complete: true,
        head: b"HTTP/1.1 200 OK\r\nEtag: W/1\r\nLink: a\r\nlink: b\r\n\r\n".to_vec(),
    });
    let expected = [
        ("status", "200"),
        ("bytes_sent", "300"),
        ("body_bytes_sent", "100"),
        ("request_length", "50"),
        ("request_time", "1.005"),
        ("request_completion", "OK"),
        ("sent_http_etag", "W/1"),
        ("sent_http_link", "a, b"),
    ];
    for (name, value) in expected {
        assert_eq!(fixture.value(name).as_deref(), Some(value), "${name}");
    }
}

#[test]
fn a_bare_request() {
    let mut fixture = Fixture::new("GET /? HTTP/1.0\n\n");
    fixture.peer.remote = None;
    fixture.peer.local = None;
    let expected = [
        ("args", None),
        ("is_args", Some("")),
        ("request_uri", Some("/?")),
        ("host", Some("example.com")),
        ("remote_addr", Some("unix:")),
        ("binary_remote_addr", Some("unix:")),
        ("remote_port", Some("")),
        ("server_port", Some("")),
        ("remote_user", None),
        ("content_length", None),
    ];
    for (name, value) in expected {
        assert_eq!(fixture.value(name).as_deref(), value, "${name}");
    }
}

#[test]
fn credentials_that_are_not() {
    for credentials in ["Basic", "Basic ", "Basic !!!", "Basic OnBhc3M=", "Bearer dXNlcjpwYXNz"] {
        let text = format!("GET / HTTP/1.1\nAuthorization: {credentials}\n\n");
        assert_eq!(Fixture::new(&text).value("remote_user"), None, "{credentials}");
    }
}

#[test]
fn request_ids_differ_and_stay() {
    let mut fixture = Fixture::new(REQUEST);
    let first = fixture.value("request_id").unwrap();
    assert_eq!(first.len(), 32);
    assert_eq!(fixture.value("request_id").unwrap(), first);
    fixture.peer.requests += 1;
    assert_ne!(fixture.value("request_id").unwrap(), first);
}

#[test]
fn expressions_join_their_pieces() {
    let fixture = Fixture::new(REQUEST);
    let variable = |name| Piece::Variable(Variable::parse(name).unwrap());
    let literal = |text: &str| Piece::Literal(text.as_bytes().into());
    let pieces = vec![literal("<"), variable("arg_id"), variable("arg_none"), literal(">")];
    assert_eq!(Expression { pieces }.evaluate(&fixture.scope()).as_ref(), b"<ch1>");
    let id = Expression::variable(Variable::parse("arg_id").unwrap());
    assert!(matches!(id.evaluate(&fixture.scope()), Cow::Borrowed(b"ch1")));
}

#[test]
fn set_variables_are_empty_before_they_are_set() {
    let mut fixture = Fixture::new(REQUEST);
    assert_eq!(fixture.scope().lookup(&Variable::Set(1)).as_deref(), Some(&b""[..]));
    fixture.state.sets[1] = Some(Box::from(*b"x"));
    assert_eq!(fixture.scope().lookup(&Variable::Set(1)).as_deref(), Some(&b"x"[..]));
    assert_eq!(fixture.scope().lookup(&Variable::Set(9)), None);
}

fn text(text: &str) -> Expression {
    Expression::literal(text.as_bytes())
}

fn check_map(entries: Vec<(MapKey, Expression)>, subject: &str, expected: &str) {
    let mut fixture = Fixture::new(&format!("GET /?k={subject} HTTP/1.1\n\n"));
    let source = Expression::variable(Variable::parse("arg_k").unwrap());
    fixture.maps = vec![Map { source, entries, default: text("default"), ..Map::default() }];
    let value = fixture.scope().lookup(&Variable::Map(0)).unwrap();
    assert_eq!(String::from_utf8_lossy(&value), expected, "{subject}");
}

fn hostnames() -> Vec<(MapKey, Expression)> {
    let bytes = |text: &str| text.as_bytes().into();
    vec![
        (MapKey::Regex(pattern("^.*regex.*$")), text("regex")),
        (MapKey::Prefix(bytes("mail.")), text("prefix")),
        (MapKey::Prefix(bytes("mail.example.")), text("longer prefix")),
        (MapKey::Suffix(bytes(".com")), text("suffix")),
        (MapKey::Suffix(bytes(".example.com")), text("longer suffix")),
        (MapKey::Exact(bytes("www.example.com")), text("exact")),
    ]
}

#[test]
fn maps_prefer_exact_then_suffix_then_prefix_then_regex() {
    check_map(hostnames(), "WWW.example.com", "exact");
    check_map(hostnames(), "www.example.com.", "exact");
    check_map(hostnames(), "mail.example.com", "longer suffix");
    check_map(hostnames(), "regex.com", "suffix");
    check_map(hostnames(), "mail.regex.org", "prefix");
    check_map(hostnames(), "mail.example.org", "longer prefix");
    check_map(hostnames(), "a.regex.org", "regex");
    check_map(hostnames(), ".com", "default");
    check_map(hostnames(), "mail.", "default");
    check_map(hostnames(), "", "default");
}

#[test]
fn map_values_see_the_captures_of_their_regex() {
    let captured = || {
        let pieces = vec![
            Piece::Variable(Variable::Capture(1)),
            Piece::Literal(Box::from(*b"/")),
            Piece::Variable(Variable::Set(0)),
        ];
        let mut pattern = pattern("^(a+)-(?P<rest>.*)$");
        pattern.names = vec![(2, 0)];
        vec![(MapKey::Regex(pattern), Expression { pieces })]
    };
    check_map(captured(), "aa-xyz", "aa/xyz");
    check_map(captured(), "b", "default");
}

#[test]
fn an_empty_source_can_have_an_exact_entry() {
    check_map(vec![(MapKey::Exact(Box::from([])), text("empty"))], "", "empty");
    check_map(vec![(MapKey::Regex(pattern("^$")), text("empty"))], "", "default");
}

/// What nginx 1.22 gave for `10% a; 40% b; * c;`.
#[test]
fn shares_are_those_of_nginx() {
    let source = Expression::variable(Variable::Arg(Box::from(*b"x")));
    let bound = |tenths: u64| u32::try_from(u64::from(u32::MAX) * tenths / 10).unwrap();
    let first = (MapKey::Share(bound(1)), text("a"));
    let entries = vec![first, (MapKey::Share(bound(1) + bound(4)), text("b"))];
    let map = Map { source, entries, default: text("c"), ..Map::default() };
    let value = |x: &str| {
        let mut fixture = Fixture::new(&format!("GET /?x={x} HTTP/1.1\n\n"));
        fixture.maps = vec![map.clone()];
        fixture.scope().lookup(&Variable::Map(0)).unwrap().into_owned()
    };
    let values: Vec<u8> = (0..24).flat_map(|number| value(&format!("user{number}"))).collect();
    assert_eq!(String::from_utf8(values).unwrap(), "aabcbcccbcbbccbcbbcbbcca");
    assert_eq!(value(""), b"a");
}

#[test]
fn a_geo_looks_at_addresses() {
    let source = Expression::variable(Variable::Arg(Box::from(*b"x")));
    let mut map = Map { source, default: text("else"), is_geo: true, ..Map::default() };
    map.networks.insert([10, 0, 0, 0].into(), 8, text("ten"));
    let check = |x: &str, expected: &str| {
        let mut fixture = Fixture::new(&format!("GET /?x={x} HTTP/1.1\n\n"));
        fixture.maps = vec![map.clone()];
        let found = fixture.scope().lookup(&Variable::Map(0)).unwrap().into_owned();
        assert_eq!(String::from_utf8(found).unwrap(), expected, "{x}");
    };
    check("10.1.2.3", "ten");
    check("11.1.2.3", "else");
    check("", "else");
    check("unix:", "else");
}

#[test]
fn maps_in_a_circle_end() {
    let mut fixture = Fixture::new("GET / HTTP/1.1\n\n");
    let to = |index| Map {
        source: text("x"),
        default: Expression::variable(Variable::Map(index)),
        ..Map::default()
    };
    fixture.maps = vec![to(1), to(0), to(3), Map { default: text("end"), ..to(0) }];
    let value = |index| fixture.scope().lookup(&Variable::Map(index)).unwrap().into_owned();
    assert_eq!(value(0), b"");
    assert_eq!(value(2), b"end");
}
