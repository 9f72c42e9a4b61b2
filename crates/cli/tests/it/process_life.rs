//! Start, signals and end of a server.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::process::{Daemon, Server, Site, lives, poll};

const CONFIGURATION: &str = "pid {dir}/pid;
error_log {dir}/error.log info;
http {
    access_log off;
    push_stream_shared_memory_size 32M;
    server {
        listen 127.0.0.1:{port};
        location /pub {
            push_stream_publisher admin;
            push_stream_channels_path $arg_id;
        }
        location ~ /sub/(.*) {
            push_stream_subscriber;
            push_stream_channels_path $1;
        }
    }
}
";

fn site(configuration: &str) -> Site {
    let site = Site::new();
    site.write("push.conf", configuration);
    site
}

fn started(site: &Site) -> Server {
    site.start(&["-c", "{dir}/push.conf"])
}

fn send(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

fn logged(site: &Site, text: &str) {
    poll(text, || site.read("error.log").contains(text));
}

/// Sends a request and returns what has arrived as soon as that contains `wanted`.
fn exchange(port: u16, request: &str, wanted: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let answer = read_until(&mut stream, wanted);
    (stream, answer)
}

fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains(wanted) {
        let mut buffer = [0; 4096];
        let length = stream.read(&mut buffer).unwrap();
        let text = String::from_utf8_lossy(&answer);
        assert!(length > 0, "the connection ended before {wanted:?}: {text}");
        answer.extend_from_slice(&buffer[..length]);
    }
    String::from_utf8(answer).unwrap()
}

fn subscribe(port: u16) -> TcpStream {
    exchange(port, "GET /sub/news HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\n").0
}

fn publish(port: u16, text: &str) {
    let length = text.len();
    let head = format!("POST /pub?id=news HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
    exchange(port, &format!("{head}{text}"), "\"subscribers\"");
}

fn ended(mut server: Server, site: &Site, signal: &str) {
    let done = site.run(&["-c", "{dir}/push.conf", "-s", signal]);
    assert_eq!((done.code, &*done.err), (Some(0), ""));
    assert_eq!(server.ended(), Some(0), "{}", site.read("stderr"));
    assert!(!site.path("pid").exists());
    assert!(TcpStream::connect(("127.0.0.1", site.port)).is_err());
}

#[test]
fn it_starts_says_so_and_ends_by_every_word_and_signal() {
    for signal in ["stop", "quit"] {
        let site = site(CONFIGURATION);
        site.write("pid", "1\n");
        let server = started(&site);
        logged(
            &site,
            "Using 32768KiB of shared memory for push stream module on zone: push_stream_module",
        );
        ended(server, &site, signal);
    }
    for signal in [Signal::TERM, Signal::INT, Signal::QUIT] {
        let site = site(CONFIGURATION);
        let mut server = started(&site);
        poll("the banner", || site.read("stdout").starts_with("outpour "));
        send(server.id(), signal);
        assert_eq!(server.ended(), Some(0));
        assert!(!site.path("pid").exists());
    }
}

#[test]
fn a_configuration_without_push_starts_and_says_so() {
    let site = site("pid {dir}/pid; error_log {dir}/error.log notice;");
    let server = started(&site);
    logged(&site, "ngx_http_push_stream_module will not be used with this configuration.");
    send(server.id(), Signal::TERM);
}

#[test]
fn a_reload_keeps_subscribers_and_takes_new_settings() {
    let site = site(CONFIGURATION);
    let server = started(&site);
    let mut subscriber = subscribe(site.port);
    let other = outpour_testkit::free_port().unwrap();
    let listens = format!("listen 127.0.0.1:{{port}}; listen 127.0.0.1:{other};");
    let text = CONFIGURATION.replace("listen 127.0.0.1:{port};", &listens);
    site.write("push.conf", &text.replace("/pid;", "/other.pid;"));
    send(server.id(), Signal::HUP);
    poll("the new pid file", || site.pid("other.pid") == Some(server.id()));
    assert!(!site.path("pid").exists());
    poll("the new address", || TcpStream::connect(("127.0.0.1", other)).is_ok());
    publish(other, "after the reload");
    read_until(&mut subscriber, "after the reload");
    ended(server, &site, "quit");
}

#[test]
fn a_bad_file_and_another_memory_size_leave_things_as_they_are() {
    let site = site(CONFIGURATION);
    let server = started(&site);
    let mut subscriber = subscribe(site.port);
    site.write("push.conf", "pid {dir}/pid; no_such_thing;");
    send(server.id(), Signal::HUP);
    logged(&site, "unknown directive \"no_such_thing\"");
    logged(&site, "the old configuration stays in force");
    site.write("push.conf", &CONFIGURATION.replace("32M", "64M"));
    send(server.id(), Signal::HUP);
    logged(
        &site,
        "Cannot change memory area size without restart, ignoring change on zone: push_stream_module",
    );
    publish(site.port, "still here");
    read_until(&mut subscriber, "still here");
    ended(server, &site, "stop");
}

#[test]
fn logs_are_opened_anew() {
    let site = site(CONFIGURATION);
    let server = started(&site);
    logged(&site, "Using ");
    fs::rename(site.path("error.log"), site.path("error.log.1")).unwrap();
    let done = site.run(&["-c", "{dir}/push.conf", "-s", "reopen"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    poll("the new log", || site.path("error.log").exists());
    ended(server, &site, "quit");
    logged(&site, "exit");
}

#[test]
fn signals_without_meaning_are_ignored() {
    let site = site(CONFIGURATION);
    let server = started(&site);
    send(server.id(), Signal::USR2);
    logged(&site, "(SIGUSR2) received, it means nothing here, ignored");
    send(server.id(), Signal::WINCH);
    logged(&site, "(SIGWINCH) received, it means nothing here, ignored");
    ended(server, &site, "quit");
}

#[test]
fn a_port_in_use_is_one_clear_sentence() {
    let site = site(CONFIGURATION);
    let holder = TcpListener::bind(("127.0.0.1", site.port)).unwrap();
    for arguments in
        [&["-c", "{dir}/push.conf"][..], &["-c", "{dir}/push.conf", "-g", "daemon on;"]]
    {
        let failed = site.run(arguments);
        let port = site.port;
        let expected = format!(
            "nginx: [emerg] bind() to 127.0.0.1:{port} failed (98: Address already in use)\n\
             Another process listens there (`ss -ltnp 'sport = :{port}'` names it).\n"
        );
        assert_eq!((failed.code, failed.err), (Some(1), expected));
        assert!(!site.path("pid").exists());
    }
    drop(holder);
}

#[test]
fn a_daemon_is_ready_when_its_starter_ends() {
    let site = site(&format!("daemon on;\n{CONFIGURATION}"));
    let done = site.run(&["-c", "{dir}/push.conf"]);
    assert_eq!((done.code, &*done.out, &*done.err), (Some(0), "", ""));
    let pid = site.pid("pid").unwrap();
    let _guard = Daemon(pid);
    assert!(lives(pid));
    assert!(TcpStream::connect(("127.0.0.1", site.port)).is_ok());
    for (number, target) in [("0", "/dev/null"), ("1", "/dev/null"), ("2", "/dev/null")] {
        let link = fs::read_link(format!("/proc/{pid}/fd/{number}")).unwrap();
        assert_eq!(link.to_str(), Some(target), "{number}");
    }
    let done = site.run(&["-c", "{dir}/push.conf", "-s", "stop"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    poll("the end of the daemon", || !lives(pid) && !site.path("pid").exists());
}

#[test]
fn a_wrong_place_ends_the_start() {
    let check = |directive: &str, sentence: &str| {
        let site = site(&CONFIGURATION.replace("pid {dir}/pid;", directive));
        let failed = site.run(&["-c", "{dir}/push.conf"]);
        assert_eq!(failed.code, Some(1));
        let sentence =
            sentence.replace("{dir}", site.path("").to_str().unwrap().trim_end_matches('/'));
        assert!(failed.err.starts_with(&format!("nginx: [emerg] {sentence}")), "{}", failed.err);
    };
    check(
        "working_directory {dir}/none;",
        "chdir(\"{dir}/none\") failed (2: No such file or directory)",
    );
    check("pid {dir}/none/pid;", "open() \"{dir}/none/pid\" failed (2: No such file or directory)");
}

#[test]
fn systemd_is_told() {
    let site = site(CONFIGURATION);
    let systemd = UnixDatagram::bind(site.path("notify")).unwrap();
    systemd.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let told = || {
        let mut buffer = [0; 200];
        let length = systemd.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    let mut command = site.command(&["-q", "-c", "{dir}/push.conf"]);
    command.env("NOTIFY_SOCKET", site.path("notify"));
    let mut server = site.spawn(command);
    assert_eq!(told(), "READY=1");
    send(server.id(), Signal::HUP);
    assert!(told().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert_eq!(told(), "READY=1");
    send(server.id(), Signal::TERM);
    assert_eq!(told(), "STOPPING=1");
    assert_eq!(server.ended(), Some(0));
}

#[test]
fn a_relative_file_is_found_again_from_the_working_directory() {
    let site = site(&format!("working_directory /;\n{CONFIGURATION}"));
    let server = site.start(&["-c", "push.conf"]);
    let cwd = fs::read_link(format!("/proc/{}/cwd", server.id())).unwrap();
    assert_eq!(cwd.to_str(), Some("/"));
    send(server.id(), Signal::HUP);
    logged(&site, "reconfigured");
    ended(server, &site, "quit");
}

#[test]
fn an_error_log_of_the_command_line_is_the_default() {
    let check = |configuration: &str, used: &str, unused: &str| {
        let site = site(configuration);
        fs::create_dir(site.path("logs")).unwrap();
        let server = site.start(&["-c", "{dir}/push.conf", "-e", "{dir}/given.log"]);
        send(server.id(), Signal::HUP);
        fs::write(site.path("push.conf"), "no_such_thing;").unwrap();
        send(server.id(), Signal::HUP);
        poll("the mistake in the log", || site.read(used).contains("\"no_such_thing\""));
        assert!(!site.path(unused).exists());
        send(server.id(), Signal::TERM);
    };
    let bare = CONFIGURATION.replace("error_log {dir}/error.log info;\n", "");
    check(&bare, "given.log", "logs/error.log");
    check(CONFIGURATION, "error.log", "given.log");
}

#[test]
fn a_changed_password_file_counts_without_a_reload() {
    let rule = "auth_basic x; auth_basic_user_file {dir}/users; push_stream_publisher admin;";
    let site = site(&CONFIGURATION.replace("push_stream_publisher admin;", rule));
    site.write("users", "joe:{PLAIN}one\n");
    let _server = started(&site);
    let status = |credentials: &str| {
        let head = format!(
            "DELETE /pub?id=a HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {credentials}\r\n\r\n"
        );
        exchange(site.port, &head, "\r\n\r\n").1[9..12].to_owned()
    };
    let (one, two) = ("am9lOm9uZQ==", "am9lOnR3bw==");
    assert_eq!((&*status(one), &*status(two)), ("404", "401"));
    site.write("users", "joe:{PLAIN}two\n");
    poll("the new password", || status(two) == "404");
    assert_eq!(status(one), "401");
}
