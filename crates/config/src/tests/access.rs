//! Who may get in, as settings; and what is said about mistakes.

use std::sync::Arc;

use outpour_core::settings::*;
use outpour_core::variables::Expression;

use super::{lines, loaded};

/// The guard of the first location of the first server.
fn guard(text: &str) -> Option<Arc<Guard>> {
    let text = format!("http {{ server {{\n{text}\n}} }}");
    let http = loaded(&text).settings.and_then(|settings| settings.http);
    let mut http = http.unwrap_or_else(|| panic!("{text}"));
    http.servers.remove(0).locations.remove(0).settings.guard.clone()
}

/// Checks what is said about `text` inside a location.
fn check(text: &str, expected: &[&str]) {
    let found: Vec<String> = lines(&format!("http {{ server {{ location /x {{\n{text}\n}} }} }}"))
        .iter()
        .filter(|line| !line.contains("[notice]"))
        .map(|line| line.trim_start_matches("nginx: ").replace(" in nginx.conf:", " :"))
        .collect();
    assert_eq!(found, expected, "{text}");
}

fn literal(text: &str) -> Expression {
    Expression::literal(text.as_bytes())
}

#[test]
fn a_location_that_asks_for_nothing_has_no_guard() {
    assert!(guard("location / { }").is_none());
    assert!(guard("satisfy any; location / { }").is_none());
    assert!(guard("auth_basic x; location / { }").is_none());
    assert!(
        guard("auth_basic x; auth_basic_user_file f; location / { auth_basic off; }").is_none()
    );
}

#[test]
fn passwords() {
    let found = guard("auth_basic \"a b\"; location / { auth_basic_user_file f; satisfy any; }");
    let found = found.unwrap();
    assert_eq!(found.satisfy, Satisfy::Any);
    let basic = found.basic.as_ref().unwrap();
    assert_eq!((&basic.realm, &basic.file), (&literal("a b"), &literal("f")));
    assert!(basic.directory.is_absolute());
    check("satisfy some;", &["[emerg] invalid value \"some\" :2"]);
    check(
        "auth_basic a b;",
        &["[emerg] invalid number of arguments in \"auth_basic\" directive :2"],
    );
    check("auth_basic $nothing;", &["[emerg] unknown \"nothing\" variable :2"]);
}

#[test]
fn tokens() {
    let found = guard(
        "auth_jwt push token=$arg_t; auth_jwt_key_file keys.json; auth_jwt_key_file /k;
         auth_jwt_leeway 1m; auth_jwt_require $jwt_claim_sub $jwt_header_kid error=403;
         location / { push_stream_authorized_channels_claim subscribe=s publish=p; }",
    );
    let found = found.unwrap();
    let jwt = found.jwt.as_ref().unwrap();
    assert_eq!((jwt.leeway, jwt.key_files.len(), jwt.token.is_some()), (60, 2, true));
    assert!(jwt.key_files.iter().all(|path| path.is_absolute()));
    assert_eq!((jwt.require[0].status, jwt.require[0].values.len()), (403, 2));
    let claims = found.channels.as_ref().unwrap();
    assert_eq!((&*claims.subscribe, &*claims.publish), ("s", "p"));
    assert!(guard("auth_jwt x; location / { auth_jwt off; }").is_none());
    check("auth_jwt a b;", &["[emerg] invalid parameter \"b\" :2"]);
    check("auth_jwt_require $uri error=404;", &["[emerg] invalid parameter \"error=404\" :2"]);
    check(
        "push_stream_authorized_channels_claim read=a;",
        &["[emerg] invalid parameter \"read=a\" :2"],
    );
}

#[test]
fn claims_have_variables_of_their_own() {
    let text = "http { auth_jwt_claim_set $room context room; server { location / { \
                return 200 $room; } } }";
    assert!(loaded(text).settings.is_some());
    let text = "http { auth_jwt_claim_set room context; }";
    assert_eq!(lines(text)[0], "nginx: [emerg] invalid variable name \"room\" in nginx.conf:1");
}

#[test]
fn questions_to_another_location() {
    let found = guard(
        "location / { auth_request /auth?a=b; auth_request_set $user $sent_http_x_user;
         auth_request_set $more a; }",
    );
    let request = found.as_ref().and_then(|guard| guard.request.clone()).unwrap();
    assert_eq!((&*request.path, &*request.args), (&b"/auth"[..], &b"a=b"[..]));
    assert_eq!(request.sets.len(), 2);
    assert!(guard("auth_request /x; location / { auth_request off; }").is_none());
    check("auth_request_set $uri a;", &["[emerg] the duplicate \"uri\" variable :2"]);
    check("auth_request_set $a $nothing;", &["[emerg] unknown \"nothing\" variable :2"]);
}
