//! Logs of a whole configuration, written to files and sockets.

use std::fs;
use std::io::Read as _;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use outpour_core::now::{Now, Tick, epoch};
use outpour_core::request::Peer;
use outpour_core::settings::{Level, Settings};
use outpour_core::variables::{Environment, LocalTime, Outcome, Scope, State};
use outpour_core::wire::http1::{Parsed, parse_head};
use tempfile::TempDir;

use super::{Logs, RequestContext, walk};

fn settings(text: &str) -> Settings {
    outpour_config::load_text(text.as_bytes()).settings.unwrap()
}

/// A folder, the settings of `text` with the folder for `{dir}`, and their logs.
fn opened(text: &str) -> (TempDir, Settings, Logs) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    let settings = settings(&text.replace("{dir}", folder.path().to_str().unwrap()));
    let logs = Logs { local_time: LocalTime::default(), pid: 7, ..Logs::open(&settings).unwrap() };
    (folder, settings, logs)
}

fn write(logs: &Logs, settings: &Settings, level: Level, context: Option<&RequestContext<'_>>) {
    let message = format_args!("it broke");
    logs.error(&settings.main.error_log, level, epoch(), context, message);
}

fn read(folder: &TempDir, name: &str) -> String {
    let text = fs::read_to_string(folder.path().join(name)).unwrap();
    let tid = rustix::thread::gettid().as_raw_nonzero();
    text.replace(&format!("7#{tid}:"), "PID#TID:")
}

fn check(level: Level, context: Option<&RequestContext<'_>>, expected: &str) {
    let (folder, settings, logs) = opened("error_log {dir}/log warn;");
    write(&logs, &settings, level, context);
    assert_eq!(read(&folder, "log"), expected);
}

#[test]
fn error_lines_have_the_form_of_nginx() {
    check(Level::Notice, None, "");
    check(Level::Warn, None, "1994/11/06 08:49:37 [warn] PID#TID: it broke\n");
    let mut context = RequestContext { connection: 3, ..Default::default() };
    check(
        Level::Error,
        Some(&context),
        "1994/11/06 08:49:37 [error] PID#TID: *3 it broke, client: unix:\n",
    );
    context.client = Some([127, 0, 0, 1].into());
    context.server = Some(b"name");
    context.request = Some(b"GET /\x1b[1m HTTP/1.1");
    context.host = Some(b"h");
    context.referrer = Some(b"r");
    check(
        Level::Emerg,
        Some(&context),
        "1994/11/06 08:49:37 [emerg] PID#TID: *3 it broke, client: 127.0.0.1, server: name, \
         request: \"GET /\\x1B[1m HTTP/1.1\", host: \"h\", referrer: \"r\"\n",
    );
}

#[test]
fn long_lines_are_cut() {
    let (folder, settings, logs) = opened("error_log {dir}/log;");
    let request = [b'x'; 5000];
    let context = RequestContext { request: Some(&request), ..Default::default() };
    write(&logs, &settings, Level::Error, Some(&context));
    write(&logs, &settings, Level::Error, None);
    let text = read(&folder, "log");
    let lengths: Vec<usize> = fs::read(folder.path().join("log"))
        .unwrap()
        .split(|b| *b == b'\n')
        .map(<[u8]>::len)
        .collect();
    assert_eq!(lengths[0], 2047);
    assert!(text.ends_with("it broke\n"));
}

#[test]
fn a_missing_folder_is_named() {
    let settings = settings("error_log /nonexistent/outpour/log;");
    let error = Logs::open(&settings).unwrap_err().to_string();
    let expected = "open() \"/nonexistent/outpour/log\" failed (2: No such file or directory)";
    assert_eq!(error, expected);
}

#[test]
fn every_level_has_its_logs() {
    let settings = settings(
        "error_log /main;
         http { access_log /http;
             server { access_log /server; error_log /server-error;
                 location /a { access_log /a; location /a/b { access_log /b; } }
                 location /c { if ($arg_x) { access_log /if; } } } }",
    );
    let names: Vec<_> = walk::files(&settings).into_iter().collect();
    let expected = ["/a", "/b", "/http", "/if", "/main", "/server", "/server-error"];
    assert_eq!(names, expected.map(Path::new));
}

#[test]
fn rotated_files_are_let_go() {
    let (folder, settings, logs) = opened("error_log {dir}/log;");
    write(&logs, &settings, Level::Error, None);
    fs::rename(folder.path().join("log"), folder.path().join("old")).unwrap();
    write(&logs, &settings, Level::Error, None);
    assert_eq!(read(&folder, "old").lines().count(), 2);
    logs.reopen(epoch());
    write(&logs, &settings, Level::Error, None);
    assert_eq!(read(&folder, "old").lines().count(), 2);
    assert_eq!(read(&folder, "log").lines().count(), 1);
}

#[test]
fn what_cannot_be_opened_anew_is_kept_and_told() {
    let (folder, settings, logs) = opened("error_log {dir}/sub/log;");
    fs::rename(folder.path().join("sub"), folder.path().join("old")).unwrap();
    logs.reopen(epoch());
    write(&logs, &settings, Level::Error, None);
    let text = read(&folder, "old/log");
    let lines: Vec<&str> = text.lines().collect();
    let told = "sub/log\" failed (2: No such file or directory)";
    assert!(lines[0].contains("[emerg]") && lines[0].ends_with(told), "{text}");
    assert!(lines[1].ends_with("it broke"), "{text}");
}

#[test]
fn a_reload_opens_and_closes() {
    let (folder, old, logs) = opened("error_log {dir}/a;");
    let text = "error_log {dir}/b;".replace("{dir}", folder.path().to_str().unwrap());
    let new = settings(&text);
    logs.update(&new).unwrap();
    write(&logs, &new, Level::Error, None);
    // A request that began before the reload.
    write(&logs, &old, Level::Error, None);
    assert_eq!(read(&folder, "a").lines().count(), 1);
    assert_eq!(read(&folder, "b").lines().count(), 1);
    assert!(logs.update(&settings("error_log /nonexistent/outpour/log;")).is_err());
    write(&logs, &new, Level::Error, None);
    assert_eq!(read(&folder, "b").lines().count(), 2);
}

#[test]
fn a_full_disk_costs_lines_only() {
    let (_folder, settings, logs) = opened("error_log /dev/full;");
    write(&logs, &settings, Level::Error, None);
    write(&logs, &settings, Level::Error, None);
    assert_eq!(logs.lost(), 2);
}

#[test]
fn syslog_gets_datagrams() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let text = format!(
        "error_log syslog:server=unix:{},facility=daemon,tag=push,nohostname;",
        path.display()
    );
    let settings = settings(&text);
    let logs = Logs { local_time: LocalTime::default(), pid: 7, ..Logs::open(&settings).unwrap() };
    write(&logs, &settings, Level::Error, None);
    assert_eq!(logs.lost(), 1, "nobody listens yet");
    let server = UnixDatagram::bind(&path).unwrap();
    server.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write(&logs, &settings, Level::Crit, None);
    let mut buffer = [0; 1000];
    let length = server.recv(&mut buffer).unwrap();
    let text = String::from_utf8_lossy(&buffer[..length]);
    let begin = "<26>Nov  6 08:49:37 push: 1994/11/06 08:49:37 [crit] 7#";
    assert!(text.starts_with(begin) && text.ends_with(": it broke"), "{text}");
}

#[test]
fn syslog_over_udp_names_the_host() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let text = format!("error_log syslog:server={};", server.local_addr().unwrap());
    let settings = settings(&text);
    let logs = Logs { local_time: LocalTime::default(), pid: 7, ..Logs::open(&settings).unwrap() };
    write(&logs, &settings, Level::Error, None);
    let mut buffer = [0; 1000];
    let length = server.recv(&mut buffer).unwrap();
    let text = String::from_utf8_lossy(&buffer[..length]);
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let begin = format!("<187>Nov  6 08:49:37 {host} nginx: 1994/11/06");
    assert!(text.starts_with(&begin), "{text}");
}

#[test]
fn syslog_mistakes_are_named() {
    let check = |parameters: &str, expected: &str| {
        let settings = settings(&format!("error_log syslog:server=unix:/x,{parameters};"));
        assert_eq!(Logs::open(&settings).unwrap_err().to_string(), expected);
    };
    check("facility=x", "unknown syslog facility \"x\"");
    check("severity=x", "unknown syslog severity \"x\"");
    check("tag=a-b", "syslog \"tag\" only allows alphanumeric characters and underscore");
    check(&format!("tag={}", "a".repeat(33)), "syslog tag length exceeds 32");
    check("x=y", "unknown syslog parameter \"x=y\"");
}

#[test]
fn a_second_offset_moves_the_time() {
    let (folder, settings, logs) = opened("error_log {dir}/log;");
    let logs = Logs { local_time: LocalTime(|_| 3600), ..logs };
    let now = Now { unix: 0, ..epoch() };
    let message = format_args!("x");
    logs.error(&settings.main.error_log, Level::Error, now, None, message);
    assert!(read(&folder, "log").starts_with("1970/01/01 01:00:00 [error]"));
}

/// The access log of one request, in the configuration `text` of the `http` level.
fn accessed(text: &str) -> String {
    let (folder, settings, logs) = opened_http(text);
    access(&logs, &settings, "x=%22", epoch());
    read(&folder, "access")
}

fn opened_http(text: &str) -> (TempDir, Settings, Logs) {
    opened(&format!("error_log {{dir}}/log; http {{ {text} server {{ }} }}"))
}

/// Logs a request with these arguments.
fn access(logs: &Logs, settings: &Settings, args: &str, now: Now) {
    let http = settings.http.as_ref().unwrap();
    let head = [
        b"GET /a?" as &[u8],
        args.as_bytes(),
        b" HTTP/1.1\r\nHost: h\r\nReferer: say \"\xff\"\r\n\r\n",
    ];
    let Parsed::Complete { request, .. } =
        parse_head(&head.concat(), &http.servers[0].limits).unwrap()
    else {
        panic!("the head is complete");
    };
    let outcome = Outcome {
        status: 200,
        bytes_sent: 30,
        body_bytes_sent: 5,
        request_length: 40,
        request_millis: 1002,
        complete: true,
        head: b"HTTP/1.1 200 OK\r\nX-One: 1\r\n\r\n".to_vec(),
    };
    let accepted = Tick(epoch().tick.0 - 61_005);
    let (remote, local) = (None, None);
    let peer = Peer { accepted, remote, proxy: None, local, connection: 1, requests: 1, tls: None };
    let scope = Scope {
        request: &request,
        peer: &peer,
        server_name: b"name",
        maps: &http.maps,
        state: &State::new(http.set_slots),
        files: &http.settings.files,
        environment: &Environment::default(),
        now,
        outcome: Some(&outcome),
    };
    logs.access(&http.servers[0].settings, http, &scope);
}

fn size(folder: &TempDir, name: &str) -> u64 {
    fs::metadata(folder.path().join(name)).unwrap().len()
}

#[test]
fn lines_wait_in_a_buffer_until_it_is_full() {
    let (folder, settings, logs) =
        opened_http("log_format own '$arg_x'; access_log {dir}/access own buffer=10;");
    let now = epoch();
    access(&logs, &settings, "x=abc", now);
    access(&logs, &settings, "x=def", now);
    assert_eq!(read(&folder, "access"), "");
    access(&logs, &settings, "x=ghi", now);
    assert_eq!(read(&folder, "access"), "abc\ndef\n");
    // One that fits nowhere goes out by itself, behind those before it.
    access(&logs, &settings, "x=longer-than-a-buffer", now);
    assert_eq!(read(&folder, "access"), "abc\ndef\nghi\nlonger-than-a-buffer\n");
    access(&logs, &settings, "x=jkl", now);
    logs.flush(now);
    assert!(read(&folder, "access").ends_with("jkl\n"));
}

#[test]
fn a_buffer_goes_in_time_at_reopening_and_with_its_settings() {
    let text = "log_format own '$arg_x'; access_log {dir}/access own buffer=1k flush=5s;";
    let (folder, settings, logs) = opened_http(text);
    let now = epoch();
    access(&logs, &settings, "x=a", now);
    logs.flush_due(now.later(Duration::from_secs(4)));
    assert_eq!(size(&folder, "access"), 0);
    logs.flush_due(now.later(Duration::from_secs(5)));
    assert_eq!(read(&folder, "access"), "a\n");
    access(&logs, &settings, "x=b", now);
    fs::rename(folder.path().join("access"), folder.path().join("old")).unwrap();
    logs.reopen(now);
    assert_eq!(read(&folder, "old"), "a\nb\n");
    access(&logs, &settings, "x=c", now);
    logs.update(&settings).unwrap();
    assert_eq!(size(&folder, "access"), 0, "a reload that changes nothing keeps it");
    logs.update(&self::settings("error_log stderr;")).unwrap();
    assert_eq!(read(&folder, "access"), "c\n");
}

#[test]
fn a_full_disk_costs_the_lines_of_a_buffer() {
    let (_folder, settings, logs) = opened_http("access_log /dev/full combined buffer=1k;");
    for _ in 0..3 {
        access(&logs, &settings, "x=a", epoch());
    }
    logs.flush(epoch());
    assert_eq!(logs.lost(), 3);
    logs.flush(epoch());
    assert_eq!(logs.lost(), 3);
}

#[test]
fn compressed_buffers_are_gzip_members() {
    let (folder, settings, logs) =
        opened_http("log_format own '$arg_x'; access_log {dir}/access own gzip=9 buffer=4k;");
    access(&logs, &settings, "x=one", epoch());
    logs.flush(epoch());
    access(&logs, &settings, "x=two", epoch());
    logs.flush(epoch());
    let bytes = fs::read(folder.path().join("access")).unwrap();
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(&*bytes).read_to_string(&mut text).unwrap();
    assert_eq!(text, "one\ntwo\n");
}

#[test]
fn names_may_have_variables() {
    for cache in ["", "open_log_file_cache max=1 inactive=10s valid=1m;"] {
        let (folder, settings, logs) = opened_http(&format!(
            "log_format own '$arg_x'; access_log {{dir}}/$host.$arg_f own; {cache}"
        ));
        for args in ["f=1&x=a", "f=2&x=b", "f=1&x=c"] {
            access(&logs, &settings, args, epoch());
        }
        assert_eq!(read(&folder, "h.1"), "a\nc\n");
        assert_eq!(read(&folder, "h.2"), "b\n");
        assert_eq!(logs.lost(), 0);
        access(&logs, &settings, "f=/../../escaped&x=d", epoch());
        access(&logs, &settings, "f=/no/such/folder&x=d", epoch());
        assert_eq!(logs.lost(), 2);
        // A rotated file is let go.
        fs::rename(folder.path().join("h.1"), folder.path().join("old")).unwrap();
        logs.reopen(epoch());
        access(&logs, &settings, "f=1&x=e", epoch());
        assert_eq!(read(&folder, "h.1"), "e\n");
    }
}

#[test]
fn open_files_grow_old() {
    let (folder, settings, logs) = opened_http(
        "log_format own '$arg_x'; access_log {dir}/$host own;
         open_log_file_cache max=9 inactive=1m valid=10s;",
    );
    access(&logs, &settings, "x=a", epoch());
    fs::rename(folder.path().join("h"), folder.path().join("old")).unwrap();
    access(&logs, &settings, "x=b", epoch().later(Duration::from_secs(9)));
    access(&logs, &settings, "x=c", epoch().later(Duration::from_secs(10)));
    assert_eq!((read(&folder, "old"), read(&folder, "h")), ("a\nb\n".into(), "c\n".into()));
}

#[test]
fn error_lines_may_be_objects() {
    let (folder, settings, logs) = opened("error_log {dir}/log info format=json;");
    write(&logs, &settings, Level::Warn, None);
    let time = "{\"time\":\"1994-11-06T08:49:37.000+00:00\",\"level\":\"";
    assert_eq!(read(&folder, "log"), format!("{time}warn\",\"message\":\"it broke\"}}\n"));
    let request = [b"GET /\x1b\"\xff ", &[b'x'; 2000][..]].concat();
    let context = RequestContext {
        connection: 3,
        client: Some([127, 0, 0, 1].into()),
        server: Some(b"name"),
        request: Some(&request),
        ..Default::default()
    };
    write(&logs, &settings, Level::Error, Some(&context));
    let text = read(&folder, "log");
    let line = text.lines().nth(1).unwrap();
    let begin = format!(
        "{time}error\",\"connection\":3,\"client\":\"127.0.0.1\",\"server\":\"name\",\
         \"request\":\"GET /\\u001B\\\"\u{fffd} xxx"
    );
    assert!(
        line.starts_with(&begin) && line.ends_with("xxx\",\"message\":\"it broke\"}"),
        "{line}"
    );
    assert!(line.len() < 1300);
}

#[test]
fn access_lines_have_the_form_of_nginx() {
    let check = |format: &str, parameters: &str, expected: &str| {
        let text = format!("log_format own {format}; access_log {{dir}}/access own {parameters};");
        assert_eq!(accessed(&text), expected, "{format} {parameters}");
    };
    let sent = "'$status $bytes_sent $body_bytes_sent $request_length $request_time'";
    check(sent, "", "200 30 5 40 1.002\n");
    check("'$sent_http_x_one|$sent_http_none|$arg_x'", "", "1|-|%22\n");
    check("'$http_referer'", "", "say \\x22\\xFF\\x22\n");
    check("escape=json '{\"u\":\"$http_user_agent\"}'", "", "{\"u\":\"\"}\n");
    check("'$connection_time'", "", "61.005\n");
    check("'$uri'", "if=$arg_x", "/a\n");
    check("'$uri'", "if=$arg_y", "");
    assert_eq!(
        accessed("access_log {dir}/access;"),
        "unix: - - [06/Nov/1994:08:49:37 +0000] \"GET /a?x=%22 HTTP/1.1\" 200 5 \
         \"say \\x22\\xFF\\x22\" \"-\"\n"
    );
}
