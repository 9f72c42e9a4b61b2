//! `proxy_pass`, `upstream` and what stands around them.

use std::time::Duration;

use outpour_core::settings::*;
use outpour_core::variables::{Builtin, Expression, Variable};

use super::loaded;
use super::messages::{in_http, in_location};

fn http(text: &str) -> Http {
    loaded(&format!("http {{\n{text}\n}}")).settings.unwrap().http.unwrap()
}

/// The `http` block and the proxy of its first location, which is `/x/` with `text` in it.
fn proxied(text: &str) -> (Http, Proxy) {
    let http = http(&format!("server {{ location /x/ {{ {text} }} }}"));
    let proxy = http.servers[0].locations[0].settings.proxy.clone().unwrap();
    (http, (*proxy).clone())
}

fn proxy(text: &str) -> Proxy {
    proxied(text).1
}

fn labels(upstream: &Upstream) -> Vec<&str> {
    upstream.peers.iter().map(|peer| &*peer.label).collect()
}

#[test]
fn addresses_of_proxy_pass() {
    let check = |address: &str, host: &str, port: &str, peer: &str, path: Option<&str>| {
        let (http, proxy) = proxied(&format!("proxy_pass {address};"));
        let path = path.map(|path| ProxyUri::Replaced { path: path.as_bytes().into(), prefix: 3 });
        assert_eq!(
            proxy.pass,
            ProxyPass::Fixed {
                tls: address.starts_with("https"),
                upstream: 0,
                host: host.as_bytes().into(),
                port: port.as_bytes().into(),
                uri: path.unwrap_or(ProxyUri::Kept),
            }
        );
        assert_eq!(labels(&http.upstreams[0]), [peer], "{address}");
    };
    check("http://127.0.0.1", "127.0.0.1", "80", "127.0.0.1:80", None);
    check("http://127.0.0.1:81/", "127.0.0.1:81", "81", "127.0.0.1:81", Some("/"));
    check("https://[::1]/a?b", "[::1]", "443", "[::1]:443", Some("/a?b"));
    check("http://unix:/run/a:/b", "localhost", "", "unix:/run/a", Some("/b"));
    let variable = proxy("proxy_pass http://$host$request_uri;").pass;
    assert!(matches!(variable, ProxyPass::Variable(url) if url.pieces.len() == 3));
}

#[test]
fn proxy_pass_that_cannot_be() {
    in_location("proxy_pass app;", &["[emerg] invalid URL prefix :2"]);
    in_location("proxy_pass http://;", &["[emerg] no host in upstream \"\" :2"]);
    in_location("proxy_pass http://a:0;", &["[emerg] invalid port in upstream \"a:0\" :2"]);
    in_location(
        "proxy_pass http://no..such;",
        &["[emerg] host not found in upstream \"no..such\" :2"],
    );
    in_location("proxy_pass http://a$nothing;", &["[emerg] unknown \"nothing\" variable :2"]);
    let uri = "[emerg] \"proxy_pass\" cannot have URI part in location given by regular \
               expression, or inside named location, or inside \"if\" statement, or inside \
               \"limit_except\" block :2";
    for location in ["~ a", "@b"] {
        let with = |path: &str| {
            format!("server {{ location {location} {{ proxy_pass http://127.0.0.1{path}; }} }}")
        };
        in_http(&with("/"), &[uri]);
        in_http(&with(""), &[]);
    }
    in_location("if ($args) { proxy_pass http://127.0.0.1/; }", &[uri]);
    in_location(
        "proxy_pass http://127.0.0.1;\nproxy_pass http://127.0.0.1;",
        &["[emerg] \"proxy_pass\" directive is duplicate :3"],
    );
    in_http(
        "proxy_pass http://127.0.0.1;",
        &["[emerg] \"proxy_pass\" directive is not allowed here :2"],
    );
}

#[test]
fn upstreams_by_name() {
    let http = http(
        "server { location /a { proxy_pass http://APP/; } location /b { proxy_pass https://app; }
           location /c { proxy_pass http://127.0.0.1:81; }
           location /d { proxy_pass http://127.0.0.1:81/x; }
           location /e { proxy_pass http://127.0.0.1:82; } }
         upstream App {
           server 127.0.0.1:8001 weight=5 max_conns=7 max_fails=3 fail_timeout=30s;
           server unix:/run/app backup slow_start=5s;
           server 127.0.0.2 down max_fails=0;
           keepalive 16; keepalive_requests 9; keepalive_timeout 5s; keepalive_time 1m;
         }",
    );
    let of = |index: usize| match &http.servers[0].locations[index]
        .settings
        .proxy
        .as_ref()
        .unwrap()
        .pass
    {
        ProxyPass::Fixed { upstream, .. } => *upstream,
        ProxyPass::Variable(_) => panic!("no variable is there"),
    };
    assert_eq!([of(0), of(1), of(2), of(3), of(4)], [0, 0, 1, 1, 2]);
    let app = &http.upstreams[0];
    assert_eq!((&*app.name, app.port, app.origin.line), ("App", None, 6));
    assert_eq!(labels(app), ["127.0.0.1:8001", "unix:/run/app", "127.0.0.2:80"]);
    let [first, second, third] = app.peers.as_slice() else { panic!("{app:?}") };
    assert_eq!((first.weight, first.max_conns, first.max_fails), (5, Some(7), 3));
    assert_eq!((first.fail_timeout, &*first.server), (Duration::from_secs(30), "127.0.0.1:8001"));
    assert_eq!((second.backup, second.slow_start), (true, Duration::from_secs(5)));
    assert_eq!((second.weight, second.max_fails), (1, 1));
    assert_eq!((second.fail_timeout, second.down), (Duration::from_secs(10), false));
    assert_eq!((third.down, third.max_fails, third.backup), (true, 0, false));
    let keepalive = app.keepalive.unwrap();
    assert_eq!((keepalive.connections, keepalive.requests), (16, 9));
    assert_eq!((keepalive.timeout.as_secs(), keepalive.time.as_secs()), (5, 60));
    assert_eq!((http.upstreams[1].port, http.upstreams[1].keepalive), (Some(81), None));
}

#[test]
fn methods_of_balancing() {
    let balance = |text: &str| {
        let text = format!("upstream a {{ {text} server 127.0.0.1; }}");
        http(&text).upstreams[0].balance.clone()
    };
    let key = Expression::variable(Variable::Builtin(Builtin::RequestUri));
    assert_eq!(balance(""), Balance::RoundRobin);
    assert_eq!(balance("least_conn;"), Balance::LeastConn);
    assert_eq!(balance("ip_hash;"), Balance::IpHash);
    assert_eq!(balance("random;"), Balance::Random { two: false });
    assert_eq!(balance("random two least_conn;"), Balance::Random { two: true });
    let hash = |consistent| Balance::Hash { key: key.clone(), consistent };
    assert_eq!(balance("hash $request_uri;"), hash(false));
    assert_eq!(balance("hash $request_uri consistent;"), hash(true));
}

#[test]
fn upstreams_that_cannot_be() {
    let check =
        |text: &str, expected: &[&str]| in_http(&format!("upstream a {{\n{text}\n}}"), expected);
    let third = |text: &str| format!("[emerg] {text} :3");
    let wrong = [
        ("server no..such:1;", "host not found in upstream \"no..such:1\""),
        ("server 127.0.0.1:x;", "invalid port in upstream \"127.0.0.1:x\""),
        ("server http://127.0.0.1;", "invalid port in upstream \"http://127.0.0.1\""),
        ("server 127.0.0.1/x;", "invalid host in upstream \"127.0.0.1/x\""),
        ("server 127.0.0.1 weight=0;", "invalid parameter \"weight=0\""),
        ("server 127.0.0.1 wait=1;", "invalid parameter \"wait=1\""),
        ("server 127.0.0.1 fail_timeout=x;", "invalid parameter \"fail_timeout=x\""),
        ("server 127.0.0.1 resolve;", "\"resolve\" of \"server\" is not implemented yet"),
        (
            "ip_hash; server 127.0.0.1 backup;",
            "balancing method does not support parameter \"backup\"",
        ),
        ("server 127.0.0.1; keepalive 0;", "invalid value \"0\" in \"keepalive\" directive"),
        ("server 127.0.0.1; hash $uri twice;", "invalid parameter \"twice\""),
        ("server 127.0.0.1; random three;", "invalid parameter \"three\""),
        ("server 127.0.0.1; zone z 1k;", "zone \"z\" is too small"),
        ("server 127.0.0.1; location / { }", "\"location\" directive is not allowed here"),
    ];
    for (text, message) in wrong {
        check(text, &[&third(message)]);
    }
    check("server 127.0.0.1; ip_hash; least_conn;", &["[warn] load balancing method redefined :3"]);
    check("server 127.0.0.1; zone z 64k;", &[]);
    in_http("upstream a { }", &["[emerg] no servers are inside upstream :2"]);
    in_http(
        "upstream a { server 127.0.0.1; }\nupstream A { server 127.0.0.1; }",
        &["[emerg] duplicate upstream \"A\" :3"],
    );
    in_http(
        "upstream a { server 127.0.0.1; }\nserver { location / { proxy_pass http://a:80; } }",
        &["[emerg] upstream \"a\" may not have port 80 :3"],
    );
    in_http("least_conn;", &["[emerg] unknown directive \"least_conn\" :2"]);
}

#[test]
fn requests_to_upstreams() {
    let names = |text: &str| -> Vec<String> {
        let headers = proxy(&format!("proxy_pass http://127.0.0.1; {text}")).request.headers;
        headers.iter().map(|header| header.name.to_string()).collect()
    };
    assert_eq!(names(""), ["Host", "Connection", "TE", "Keep-Alive", "Expect", "Upgrade"]);
    assert_eq!(
        names(
            "proxy_set_header X-Real-IP $remote_addr; proxy_set_header upgrade $http_upgrade; proxy_set_header Connection \"\";"
        ),
        ["X-Real-IP", "upgrade", "Connection", "Host", "TE", "Keep-Alive", "Expect"]
    );
    let http = http(
        "proxy_set_header A 1; server { location / { proxy_pass http://127.0.0.1; }
         location /b { proxy_pass http://127.0.0.1; proxy_set_header B 1; } }",
    );
    let first = |index: usize| {
        let settings = &http.servers[0].locations[index].settings;
        settings.proxy.as_ref().unwrap().request.headers[0].name.clone()
    };
    assert_eq!([&*first(0), &*first(1)], ["A", "B"]);
    let request = proxy(
        "proxy_pass http://127.0.0.1; proxy_http_version 1.1; proxy_method $request_method;
         proxy_pass_request_headers off; proxy_pass_request_body off; proxy_set_body x;
         proxy_request_buffering off;",
    )
    .request;
    assert_eq!(request.version, ProxyVersion::Http11);
    assert!(request.method.is_some());
    assert_eq!(request.body, Some(Expression::literal(*b"x")));
    assert_eq!((request.pass_headers, request.pass_body, request.buffering), (false, false, false));
    let default = proxy("proxy_pass http://127.0.0.1;").request;
    assert_eq!((default.version, default.method, default.body), (ProxyVersion::Http10, None, None));
    assert!(default.pass_headers && default.pass_body && default.buffering);
    in_http("proxy_http_version 2;", &["[emerg] invalid value \"2\" :2"]);
    in_http("proxy_set_header \"a b\" c;", &["[emerg] invalid header name \"a b\" :2"]);
}

#[test]
fn answers_of_upstreams() {
    let answer = proxy(
        "proxy_pass http://127.0.0.1; proxy_buffering off; proxy_hide_header X-Powered-By;
         proxy_pass_header Server; proxy_ignore_headers X-Accel-Redirect Expires;
         proxy_intercept_errors on;",
    )
    .answer;
    let hidden: Vec<_> = answer.hidden.iter().map(|name| String::from_utf8_lossy(name)).collect();
    assert_eq!(
        hidden,
        [
            "date",
            "x-accel-buffering",
            "x-accel-charset",
            "x-accel-expires",
            "x-accel-limit-rate",
            "x-accel-redirect",
            "x-pad",
            "x-powered-by"
        ]
    );
    assert_eq!(answer.ignored, IgnoredHeaders { redirect: true, ..IgnoredHeaders::default() });
    assert!(!answer.buffering && answer.intercept_errors);
    in_http("proxy_ignore_headers Date;", &["[emerg] invalid value \"Date\" :2"]);
}

fn texts(rules: &[ProxyRewrite]) -> Vec<(String, String)> {
    let text = |e: &Expression| String::from_utf8_lossy(e.as_literal().unwrap()).into_owned();
    let from = |rule: &ProxyRewrite| match &rule.from {
        ProxyRewriteFrom::Text(from) => text(from),
        ProxyRewriteFrom::Regex(pattern) => pattern.regex.as_str().to_owned(),
    };
    rules.iter().map(|rule| (from(rule), text(&rule.to))).collect()
}

#[test]
fn redirects_and_cookies() {
    let check = |text: &str, expected: &[(&str, &str)]| {
        let found = texts(&proxy(text).answer.redirects);
        let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(found, expected, "{text}");
    };
    check("proxy_pass http://127.0.0.1:81;", &[("http://127.0.0.1:81/", "/")]);
    check("proxy_pass http://127.0.0.1/b/;", &[("http://127.0.0.1/b/", "/x/")]);
    check("proxy_pass http://$host;", &[]);
    check("proxy_pass http://127.0.0.1; proxy_redirect off;", &[]);
    check(
        "proxy_pass http://127.0.0.1; proxy_redirect http://a/ /b/; proxy_redirect default;",
        &[("http://a/", "/b/"), ("http://127.0.0.1/", "/")],
    );
    in_location(
        "proxy_redirect default;",
        &[
            "[emerg] \"proxy_redirect default\" should be placed after the \"proxy_pass\" directive :2",
        ],
    );
    in_location(
        "proxy_pass http://$host; proxy_redirect default;",
        &[
            "[emerg] \"proxy_redirect default\" cannot be used with \"proxy_pass\" directive with variables :2",
        ],
    );
    in_location("proxy_redirect on;", &["[emerg] invalid parameter \"on\" :2"]);
    let answer = proxy(
        "proxy_pass http://127.0.0.1; proxy_cookie_domain .app example.com; proxy_cookie_path ~^/a /;
         proxy_cookie_flags ~^s secure samesite=lax nohttponly; proxy_cookie_flags one nosecure;",
    )
    .answer;
    assert_eq!(texts(&answer.cookie_domains), [("app".into(), "example.com".into())]);
    assert!(matches!(answer.cookie_paths[0].from, ProxyRewriteFrom::Regex(_)));
    let [first, second] = answer.cookie_flags.as_slice() else { panic!() };
    assert_eq!((first.secure, first.samesite), (Some(true), Some(SameSite::Lax)));
    assert_eq!((first.httponly, second.httponly, second.secure), (Some(false), None, Some(false)));
    in_http("proxy_cookie_flags one bold;", &["[emerg] invalid parameter \"bold\" :2"]);
    in_http("proxy_cookie_path on;", &["[emerg] invalid parameter \"on\" :2"]);
}

#[test]
fn limits_and_the_next_peer() {
    let own = proxy(
        "proxy_pass http://127.0.0.1; proxy_connect_timeout 1s; proxy_send_timeout 2s;
         proxy_read_timeout 500ms; proxy_buffer_size 8k; proxy_buffers 4 16k;
         proxy_next_upstream http_502 timeout non_idempotent; proxy_next_upstream_tries 2;
         proxy_next_upstream_timeout 3s; proxy_ignore_client_abort on; proxy_socket_keepalive on;
         proxy_bind 127.0.0.2;",
    );
    assert_eq!(own.limits.connect_timeout, Duration::from_secs(1));
    assert_eq!(own.limits.send_timeout, Duration::from_secs(2));
    assert_eq!(own.limits.read_timeout, Duration::from_millis(500));
    assert_eq!((own.limits.buffer_size, own.limits.buffers), (8192, 65_536));
    assert_eq!(
        own.next,
        NextUpstream {
            error: false,
            timeout: true,
            invalid_header: false,
            non_idempotent: true,
            statuses: vec![502],
            tries: 2,
            time: Some(Duration::from_secs(3)),
        }
    );
    assert!(own.ignore_client_abort && own.socket_keepalive);
    assert_eq!(own.bind, Some(Expression::literal(*b"127.0.0.2")));
    let default = proxy("proxy_pass http://127.0.0.1;");
    assert_eq!(default.next, NextUpstream::default());
    assert_eq!((default.limits.buffer_size, default.limits.buffers), (4096, 32_768));
    assert_eq!(default.limits.read_timeout, Duration::from_secs(60));
    let off = proxy("proxy_pass http://127.0.0.1; proxy_next_upstream off;").next;
    assert!(!off.error && !off.timeout && off.statuses.is_empty());
    in_http("proxy_next_upstream http_418;", &["[emerg] invalid value \"http_418\" :2"]);
    in_http("proxy_buffers 1 4k;", &["[emerg] there must be at least 2 \"proxy_buffers\" :2"]);
    in_http("proxy_bind here;", &["[emerg] invalid address \"here\" :2"]);
    in_http("proxy_bind off;", &[]);
}

#[test]
fn tls_to_upstreams() {
    let tls = proxy(
        "proxy_pass https://127.0.0.1; proxy_ssl_name app; proxy_ssl_server_name on;
         proxy_ssl_verify on; proxy_ssl_verify_depth 2; proxy_ssl_trusted_certificate /ca;
         proxy_ssl_certificate /c; proxy_ssl_certificate_key /k; proxy_ssl_protocols TLSv1.3;
         proxy_ssl_password_file /p; proxy_ssl_session_reuse off; proxy_ssl_ciphers HIGH;",
    )
    .tls;
    assert_eq!(tls.name, Expression::literal(*b"app"));
    assert_eq!((tls.server_name, tls.verify, tls.verify_depth), (true, true, 2));
    assert_eq!(tls.trusted_certificate, Some("/ca".into()));
    let passwords = Some("/p".into());
    let certificate = Certificate { chain: "/c".into(), key: "/k".into(), passwords };
    assert_eq!(tls.certificate, Some(certificate));
    assert_eq!((tls.tls12, tls.tls13, tls.session_reuse), (false, true, false));
    in_location(
        "proxy_pass https://127.0.0.1; proxy_ssl_verify on;",
        &["[emerg] no proxy_ssl_trusted_certificate for proxy_ssl_verify :2"],
    );
    in_location("proxy_pass http://127.0.0.1; proxy_ssl_verify on;", &[]);
    in_location(
        "proxy_pass https://127.0.0.1; proxy_ssl_certificate /c;",
        &["[emerg] no \"proxy_ssl_certificate_key\" is defined for certificate \"/c\" :2"],
    );
}

#[test]
fn names_at_run_time() {
    let resolver =
        |text: &str| (*proxy(&format!("proxy_pass http://$host; {text}")).resolver).clone();
    assert_eq!(resolver(""), Resolver::default());
    let own = resolver("resolver 127.0.0.1 [::1]:5353 valid=30s ipv6=off; resolver_timeout 5s;");
    assert_eq!(own.servers, ["127.0.0.1:53".parse().unwrap(), "[::1]:5353".parse().unwrap()]);
    assert_eq!((own.valid, own.ipv4, own.ipv6), (Some(Duration::from_secs(30)), true, false));
    assert_eq!(own.timeout, Duration::from_secs(5));
    in_http("resolver valid=1s;", &["[emerg] no name servers defined :2"]);
    in_http("resolver 127.0.0.1 valid=x;", &["[emerg] invalid parameter: valid=x :2"]);
    in_http("resolver no..such;", &["[emerg] host not found in resolver \"no..such\" :2"]);
}

#[test]
fn what_becomes_of_other_handlers() {
    let http = http(
        "server { location /a { push_stream_subscriber; push_stream_channels_path a; proxy_pass http://127.0.0.1; }
         location /b { proxy_pass http://127.0.0.1; location /b/c { } if ($args) { set $x 1; } if ($arg_y) { add_header Z 1; } } }",
    );
    let locations = &http.servers[0].locations;
    assert_eq!(locations[0].settings.push.role, Role::None);
    assert!(locations[0].settings.proxy.is_some());
    assert!(locations[1].locations[0].settings.proxy.is_none());
    let blocks = super::settings::blocks(&locations[1].script);
    assert!(blocks[0].settings.is_none());
    let inner = blocks[1].settings.as_ref().unwrap();
    assert!(inner.proxy.is_some() && inner.add_headers.len() == 1);
}

#[test]
fn what_is_not_taken_over() {
    in_http("proxy_temp_path /tmp; proxy_max_temp_file_size 0; proxy_busy_buffers_size 8k;", &[]);
    in_http("proxy_cache off; proxy_store off;", &[]);
    for text in [
        "proxy_cache_path /tmp keys_zone=a:1m",
        "proxy_cache a",
        "proxy_store on",
        "fastcgi_pass a",
    ] {
        let name = text.split(' ').next().unwrap();
        let message = format!("[emerg] \"{name}\" directive is not implemented yet :2");
        in_http(&format!("{text};"), &[&message]);
    }
    in_http("proxy_read_timeuot 5s;", &["[emerg] unknown directive \"proxy_read_timeuot\" :2"]);
}

#[test]
fn applications_may_have_connections_held() {
    let grip = |text: &str| {
        let text = format!("push_stream_grip_key base64:aGk= iss=me; {text}");
        let location = format!("location /x {{ proxy_pass http://127.0.0.1:1; {text} }}");
        let loaded = loaded(&format!("http {{ server {{ listen 80; {location} }} }}"));
        let settings = loaded.settings.unwrap();
        let locations = settings.http.unwrap().servers.remove(0).locations;
        locations[0].settings.proxy.as_ref().unwrap().grip.clone()
    };
    assert_eq!(grip(""), None);
    assert_eq!(grip("push_stream_grip off;"), None);
    let on = grip("push_stream_grip on;").unwrap();
    assert_eq!((on.websocket, on.key.as_deref(), &*on.issuer), (true, Some(&b"hi"[..]), "me"));
    assert!(!grip("push_stream_grip http;").unwrap().websocket);
    in_location("push_stream_grip_key base64:!;", &["[emerg] invalid key :2"]);
    in_location("push_stream_grip_key x y;", &["[emerg] invalid parameter \"y\" :2"]);
    in_location("push_stream_grip yes;", &["[emerg] invalid value \"yes\" :2"]);
    let twice = "push_stream_publisher; push_stream_channels_path a;\npush_stream_grip_publisher;";
    in_location(twice, &["[emerg] \"push_stream_grip_publisher\" directive is duplicate :3"]);
}
