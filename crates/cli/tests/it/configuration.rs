//! `-t`, `-T`, `--print-config`: what needs the configuration language, but no server.

use crate::process::{Finished, Site};

const GOOD: &str = "http {
    push_stream_shared_memory_size 32M;
    server {
        listen 127.0.0.1:{port};
        location ~ /sub/(.*) {
            push_stream_subscriber;
            push_stream_channels_path $1;
        }
    }
}
";

fn passed(file: &str) -> String {
    format!(
        "nginx: the configuration file {file} syntax is ok\n\
         nginx: configuration file {file} test is successful\n"
    )
}

fn check(finished: &Finished, code: i32, out: &str, err: &str) {
    assert_eq!((finished.code, &*finished.out), (Some(code), out), "{}", finished.err);
    assert_eq!(finished.err, err);
}

#[test]
fn a_good_file_passes_in_nginx_s_words() {
    let site = Site::new();
    let file = site.write("push.conf", GOOD).display().to_string();
    for line in [&["-t", "-c", &*file][..], &["-c", &file, "-t"], &["-tc", &file]] {
        check(&site.run(line), 0, "", &passed(&file));
    }
    check(&site.run(&["-t", "-q", "-c", &file]), 0, "", "");
    check(&site.run(&["-t", "-c", "push.conf"]), 0, "", &passed("push.conf"));
    check(&site.run(&["-t", "-p", "{dir}", "-c", "push.conf"]), 0, "", &passed(&file));
}

#[test]
fn a_dump_has_every_file_under_its_name() {
    let site = Site::new();
    site.write("inner.conf", "default_type text/html;\n");
    let text = "http { include {dir}/inner.conf; }\n";
    let file = site.write("outer.conf", text).display().to_string();
    let done = site.run(&["-T", "-q", "-c", &file]);
    let inner = site.path("inner.conf");
    let expected = format!(
        "# configuration file {file}:\n{}\n# configuration file {}:\n{}\n",
        site.read("outer.conf"),
        inner.display(),
        site.read("inner.conf")
    );
    assert_eq!((done.code, done.out), (Some(0), expected), "{}", done.err);
}

#[test]
fn every_mistake_is_told_twice_for_people_and_for_scripts() {
    let site = Site::new();
    let text = "http {\n    push_stream_mesage_ttl 10m;\n    no_such_thing on;\n}\n";
    let file = site.write("bad.conf", text).display().to_string();
    let failed = site.run(&["-t", "-c", &file]);
    assert_eq!((failed.code, &*failed.out), (Some(1), ""));
    for fragment in [
        format!("nginx: [emerg] unknown directive \"push_stream_mesage_ttl\" in {file}:2\n"),
        format!("nginx: [emerg] unknown directive \"no_such_thing\" in {file}:3\n"),
        "push_stream_message_ttl".into(),
    ] {
        assert!(failed.err.contains(&fragment), "{fragment}: {}", failed.err);
    }
    let verdict = format!("nginx: configuration file {file} test failed\n");
    assert!(failed.err.ends_with(&verdict), "{}", failed.err);
}

#[test]
fn a_missing_file_is_named() {
    let site = Site::new();
    let file = site.path("none.conf").display().to_string();
    for line in [&["-t", "-c", &*file][..], &["-c", &file], &["-c", &file, "-s", "stop"]] {
        let failed = site.run(line);
        let sentence =
            format!("nginx: [emerg] open() \"{file}\" failed (2: No such file or directory)");
        assert_eq!(failed.code, Some(1));
        assert!(failed.err.contains(&sentence), "{}", failed.err);
    }
}

#[test]
fn the_built_in_configuration_can_be_printed_and_read_again() {
    let site = Site::new();
    check(&site.run(&["-t", "-q"]), 0, "", "");
    let tested = site.run(&["-t"]);
    assert!(tested.err.ends_with(&passed("built-in")), "{}", tested.err);
    let printed = site.run(&["--print-config"]);
    assert!(printed.out.contains("push_stream_publisher"), "{}", printed.out);
    site.write("same.conf", &printed.out);
    check(&site.run(&["-t", "-q", "-c", "same.conf"]), 0, "", "");
}

#[test]
fn a_signal_needs_a_pid_file_with_a_process() {
    let site = Site::new();
    let run = |line: &[&str]| site.run(&[&["-s", "stop"], line].concat());
    let none = run(&[]);
    assert_eq!(none.code, Some(1));
    assert!(none.err.starts_with("nginx: [error] there is no \"pid\" directive in built-in"));

    let missing = run(&["-g", "pid {dir}/pid;"]);
    let path = site.path("pid");
    let expected = format!(
        "nginx: [error] open() \"{}\" failed (2: No such file or directory)\n",
        path.display()
    );
    check(&missing, 1, "", &expected);

    site.write("pid", "nobody\n");
    let expected =
        format!("nginx: [error] invalid PID number \"nobody\" in \"{}\"\n", path.display());
    check(&run(&["-g", "pid {dir}/pid;"]), 1, "", &expected);

    // Above the greatest number that Linux gives to a process.
    site.write("pid", "4194305\n");
    let expected = "nginx: [alert] kill(4194305, 15) failed (3: No such process)\n";
    check(&run(&["-g", "pid {dir}/pid;"]), 1, "", expected);
}

#[test]
fn a_missing_certificate_is_named_by_the_test_and_by_the_start() {
    let site = Site::new();
    let text = "http { server { listen 127.0.0.1:{port} ssl; ssl_certificate no.pem; \
                ssl_certificate_key no.key; } }";
    let file = site.write("tls.conf", text).display().to_string();
    let folder = std::path::Path::new(&file).parent().unwrap().display().to_string();
    let expected = format!(
        "nginx: [emerg] cannot load certificate \"{folder}/no.pem\": BIO_new_file() failed (SSL: \
         error:80000002:system library::No such file or directory:calling fopen({folder}/no.pem, \
         r) error:10000080:BIO routines::no such file)\n"
    );
    let tested = site.run(&["-t", "-c", &file]);
    assert_eq!(tested.code, Some(1));
    assert!(tested.err.contains(&expected), "{}", tested.err);
    assert!(tested.err.ends_with("test failed\n"), "{}", tested.err);
    let started = site.run(&["-c", &file]);
    assert_eq!(started.code, Some(1));
    assert!(started.err.contains(&expected), "{}", started.err);
}

#[test]
fn a_check_says_what_becomes_of_a_file() {
    let site = Site::new();
    let file = site.write("push.conf", GOOD).display().to_string();
    let done = site.run(&["check", &file]);
    let end = format!("outpour takes over {file} as it is.\n");
    assert!(done.out.ends_with(&end), "{}", done.out);
    assert_eq!((done.code, &*done.err), (Some(0), ""));
    site.write("push.conf", &GOOD.replace("listen", "large_client_header_buffers 4 8k; listen"));
    assert_eq!(site.run(&["check", "--brief", &file]).code, Some(1));
    site.write("push.conf", &GOOD.replace("listen", "lsiten"));
    let done = site.run(&["check", "--json", &file]);
    assert!(done.out.contains("\"hint\": \"did you mean \\\"listen\\\"?\""), "{}", done.out);
    assert_eq!(done.code, Some(2));
    assert_eq!(site.run(&["check", "none.conf"]).code, Some(2));
}
