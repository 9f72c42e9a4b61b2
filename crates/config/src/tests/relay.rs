//! `push_*` and `nchan_*` directives.

use std::time::Duration;

use outpour_core::channels::{Concurrency, Retention};
use outpour_core::settings::{Http, Relay, RelayDialect, RelayTransport};

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
