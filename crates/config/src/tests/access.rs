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
    let found = guard(
        "auth_jwt x; auth_jwt_key_request /keys?a=b;
         location / { auth_jwt_key_cache 5m; }",
    );
    let asked = found.unwrap().jwt.clone().unwrap().key_request.unwrap();
    assert_eq!((&*asked.path, &*asked.args), (&b"/keys"[..], &b"a=b"[..]));
    assert_eq!(asked.cache.as_secs(), 300);
    check("auth_jwt_key_request keys;", &["[emerg] invalid URI \"keys\" :2"]);
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

#[test]
fn limits() {
    let text = "http { server { location / { limit_req zone=r burst=5 delay=2; limit_conn c 3;
        limit_req zone=r nodelay; limit_req_status 429; limit_req_log_level warn;
        limit_req_dry_run on; limit_conn_status 444; limit_conn_log_level info;
        limit_conn_dry_run on; } }
        limit_req_zone $remote_addr zone=r:1m rate=30r/m; limit_conn_zone $arg_u zone=c:64k; }";
    let http = loaded(text).settings.and_then(|settings| settings.http).unwrap();
    let guard = http.servers[0].locations[0].settings.guard.clone().unwrap();
    let limits = guard.limits.as_ref().unwrap();
    let first = &limits.requests[0];
    assert_eq!((first.zone.rate, first.zone.size), (500, 1 << 20));
    assert_eq!((first.burst, first.at_once), (5, 2));
    assert_eq!(limits.requests[1].at_once, u64::MAX);
    assert_eq!(limits.connections[0].most, 3);
    let policy = LimitPolicy { status: 429, level: Level::Warn, dry_run: true };
    assert_eq!(limits.request_policy, policy);
    let policy = LimitPolicy { status: 444, level: Level::Info, dry_run: true };
    assert_eq!(limits.connection_policy, policy);
}

#[test]
fn mistakes_about_limits() {
    check("limit_req zone=no;", &["[emerg] zero size shared memory zone \"no\" :2"]);
    check("limit_req burst=1;", &["[emerg] \"limit_req\" must have \"zone\" parameter :2"]);
    check("limit_req zone=a burst=x;", &["[emerg] invalid burst value \"burst=x\" :2"]);
    check("limit_req zone=a bust=1;", &["[emerg] invalid parameter \"bust=1\" :2"]);
    check("limit_conn a 0;", &["[emerg] invalid number of connections \"0\" :2"]);
    check("limit_conn a 70000;", &["[emerg] connection limit must be less 65536 :2"]);
    check("limit_conn_status 200;", &["[emerg] value must be between 400 and 599 :2"]);
    let http = |text: &str, expected: &str| {
        assert_eq!(lines(&format!("http {{ {text} }}"))[0], expected, "{text}");
    };
    http(
        "limit_req_zone $uri zone=a:1k rate=1r/s;",
        "nginx: [emerg] zone \"zone=a:1k\" is too small in nginx.conf:1",
    );
    http(
        "limit_req_zone $uri zone=a:1m rate=1;",
        "nginx: [emerg] invalid rate \"rate=1\" in nginx.conf:1",
    );
    http(
        "limit_conn_zone $uri zone=a;",
        "nginx: [emerg] invalid zone size \"zone=a\" in nginx.conf:1",
    );
}

#[test]
fn signed_links_and_origins() {
    let text = "http { server { secure_link $arg_s,$arg_e; secure_link_md5 a;
        secure_link_hmac $arg_s; secure_link_hmac_message $uri; secure_link_hmac_secret x;
        secure_link_hmac_algorithm sha512; location / { } location /s { secure_link_secret y; }
        location /w { push_stream_websocket_allowed_origins https://A.example *; } } }";
    let http = loaded(text).settings.and_then(|settings| settings.http).unwrap();
    let settings = |at: usize| &http.servers[0].locations[at].settings;
    let link = settings(0).files.secure_link.as_ref().unwrap();
    assert!(link.link.is_some() && link.md5.is_some() && link.secret.is_none());
    assert_eq!(settings(0).files.hmac_link.as_ref().unwrap().bits, 512);
    assert!(settings(1).files.secure_link.as_ref().unwrap().secret.is_some());
    let origins = &settings(2).guard.as_ref().unwrap().origins;
    assert_eq!(origins[..], ["https://a.example".into(), "*".into()]);
    check(
        "secure_link a; secure_link_secret b;",
        &["[emerg] \"secure_link_secret\" directive cannot be mixed with \"secure_link\" and \
         \"secure_link_md5\" :2"],
    );
    check("secure_link_hmac_algorithm md5;", &["[emerg] invalid value \"md5\" :2"]);
}

/// How many warnings about open publishers there are in servers with `text`.
fn open_publishers(text: &str) -> usize {
    let servers = format!("http {{ push_stream_shared_memory_size 1m; {text} }}");
    let found = lines(&servers);
    let warned = |line: &&String| line.contains("[warn] push stream module: everybody who reaches");
    assert!(found.iter().all(|line| warned(&line)), "{text}: {found:?}");
    found.len()
}

#[test]
fn publishers_that_everybody_may_use_are_warned_about() {
    let check = |listen: &str, rule: &str, expected: usize| {
        let location = format!("push_stream_publisher; push_stream_channels_path $arg_id; {rule}");
        let text = format!("server {{ {listen} location /pub {{ {location} }} }}");
        assert_eq!(open_publishers(&text), expected, "{text}");
    };
    for listen in ["", "listen 80;", "listen 127.0.0.1:80; listen 192.0.2.1:80;", "listen [::]:80;"]
    {
        check(listen, "", 1);
    }
    for listen in ["listen 127.0.0.1:80;", "listen [::1]:80;", "listen unix:/run/a.sock;"] {
        check(listen, "", 0);
    }
    for rule in [
        "allow all;",
        "deny 192.0.2.1;",
        "auth_basic x; auth_basic_user_file f;",
        "auth_jwt x; auth_jwt_key_file k;",
        "auth_request /a;",
        "internal;",
        "secure_link $arg_a;",
        "secure_link_secret x;",
        "secure_link_hmac $arg_a;",
        "push_stream_authorized_channels_claim publish=p;",
    ] {
        check("", rule, 0);
    }
    for rule in ["auth_basic x;", "auth_basic off; auth_jwt off; auth_request off;", "satisfy any;"]
    {
        check("", rule, 1);
    }
    check("deny all;", "", 0);
}

#[test]
fn each_open_publisher_is_named_once() {
    let publisher = "push_stream_publisher; push_stream_channels_path $arg_id;";
    let text =
        format!("server {{ location /a {{ {publisher} location /a/b {{ {publisher} }} }} }}");
    assert_eq!(open_publishers(&text), 2);
    let named = format!("server {{ location @a {{ {publisher} }} }}");
    assert_eq!(open_publishers(&named), 0);
    let subscriber = "server { location /a { push_stream_subscriber websocket;
        push_stream_websocket_allow_publish on; push_stream_channels_path a; } }";
    assert_eq!(open_publishers(subscriber), 0);
    for (mode, what) in [("", "read all channels"), ("admin", "publish")] {
        let dashboard = format!("push_stream_dashboard {mode};");
        let warning = format!(
            "[warn] push stream module: everybody who reaches this server may {what} here :3"
        );
        check(&format!("\n{dashboard}"), &[&warning]);
        check(&format!("{dashboard} deny all;"), &[]);
    }
    check(
        "\npush_stream_publisher; push_stream_channels_path a;",
        &["[warn] push stream module: everybody who reaches this server may publish here :3"],
    );
}
