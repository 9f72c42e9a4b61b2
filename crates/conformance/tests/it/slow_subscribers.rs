//! Subscribers that do not read while messages come: each policy, down to the last byte.

#![expect(clippy::unwrap_used, reason = "in a test, also outside of its function")]

use std::time::{Duration, Instant};

use outpour_testkit::{Body, Connection, Deadline, Frame, Head, Opcode, Request, ServerProcess};

/// More than the buffers of both sockets take.
const MESSAGES: usize = 300;
const MESSAGE_BYTES: usize = 100_000;

const CONFIGURATION: &str = "
worker_processes 1;
error_log {{dir}}/logs/error.log info;
events { }
http {
    access_log off;
    push_stream_shared_memory_size 256m;
    push_stream_subscriber_buffer_size 500k;
    push_stream_channels_path $arg_id;
    push_stream_channel_info_on_publish off;
    gzip_types text/plain;
    server {
        listen 127.0.0.1:{{port}};
        location /pub { push_stream_publisher; }
        location /disconnect { push_stream_subscriber; }
        location /drop_oldest { push_stream_subscriber; push_stream_subscriber_policy drop_oldest; }
        location /keep_latest { push_stream_subscriber; push_stream_subscriber_policy keep_latest; }
        location /ws {
            push_stream_subscriber websocket;
            push_stream_subscriber_policy keep_latest;
        }
        location /gzip {
            gzip on;
            default_type text/plain;
            push_stream_subscriber;
            push_stream_subscriber_policy keep_latest;
        }
    }
}
";

fn soon() -> Deadline {
    Instant::now() + Duration::from_secs(30)
}

/// A message that compresses badly and tells its number.
fn message(number: usize) -> Vec<u8> {
    let mut state = number as u64 + 1;
    let mut text = format!("{number:06}").into_bytes();
    text.resize_with(MESSAGE_BYTES, || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        b'!' + u8::try_from((state >> 33) % 90).unwrap()
    });
    text
}

/// A server and a subscriber that has not read anything while the messages were published.
fn stalled(target: &str, headers: &[&str]) -> (ServerProcess, Connection, Head) {
    let server = ServerProcess::start(CONFIGURATION, &[]).unwrap();
    let mut subscriber = Connection::open(server.address()).unwrap();
    let request = Request::new("GET", target);
    let request = headers.iter().fold(request, |request, line| request.header(*line));
    subscriber.send(&request.bytes()).unwrap();
    let head = Head::read(&mut subscriber, soon()).unwrap();
    assert!(matches!(head.status, 101 | 200));
    let mut publisher = Connection::open(server.address()).unwrap();
    for number in 0..MESSAGES {
        let request = Request::new("POST", "/pub?id=a").body(message(number));
        publisher.send(&request.bytes()).unwrap();
        assert_eq!(Head::read(&mut publisher, soon()).unwrap().status, 200);
    }
    (server, subscriber, head)
}

/// Reads messages up to the newest, checks each, and returns their numbers.
fn read_all(mut next: impl FnMut() -> Vec<u8>) -> Vec<usize> {
    let mut numbers = Vec::new();
    while numbers.last() != Some(&(MESSAGES - 1)) {
        let text = next();
        let number = String::from_utf8_lossy(&text[..6]).parse().unwrap();
        assert!(text == message(number), "message {number} is not whole");
        assert!(numbers.last() < Some(&number), "{number} after {numbers:?}");
        numbers.push(number);
    }
    numbers
}

/// Waits until the log tells of `dropped` messages in all.
fn check_log(server: &ServerProcess, dropped: usize) {
    let sum = |logs: String| -> usize {
        let lines = logs.lines().filter_map(|line| line.split("slow subscribers: ").nth(1));
        lines.map(|rest| rest.split(' ').next().unwrap().parse::<usize>().unwrap()).sum()
    };
    let deadline = soon();
    while sum(server.logs()) != dropped && Instant::now() < deadline {
        std::thread::yield_now();
    }
    assert_eq!(sum(server.logs()), dropped);
}

fn check(target: &str, waiting: std::ops::RangeInclusive<usize>) {
    let (server, mut subscriber, head) = stalled(target, &[]);
    let mut body = Body::of(&head).unwrap();
    let numbers = read_all(|| body.chunk(&mut subscriber, soon()).unwrap().unwrap());
    let gap = numbers.windows(2).position(|pair| pair[1] > pair[0] + 1).expect("some were dropped");
    assert!(waiting.contains(&(numbers.len() - gap - 1)), "{numbers:?}");
    check_log(&server, MESSAGES - numbers.len());
}

#[test]
fn the_oldest_messages_are_dropped() {
    check("/drop_oldest?id=a", 4..=6);
}

#[test]
fn the_newest_message_alone_is_kept() {
    check("/keep_latest?id=a", 1..=2);
}

#[test]
fn frames_of_a_websocket_stay_whole() {
    let key = "Sec-WebSocket-Key: /mQoZf6pRiv8+6o72GncLQ==";
    let headers = ["Connection: Upgrade", "Upgrade: websocket", key, "Sec-WebSocket-Version: 13"];
    let (server, mut subscriber, _) = stalled("/ws?id=a", &headers);
    let numbers = read_all(|| {
        let frame = Frame::read(&mut subscriber, soon()).unwrap();
        assert_eq!((frame.fin, frame.reserved, frame.opcode), (true, 0, Opcode::TEXT));
        frame.payload
    });
    check_log(&server, MESSAGES - numbers.len());
}

#[test]
fn others_are_disconnected() {
    for (target, headers) in
        [("/disconnect?id=a", &[][..]), ("/gzip?id=a", &["Accept-Encoding: gzip"][..])]
    {
        let (server, mut subscriber, _) = stalled(target, headers);
        let received = subscriber.take_to_end(soon()).unwrap();
        assert!(received.len() < MESSAGES * MESSAGE_BYTES / 2, "{target}: {}", received.len());
        let logs = server.logs();
        assert!(logs.contains("subscriber disconnected: more than"), "{target}: {logs}");
        assert!(logs.contains("1 subscribers disconnected"), "{target}: {logs}");
    }
}
