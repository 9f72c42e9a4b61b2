//! `http2*` and `listen ... http2` as settings.

use outpour_core::settings::{Http, Http2};

use super::{lines, loaded};

fn http(text: &str) -> Http {
    loaded(&format!("http {{ {text} }}")).settings.and_then(|settings| settings.http).unwrap()
}

#[test]
fn off_by_default() {
    let http = http("server { listen 80; }");
    assert_eq!(http.servers[0].http2, Http2::default());
    assert!(!http.servers[0].http2.on && !http.listens[0].http2);
}

#[test]
fn directives_are_inherited() {
    let http = http(
        "http2 on; http2_max_concurrent_streams 7; http2_chunk_size 1k;
         http2_body_preread_size 16k;
         server { listen 80; } server { listen 81; http2 off; http2_chunk_size 1m; }",
    );
    let first = Http2 {
        on: true,
        max_concurrent_streams: 7,
        chunk_size: 1024,
        body_preread_size: 16 * 1024,
    };
    assert_eq!(http.servers[1].http2, Http2 { on: false, chunk_size: 16 * 1024, ..first.clone() });
    assert_eq!(http.servers[0].http2, first);
}

#[test]
fn an_option_of_the_address_holds_for_all_servers_behind_it() {
    let http = http("server { listen 80; } server { server_name a; listen 80 http2; }");
    assert!(http.listens[0].http2);
}

#[test]
fn what_is_said() {
    let check = |text: &str, expected: &str| {
        let found = lines(&format!("http {{ server {{ {text} }} }}"));
        assert!(found.iter().any(|line| line.contains(expected)), "{found:?}");
    };
    check(
        "listen 80 http2;",
        "the \"listen ... http2\" directive is deprecated, use the \"http2\"",
    );
    check("http2_body_preread_size 2147483648;", "the maximum body preread buffer size is");
    check("http2_max_concurrent_streams x;", "invalid");
    check("http2_idle_timeout 3m;", "http2_idle_timeout");
}
