//! What configurations come down to.

use std::sync::Arc;
use std::time::Duration;

use outpour_core::router::{Condition, IfBlock, Statement};
use outpour_core::settings::*;
use outpour_core::variables::{Expression, MapKey, Piece, Variable};

use super::loaded;

/// The whole of it.
fn settings(text: &str) -> Settings {
    loaded(text).settings.unwrap()
}

fn http(text: &str) -> Http {
    settings(&format!("http {{\n{text}\n}}")).http.unwrap()
}

/// The first location of the first server.
fn location(text: &str) -> Location {
    http(&format!("server {{\n{text}\n}}")).servers.remove(0).locations.remove(0)
}

pub(super) fn blocks(script: &[Statement]) -> Vec<&IfBlock> {
    fn block(statement: &Statement) -> Option<&IfBlock> {
        match statement {
            Statement::If(block) => Some(block),
            Statement::Set { .. }
            | Statement::SetArgs(_)
            | Statement::Return { .. }
            | Statement::Break
            | Statement::Rewrite(_) => None,
        }
    }
    script.iter().filter_map(block).collect()
}

fn set_slot(path: &Expression) -> usize {
    match path.pieces.as_slice() {
        [Piece::Variable(Variable::Set(slot))] => *slot,
        other => panic!("{other:?}"),
    }
}

fn rules(settings: &LocationSettings) -> usize {
    settings.guard.as_ref().map_or(0, |guard| guard.rules.len())
}

fn literal(text: &str) -> Expression {
    Expression::literal(text.as_bytes())
}

#[test]
fn main_level() {
    let main = settings(
        "worker_processes 4; daemon on; user a b; worker_rlimit_nofile 9; worker_shutdown_timeout \
         5s; pid /run/x.pid; error_log stderr notice; error_log /x debug_http; env A; events { \
         worker_connections 7; }",
    )
    .main;
    assert_eq!(main.worker_processes, WorkerProcesses::Count(4));
    assert!(main.daemon);
    assert_eq!(main.user, Some(("a".into(), Some("b".into()))));
    assert_eq!(main.worker_rlimit_nofile, Some(9));
    assert_eq!(main.worker_shutdown_timeout, Some(Duration::from_secs(5)));
    assert_eq!(main.pid.unwrap().to_str(), Some("/run/x.pid"));
    assert_eq!(main.worker_connections, Some(7));
    assert_eq!(
        main.error_log[0],
        ErrorLog { target: LogTarget::Stderr, level: Level::Notice, json: false }
    );
    assert_eq!(main.error_log[1].level, Level::Debug);
    let main = settings("").main;
    assert_eq!(main.worker_processes, WorkerProcesses::Auto);
    assert!(!main.daemon && main.pid.is_none() && main.error_log.is_empty());
}

#[test]
fn listening() {
    let http = http(
        "server { listen 127.0.0.1:8080; server_name a *.a a.* .b ~^(?<x>c)$ \"\"; }
         server { listen 8080; listen [::1]:8080 ipv6only=off backlog=9; }
         server { listen 127.0.0.1:8080 default_server rcvbuf=8k so_keepalive=on; }
         server { listen unix:/x; }
         server { server_name e; }",
    );
    let shown: Vec<_> = http
        .listens
        .iter()
        .map(|l| (l.address.clone(), l.default_server, l.servers.clone()))
        .collect();
    let tcp = |text: &str| ListenAddress::Tcp(text.parse().unwrap());
    assert_eq!(
        shown,
        [
            (tcp("127.0.0.1:8080"), 2, vec![0, 2]),
            (tcp("0.0.0.0:8080"), 1, vec![1]),
            (tcp("[::1]:8080"), 1, vec![1]),
            (ListenAddress::Unix("/x".into()), 3, vec![3]),
            (tcp("0.0.0.0:80"), 4, vec![4]),
        ]
    );
    assert_eq!((http.listens[0].rcvbuf, http.listens[0].so_keepalive), (Some(8192), true));
    assert_eq!((http.listens[2].backlog, http.listens[2].ipv6only), (9, false));
    assert_eq!(http.listens[0].backlog, 511);
    let names: Vec<String> = http.servers[0].names.iter().map(|n| format!("{n:?}")).collect();
    assert_eq!(names.len(), 7);
    assert!(matches!(&http.servers[0].names[1], ServerName::Suffix(s) if **s == *b".a"));
    assert!(matches!(&http.servers[0].names[2], ServerName::Prefix(s) if **s == *b"a."));
    assert!(matches!(&http.servers[0].names[5], ServerName::Regex(p) if p.names.len() == 1));
    assert_eq!((&*http.servers[0].name, &*http.servers[1].name), (&b"a"[..], &b""[..]));
}

#[test]
fn core_inheritance() {
    let http = http(
        "add_header a 1; add_header b 2; allow 127.0.0.1; deny all; send_timeout 5; default_type \
         a/b; keepalive_timeout 7 8; client_header_timeout 9; gzip on; gzip_types x/y;
         server { client_max_body_size 2k; gzip off;
           location / { add_header c $uri always; }
           location /x { deny all; client_max_body_size 0; charset utf-8; default_type text/html; }
         }",
    );
    let server = &http.servers[0];
    assert_eq!(server.limits.client_header_timeout, Duration::from_secs(9));
    let root = &server.locations[0].settings;
    assert_eq!(root.add_headers.len(), 1);
    assert!(root.add_headers[0].always);
    assert_eq!(rules(root), 2);
    assert_eq!(root.send_timeout, Duration::from_secs(5));
    assert_eq!(root.keepalive_header, Some(Duration::from_secs(8)));
    assert_eq!(root.client_max_body_size, Some(2048));
    assert!(!root.gzip.on);
    assert_eq!(root.gzip.types.len(), 2);
    assert_eq!(&*root.default_type, b"a/b");
    assert_eq!((&*root.name, root.origin.line), ("/", 4));
    let other = &server.locations[1].settings;
    assert_eq!((other.add_headers.len(), rules(other)), (2, 1));
    assert_eq!(other.client_max_body_size, None);
    assert_eq!(&*other.default_type, b"text/html; charset=utf-8");
    assert_eq!(&*other.types.by_extension[&b"html"[..]], b"text/html; charset=utf-8");
}

#[test]
fn remaining_core_directives() {
    let http = http(
        "client_header_buffer_size 2k; large_client_header_buffers 2 4k; ignore_invalid_headers \
         off; underscores_in_headers on; merge_slashes off; client_body_timeout 1s; \
         lingering_timeout 2s; reset_timedout_connection on; tcp_nodelay off; \
         chunked_transfer_encoding off; server_tokens off; keepalive_requests 3; gzip_min_length \
         1k; gzip_comp_level 6; gzip_http_version 1.0; gzip_vary on; gzip_proxied expired no-cache; \
         gzip_disable msie6 robot; \
         charset koi8-r; charset_types a/b; default_type a/b; expires modified -1h;
         server { expires @15h30m; location / { expires $arg_e; } location /m { expires max; } }",
    );
    assert_eq!(
        http.servers[0].limits,
        ServerSettings {
            client_header_timeout: Duration::from_secs(60),
            client_header_buffer_size: 2048,
            large_client_header_buffers: (2, 4096),
            ignore_invalid_headers: false,
            underscores_in_headers: true,
            merge_slashes: false,
        }
    );
    let s = &http.settings;
    assert_eq!(s.client_body_timeout, Duration::from_secs(1));
    assert_eq!(s.lingering_timeout, Duration::from_secs(2));
    assert!(s.reset_timedout_connection && !s.tcp_nodelay && !s.chunked_transfer_encoding);
    assert!(!s.server_tokens);
    assert_eq!(s.keepalive_requests, 3);
    assert_eq!((s.gzip.min_length, s.gzip.level), (1024, 6));
    assert!(s.gzip.http10 && s.gzip.vary);
    let words = GzipProxied { expired: true, no_cache: true, ..GzipProxied::default() };
    assert_eq!(s.gzip.proxied, Some(words));
    let disable = s.gzip.disable.as_ref().unwrap();
    assert!(disable.msie6 && disable.patterns[0].regex.is_match(b"a Robot"));
    assert_eq!(&*s.default_type, b"a/b; charset=koi8-r");
    assert_eq!(s.expires, Expires::AfterModified(-3600));
    assert_eq!(http.servers[0].settings.expires, Expires::TimeOfDay(55_800));
    assert!(matches!(http.servers[0].locations[0].settings.expires, Expires::Dynamic(_)));
    assert_eq!(http.servers[0].locations[1].settings.expires, Expires::Max);
    let main = settings("working_directory /tmp;").main;
    assert_eq!(main.working_directory, Some("/tmp".into()));
}

#[test]
fn logs_and_types() {
    let http = http(
        "types { a/b x Y; c/d z; }
         log_format main escape=json '{' '\"u\":\"$uri\"' '}';
         access_log /a main buffer=32k flush=5s if=$arg_log; access_log syslog:server=x;
         server { location / { access_log off; } location /b { access_log stderr; } }",
    );
    assert_eq!(http.log_formats.len(), 2);
    assert_eq!((&*http.log_formats[0].name, &*http.log_formats[1].name), ("combined", "main"));
    assert_eq!(http.log_formats[1].escape, Escape::Json);
    assert_eq!(http.log_formats[1].pieces.len(), 3);
    assert!(http.log_formats[0].pieces.len() > 12);
    assert_eq!(http.settings.access_log.len(), 2);
    assert_eq!(http.settings.access_log[0].format, 1);
    assert!(http.settings.access_log[0].condition.is_some());
    let locations = &http.servers[0].locations;
    assert!(locations[0].settings.access_log.is_empty());
    assert_eq!(locations[1].settings.access_log[0].target, LogTarget::Stderr);
    assert_eq!(&*http.settings.types.by_extension[&b"y"[..]], b"a/b");
    assert!(!http.settings.types.by_extension.contains_key(&b"html"[..]));
}

#[test]
fn maps_and_variables() {
    let http = http(
        "map $http_host:$late $a { hostnames; volatile; default d; *.x.org 1; .y.org 2; z.* 3; \
         ~^(?<n>q)$ $n; \\default 4; Exact $uri; }
         server { set $late ${a}b; location ~ ^/(?<late2>.*)$ { return 200 $late2$a; } }",
    );
    let map = &http.maps[0];
    let keys: Vec<_> = map
        .entries
        .iter()
        .map(|(key, _)| match key {
            MapKey::Exact(text) => format!("={}", String::from_utf8_lossy(text)),
            MapKey::Suffix(text) => format!("*{}", String::from_utf8_lossy(text)),
            MapKey::Prefix(text) => format!("{}*", String::from_utf8_lossy(text)),
            MapKey::Regex(pattern) => format!("~{}", pattern.names.len()),
            MapKey::Share(bound) => format!("<{bound}"),
        })
        .collect();
    assert_eq!(keys, ["*.x.org", "=y.org", "*.y.org", "z.*", "~1", "=default", "=exact"]);
    assert_eq!(map.default, literal("d"));
    assert_eq!(http.set_slots, 3);
    let Statement::Return { status: 200, text: Some(text) } =
        &http.servers[0].locations[0].script[0]
    else {
        panic!()
    };
    assert!(matches!(
        &text.pieces[..],
        [Piece::Variable(Variable::Set(_)), Piece::Variable(Variable::Map(0))]
    ));
}

#[test]
fn entries_that_look_like_directives() {
    let http = http(
        "types { set x; map y; } map $uri $a { map 1; set $arg_x; push_stream_websocket 2; }
         map $uri $b { location ~(?<n>x); } server { location / { return 200 $b; } }",
    );
    assert_eq!((http.maps.len(), http.set_slots, http.store.shared_memory_size), (2, 0, None));
    assert!(matches!(
        &http.servers[0].locations[0].script[0],
        Statement::Return { text: Some(text), .. }
            if *text == Expression::variable(Variable::Map(1))
    ));
}

#[test]
fn scripts() {
    let found = location(
        "location / { set $x 1; if ($x = 1) { set $y 2; break; } if (!-f $request_filename) { \
         add_header a b; return 404; } if ($arg_z ~* (.)) { return http://a/$1; } return 444; }",
    );
    let ifs = blocks(&found.script);
    assert_eq!((found.script.len(), ifs.len()), (5, 3));
    assert!(ifs[0].settings.is_none());
    assert_eq!(ifs[1].settings.as_ref().unwrap().add_headers.len(), 1);
    assert!(matches!(ifs[1].condition, Condition::File { negated: true, .. }));
    assert!(matches!(ifs[2].script[0], Statement::Return { status: 302, .. }));
    assert!(matches!(found.script[4], Statement::Return { status: 444, text: None }));
}

#[test]
fn push_inheritance() {
    let http = http(
        "push_stream_channels_path $arg_id; push_stream_header_template h; \
         push_stream_message_template \"<~text~>\"; push_stream_footer_template f; \
         push_stream_wildcard_channel_prefix w; push_stream_max_number_of_wildcard_channels 4; \
         push_stream_padding_by_user_agent \"a,5,900:b,7,1\"; push_stream_last_event_id $arg_e;
         server { push_stream_subscriber_connection_ttl 5s;
           location /a { push_stream_subscriber; push_stream_header_template \"\";
             push_stream_subscriber_connection_ttl 10s; push_stream_subscriber_buffer_size 2m;
             push_stream_subscriber_policy Keep_latest; push_stream_websocket_deflate_min_length 9; }
           location /b { push_stream_subscriber_policy drop_oldest; push_stream_websocket_deflate on; push_stream_subscriber; push_stream_padding_by_user_agent \"c,1,1\";
             if ($arg_x) { push_stream_channels_path y; } location /b/c { } }
           location /p { push_stream_publisher admin; }
         }",
    );
    assert!(http.push_used);
    let [a, b, p] = &http.servers[0].locations[..] else { panic!() };
    let push = &a.settings.push;
    assert_eq!(push.role, Role::Subscriber(SubscriberMode::Streaming));
    assert_eq!(push.subscriber_connection_ttl, Some(Duration::from_secs(10)));
    assert_eq!(push.longpolling_connection_ttl, Some(Duration::from_secs(5)));
    assert_eq!(push.wildcard_channel_max_qtd, Some(4));
    assert_eq!((push.padding_by_user_agent.len(), push.padding_max), (2, 900));
    assert!(push.last_event_id.is_some() && push.last_received_message_tag.is_none());
    assert_eq!(a.settings.subscriber_buffer_size, 2 << 20);
    assert_eq!(a.settings.subscriber_policy, SubscriberPolicy::KeepLatest);
    assert_eq!(b.settings.subscriber_policy, SubscriberPolicy::DropOldest);
    assert_eq!(p.settings.subscriber_policy, SubscriberPolicy::Disconnect);
    assert_eq!((push.websocket_deflate, b.settings.push.websocket_deflate), (None, Some(512)));
    assert!(push.channel_info_on_publish && !push.store_messages);
    assert_eq!(b.settings.push.padding_by_user_agent.len(), 1);
    let inner = blocks(&b.script)[0].settings.as_ref().unwrap();
    assert_eq!(inner.push.channels_path, literal("y"));
    assert_eq!(inner.push.role, b.settings.push.role);
    assert!(Arc::ptr_eq(&inner.push.rendering, &b.settings.push.rendering));
    assert_eq!(b.locations[0].settings.push.role, Role::None);
    assert_eq!(p.settings.push.role, Role::Publisher(PublisherMode::Admin));
}

#[test]
fn store_directives() {
    let store = http(
        "push_stream_shared_memory_size 129k zone; push_stream_channel_deleted_message_text \"\"; \
         push_stream_channel_inactivity_time 1m30; push_stream_ping_message_text ''; \
         push_stream_timeout_with_body on; push_stream_message_ttl 1h; \
         push_stream_max_subscribers_per_channel 1; push_stream_max_messages_stored_per_channel \
         2; push_stream_max_channel_id_length 3; push_stream_max_number_of_channels 4; \
         push_stream_max_number_of_wildcard_channels 5; push_stream_wildcard_channel_prefix p; \
         push_stream_events_channel_id e;",
    )
    .store;
    assert_eq!(
        store,
        Store {
            shared_memory_size: Some(132 << 10),
            zone: "zone".into(),
            channel_deleted_message_text: Box::from([]),
            channel_inactivity_time: Duration::from_secs(90),
            ping_message_text: Box::from([]),
            timeout_with_body: true,
            message_ttl: Some(Duration::from_secs(3600)),
            max_subscribers_per_channel: Some(1),
            max_messages_stored_per_channel: Some(2),
            max_channel_id_length: Some(3),
            max_number_of_channels: Some(4),
            max_number_of_wildcard_channels: Some(5),
            wildcard_channel_prefix: Box::from(*b"p"),
            events_channel_id: Box::from(*b"e"),
        }
    );
    assert_eq!(http("").store, Store::default());
}

#[test]
fn remaining_push_directives() {
    let push = &location(
        "location / { push_stream_subscriber websocket; push_stream_channels_path a; \
         push_stream_channel_info_on_publish off; push_stream_authorized_channels_only on; \
         push_stream_header_template_file /dev/null; \
         push_stream_websocket_allow_publish on; push_stream_last_received_message_time a; \
         push_stream_last_received_message_tag b; push_stream_user_agent c; \
         push_stream_allowed_origins d; push_stream_allow_connections_to_events_channel on; }",
    )
    .settings
    .push;
    assert!(!push.channel_info_on_publish && push.authorized_channels_only);
    assert!(push.websocket_allow_publish && push.allow_connections_to_events_channel);
    assert_eq!(push.last_received_message_time, Some(literal("a")));
    assert_eq!(push.last_received_message_tag, Some(literal("b")));
    assert_eq!(push.user_agent, Some(literal("c")));
    assert_eq!(push.allowed_origins, Some(literal("d")));
}

/// What an operator wrote for release 0.3: line breaks in the template, variables for channels.
#[test]
fn old_file() {
    let text = include_str!("old_syntax.conf");
    let http = http(text);
    assert_eq!(http.store.shared_memory_size, Some(32 << 20));
    assert_eq!(&*http.store.ping_message_text, b"\"\"");
    let roles: Vec<Role> = http.servers[0].locations.iter().map(|l| l.settings.push.role).collect();
    assert_eq!(
        roles,
        [
            Role::Subscriber(SubscriberMode::WebSocket),
            Role::Subscriber(SubscriberMode::EventSource),
            Role::Subscriber(SubscriberMode::LongPolling),
            Role::Subscriber(SubscriberMode::Streaming),
            Role::Statistics,
            Role::Publisher(PublisherMode::Admin),
        ]
    );
    for (index, found) in http.servers[0].locations.iter().enumerate() {
        let push = &found.settings.push;
        assert_eq!(push.whole_channel_id, index >= 4);
        let slot = set_slot(&push.channels_path);
        assert!(matches!(&found.script[0], Statement::Set { slot: s, .. } if *s == slot));
        assert_eq!(push.content_type.as_deref(), Some(&b"application/json; charset=utf-8"[..]));
        assert_eq!(push.ping_message_interval, Some(Duration::from_secs(10)));
    }
    assert_eq!(rules(&http.servers[0].locations[5].settings), 2);
}

#[test]
fn old_variable_in_a_condition() {
    let found = location(
        "location / { push_stream_subscriber; push_stream_channels_path $1; if ($arg_t) { set \
         $push_stream_channels_path t_$arg_t; } }",
    );
    let inner = blocks(&found.script)[0];
    let slot = set_slot(&inner.settings.as_ref().unwrap().push.channels_path);
    assert!(matches!(&inner.script[0], Statement::Set { slot: s, .. } if *s == slot));
    let found = location(
        "location / { push_stream_subscriber; if ($arg_t) { set $push_stream_channels_path a; } }",
    );
    set_slot(&found.settings.push.channels_path);
}

#[test]
fn old_contexts() {
    let http = http(
        "push_stream_max_reserved_memory 1m;
         server { push_stream_publisher; push_stream_channels_path a; push_stream_keepalive off;
           location / { push_stream_min_message_buffer_timeout 7; push_stream_max_channel_id_length \
         9; push_stream_broadcast_channel_prefix b; } }",
    );
    assert_eq!(http.store.message_ttl, Some(Duration::from_secs(7)));
    assert_eq!(http.store.max_channel_id_length, Some(9));
    assert_eq!(&*http.store.wildcard_channel_prefix, b"b");
    let push = &http.servers[0].settings.push;
    assert_eq!(push.role, Role::Publisher(PublisherMode::Normal));
    assert!(push.close_publishers);
    assert_eq!(http.servers[0].locations[0].settings.push.role, Role::None);
}

/// The module's example file: both publishers' and subscribers' locations, control arguments.
#[test]
fn example_file() {
    let http = http(include_str!("example.conf"));
    let [publisher, subscriber] = &http.servers[0].locations[..] else { panic!() };
    assert_eq!(publisher.settings.client_max_body_size, Some(32 << 10));
    let ifs = blocks(&subscriber.script);
    assert_eq!(ifs.len(), 2);
    let path = &ifs[0].settings.as_ref().unwrap().push.channels_path;
    assert_eq!(path.pieces[0], Piece::Literal(Box::from(*b"test_")));
    assert!(ifs[1].settings.as_ref().unwrap().push.last_event_id.is_some());
    assert!(matches!(&ifs[1].condition, Condition::Equal { other, .. } if *other == literal("on")));
    let header = &subscriber.settings.push.rendering.header;
    assert!(header.starts_with(b"<html><head><meta http-equiv=\"Content-Type\""));
    assert!(header.windows(17).any(|part| part == b"/^(\\d{1,3}\\.){3}\\"));
    assert_eq!(&*subscriber.settings.default_type, b"text/html; charset=utf-8");
}

/// The how-to's file: no `listen`, no `events`.
#[test]
fn how_to_file() {
    let http = settings(include_str!("how_to.conf")).http.unwrap();
    assert_eq!(http.store.shared_memory_size, Some(32 << 20));
    let roles: Vec<Role> = http.servers[0].locations.iter().map(|l| l.settings.push.role).collect();
    assert_eq!(
        roles,
        [
            Role::Statistics,
            Role::Publisher(PublisherMode::Admin),
            Role::Subscriber(SubscriberMode::WebSocket),
        ]
    );
    assert!(
        matches!(http.listens[0].address, ListenAddress::Tcp(a) if a.to_string() == "0.0.0.0:80")
    );
}

#[test]
fn bytes_that_are_not_text_survive() {
    let mut text = b"http { push_stream_ping_message_text \"".to_vec();
    text.extend_from_slice(&[0xFF, 0xFE, 0x00, b'a']);
    text.extend_from_slice(b"\"; }");
    let found = crate::load_text(&text).settings.unwrap().http.unwrap();
    assert_eq!(&*found.store.ping_message_text, [0xFF, 0xFE, 0x00, b'a']);
}

#[test]
fn tls() {
    let http = http(
        "ssl_protocols TLSv1.3; ssl_session_timeout 1h; server { listen 1 ssl; listen 2; \
         ssl_certificate a; ssl_certificate_key b; ssl_certificate /c; ssl_certificate_key /d; \
         ssl_session_cache shared:x:1m; ssl_session_tickets off; } \
         server { listen 2 ssl; ssl_certificate a; ssl_certificate_key b; }",
    );
    let tls = &http.servers[0].tls;
    assert_eq!(http.listens.iter().map(|l| l.tls).collect::<Vec<_>>(), [true, true]);
    assert_eq!((tls.tls12, tls.tls13, tls.session_tickets), (false, true, false));
    assert_eq!(
        (tls.session_cache, tls.session_timeout),
        (Some(1 << 20), Duration::from_secs(3600))
    );
    assert!(tls.certificates[0].chain.is_absolute());
    assert_eq!(tls.certificates[1].key.to_str(), Some("/d"));
    assert_eq!(http.servers[1].tls.certificates.len(), 1);
    assert_eq!(http.servers[1].tls.verify_client, VerifyClient::Off);
}

#[test]
fn hooks_are_addresses_or_off() {
    let text = "http { nchan_subscribe_request /s; push_stream_authorize_request /a?$arg_x; \
                server { listen 80; nchan_authorize_request /b; \
                location /x { nchan_unsubscribe_request $arg_u; \
                nchan_publisher_upstream_request off; push_stream_publisher_upstream_request /p; } \
                location /y { push_stream_subscribe_request off; push_stream_authorize_request off; \
                push_stream_unsubscribe_request off; } } }";
    let settings = settings(text);
    let locations = &settings.http.as_ref().unwrap().servers[0].locations;
    let hooks = locations[0].settings.hooks.as_ref().unwrap();
    let literal =
        |e: &Option<Expression>| e.as_ref().and_then(|e| e.as_literal().map(<[u8]>::to_vec));
    assert_eq!(literal(&hooks.authorize), Some(b"/b".to_vec()));
    assert_eq!(literal(&hooks.subscribe), Some(b"/s".to_vec()));
    assert_eq!(literal(&hooks.publish), Some(b"/p".to_vec()));
    assert!(hooks.unsubscribe.as_ref().unwrap().as_literal().is_none());
    assert!(locations[1].settings.hooks.is_none());
}

#[test]
fn applications_have_a_role() {
    let found = location("location /app { push_stream_application; }");
    assert_eq!(found.settings.push.role, Role::Application);
}
