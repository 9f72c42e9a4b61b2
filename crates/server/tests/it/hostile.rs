use std::time::{Duration, Instant};

use outpour_testkit::{Closed, Connection, Deadline, ServerProcess};

/// One worker, so that what is sent in one piece is looked at in one turn.
const CONFIGURATION: &str = r#"
worker_processes 1;
pid {{dir}}/logs/pid;
error_log {{dir}}/logs/error.log notice;
{{main}}
http {
    push_stream_shared_memory_size 128m;
    access_log off;
    server {
        listen 127.0.0.1:{{port}};
        lingering_timeout 1s;
        location /pub {
            push_stream_publisher admin;
            push_stream_channels_path $arg_id;
            push_stream_store_messages on;
            client_max_body_size 32m;
        }
        location /small { push_stream_publisher; push_stream_channels_path $arg_id; client_max_body_size 1k; }
        location /poll { push_stream_subscriber polling; push_stream_channels_path $arg_id; push_stream_message_template ~text~; }
        location /sub { push_stream_subscriber; push_stream_channels_path $arg_id; push_stream_subscriber_buffer_size 1k; }
        location /slow { client_body_timeout 2s; push_stream_publisher; push_stream_channels_path $arg_id; }
        location /page { return 200 "PAGE-{{page}}"; }
    }
}
"#;

fn start(main: &str) -> ServerProcess {
    let configuration =
        CONFIGURATION.replace("{{main}}", main).replace("{{page}}", &"x".repeat(1024));
    ServerProcess::start(&configuration, &[]).unwrap()
}

fn soon() -> Deadline {
    Instant::now() + Duration::from_secs(20)
}

fn request(line: &str, headers: &str) -> Vec<u8> {
    format!("{line} HTTP/1.1\r\nHost: x\r\n{headers}\r\n").into_bytes()
}

fn post(target: &str, body: &[u8]) -> Vec<u8> {
    let length = format!("Content-Length: {}\r\n", body.len());
    [&request(&format!("POST {target}"), &length), body].concat()
}

/// A connection that has sent `bytes`.
fn sending(server: &ServerProcess, bytes: &[u8]) -> Connection {
    let mut connection = Connection::open(server.address()).unwrap();
    connection.send(bytes).unwrap();
    connection
}

/// The head of the next answer.
fn head(connection: &mut Connection) -> String {
    String::from_utf8(connection.take_until(b"\r\n\r\n", soon()).unwrap()).unwrap()
}

fn count(haystack: &[u8], needle: &str) -> usize {
    haystack.windows(needle.len()).filter(|window| *window == needle.as_bytes()).count()
}

/// The server serves, and ends without having lost a thread.
fn check_health(server: ServerProcess) {
    let mut connection = sending(&server, &request("GET /page", "Connection: close\r\n"));
    assert!(head(&mut connection).starts_with("HTTP/1.1 200"));
    let said = server.stop().unwrap();
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_deleted_channel_ends_a_subscriber_that_is_too_slow() {
    let server = start("");
    let mut lazy = sending(&server, &request("GET /sub?id=a", ""));
    assert!(head(&mut lazy).starts_with("HTTP/1.1 200"));
    let mut publisher = sending(&server, &post("/pub?id=a", &vec![b'x'; 16 << 20]));
    assert!(head(&mut publisher).starts_with("HTTP/1.1 200"));
    // Found out in one visit: too much waits for it, and its channel is gone.
    let last = post("/pub?id=a", &vec![b'y'; 4 << 10]);
    publisher.send(&[last, request("DELETE /pub?id=a", "Connection: close\r\n")].concat()).unwrap();
    let answers = publisher.take_to_end(soon()).unwrap();
    assert_eq!(count(&answers, "HTTP/1.1 200"), 2);
    drop(lazy);
    check_health(server);
}

#[test]
fn all_pipelined_requests_are_answered_although_their_answers_outgrow_a_buffer() {
    let server = start("");
    for half_closed in [false, true] {
        let mut requests = request("GET /page", "").repeat(500);
        if !half_closed {
            requests.extend(request("GET /page", "Connection: close\r\n"));
        }
        let mut connection = sending(&server, &requests);
        if half_closed {
            connection.finish_sending().unwrap();
        }
        let answers = connection.take_to_end(soon()).unwrap();
        assert_eq!(count(&answers, "PAGE-"), if half_closed { 500 } else { 501 });
    }
    check_health(server);
}

#[test]
fn a_refusal_reaches_a_client_that_is_still_sending() {
    let server = start("");
    for finishes in [false, true] {
        let mut connection = sending(&server, &post("/small?id=a", &vec![b'x'; 8 << 20]));
        if finishes {
            connection.finish_sending().unwrap();
        }
        assert!(head(&mut connection).starts_with("HTTP/1.1 413"));
        connection.take_until(b"</html>\r\n", soon()).unwrap();
        assert_eq!(connection.expect_closed(soon()).unwrap(), Closed::Orderly);
    }
    check_health(server);
}

#[test]
fn a_last_answer_waits_for_a_slow_reader() {
    let server = start("");
    let mut publisher = sending(&server, &post("/pub?id=a", &vec![b'x'; 16 << 20]));
    assert!(head(&mut publisher).starts_with("HTTP/1.1 200"));
    let mut reader = sending(&server, &request("GET /poll?id=a.b1", "Connection: close\r\n"));
    // The other connection tells when lingering_timeout would be over.
    let mut other = sending(&server, &request("POST /slow?id=a", "Content-Length: 9\r\n"));
    assert!(head(&mut other).starts_with("HTTP/1.1 408"));
    assert!(head(&mut reader).starts_with("HTTP/1.1 200"));
    let body = reader.take_to_end(soon()).unwrap();
    assert!(count(&body[..body.len().min(64)], "x") > 0 && body.len() >= 16 << 20);
    check_health(server);
}

#[test]
fn a_shortage_of_descriptors_is_told_once_and_passes() {
    let server = start("worker_rlimit_nofile 64;");
    let ask = request("GET /sub?id=a", "");
    let mut crowd: Vec<_> = (0..100).map(|_| sending(&server, &ask)).collect();
    assert!(head(&mut crowd[20]).starts_with("HTTP/1.1 200"));
    crowd[99].expect_silence(Duration::from_millis(600)).unwrap();
    let told = count(server.logs().as_bytes(), "accept4() failed");
    drop(crowd);
    assert_eq!(told, 1, "{}", server.logs());
    check_health(server);
}
