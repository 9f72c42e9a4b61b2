//! What needs neither a configuration nor a server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;

use crate::process::Site;

#[test]
fn versions_have_the_form_of_nginx() {
    let site = Site::new();
    let short = site.run(&["-v"]);
    assert_eq!((short.code, &*short.out), (Some(0), ""));
    assert!(short.err.starts_with("nginx version: nginx/"), "{}", short.err);
    assert_eq!(short.err.lines().count(), 1);
    let long = site.run(&["-V"]);
    assert!(long.err.starts_with(&short.err) && long.err.contains("\nbuilt by rustc "), "{long:?}");
    let own = site.run(&["--version"]);
    assert_eq!((own.code, own.out), (Some(0), format!("outpour {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn help_is_printed_for_every_spelling() {
    let site = Site::new();
    for flag in ["-h", "-?", "--help"] {
        let help = site.run(&[flag]);
        assert_eq!((help.code, &*help.err), (Some(0), ""), "{flag}");
        assert!(help.out.contains("--print-config"), "{}", help.out);
    }
}

#[test]
fn mistakes_end_with_1() {
    let site = Site::new();
    let lines: [&[&str]; 5] = [&["-x"], &["-s", "restart"], &["-c"], &["a.conf"], &["sub"]];
    for line in lines {
        let refused = site.run(line);
        assert_eq!((refused.code, &*refused.out), (Some(1), ""), "{line:?}");
        assert!(refused.err.starts_with("error: "), "{line:?}: {}", refused.err);
    }
}

#[test]
fn clients_say_that_nobody_is_there() {
    let site = Site::new();
    let url = format!("http://127.0.0.1:{}/", site.port);
    for line in [["pub", "--url", &url, "news", "hello"], ["sub", "--url", &url, "news", "sport"]] {
        let refused = site.run(&line);
        assert_eq!(refused.code, Some(1));
        let expected = format!(
            "outpour: cannot connect to 127.0.0.1:{} (111: Connection refused)\n",
            site.port
        );
        assert_eq!(refused.err, expected);
    }
}

/// Answers one connection after the other with `answers`; returns the requests.
fn serve(answers: &'static [&'static str]) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let served = thread::spawn(move || {
        let one = |answer: &&str| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut request = String::new();
            while !request.ends_with("\r\n\r\n") {
                reader.read_line(&mut request).unwrap();
            }
            let length = request.split("Content-Length: ").nth(1);
            let length = length.and_then(|rest| rest.lines().next()?.parse().ok()).unwrap_or(0);
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            request + &String::from_utf8(body).unwrap()
        };
        answers.iter().map(one).collect()
    });
    (base, served)
}

#[test]
fn a_message_is_published_from_arguments_and_from_standard_input() {
    const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    let (base, served) = serve(&[ANSWER, ANSWER]);
    let site = Site::new();
    let url = format!("{base}/pub?id=");
    let done = site.run(&["pub", "--url", &url, "--event-id", "7", "a b", "hello"]);
    assert_eq!((done.code, &*done.out), (Some(0), "{}\n"), "{}", done.err);
    let mut child = site
        .command(&["pub", "--url", &url, "news"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"two\nlines\n").unwrap();
    assert!(child.wait().unwrap().success());
    let requests = served.join().unwrap();
    assert!(requests[0].starts_with("POST /pub?id=a%20b HTTP/1.1\r\nHost: 127.0.0.1:"));
    assert!(requests[0].contains("\r\nEvent-Id: 7\r\n") && requests[0].ends_with("\r\n\r\nhello"));
    assert!(requests[1].ends_with("\r\n\r\ntwo\nlines"));
}

#[test]
fn a_subscriber_comes_back_and_counts() {
    let (base, served) = serve(&[
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\none\r\n\r\n3\r\n \r\n\r\n9\r\n{\"id\":-1,\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n3\r\nnot\r\n",
    ]);
    let site = Site::new();
    let done = site.run(&["sub", "--url", &format!("{base}/sub/"), "--count", "2", "news", "a.b3"]);
    assert_eq!((done.code, &*done.out), (Some(0), "one\ntwo\n"), "{}", done.err);
    for request in served.join().unwrap() {
        assert!(request.starts_with("GET /sub/news/a.b3 HTTP/1.1\r\n"), "{request}");
    }
}

#[test]
fn refusals_are_explained() {
    const ANSWER: &str = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\
                          X-Nginx-PushStream-Explain: No.\r\n\r\n";
    let (base, served) = serve(&[ANSWER, ANSWER]);
    let site = Site::new();
    let refused = site.run(&["sub", "--url", &format!("{base}/"), "news"]);
    let expected = "outpour: the subscription was refused: 403 Forbidden: No.\n";
    assert_eq!((refused.code, &*refused.err), (Some(1), expected));
    let refused = site.run(&["pub", "--url", &format!("{base}/"), "news", "x"]);
    let expected = "outpour: the message was refused: 403 Forbidden: No.\n";
    assert_eq!((refused.code, &*refused.err), (Some(1), expected));
    served.join().unwrap();
}
