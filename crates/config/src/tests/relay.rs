//! `push_*` and `nchan_*` directives.

use std::time::Duration;

use outpour_core::channels::{Concurrency, Retention};
use outpour_core::settings::{FirstMessage, Http, Relay, RelayDialect, RelayTransport};

use super::{lines, loaded};

fn http(text: &str) -> Http {
    let http = loaded(text).settings.and_then(|settings| settings.http);
    http.unwrap_or_else(|| panic!("{text}"))
}

/// The relay settings of a location with `text` in it.
fn relay(text: &str) -> Relay {
    let text = format!("http {{ server {{ listen 127.0.0.1:80; location / {{\n{text}\n}} }} }}");
    let location = http(&text).servers.remove(0).locations.remove(0);
    location.settings.push.relay.as_deref().cloned().unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn defaults_of_the_module() {
    let found = relay("set $push_channel_id $arg_id; push_subscriber;");
    assert_eq!(found.dialect, RelayDialect::Module);
    assert!(found.transports.has(RelayTransport::LongPoll) && !found.publishers.http);
    let retention = Retention {
        message_ttl: Some(Duration::from_secs(3600)),
        messages_max: 10,
        channel_timeout: Duration::from_secs(5),
        delete_received_above: None,
    };
    assert_eq!(found.retention, retention);
    assert_eq!(found.concurrency, Concurrency::Broadcast);
    assert_eq!((found.subscriber_timeout, found.max_channel_subscribers), (None, None));
    assert!(found.store_messages && !found.authorized_channels_only);
    assert_eq!(found.max_channel_id_length, 1024);
}

#[test]
fn every_directive_of_the_module() {
    let found = relay(
        "set $push_channel_id $arg_id; push_publisher; push_channel_group g;
         push_subscriber_concurrency last; push_subscriber_timeout 10s; push_store_messages off;
         push_min_message_buffer_length 2; push_max_message_buffer_length 3;
         push_delete_oldest_received_message on; push_message_timeout 0; push_channel_timeout 1m;
         push_authorized_channels_only on; push_max_channel_id_length 7;
         push_max_channel_subscribers 9; push_ignore_queue_on_no_cache on;
         push_min_message_recipients 1;",
    );
    assert!(found.publishers.http && found.transports.is_empty());
    let retention = Retention {
        message_ttl: None,
        messages_max: 3,
        channel_timeout: Duration::from_secs(60),
        delete_received_above: Some(2),
    };
    assert_eq!(found.retention, retention);
    assert_eq!(found.concurrency, Concurrency::Last);
    assert_eq!(found.subscriber_timeout, Some(Duration::from_secs(10)));
    assert!(!found.store_messages && found.authorized_channels_only);
    assert!(found.ignore_queue_on_no_cache);
    assert_eq!((found.max_channel_id_length, found.max_channel_subscribers), (7, Some(9)));
    assert_eq!(found.group.as_literal(), Some(&b"g"[..]));
    assert_eq!(
        relay("set $push_channel_id a; push_publisher; push_message_buffer_length 4;")
            .retention
            .messages_max,
        4
    );
}

#[test]
fn names_of_the_first_releases() {
    let sender = relay("set $push_id $arg_id; push_sender; push_queue_messages off;");
    assert_eq!((sender.dialect, sender.store_messages), (RelayDialect::Queue, false));
    assert_eq!(sender.retention.messages_max, u64::MAX);
    let listener = relay("set $push_id $arg_id; push_listener; push_listener_concurrency first;");
    assert_eq!((listener.dialect, listener.concurrency), (RelayDialect::Queue, Concurrency::First));
    assert_eq!(sender.publisher_ids, listener.subscriber_ids);
}

#[test]
fn words_may_be_shortened() {
    let mode = |word: &str| {
        let found = relay(&format!("set $push_channel_id a; push_subscriber {word};"));
        found.transports.has(RelayTransport::LongPoll)
    };
    assert!(mode("long-poll") && mode("LONG") && mode("l"));
    assert!(!mode("interval-poll") && !mode("I"));
}

#[test]
fn memory() {
    let rest =
        "server { listen 127.0.0.1:80; set $push_channel_id a; location /pub { push_publisher; } }";
    let size = |text: &str| http(&format!("http {{ {text} {rest} }}")).store.shared_memory_size;
    assert_eq!(size(""), Some(32 << 20));
    assert_eq!(size("push_max_reserved_memory 64M;"), Some(64 << 20));
    assert_eq!(size("push_buffer_size 3M;"), Some(3 << 20));
    assert_eq!(size("push_max_reserved_memory 1k;"), Some(128 << 10));
}

fn check(text: &str, expected: &[&str]) {
    let found =
        lines(&format!("http {{ server {{ listen 127.0.0.1:80; location / {{\n{text}\n}} }} }}"));
    let found: Vec<&str> =
        found.iter().filter(|line| !line.contains("[notice]")).map(String::as_str).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn mistakes() {
    check(
        "set $push_channel_id a; push_subscriber often;",
        &["nginx: [warn] invalid push_subscriber value: often in nginx.conf:2"],
    );
    check(
        "set $push_channel_id a; push_subscriber; push_subscriber_concurrency some;",
        &["nginx: [warn] invalid push_subscriber_concurrency value: some in nginx.conf:2"],
    );
    check(
        "set $push_channel_id a; push_publisher; push_min_message_buffer_length 5; push_max_message_buffer_length 4;",
        &["nginx: [emerg] push_max_message_buffer_length cannot be smaller than \
           push_min_message_buffer_length. in nginx.conf:2"],
    );
    check(
        "set $push_channel_id a; push_publisher; push_max_message_buffer_length 4; push_message_buffer_length 5;",
        &["nginx: [emerg] \"push_message_buffer_length\" directive is duplicate in nginx.conf:2"],
    );
    check(
        "set $push_channel_id a; push_subscriber; push_subscriber;",
        &["nginx: [emerg] \"push_subscriber\" directive is duplicate in nginx.conf:2"],
    );
    check(
        "push_publisher;",
        &["nginx: [emerg] unknown \"push_channel_id\" variable in nginx.conf:2"],
    );
    check("push_sender;", &["nginx: [emerg] unknown \"push_id\" variable in nginx.conf:2"]);
    check(
        "set $push_channel_id a; push_publisher; push_message_timeout soon;",
        &["nginx: [emerg] \"push_message_timeout\" directive invalid value in nginx.conf:2"],
    );
}

#[test]
fn an_unprotected_publisher_is_warned_about() {
    let text =
        "http { server { listen 80; location / { set $push_channel_id a; push_publisher; } } }";
    assert!(lines(text).iter().any(|line| line.contains("everybody who reaches this server")));
}

#[test]
fn every_directive_of_nchan() {
    let found = relay(
        "nchan_pubsub http websocket eventsource; nchan_channel_id $arg_a $arg_b;
         nchan_channel_id_split_delimiter ,; nchan_channel_group g; nchan_store_messages off;
         nchan_message_buffer_length 3; nchan_message_timeout 10s; nchan_channel_timeout 20s;
         nchan_subscriber_timeout 30s; nchan_subscriber_first_message -2;
         nchan_subscriber_last_message_id $arg_last;
         nchan_subscriber_message_id_custom_etag_header X-Tag;
         nchan_subscriber_compound_etag_message_id on;
         nchan_subscriber_http_raw_stream_separator --; nchan_subscribe_existing_channels_only on;
         nchan_max_channel_id_length 9; nchan_max_channel_subscribers 8;
         nchan_websocket_ping_interval 5s; nchan_eventsource_ping_interval 6s;
         nchan_eventsource_ping_event still; nchan_eventsource_ping_data there;
         nchan_eventsource_ping_comment hello; nchan_access_control_allow_origin *;
         nchan_access_control_allow_credentials off; nchan_channel_events_channel_id told;
         nchan_channel_event_string \"$nchan_channel_event of $nchan_channel_id\";",
    );
    assert_eq!(found.dialect, RelayDialect::Nchan);
    assert!(found.publishers.http && found.publishers.websocket);
    assert!(found.transports.has(RelayTransport::EventSource));
    assert!(!found.transports.has(RelayTransport::LongPoll));
    assert_eq!((found.subscriber_ids.len(), found.publisher_ids.len()), (2, 2));
    assert_eq!(found.split_delimiter.as_deref(), Some(&b","[..]));
    assert_eq!((found.retention.messages_max, found.first_message), (3, FirstMessage::Nth(-2)));
    assert_eq!(found.retention.message_ttl, Some(Duration::from_secs(10)));
    assert_eq!(found.retention.channel_timeout, Duration::from_secs(20));
    assert_eq!(found.subscriber_timeout, Some(Duration::from_secs(30)));
    assert_eq!((&*found.etag_header, found.compound_etag), ("X-Tag", true));
    assert_eq!(*found.raw_stream_separator, *b"--");
    assert_eq!(*found.event_source_ping, *b":hello\nevent: still\ndata: there\n\n");
    assert_eq!(found.event_source_ping_interval, Some(Duration::from_secs(6)));
    assert_eq!(found.websocket_ping_interval, Some(Duration::from_secs(5)));
    assert!(found.authorized_channels_only && !found.store_messages && !found.allow_credentials);
    assert_eq!((found.max_channel_id_length, found.max_channel_subscribers), (9, Some(8)));
    assert_eq!(found.last_message_id.len(), 1);
    assert!(found.allow_origin.is_some() && found.events.is_some());
    assert_eq!(found.group.as_literal(), Some(&b"g"[..]));
}

#[test]
fn names_of_channels_in_nchan() {
    let ids = |text: &str| {
        let found = relay(&format!("nchan_pubsub; {text}"));
        let literal = |ids: &[outpour_core::variables::Expression]| {
            let texts = ids.iter().map(|id| id.as_literal().unwrap_or(b"?"));
            texts.map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
        };
        (literal(&found.subscriber_ids), literal(&found.publisher_ids))
    };
    let pair = |subscriber: &str, publisher: &str| (subscriber.to_owned(), publisher.to_owned());
    assert_eq!(ids("nchan_channel_id a b;"), pair("a b", "a b"));
    assert_eq!(ids("nchan_pubsub_channel_id a;"), pair("a", "a"));
    assert_eq!(ids("nchan_subscriber_channel_id s; nchan_publisher_channel_id p;"), pair("s", "p"));
    assert_eq!(ids("nchan_sub_channel_id s; nchan_channel_id a;"), pair("s", "a"));
    assert_eq!(ids("nchan_pub_channel_id p;"), pair("p", "p"));
    // A file that moved on from the older module.
    assert_eq!(ids("set $push_channel_id a;"), pair("?", "?"));
}

#[test]
fn ways_of_nchan() {
    let all = relay("nchan_subscriber; nchan_channel_id a;");
    for way in [
        RelayTransport::WebSocket,
        RelayTransport::EventSource,
        RelayTransport::LongPoll,
        RelayTransport::Chunked,
        RelayTransport::Multipart,
    ] {
        assert!(all.transports.has(way), "{way:?}");
    }
    assert!(!all.transports.has(RelayTransport::IntervalPoll));
    assert!(!all.transports.has(RelayTransport::RawStream) && !all.publishers.http);
    let joined = relay("nchan_publisher http; nchan_subscriber sse; nchan_channel_id a;");
    assert!(joined.publishers.http && !joined.publishers.websocket);
    assert!(joined.transports.has(RelayTransport::EventSource));
    let status = "http { server { listen 127.0.0.1:80; location / { nchan_stub_status; } } }";
    assert!(loaded(status).settings.is_some());
    let rest = "server { listen 127.0.0.1:80; location / { nchan_pubsub; nchan_channel_id a; } }";
    let size = |text: &str| http(&format!("http {{ {text} {rest} }}")).store.shared_memory_size;
    assert_eq!(size(""), Some(128 << 20));
    assert_eq!(size("nchan_max_reserved_memory 64M;"), Some(64 << 20));
    assert_eq!(size("nchan_shared_memory_size 64M;"), Some(64 << 20));
    assert_eq!(
        relay("nchan_pubsub; nchan_channel_id a; nchan_message_max_buffer_length 4;")
            .retention
            .messages_max,
        4
    );
}

#[test]
fn mistakes_about_nchan() {
    check(
        "nchan_subscriber eventsorce; nchan_channel_id a;",
        &["nginx: [emerg] invalid nchan_subscriber value: eventsorce in nginx.conf:2"],
    );
    check(
        "nchan_publisher longpoll; nchan_channel_id a;",
        &["nginx: [emerg] invalid nchan_publisher value: longpoll in nginx.conf:2"],
    );
    check(
        "nchan_pubsub; nchan_channel_id a; nchan_subscriber_first_message first;",
        &["nginx: [emerg] invalid nchan_subscriber_first_message value: first in nginx.conf:2"],
    );
    check("nchan_pubsub;", &["nginx: [emerg] the location names no channel in nginx.conf:2"]);
    check(
        "nchan_pubsub; nchan_channel_id a; nchan_redis_pass servers;",
        &["nginx: [emerg] \"nchan_redis_pass\" directive is not implemented yet in nginx.conf:2"],
    );
    check(
        "nchan_pubsub; nchan_channel_id a; push_subscriber;",
        &["nginx: [emerg] \"push_subscriber\" directive is duplicate in nginx.conf:2"],
    );
}
