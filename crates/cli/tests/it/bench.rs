//! `outpour bench` measures this very binary, and fails when messages are lost.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::process::Site;

/// Runs `outpour bench` with `line` and compares its status and a part of its output.
fn check(line: &str, code: i32, part: &str) {
    let words: Vec<&str> = ["bench"].into_iter().chain(line.split_whitespace()).collect();
    let site = Site::new();
    let finished = site.run(&words);
    assert_eq!(finished.code, Some(code), "{line}: {} {}", finished.out, finished.err);
    let text = finished.out + &finished.err;
    assert!(text.contains(part), "{line}: {part} is missing in {text}");
}

#[test]
fn every_transport_loses_nothing() {
    check("run smoke", 0, "faults       none");
}

#[test]
fn every_transport_loses_nothing_over_tls() {
    check("run smoke-tls", 0, "faults       none");
}

#[test]
fn every_transport_loses_nothing_over_http2() {
    check("run smoke-http2", 0, "faults       none");
    check("--http2 --streams-per-connection 30 -n 70 --seconds 0.2", 0, "faults       none");
}

#[test]
fn requests_go_to_another_connection_when_one_takes_no_more() {
    let text = "pid {dir}/pid; events {} http { push_stream_shared_memory_size 32m; server {
        listen 127.0.0.1:{port}; http2 on; keepalive_requests 30;
        location /pub { push_stream_publisher; push_stream_channels_path $arg_id;
            push_stream_store_messages on; }
        location ~ ^/lp/(.*) { push_stream_subscriber long-polling; push_stream_channels_path $1; }
    } }";
    let site = Site::new();
    let file = site.write("push.conf", text).display().to_string();
    let _server = site.start(&["-c", &file]);
    let url = format!("http://127.0.0.1:{}", site.port);
    let line =
        format!("bench --url {url} --http2 --transport long-polling -n 20 --rate 50 --seconds 0.5");
    let finished = site.run(&line.split(' ').collect::<Vec<_>>());
    assert_eq!(finished.code, Some(0), "{}{}", finished.out, finished.err);
    assert!(finished.out.contains("faults       none"), "{}", finished.out);
}

#[test]
fn what_does_not_speak_http2_is_said() {
    check("--http2 --server raw -n 20 --seconds 0.2", 1, "the raw loop has no HTTP/2");
    check("--http2 --request file", 1, "cannot be used with");
    let site = Site::new();
    let text = "pid {dir}/pid; events {} http { push_stream_shared_memory_size 32m; server {
        listen 127.0.0.1:{port}; location / { return 200 HTTP/1; } } }";
    let file = site.write("push.conf", text).display().to_string();
    let _server = site.start(&["-c", &file]);
    let line = format!("--http2 --url http://127.0.0.1:{} -n 3", site.port);
    check(&line, 1, "what the server says is not HTTP/2");
}

#[test]
fn what_does_not_speak_tls_is_said() {
    check("--tls --server raw -n 20 --seconds 0.2", 1, "the raw loop has no TLS");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let plain = std::thread::spawn(move || {
        // Nobody there speaks TLS.
        for mut stream in listener.incoming().flatten().take(1) {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    check(&format!("--url {url} -n 3"), 1, "corrupt message");
    plain.join().unwrap();
}

#[test]
fn files_are_asked_for() {
    check("--request file -n 10 --size 70000 --seconds 0.2", 0, "us per answer");
    check("--request file --tls -n 10 --seconds 0.2", 0, "answered");
    check("--request proxied -n 10 --size 1000 --seconds 0.2", 0, "us per answer");
    check("--request file --server raw", 1, "measured with nginx itself");
}

#[test]
fn the_raw_loop_loses_nothing() {
    for server in ["raw", "raw-joined"] {
        let line = format!("--server {server} -n 20 --channels 3 --publishers 4 --seconds 0.2");
        check(&line, 0, "faults       none");
    }
}

#[test]
fn figures_and_pictures_are_written() {
    let site = Site::new();
    let words = "bench -n 20 --seconds 0.2 --warm-up 0 --json {dir}/a.json --svg {dir}/a.svg";
    let finished = site.run(&words.split(' ').collect::<Vec<_>>());
    assert_eq!(finished.code, Some(0), "{}", finished.err);
    for part in ["\"cpu_us_per_delivery\"", "\"p99.9\"", "\"lost\":0", "\"user_per_connection\""] {
        assert!(site.read("a.json").contains(part), "{part}: {}", site.read("a.json"));
    }
    assert!(site.read("a.svg").starts_with("<svg ") && site.read("a.svg").ends_with("</svg>\n"));
}

#[test]
fn a_comparison_has_a_row_for_each_server() {
    let scenario = "title = 'little'\n[[load]]\nsubscribers = 10\nseconds = 0.2\nwarm_up = 0\n";
    let site = Site::new();
    fs::write(site.path("little.toml"), scenario).unwrap();
    let line = "bench compare {dir}/little.toml --runs 2 --server outpour --server raw --markdown {dir}/a.md";
    let finished = site.run(&line.split(' ').collect::<Vec<_>>());
    assert_eq!(finished.code, Some(0), "{}", finished.err);
    let rows: Vec<&str> = finished.out.lines().filter(|line| line.starts_with("  ")).collect();
    assert_eq!(rows.len(), 6, "{}", finished.out);
    assert!(rows.iter().all(|row| row.len() <= 80), "{}", finished.out);
    let markdown = site.read("a.md");
    let rows = markdown.lines().filter(|line| line.starts_with("| outpour "));
    assert_eq!(rows.count(), 2, "{markdown}");
}

#[test]
fn what_is_not_there_is_said() {
    check("run nothing", 1, "there is no scenario nothing");
    check("--size 40", 1, "size is 40");
    check("list", 0, "many-publishers");
}

#[test]
fn a_lost_message_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        // Takes subscriptions and publications and delivers nothing.
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || deliver_nothing(stream));
        }
    });
    let line = format!("--url {url} -n 3 --messages 2 --patience 1");
    check(&line, 1, "6 lost");
}

/// Answers every request with an empty success, or with a stream that stays empty.
fn deliver_nothing(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(count) = stream.read(&mut buffer)
        && count > 0
    {
        let answer: &[u8] = match &buffer[..count] {
            [b'P', ..] => b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            [b'G', b'E', b'T', b' ', b'/', b' ', ..] => {
                b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
            }
            _ => b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        };
        if stream.write_all(answer).is_err() {
            return;
        }
    }
}

#[test]
fn the_doctor_judges() {
    let site = Site::new();
    let few = site.run(&["doctor", "-n", "10"]);
    assert!(few.out.contains("open files"), "{}", few.out);
    let many = site.run(&["doctor", "--connections", "10000000", "--json"]);
    assert_eq!(many.code, Some(1), "{}", many.out);
    assert!(many.out.contains("\"verdict\": \"limit\""), "{}", many.out);
}
