use super::*;
use crate::settings::{
    CookieFlags, CookieName, IgnoredHeaders, ProxyRewrite, ProxyRewriteFrom, SameSite,
};
use crate::variables::tests::Fixture;
use crate::variables::{Expression, Pattern, Variable};
use crate::wire::http1::response::{Expected, ParsedResponse, parse_response};

fn settings() -> ProxyAnswer {
    let hidden = ["date", "server", "x-accel-buffering", "x-accel-redirect", "x-secret"];
    ProxyAnswer {
        buffering: true,
        hidden: hidden.iter().map(|name| name.as_bytes().into()).collect(),
        ignored: IgnoredHeaders::default(),
        intercept_errors: false,
        redirects: Vec::new(),
        cookie_domains: Vec::new(),
        cookie_paths: Vec::new(),
        cookie_flags: Vec::new(),
    }
}

fn response(lines: &str) -> Response {
    let head = format!("HTTP/1.1 {lines}||").replace('|', "\r\n");
    let expected = Expected { head_max: 4096, head_only: false, upgrade: true };
    match parse_response(head.as_bytes(), expected) {
        Ok(ParsedResponse::Complete { response, .. }) => response,
        other => panic!("{other:?}"),
    }
}

fn check(settings: &ProxyAnswer, lines: &str, expected: &[&str], body: &Body) {
    let fixture = Fixture::new("GET /?id=1 HTTP/1.1\nHost: me.test\n\n");
    let answer = answer(settings, &response(lines), &fixture.scope());
    let headers: Vec<_> = answer
        .headers
        .iter()
        .map(|(n, v)| format!("{n}: {}", String::from_utf8_lossy(v)))
        .collect();
    assert_eq!(headers, expected, "{lines}");
    assert_eq!(answer.body, *body, "{lines}");
}

#[test]
fn the_upstreams_connection_is_its_own() {
    check(
        &settings(),
        "200 OK|Server: x|Date: y|Content-Length: 3|Connection: close, X-Hop|X-Hop: z|\
         Keep-Alive: 5|X-Secret: s|ETag: \"e\"|X-Accel-Redirect: /a",
        &["ETag: \"e\""],
        &Body::Announced(3),
    );
    check(&settings(), "200 OK|Transfer-Encoding: chunked", &[], &Body::Stream);
    check(&settings(), "304 Not Modified|Content-Length: 3", &[], &Body::Upgrade);
    check(
        &settings(),
        "101 Go|Connection: Upgrade|Upgrade: websocket",
        &["Upgrade: websocket", "Connection: upgrade"],
        &Body::Upgrade,
    );
}

fn text(from: &str, to: Expression) -> ProxyRewrite {
    ProxyRewrite { from: ProxyRewriteFrom::Text(Expression::literal(from.as_bytes())), to }
}

#[test]
fn redirects_are_rewritten() {
    let regex = regex::bytes::Regex::new("^http://(x)/").unwrap();
    let pattern = Pattern::new(regex, false, Vec::new());
    let settings = ProxyAnswer {
        redirects: vec![
            text("http://app/", Expression::literal(*b"/outside/")),
            ProxyRewrite {
                from: ProxyRewriteFrom::Regex(pattern),
                to: Expression::variable(Variable::Capture(1)),
            },
        ],
        ..settings()
    };
    let check = |from: &str, to| {
        check(&settings, &format!("302 Found|{from}|Content-Length: 0"), &[to], &Body::Announced(0))
    };
    check("Location: http://app/a?b", "Location: /outside/a?b");
    check("Location: http://x/a", "Location: x");
    check("Location: http://other/", "Location: http://other/");
    check("Refresh: 3; URL=http://app/a", "Refresh: 3; URL=/outside/a");
}

#[test]
fn cookies_are_rewritten() {
    let settings = ProxyAnswer {
        cookie_domains: vec![text("app.local", Expression::literal(*b"me.test"))],
        cookie_paths: vec![text("/app", Expression::literal(*b"/"))],
        cookie_flags: vec![CookieFlags {
            cookie: CookieName::Text(Expression::literal(*b"sid")),
            secure: Some(true),
            httponly: Some(false),
            samesite: Some(SameSite::Lax),
        }],
        ..settings()
    };
    let check = |from: &str, to| {
        check(&settings, &format!("204 No Content|Set-Cookie: {from}"), &[to], &Body::Upgrade)
    };
    check("a=b; Domain=.APP.local; Path=/app/x", "Set-Cookie: a=b; Domain=.me.test; Path=//x");
    check("a=b; domain=other; HttpOnly", "Set-Cookie: a=b; domain=other; HttpOnly");
    check("SID=b; HttpOnly; samesite=None", "Set-Cookie: SID=b; Secure; SameSite=Lax");
}

#[test]
fn orders_are_taken_unless_they_are_ignored() {
    let lines = "200 OK|X-Accel-Redirect: /sub/1?x|X-Accel-Buffering: NO";
    let taken = orders(&settings(), &response(lines));
    assert_eq!(taken, Orders { redirect: Some(b"/sub/1?x".to_vec()), buffering: Some(false) });
    let ignored = IgnoredHeaders { redirect: true, buffering: true, ..Default::default() };
    let settings = ProxyAnswer { ignored, ..settings() };
    assert_eq!(orders(&settings, &response(lines)), Orders::default());
}

#[test]
fn a_charset_joins_the_content_type() {
    check(
        &settings(),
        "204 No Content|Content-Type: text/html|X-Accel-Charset: utf-8",
        &["Content-Type: text/html; charset=utf-8", "X-Accel-Charset: utf-8"],
        &Body::Upgrade,
    );
}
