//! `outpour explain` says what the server does.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::process::Site;

/// Wherever a request may end, a header says the name of the place.
const CONFIGURATION: &str = r#"pid {dir}/pid;
error_log {dir}/error.log;
http {
    access_log off;
    push_stream_shared_memory_size 32M;
    root {dir};
    server {
        listen 127.0.0.1:{port};
        server_name a.example;
        error_page 404 405 /missing.html;
        error_page 403 = @refused;
        add_header Place server always;
        set $room $arg_room;
        if ($arg_stop) { return 410; }
        location / { add_header Place root always; try_files $uri $uri/ =404; }
        location = /exact { return 204; }
        location ^~ /plain/ { add_header Place plain always; }
        location /old/ { rewrite ^/old/(.*)$ /stat/$1 last; }
        location /older/ { rewrite ^/older/(.*)$ /old/$1; }
        location /loop { rewrite ^ /loop last; }
        location /inner { internal; add_header Place inner always; }
        location /go { try_files /nothing /inner; }
        location /nest/ {
            add_header Place nest always;
            location ~ \.txt$ { add_header Place text always; }
            location /nest/deep/ { add_header Place deep always; }
        }
        location ~ ^/stat/(.*) {
            add_header Place stat always;
            if ($room = 7) { add_header Place seven always; }
            if ($request_method = DELETE) { return 403; }
            push_stream_channels_statistics;
            push_stream_channels_path $1;
        }
        location /closed { deny all; }
        location @refused { return 418 no; }
    }
    server {
        listen 127.0.0.1:{port};
        server_name *.b.example ~^c\d+$;
        return 301 /moved$uri;
    }
}
"#;

/// Status and place of what the server answers.
fn answer(port: u16, method: &str, target: &str, host: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    let place = text.lines().find_map(|line| line.strip_prefix("Place: "));
    (status, place.unwrap_or_default().to_owned())
}

#[test]
fn explanations_agree_with_the_server() {
    let site = Site::new();
    site.write("push.conf", CONFIGURATION);
    site.write("missing.html", "missing");
    site.write("page.html", "page");
    std::fs::create_dir_all(site.path("nest/deep")).unwrap();
    site.write("nest/deep/index.html", "index");
    site.write("nest/note.txt", "note");
    let _server = site.start(&["-c", "{dir}/push.conf"]);
    let requests = [
        ("GET", "/page.html"),
        ("GET", "/none"),
        ("PUT", "/plain/x"),
        ("GET", "/plain/x.txt"),
        ("GET", "/exact"),
        ("GET", "/page.html?stop=1"),
        ("GET", "/nest"),
        ("GET", "/nest/note.txt"),
        ("GET", "/nest/deep/"),
        ("GET", "/nest/"),
        ("GET", "/old/x"),
        ("GET", "/older/x?room=7"),
        ("GET", "/loop"),
        ("GET", "/inner"),
        ("GET", "/go"),
        ("DELETE", "/stat/x"),
        ("GET", "/closed"),
        ("GET", "/a/../page.html"),
        ("GET", "//page.html"),
    ];
    for host in ["a.example", "x.b.example", "c7", "other"] {
        for (method, target) in requests {
            let (request, header) = (format!("{method} {target}"), format!("Host: {host}"));
            let done = site.run(&["explain", "-c", "push.conf", &request, "-H", &header, "--json"]);
            let found = explained(&done.out);
            let real = answer(site.port, method, target, host);
            assert_eq!(found, real, "{request} {host}\n{}{}", done.out, done.err);
        }
    }
}

/// Status and place of an explanation; a push role whose status is not told has 404, as channels
/// that nobody uses have.
fn explained(json: &str) -> (u16, String) {
    let json: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let outcome = &json["outcome"];
    let status = match outcome["status"].as_u64() {
        Some(status) => u16::try_from(status).unwrap_or(0),
        None if outcome["kind"] == "statistics" => 404,
        None => 0,
    };
    let settings = json["settings"].as_array().into_iter().flatten();
    let mut values = settings
        .filter(|setting| setting["directive"] == "add_header" && setting["set_in"] != "default");
    let value = values.next().and_then(|setting| setting["value"].as_str()).unwrap_or_default();
    (status, value.split(' ').nth(1).unwrap_or_default().to_owned())
}
