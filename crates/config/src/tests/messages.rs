//! Inputs, and the sentences about them.

use super::lines;
use crate::load_text;

/// Checks what is said about `text` as a whole file, notices left out; lines are given without
/// `nginx: ` and the file's name.
fn check(text: &str, expected: &[&str]) {
    let found: Vec<String> = lines(text)
        .iter()
        .filter(|line| !line.contains("[notice]"))
        .map(|line| line.trim_start_matches("nginx: ").replace(" in nginx.conf:", " :"))
        .collect();
    assert_eq!(found, expected, "{text}");
}

/// The same with `text` inside a location.
pub(super) fn in_location(text: &str, expected: &[&str]) {
    check(&format!("http {{ server {{ location /x {{\n{text}\n}} }} }}"), expected);
}

/// The same with `text` inside `http`.
pub(super) fn in_http(text: &str, expected: &[&str]) {
    check(&format!("http {{\n{text}\n}}"), expected);
}

/// A publisher in front of which `text` stands at `http` level.
fn with_publisher(text: &str, expected: &[&str]) {
    let rest = "server { listen 127.0.0.1:80; location /pub { push_stream_publisher; \
                push_stream_channels_path $arg_id; } }";
    in_http(&format!("{text}\n{rest}"), expected);
}

/// A subscriber with `text` in its location.
fn with_subscriber(text: &str, expected: &[&str]) {
    in_location(
        &format!("push_stream_subscriber; push_stream_channels_path a;\n{text}"),
        &expected
            .iter()
            .map(|line| line.replace(":2", ":3"))
            .collect::<Vec<_>>()
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
}

#[test]
fn syntax() {
    check("worker_processes 1;", &[]);
    check("}", &["[emerg] unexpected \"}\" :1"]);
    check(";", &["[emerg] unexpected \";\" :1"]);
    check("{ }", &["[emerg] unexpected \"{\" :1"]);
    check("http {", &["[emerg] unexpected end of file, expecting \"}\" :1"]);
    check("daemon on", &["[emerg] unexpected end of file, expecting \";\" or \"}\" :1"]);
    check("pid \"x;", &["[emerg] unexpected end of file, expecting \";\" or \"}\" :1"]);
    check("http { default_type x }", &["[emerg] unexpected \"}\" :1"]);
    check("http;", &["[emerg] directive \"http\" has no opening \"{\" :1"]);
    check("daemon on { }", &["[emerg] directive \"daemon\" is not terminated by \";\" :1"]);
    check(
        "pid \"x\"y;",
        &[
            "[emerg] invalid number of arguments in \"pid\" directive :1",
            "[emerg] unexpected \"y\" :1",
        ],
    );
    check(
        "include /no/such/file;",
        &["[emerg] open() \"/no/such/file\" failed (2: No such file or directory) :1"],
    );
    check("include /no/such/*.conf;", &[]);
    check("include;", &["[emerg] invalid number of arguments in \"include\" directive :1"]);
    check(
        "http { include; }",
        &["[emerg] invalid number of arguments in \"include\" directive :1"],
    );
}

#[test]
fn every_mistake_of_a_file() {
    check(
        "daemon maybe;\nworker_proceses 2;\nhttp {\n  server { listen x:y; }\n  sendfil on;\n  lua 1;\n  proxy_pass x;\n",
        &[
            "[emerg] invalid value \"maybe\" in \"daemon\" directive, it must be \"on\" or \"off\" :1",
            "[emerg] unknown directive \"worker_proceses\" :2",
            "[emerg] invalid port in \"x:y\" of the \"listen\" directive :4",
            "[emerg] unknown directive \"sendfil\" :5",
            "[emerg] unknown directive \"lua\" :6",
            "[emerg] \"proxy_pass\" directive is not allowed here :7",
            "[emerg] unexpected end of file, expecting \"}\" :8",
        ],
    );
}

#[test]
fn places_counts_and_repetition() {
    check("server { }", &["[emerg] \"server\" directive is not allowed here :1"]);
    in_http("location / { }", &["[emerg] \"location\" directive is not allowed here :2"]);
    in_http(
        "push_stream_publisher;",
        &["[emerg] \"push_stream_publisher\" directive is not allowed here :2"],
    );
    in_location(
        "push_stream_message_ttl 1m;",
        &["[emerg] \"push_stream_message_ttl\" directive is not allowed here :2"],
    );
    in_location(
        "if ($arg_x) { push_stream_header_template x; }",
        &["[emerg] \"push_stream_header_template\" directive is not allowed here :2"],
    );
    check("daemon;", &["[emerg] invalid number of arguments in \"daemon\" directive :1"]);
    in_location(
        "push_stream_publisher a b;",
        &["[emerg] invalid number of arguments in \"push_stream_publisher\" directive :2"],
    );
    check("daemon on; daemon off;", &["[emerg] \"daemon\" directive is duplicate :1"]);
    in_location(
        "push_stream_store_messages on; push_stream_store_messages on;",
        &["[emerg] \"push_stream_store_messages\" directive is duplicate :2"],
    );
}

#[test]
fn values() {
    in_http(
        "keepalive_requests x;",
        &["[emerg] \"keepalive_requests\" directive invalid number :2"],
    );
    in_http("send_timeout x;", &["[emerg] \"send_timeout\" directive invalid value :2"]);
    in_http(
        "client_max_body_size 1x;",
        &["[emerg] \"client_max_body_size\" directive invalid value :2"],
    );
    in_http("server_tokens maybe;", &["[emerg] invalid value \"maybe\" :2"]);
    in_http("gzip_proxied sometimes;", &["[emerg] invalid value \"sometimes\" :2"]);
    in_http("gzip_comp_level 10;", &["[emerg] value must be between 1 and 9 :2"]);
    check("worker_processes x;", &["[emerg] \"worker_processes\" directive invalid value :1"]);
    check("error_log x loud;", &["[emerg] invalid log level \"loud\" :1"]);
    in_http("access_log x nofmt;", &["[emerg] unknown log format \"nofmt\" :2"]);
    in_http("log_format combined x;", &["[emerg] duplicate \"log_format\" name \"combined\" :2"]);
    in_http("add_header a b c;", &["[emerg] invalid parameter \"c\" :2"]);
    in_http("allow localhost;", &["[emerg] invalid parameter \"localhost\" :2"]);
    in_http("allow 10.1.1.1/8;", &["[warn] low address bits of 10.1.1.1/8 are meaningless :2"]);
    in_http("expires @25h;", &["[emerg] daily time value must be less than 24 hours :2"]);
    in_location("return abc;", &["[emerg] invalid return code \"abc\" :2"]);
    in_location("return 200 $nothing;", &["[emerg] unknown \"nothing\" variable :2"]);
    in_location(
        "return 200 ${uri;",
        &["[emerg] the closing bracket in \"uri\" variable is missing :2"],
    );
    in_location("return 200 \"cost: 5$\";", &["[emerg] invalid variable name in \"cost: 5$\" :2"]);
    in_location("set x y;", &["[emerg] invalid variable name \"x\" :2"]);
    in_location("set $uri y;", &["[emerg] the duplicate \"uri\" variable :2"]);
}

#[test]
fn conditions() {
    for good in [
        "($arg_x)",
        "($arg_x = \"on\")",
        "( $arg_x = on )",
        "($arg_x != on)",
        "($arg_x ~ ^a(b)$)",
        "($arg_x ~* \"a b\")",
        "($arg_x !~ a)",
        "($arg_x !~* a)",
        "(-f $request_filename)",
        "(!-f $request_filename)",
        "(!-e x)",
        "(-d x)",
        "(-x x)",
        "($http_cookie ~* \"id=([^;]+)(?:;|$)\")",
    ] {
        in_location(&format!("if {good} {{ return 404; }}"), &[]);
    }
    in_location("if $arg_x { }", &["[emerg] invalid condition \"$arg_x\" :2"]);
    in_location("if (arg_x) { }", &["[emerg] invalid condition \"arg_x\" :2"]);
    in_location("if ($arg_x == on) { }", &["[emerg] unexpected \"==\" in condition :2"]);
    in_location("if (-z x) { }", &["[emerg] invalid condition \"-z\" :2"]);
    in_location(
        "if ($arg_x ~ (?=a)) { }",
        &[
            "[emerg] invalid regular expression \"(?=a)\": look-around are not supported by the linear-time expression engine :2",
        ],
    );
}

#[test]
fn servers_and_locations() {
    in_http("server { listen 80; listen 80; }", &["[emerg] a duplicate listen 0.0.0.0:80 :2"]);
    in_http(
        "server { listen 80 default_server; }\nserver { listen 80 default_server; }",
        &[
            "[emerg] a duplicate default server for 0.0.0.0:80 :3",
            "[warn] conflicting server name \"\" on 0.0.0.0:80, ignored",
        ],
    );
    in_http(
        "server { listen 80 backlog=5; }\nserver { server_name a; listen 80 backlog=6; }",
        &["[emerg] duplicate listen options for 0.0.0.0:80 :3"],
    );
    in_http(
        "server { listen 80 http2; }",
        &[
            "[warn] the \"listen ... http2\" directive is deprecated, use the \"http2\" directive instead :2",
        ],
    );
    in_http("server { listen 80 fast; }", &["[emerg] invalid parameter \"fast\" :2"]);
    in_http(
        "server { server_name a; }\nserver { server_name a; }",
        &["[warn] conflicting server name \"a\" on 0.0.0.0:80, ignored"],
    );
    in_http("server { server_name *a; }", &["[emerg] server name \"*a\" is invalid :2"]);
    in_http(
        "server { location /a { location /b { } } }",
        &["[emerg] location \"/b\" is outside location \"/a\" :2"],
    );
    in_http(
        "server { location = /a { location /a/b { } } }",
        &["[emerg] location \"/a/b\" cannot be inside the exact location \"/a\" :2"],
    );
    in_http(
        "server { location /a { location @b { } } }",
        &["[emerg] named location \"@b\" can be on the server level only :2"],
    );
    in_http(
        "server { location /a { } location ^~ /a { } location = /a { } }",
        &["[emerg] duplicate location \"/a\" :2"],
    );
    in_http("server { location ! /a { } }", &["[emerg] invalid location modifier \"!\" :2"]);
}

#[test]
fn maps() {
    in_http(
        "map $arg_a $b { default 1; default 2; a; a b; A c; }",
        &[
            "[emerg] duplicate default map parameter :2",
            "[emerg] invalid number of the map parameters :2",
            "[emerg] conflicting parameter \"A\" :2",
        ],
    );
    in_http("map $arg_a b { }", &["[emerg] invalid variable name \"b\" :2"]);
    in_http(
        "map $b $a { default $c; }\nmap $a $b { }\nmap $uri $c { default $uri; }",
        &["[emerg] cycle while evaluating variable \"a\" :2"],
    );
    in_http(
        "map $uri $a { hostnames; *.b* c; }",
        &["[emerg] invalid hostname or wildcard \"*.b*\" :2"],
    );
}

#[test]
fn push_roles() {
    in_location(
        "push_stream_channels_path a; push_stream_subscriber bogus;",
        &[
            "[error] push stream module: invalid push_stream_subscriber mode value: bogus, accepted values (streaming, polling, long-polling, eventsource, websocket) :2",
        ],
    );
    in_location(
        "push_stream_channels_path a; push_stream_publisher bogus;",
        &[
            "[error] push stream module: invalid push_stream_publisher mode value: bogus, accepted values (normal, admin) :2",
        ],
    );
    in_location(
        "push_stream_channels_path a; push_stream_publisher; push_stream_subscriber;",
        &["[emerg] \"push_stream_subscriber\" directive is duplicate :2"],
    );
    in_location(
        "push_stream_channels_path a; push_stream_publisher; push_stream_channels_statistics;
         allow all;",
        &[],
    );
    in_location("push_stream_channels_path a; push_stream_publisher ADMIN; allow all;", &[]);
    in_location(
        "push_stream_subscriber;",
        &["[error] push stream module: push_stream_channels_path must be set. :2"],
    );
}

#[test]
fn push_limits() {
    for name in [
        "push_stream_max_number_of_channels",
        "push_stream_max_number_of_wildcard_channels",
        "push_stream_message_ttl",
        "push_stream_max_subscribers_per_channel",
        "push_stream_max_messages_stored_per_channel",
        "push_stream_max_channel_id_length",
    ] {
        let expected = format!("[error] push stream module: {name} cannot be zero. :2");
        with_publisher(&format!("{name} 0;"), &[&expected]);
        in_http(&format!("{name} 0;"), &[]);
    }
    for name in [
        "push_stream_ping_message_interval",
        "push_stream_wildcard_channel_max_qtd",
        "push_stream_longpolling_connection_ttl",
    ] {
        let expected = format!("[error] push stream module: {name} cannot be zero. :2");
        with_subscriber(&format!("{name} 0;"), &[&expected]);
        in_location(&format!("{name} 0;"), &[]);
    }
    with_subscriber(
        "push_stream_subscriber_connection_ttl 0;",
        &["[error] push stream module: push_stream_subscriber_connection_ttl cannot be zero. :2"],
    );
    with_subscriber(
        "push_stream_message_template \"\";",
        &["[error] push stream module: push_stream_message_template cannot be blank. :2"],
    );
    in_location("push_stream_message_template \"\";", &[]);
    with_subscriber(
        "push_stream_wildcard_channel_max_qtd 3;",
        &[
            "[error] push stream module: cannot set wildcard channel max qtd if push_stream_wildcard_channel_prefix is not set or blank. :2",
        ],
    );
    with_publisher(
        "push_stream_wildcard_channel_prefix b; push_stream_max_number_of_wildcard_channels 2; push_stream_wildcard_channel_max_qtd 3;",
        &[
            "[error] push stream module: max number of wildcard channels cannot be smaller than value in push_stream_wildcard_channel_max_qtd. :2",
        ],
    );
}

#[test]
fn push_memory() {
    let small = "[warn] The push_stream_shared_memory_size value must be at least 128KiB :2";
    in_http("push_stream_shared_memory_size 100k;", &[small]);
    in_http("push_stream_shared_memory_size 1g;", &[small]);
    in_http("push_stream_shared_memory_size 128k;", &[]);
    in_http(
        "push_stream_shared_memory_size 1m; push_stream_shared_memory_size 1m;",
        &["[emerg] duplicate zone \"push_stream_module\" :2"],
    );
    let loaded = load_text(b"http { push_stream_shared_memory_size 100k; }");
    assert!(loaded.failed());
    let refused = lines(
        "http { push_stream_shared_memory_size 1; server { location / { push_stream_publisher; push_stream_channels_path a; } } }",
    );
    assert_eq!(refused, [format!("nginx: {}", small.replace(" :2", " in nginx.conf:1"))]);
    let notices = lines(
        "http { server { location / { push_stream_subscriber; push_stream_channels_path a; } } }",
    );
    assert_eq!(
        notices,
        [
            "nginx: [notice] push stream module: push_stream_shared_memory_size must be set. Without it, a quarter of the machine's memory is used in nginx.conf:1"
        ]
    );
}

#[test]
fn push_values() {
    in_http(
        "push_stream_timeout_with_body 1;",
        &[
            "[emerg] invalid value \"1\" in \"push_stream_timeout_with_body\" directive, it must be \"on\" or \"off\" :2",
        ],
    );
    in_http("push_stream_timeout_with_body ON;", &[]);
    in_http(
        "push_stream_message_ttl 5x;",
        &["[emerg] \"push_stream_message_ttl\" directive invalid value :2"],
    );
    in_http(
        "push_stream_message_ttl 500ms;",
        &["[emerg] \"push_stream_message_ttl\" directive invalid value :2"],
    );
    in_http("push_stream_ping_message_interval 500ms;", &[]);
    in_http(
        "push_stream_max_number_of_channels 5x;",
        &["[emerg] \"push_stream_max_number_of_channels\" directive invalid number :2"],
    );
    in_http(
        "push_stream_header_template a; push_stream_header_template_file /dev/null;",
        &[
            "[emerg] \"push_stream_header_template_file\" directive is duplicate or template set by 'push_stream_header_template' :2",
        ],
    );
    in_http(
        "push_stream_header_template_file /dev/null; push_stream_header_template a;",
        &["[emerg] \"push_stream_header_template\" directive is duplicate :2"],
    );
    in_http(
        "push_stream_header_template_file /no/such/file;",
        &[
            "[error] push stream module: unable to open file \"/no/such/file\" for header template :2",
        ],
    );
    in_http(
        "push_stream_subscriber_buffer_size 0;",
        &["[error] push stream module: push_stream_subscriber_buffer_size cannot be zero. :2"],
    );
    in_http(
        "push_stream_subscriber_policy drop;",
        &[
            "[error] push stream module: invalid push_stream_subscriber_policy mode value: drop, accepted values (disconnect, drop_oldest, keep_latest) :2",
        ],
    );
}

#[test]
fn push_padding() {
    let second =
        "[error] push stream module: push stream module: unable to parse paddings by user agent :2";
    for (value, first) in [
        ("user_agent,as,df", "padding pattern not match the value user_agent,as,df"),
        ("user_agent;10;0", "padding pattern not match the value user_agent;10;0"),
        (
            "user_agent,10,0:other_user_agent;20;0:another_user_agent,30,0",
            "error applying padding pattern to other_user_agent;20;0:another_user_agent,30,0",
        ),
    ] {
        let first = format!("[error] push stream module: {first} :2");
        with_subscriber(
            &format!("push_stream_padding_by_user_agent \"{value}\";"),
            &[&first, second],
        );
        in_location(&format!("push_stream_padding_by_user_agent \"{value}\";"), &[]);
    }
    with_subscriber(
        "push_stream_padding_by_user_agent \"[T|t]est 1,1024,508:[T|t]est 2,4097,0\";",
        &[],
    );
}

#[test]
fn notices() {
    let unused =
        "nginx: [notice] ngx_http_push_stream_module will not be used with this configuration.";
    assert_eq!(
        lines("events { use epoll; }\nhttp { sendfile on; server { sendfile off; } }"),
        [
            "nginx: [notice] \"use\" directive has no meaning here and is ignored in nginx.conf:1",
            "nginx: [notice] \"sendfile\" directive has no meaning here and is ignored in nginx.conf:2",
            unused,
        ]
    );
    assert_eq!(lines(""), [unused]);
    assert_eq!(lines("load_module modules/ngx_http_push_stream_module.so;").len(), 2);
    in_http("ssl off; auth_basic off;", &[]);
    in_http("ssl on;", &["[emerg] \"ssl\" directive is not implemented yet :2"]);
    check("load_module x.so;", &["[emerg] \"load_module\" of \"x.so\" is not implemented yet :1"]);
}

/// What stands in users' files around the push directives is read without complaint.
#[test]
fn acceptance_suite_file() {
    let open = "[warn] push stream module: everybody who reaches this server may publish here :70";
    check(include_str!("suite.conf"), &[open]);
    assert_eq!(lines(include_str!("suite.conf")).len(), 13);
}

#[test]
fn variables_of_refused_directives() {
    in_http(
        "js_set $g x;\nserver { location / { return 200 $g; } }",
        &["[emerg] \"js_set\" directive is not implemented yet :2"],
    );
}

#[test]
fn logs() {
    in_http("error_log /a info format=json; error_log /a format=plain;", &[]);
    in_http("error_log /a format=xml;", &["[emerg] unknown error log format \"xml\" :2"]);
    in_http("error_log /a info warn;", &["[emerg] invalid parameter \"warn\" :2"]);
    in_http(
        "access_log /a combined buffer=32k flush=5s gzip=6 if=$arg_x; access_log /b gzip;",
        &[],
    );
    in_http("access_log /a/$host.log combined; open_log_file_cache max=100 valid=1m;", &[]);
    let no_buffer = "[emerg] no buffer is defined for access_log \"/a\" :2";
    in_http("access_log /a combined flush=5s;", &[no_buffer]);
    let named = "[emerg] buffered logs cannot have variables in name :2";
    in_http("access_log /a/$host combined buffer=1k;", &[named]);
    let syslog = "[emerg] logs to syslog cannot be buffered :2";
    in_http("access_log syslog:server=127.0.0.1 combined gzip;", &[syslog]);
    in_http("access_log /a combined buffer=0;", &["[emerg] invalid buffer size \"0\" :2"]);
    in_http("access_log /a combined gzip=10;", &["[emerg] invalid compression level \"10\" :2"]);
    in_http("open_log_file_cache off;", &[]);
    let max = "[emerg] \"open_log_file_cache\" must have \"max\" parameter :2";
    in_http("open_log_file_cache inactive=1m;", &[max]);
    for parameter in ["valid=x", "inactive", "often"] {
        let invalid = format!("[emerg] invalid parameter \"{parameter}\" :2");
        in_http(&format!("open_log_file_cache max=1 {parameter};"), &[&invalid]);
    }
}

#[test]
fn clients_are_divided() {
    let server = "server { location / { return 200 $v; } }";
    let check = |table: &str, expected: &[&str]| in_http(&format!("{table} {server}"), expected);
    check("geo $v { default 0; 10.0.0.0/8 1; ::1 2; delete ::1; }", &[]);
    check("geo $arg_x $v { 10.1.2.3 a; }", &[]);
    let low = "[warn] low address bits of 10.1.2.3/8 are meaningless :2";
    check("geo $v { 10.1.2.3/8 1; }", &[low]);
    let twice = "[warn] duplicate network \"10.0.0.0/8\" :2";
    check("geo $v { 10.0.0.0/8 1; 10.0.0.0/8 2; }", &[twice]);
    check("geo $v { delete ::1; }", &["[warn] no network \"::1\" to delete :2"]);
    check("geo $v { here 1; }", &["[emerg] invalid network \"here\" :2"]);
    check("geo $v { ::1; }", &["[emerg] invalid number of the geo parameters :2"]);
    check("geo $v { ranges; }", &["[emerg] \"ranges\" of a \"geo\" is not implemented yet :2"]);
    check("split_clients $remote_addr $v { 0.5% a; 50% b; * c; }", &[]);
    let percent = "[emerg] invalid percent value \"0%\" :2";
    check("split_clients $remote_addr $v { 0% a; }", &[percent]);
    let total = "[emerg] percent total is greater than 100% :2";
    check("split_clients $remote_addr $v { 60% a; 50% b; }", &[total]);
}

#[test]
fn arguments_can_be_set() {
    in_http("server { location / { set $args a=b; if ($arg_x) { set $args $arg_x; } } }", &[]);
    let script = "server { location / { set $args a=b; return 200 $args; } }";
    let text = format!("{:?}", load_text(format!("http {{ {script} }}").as_bytes()).settings);
    assert!(text.contains("Some(Expression { pieces: [Variable(Builtin(Args))] })"), "{text}");
    let rate = "[emerg] changing \"$limit_rate\" by \"set\" is not implemented yet :2";
    in_http("server { set $limit_rate 1k; }", &[rate]);
}

#[test]
fn locations_that_tell_of_the_server() {
    let in_location = |directives: &str, expected: &[&str]| {
        in_http(&format!("server {{ location / {{ {directives} }} }}"), expected);
    };
    for directive in [
        "push_stream_metrics",
        "push_stream_health ready",
        "push_stream_playground",
        "push_stream_dashboard admin; deny all",
        "stub_status on",
        "empty_gif",
    ] {
        in_location(&format!("{directive};"), &[]);
    }
    let invalid = "[emerg] invalid value \"raedy\" in \"push_stream_health\" directive :2";
    in_location("push_stream_health raedy;", &[invalid]);
    let invalid = "[emerg] invalid value \"admn\" in \"push_stream_dashboard\" directive :2";
    in_location("push_stream_dashboard admn;", &[invalid]);
    let twice = "[emerg] \"empty_gif\" directive is duplicate :2";
    in_location("stub_status; empty_gif;", &[twice]);
}

#[test]
fn old_names() {
    let expected = [
        ("push_stream_publisher_admin on;", "push_stream_publisher admin"),
        (
            "push_stream_subscriber; push_stream_eventsource_support on;",
            "push_stream_subscriber eventsource",
        ),
        ("push_stream_websocket;", "push_stream_subscriber websocket"),
        ("push_stream_content_type x;", "default_type"),
        ("push_stream_keepalive on;", "keepalive_timeout and keepalive_requests"),
        ("push_stream_min_message_buffer_timeout 1m;", "push_stream_message_ttl"),
        ("push_stream_max_message_buffer_length 1;", "push_stream_max_messages_stored_per_channel"),
        ("push_stream_min_message_buffer_length 1;", "nothing, it was dropped in 0.2.0"),
        ("push_stream_subscriber_connection_timeout 1;", "push_stream_subscriber_connection_ttl"),
        ("push_stream_subscriber_disconnect_interval 1;", "nothing, it was dropped in 0.2.0"),
        ("push_stream_broadcast_channel_prefix b;", "push_stream_wildcard_channel_prefix"),
        ("push_stream_broadcast_channel_max_qtd 1;", "push_stream_wildcard_channel_max_qtd"),
        ("push_stream_delete_oldest_received_message on;", "nothing, no release knew it"),
        ("push_stream_subscriber_eventsource;", "push_stream_subscriber eventsource"),
        ("set $push_stream_channels_path a;", "push_stream_channels_path"),
        ("set $push_stream_channel_id a;", "push_stream_channels_path"),
    ];
    for (text, now) in expected {
        let text = format!(
            "http {{ push_stream_channels_path x; push_stream_broadcast_channel_prefix b; server {{ location / {{ {text} }} }} }}"
        );
        let said = lines(&text);
        let end = format!(" release, today: {now} in nginx.conf:1");
        assert!(said.iter().any(|line| line.ends_with(&end)), "{text}: {said:#?}");
        assert!(load_text(text.as_bytes()).settings.is_some(), "{said:#?}");
    }
    for (text, now) in [
        ("push_stream_max_reserved_memory 1m;", "push_stream_shared_memory_size"),
        ("push_stream_memory_cleanup_timeout 10;", "nothing, the time is 10 s"),
        ("push_stream_shared_memory_cleanup_objects_ttl 10;", "nothing, the time is 10 s"),
        (
            "push_stream_max_number_of_broadcast_channels 5;",
            "push_stream_max_number_of_wildcard_channels",
        ),
    ] {
        let said = lines(&format!("http {{ {text} }}"));
        assert!(said[0].ends_with(&format!(", today: {now} in nginx.conf:1")), "{said:#?}");
    }
    in_http(
        "push_stream_memory_cleanup_timeout 9;",
        &["[error] push stream module: memory cleanup objects ttl cannot't be less than 10. :2"],
    );
    in_location(
        "push_stream_eventsource_support on;",
        &[
            "[error] push stream module: event source support is only available on subscriber location :2",
        ],
    );
}

#[test]
fn help() {
    let text = "http {\n    push_stream_mesage_ttl 10m;\n}\n";
    let loaded = load_text(text.as_bytes());
    let found = &loaded.diagnostics[0];
    let place = found.place.as_ref().unwrap();
    assert_eq!((place.line, place.column), (2, 5));
    assert_eq!(found.help.as_deref(), Some("did you mean \"push_stream_message_ttl\"?"));
    let shown = found.render(false);
    for part in [
        "emerg",
        "nginx.conf:2:5",
        "push_stream_mesage_ttl 10m;",
        "^^^^^^^^^^^^^^^^^^^^^^",
        "did you mean",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    let swallowed = "http { push_stream_shared_memory_size 1m\nserver { oops; } }";
    check(
        swallowed,
        &[
            "[emerg] directive \"push_stream_shared_memory_size\" is not terminated by \";\" :1",
            "[emerg] unknown directive \"oops\" :2",
        ],
    );
    let loaded = load_text(b"http { server {\nlisten 80\nserver_name x;\n} }");
    assert_eq!(loaded.diagnostics.len(), 1);
    assert_eq!(loaded.diagnostics[0].help.as_deref(), Some("is \";\" missing after \"80\"?"));
}

#[test]
fn tls() {
    let pair = "ssl_certificate a.pem; ssl_certificate_key a.key;";
    let without = |place: &str| {
        format!(
            "[emerg] no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive {place}"
        )
    };
    in_http(&format!("server {{ listen 443 ssl; {pair} }}"), &[]);
    in_http(&format!("{pair} server {{ listen 443 ssl; }}"), &[]);
    in_http(
        &format!(
            "server {{ listen 443 ssl; {pair} }}\nserver {{ listen 443 ssl; server_name b; }}"
        ),
        &[],
    );
    in_http("\nserver { listen 443 ssl; }", &[&without(":3")]);
    in_http("server { listen 443 ssl; ssl_reject_handshake on; }", &[]);
    in_http(
        "server { listen 443 ssl; ssl_reject_handshake on; }\nserver { listen 443; server_name b; }",
        &[&without(":3")],
    );
    in_http(
        "ssl_certificate /a.pem;\nserver { }",
        &["[emerg] no \"ssl_certificate_key\" is defined for certificate \"/a.pem\""],
    );
    in_http(
        &format!("{pair} ssl_verify_client on; server {{ }}"),
        &["[emerg] no ssl_client_certificate for ssl_verify_client"],
    );
    in_http(
        &format!(
            "{pair} ssl_verify_client optional; ssl_client_certificate c; ssl_trusted_certificate d; ssl_verify_depth 2; server {{ }}"
        ),
        &[],
    );
    in_http("ssl_verify_client maybe;", &["[emerg] invalid value \"maybe\" :2"]);
    in_http(
        "ssl_verify_client optional_no_ca;",
        &["[emerg] \"optional_no_ca\" of \"ssl_verify_client\" is not implemented yet :2"],
    );
    in_http("ssl_protocols TLSv1 TLSv1.1 TLSv1.2;", &[]);
    in_http(
        "ssl_protocols TLSv1.1;",
        &["[emerg] no protocol that is offered: TLSv1.2, TLSv1.3 :2"],
    );
    in_http("ssl_protocols TLSv2;", &["[emerg] invalid value \"TLSv2\" :2"]);
    in_http(
        "ssl_session_cache shared:SSL:10m; ssl_session_timeout 1d; ssl_session_tickets off;",
        &[],
    );
    in_http("ssl_session_cache builtin:1000 shared:SSL:1m;", &[]);
    for wrong in ["shared:SSL", "shared::1m", "shared:SSL:1k", "many"] {
        let message = format!("[emerg] invalid session cache \"{wrong}\" :2");
        in_http(&format!("ssl_session_cache {wrong};"), &[&message]);
    }
    in_http(
        "ssl_certificate data:x; ssl_certificate_key $key;",
        &[
            "[emerg] \"data:\" of \"ssl_certificate\" is not implemented yet :2",
            "[emerg] a variable in the \"ssl_certificate_key\" directive is not implemented yet :2",
        ],
    );
    in_http("ssl_password_file x; ssl_crl y;", &[]);
    for name in ["ssl_password_file", "ssl_crl"] {
        let twice = format!("[emerg] \"{name}\" directive is duplicate :2");
        in_http(&format!("{name} x; {name} y;"), &[&twice]);
        let many = format!("[emerg] invalid number of arguments in \"{name}\" directive :2");
        in_http(&format!("{name} x y;"), &[&many]);
    }
    in_http(
        "ssl_ciphers HIGH; ssl_prefer_server_ciphers on; ssl_ecdh_curve auto; ssl_dhparam x; ssl_stapling on;",
        &[],
    );
}
