//! What an application costs: CPU of the worker per message that a handler sends back, beside a
//! ping that the server itself answers, and memory per idle connection.
//!
//! `cargo bench -p outpour --bench embedding`. Both kinds of round trip have the same bytes on the
//! wire and the same calls of the kernel, so that the difference is the application port and the
//! handler.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and may fail")]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use outpour::{Client, Incoming, PushHandler, Reply, Request, Server};

const ROUNDS: usize = 5;
const ROUND_TRIPS: u64 = 20_000;
const IDLE: usize = 3000;

struct Echo;

impl PushHandler for Echo {
    fn on_message(&self, client: &Client, message: Incoming<'_>) {
        client.write(message);
    }
}

fn main() {
    let echo: Arc<dyn PushHandler> = Arc::new(Echo);
    let application = move |_: &Request| -> Reply { Reply::upgrade(Arc::clone(&echo)).into() };
    let builder = Server::builder().listen("127.0.0.1:0").workers(1);
    let server = builder.application(application).start().unwrap();
    let address = server.addresses()[0];
    let (mut pongs, mut echoes) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        pongs.push(round_trips(address, 0x89));
        echoes.push(round_trips(address, 0x81));
    }
    let (pong, echo) = (median(&mut pongs), median(&mut echoes));
    println!("worker CPU per round trip of 32 bytes, median of {ROUNDS} x {ROUND_TRIPS}:");
    println!("  ping, answered by the server   {pong:7.2} us");
    println!("  message, sent back by a handler {echo:6.2} us");
    println!("  difference                     {:7.2} us", echo - pong);
    println!("user-space memory per idle connection, {IDLE} of each:");
    // All stay open: nobody gets the memory of those before.
    let (sockets, each) = idle(address, UPGRADE);
    println!("  WebSocket   {each:6} bytes");
    let (events, each) = idle(address, "Accept: text/event-stream\r\n");
    println!("  EventSource {each:6} bytes");
    drop((sockets, events, server));
}

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n\
     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// What a browser sends besides.
const BROWSER: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like \
     Gecko) Chrome/140.0.0.0 Safari/537.36\r\nOrigin: http://localhost\r\nPragma: no-cache\r\n\
     Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n";

fn connect(address: SocketAddr, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let request = format!("GET /listen HTTP/1.1\r\nHost: a\r\n{BROWSER}{headers}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    stream
}

/// Microseconds of the worker's CPU per round trip of a frame with this first byte.
fn round_trips(address: SocketAddr, first: u8) -> f64 {
    let mut stream = connect(address, UPGRADE);
    let mut frame = vec![first, 0x80 | 32, 0, 0, 0, 0];
    frame.extend([b'x'; 32]);
    let mut answer = [0; 34];
    let before = worker_nanoseconds();
    for _ in 0..ROUND_TRIPS {
        stream.write_all(&frame).unwrap();
        stream.read_exact(&mut answer).unwrap();
    }
    let spent = worker_nanoseconds() - before;
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let micros = spent as f64 / ROUND_TRIPS as f64 / 1000.0;
    micros
}

/// CPU time of the thread that serves, as the scheduler counts it.
fn worker_nanoseconds() -> u64 {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let worker = tasks.map(|task| task.unwrap().path()).find(|task| {
        fs::read_to_string(task.join("comm")).is_ok_and(|name| name.starts_with("worker-0"))
    });
    let text = fs::read_to_string(worker.unwrap().join("schedstat")).unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// Bytes of memory per connection that does nothing.
fn idle(address: SocketAddr, headers: &str) -> (Vec<TcpStream>, usize) {
    let before = resident();
    let streams: Vec<_> = (0..IDLE).map(|_| connect(address, headers)).collect();
    let each = resident().saturating_sub(before) / streams.len();
    (streams, each)
}

fn resident() -> usize {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
