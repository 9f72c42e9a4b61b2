//! What the dashboard costs: nothing, when nobody looks.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use outpour_core::channels::WorkerId;

use crate::Server;
use crate::counters::Counter;

/// One that looks, and has got something to see.
fn viewer(port: u16) -> TcpStream {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket.write_all(b"GET /?feed=overview HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut read = Vec::new();
    while !read.windows(6).any(|bytes| bytes == b"data: ") {
        let mut buffer = [0; 4096];
        let taken = socket.read(&mut buffer).unwrap();
        assert!(taken > 0);
        read.extend_from_slice(&buffer[..taken]);
    }
    socket
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < limit, "in vain: {what}");
        thread::yield_now();
    }
}

#[test]
fn nothing_is_kept_or_done_when_nobody_looks() {
    let port = outpour_testkit::free_port().unwrap();
    let text = format!(
        "worker_processes 2; http {{ access_log off; push_stream_shared_memory_size 64m; \
         server {{ listen 127.0.0.1:{port}; location / {{ push_stream_dashboard; }} }} }}"
    );
    let settings = outpour_config::load_text(text.as_bytes()).settings.unwrap();
    let server = Server::bind(settings).unwrap();
    let (handle, shared) = (server.handle(), server.shared());
    let thread = thread::spawn(move || server.run().unwrap());
    assert!(!shared.dashboard.is_watched(), "before anybody looked");
    let viewers: Vec<_> = (0..3).map(|_| viewer(port)).collect();
    assert!(shared.dashboard.is_watched());
    assert!(shared.channels(WorkerId(0)).keeps_happenings());
    drop(viewers);
    until("the last sample goes", || !shared.dashboard.is_watched());
    until("events are no longer kept", || !shared.channels(WorkerId(0)).keeps_happenings());
    // Worker 0 wakes once a second for the store: nobody begins anew meanwhile.
    let turns = || shared.counters[0].turns.buckets.iter().map(Counter::read).sum::<u64>();
    let before = turns();
    until("two seconds pass", || {
        assert!(!shared.dashboard.is_watched());
        turns() >= before + 2
    });
    handle.stop();
    thread.join().unwrap();
}
