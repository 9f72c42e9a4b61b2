//! How directives are told to those who ask.

use crate::{Finding, Options, inspect};

/// The findings of `text` that are not plainly honoured, as `LINE DIRECTIVE TREATMENT`.
fn check(text: &str, expected: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, text).unwrap();
    let found = inspect(&Options { file: Some(file), ..Options::default() }).findings;
    let shown =
        |found: &Finding| format!("{} {} {}", found.line, found.directive, found.treatment.name());
    let found: Vec<String> =
        found.iter().map(shown).filter(|line| !line.ends_with(" honoured")).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn treatments() {
    check("worker_processes 1;\nevents { multi_accept on; }", &["2 multi_accept ignored"]);
    check("lock_file x;\nhttp {\n etaag on;\n}", &["1 lock_file ignored", "3 etaag refused"]);
    check("http {\n grpc_pass a;\n brotli on;\n}", &["2 grpc_pass refused", "3 brotli refused"]);
    check("http {\n brotli off;\n}", &["2 brotli ignored"]);
    check("http {\n etag perhaps;\n etag on;\n}", &["2 etag refused", "3 etag refused"]);
    let old = "push_stream_max_reserved_memory 16m;";
    check(&format!("http {{\n{old}\n}}"), &["2 push_stream_max_reserved_memory renamed"]);
    check("http { server { listen 127.0.0.1:1;\n allow 10.0.0.1/8; } }", &["2 allow warning"]);
    check("load_module modules/ngx_mail_module.so;", &["1 load_module ignored"]);
}

#[test]
fn blocks_that_are_not_read() {
    let inner = ["2 server refused", "3 listen refused"];
    check("stream {\nserver {\nlisten 1;\n} }", &[&["1 stream refused"], &inner[..]].concat());
    check("strem {\nserver {\nlisten 1;\n} }", &[&["1 strem refused"], &inner[..]].concat());
}

#[test]
fn scripts_of_other_languages_are_passed_over() {
    let script = "local a = { b = \"}\" } -- }\n if a[1] == '{' then ngx.say(1) end";
    let text =
        format!("http {{ server {{ location / {{ content_by_lua_block {{\n{script}\n}}\n}} }} }}");
    check(&text, &["1 content_by_lua_block refused"]);
}

#[test]
fn mistakes_between_directives() {
    check("daemon off;\n}\nhttp {\n", &["2  refused", "4  refused"]);
    check("include none.conf;\n", &["1 include refused"]);
}

#[test]
fn a_file_that_is_included_twice_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nginx.conf");
    std::fs::write(folder.path().join("a"), "send_lowat 1;").unwrap();
    std::fs::write(&file, "http { server { include a; }\n server { include a; } }").unwrap();
    let found = inspect(&Options { file: Some(file), ..Options::default() }).findings;
    assert_eq!(found.iter().filter(|found| found.directive == "send_lowat").count(), 1);
    assert_eq!(found.iter().filter(|found| found.directive == "include").count(), 2);
}

#[test]
fn origins_follow_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nginx.conf");
    let text = "http { etag on;\n server {\n set $a b;\n if ($a) {\n return 403;\n }\n \
                location /x {\n gzip on;\n location /x/y { }\n } } }";
    std::fs::write(&file, text).unwrap();
    let found = inspect(&Options { file: Some(file), ..Options::default() });
    let settings = found.loaded.settings.unwrap();
    let server = &found.origin.unwrap().blocks[0].blocks[0];
    assert_eq!((server.context, server.place.line), ("server", 2));
    assert_eq!(server.script.len(), settings.http.unwrap().servers[0].script.len());
    let condition = server.script[1].block.as_ref().unwrap();
    assert_eq!((server.script[1].text.as_str(), condition.script[0].place.line), ("if ($a)", 5));
    let location = &server.blocks[0];
    assert_eq!((location.said[0].directive, &*location.said[0].value), ("gzip", "on"));
    assert_eq!(location.blocks[0].place.line, 9);
}
