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
