//! Whose word about a client's address counts.

use outpour_core::settings::{Network, RealIp};

use super::{lines, loaded};

/// What the first location of the first server trusts.
fn real_ip(text: &str) -> Option<RealIp> {
    let text = format!("http {{ server {{\n{text}\n}} }}");
    let http = loaded(&text).settings.and_then(|settings| settings.http);
    let mut http = http.unwrap_or_else(|| panic!("{text}"));
    let location = http.servers.remove(0).locations.remove(0);
    location.settings.real_ip.as_deref().cloned()
}

fn ip(address: &str, bits: u8) -> Network {
    Network::Ip { address: address.parse().unwrap(), bits }
}

#[test]
fn proxies() {
    assert_eq!(real_ip("real_ip_header X-A; real_ip_recursive on; location / { }"), None);
    let found = real_ip(
        "set_real_ip_from 10.0.0.0/8; set_real_ip_from unix:; set_real_ip_from 2001:db8::1;
         location / { }",
    );
    let from = vec![ip("10.0.0.0", 8), Network::Unix, ip("2001:db8::1", 128)];
    assert_eq!(found, Some(RealIp { from, header: "x-real-ip".into(), recursive: false }));
    let found = real_ip(
        "set_real_ip_from 10.0.0.0/8; real_ip_header X-Forwarded-For;
         location / { set_real_ip_from 127.0.0.1; real_ip_recursive on; }",
    );
    let from = vec![ip("127.0.0.1", 32)];
    assert_eq!(found, Some(RealIp { from, header: "x-forwarded-for".into(), recursive: true }));
    let local = real_ip("set_real_ip_from localhost; location / { }").unwrap();
    assert!(local.from.contains(&ip("127.0.0.1", 32)) || local.from.contains(&ip("::1", 128)));
}

#[test]
fn mistakes() {
    let check = |text: &str, expected: &str| {
        assert_eq!(lines(&format!("http {{ {text} }}"))[0], expected, "{text}");
    };
    check(
        "set_real_ip_from 10.0.0.0/33;",
        "nginx: [emerg] host not found in set_real_ip_from \"10.0.0.0/33\" in nginx.conf:1",
    );
    check(
        "set_real_ip_from 10.0.0.1/8;",
        "nginx: [warn] low address bits of 10.0.0.1/8 are meaningless in nginx.conf:1",
    );
    check(
        "real_ip_header proxy_protocol;",
        "nginx: [emerg] the PROXY protocol is not spoken: \"real_ip_header proxy_protocol\" in \
         nginx.conf:1",
    );
    check(
        "real_ip_recursive yes;",
        "nginx: [emerg] invalid value \"yes\" in \"real_ip_recursive\" directive, it must be \"on\" \
         or \"off\" in nginx.conf:1",
    );
}
