//! Clients that cost a server more than they should: crowds that come and go, floods of
//! publications, readers of single bytes, subscribers that talk. Memory and delay of all others stay
//! bounded.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use outpour_testkit::{Connection, Deadline, Head, Request, ServerProcess};

const CONFIGURATION: &str = "
worker_processes 1;
worker_rlimit_nofile 4096;
pid {{dir}}/logs/pid;
error_log {{dir}}/logs/error.log info;
http {
    push_stream_shared_memory_size 8m;
    push_stream_channels_path $arg_id;
    access_log off;
    server {
        listen 127.0.0.1:{{port}};
        location /pub { push_stream_publisher; }
        location /keep { push_stream_publisher; push_stream_store_messages on; }
        location /sub { push_stream_subscriber; push_stream_subscriber_buffer_size 256k; }
        location /statistics { push_stream_channels_statistics; }
    }
}
";

/// Messages that fill the buffers of two sockets soon.
const LARGE: usize = 64 << 10;

fn soon() -> Deadline {
    Instant::now() + Duration::from_secs(30)
}

fn start() -> ServerProcess {
    ServerProcess::start(CONFIGURATION, &[]).unwrap()
}

/// Publishes, and returns the status of the answer.
fn publish(publisher: &mut Connection, target: &str, body: Vec<u8>) -> u16 {
    publisher.send(&Request::new("POST", target).body(body).bytes()).unwrap();
    let head = Head::read(publisher, soon()).unwrap();
    let length = head.header("content-length").map_or(0, |length| length.parse().unwrap());
    publisher.take_exactly(length, soon()).unwrap();
    head.status
}

/// A subscriber whose answer has begun.
fn subscriber(server: &ServerProcess) -> Connection {
    let mut subscriber = Connection::open(server.address()).unwrap();
    subscriber.send(&Request::new("GET", "/sub?id=a").bytes()).unwrap();
    assert_eq!(Head::read(&mut subscriber, soon()).unwrap().status, 200);
    subscriber
}

/// The same on a bare socket.
fn bare_subscriber(server: &ServerProcess) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(&Request::new("GET", "/sub?id=a").bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    stream
}

fn descriptors(server: &ServerProcess) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count()
}

fn resident_kilobytes(server: &ServerProcess) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn ten_thousand_connections_that_come_and_go_leave_nothing() {
    let server = start();
    let before = descriptors(&server);
    let ask = Request::new("GET", "/sub?id=a").bytes();
    for round in 0..20 {
        let crowd: Vec<_> = (0..500)
            .map(|index| {
                let mut stream = TcpStream::connect(server.address()).unwrap();
                // Some say nothing, some stop in the middle, some are subscribed and never read.
                let said = [0, ask.len() / 2, ask.len()][(round + index) % 3];
                stream.write_all(&ask[..said]).unwrap();
                stream
            })
            .collect();
        drop(crowd);
    }
    let mut publisher = Connection::open(server.address()).unwrap();
    let deadline = soon();
    while descriptors(&server) > before + 1 {
        assert!(Instant::now() < deadline, "{} descriptors are open", descriptors(&server));
        assert_eq!(publish(&mut publisher, "/pub?id=a", b"x".to_vec()), 200);
    }
    publisher.send(&Request::new("GET", "/statistics?id=a").bytes()).unwrap();
    publisher.take_until(b"\"subscribers\": 0}", soon()).unwrap();
}

#[test]
fn a_flood_of_publications_ends_at_the_memory_budget() {
    let server = start();
    let mut subscriber = subscriber(&server);
    let mut statuses = Vec::new();
    while statuses.iter().filter(|status| **status == 500).count() < 20 {
        let mut publisher = Connection::open(server.address()).unwrap();
        let target = format!("/keep?id={}", statuses.len());
        statuses.push(publish(&mut publisher, &target, vec![b'x'; LARGE]));
        assert!(statuses.len() < 1000, "the budget is not kept");
    }
    let taken = statuses.iter().filter(|status| **status == 200).count();
    assert!((64..=128).contains(&taken), "{taken} of {LARGE} bytes fit into 8 megabytes");
    assert!(resident_kilobytes(&server) < 100 << 10, "{} kB", resident_kilobytes(&server));
    // What was there before is served on; there is room for a small message.
    let mut publisher = Connection::open(server.address()).unwrap();
    assert_eq!(publish(&mut publisher, "/pub?id=a", b"small".to_vec()), 200);
    subscriber.take_until(b"small", soon()).unwrap();
}

/// Publishes without a pause, many requests ahead of their answers, until `flooder` is shut down.
fn flood(mut flooder: TcpStream) {
    let requests = Request::new("POST", "/pub?id=flood").body(*b"x").bytes().repeat(100);
    let mut reader = flooder.try_clone().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || while reader.read(&mut [0; 4096]).is_ok_and(|taken| taken > 0) {});
        while flooder.write_all(&requests).is_ok() {}
    });
}

#[test]
fn publishers_that_flood_hold_nobody_up() {
    let endless = "access_log off; keepalive_requests 100000000;";
    let configuration =
        CONFIGURATION.replace("size 8m", "size 1024m").replace("access_log off;", endless);
    let server = ServerProcess::start(&configuration, &[]).unwrap();
    let mut subscriber = subscriber(&server);
    let mut publisher = Connection::open(server.address()).unwrap();
    let flooders: Vec<_> = (0..2).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    thread::scope(|scope| {
        for flooder in &flooders {
            let flooder = flooder.try_clone().unwrap();
            scope.spawn(|| flood(flooder));
        }
        for round in 0..10 {
            let text = format!("-{round}-");
            assert_eq!(publish(&mut publisher, "/pub?id=a", text.clone().into_bytes()), 200);
            let deadline = Instant::now() + Duration::from_secs(5);
            subscriber.take_until(text.as_bytes(), deadline).unwrap();
        }
        flooders.iter().for_each(|flooder| flooder.shutdown(Shutdown::Both).unwrap());
    });
}

#[test]
fn a_reader_of_single_bytes_costs_only_itself() {
    let server = start();
    let mut slow = bare_subscriber(&server);
    let mut fast = subscriber(&server);
    let mut publisher = Connection::open(server.address()).unwrap();
    let mut messages = 0;
    while !server.logs().contains("subscriber disconnected: more than") {
        let end = format!("-end-{messages}-");
        let body = [&vec![b'x'; LARGE], end.as_bytes()].concat();
        // Messages that nobody stores give their room back ten seconds later.
        while publish(&mut publisher, "/pub?id=a", body.clone()) != 200 {
            publisher = Connection::open(server.address()).unwrap();
        }
        fast.take_until(end.as_bytes(), soon()).unwrap();
        let _ = slow.read(&mut [0]);
        messages += 1;
        assert!(messages < 1000, "nobody has disconnected the slow reader");
    }
    assert!(resident_kilobytes(&server) < 100 << 10, "{} kB", resident_kilobytes(&server));
}

#[test]
fn what_a_subscriber_says_is_left_in_its_socket() {
    let server = start();
    let mut talker = bare_subscriber(&server);
    let before = resident_kilobytes(&server);
    talker.set_nonblocking(true).unwrap();
    let mut said = 0;
    loop {
        match talker.write(&vec![b'!'; LARGE]) {
            Ok(taken) => said += taken,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                break;
            }
        }
        assert!(said < 256 << 20, "the server takes everything in");
    }
    talker.set_nonblocking(false).unwrap();
    let mut publisher = Connection::open(server.address()).unwrap();
    assert_eq!(publish(&mut publisher, "/pub?id=a", b"heard".to_vec()), 200);
    let mut chunk = [0; 10];
    talker.read_exact(&mut chunk).unwrap();
    assert_eq!(&chunk, b"5\r\nheard\r\n");
    assert!(resident_kilobytes(&server) < before + (4 << 10), "{said} bytes were taken in");
}
