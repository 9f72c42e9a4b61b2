//! Files: prefix, `include`, globals, dump.

use std::fs;
use std::path::{Path, PathBuf};

use outpour_core::settings::LogTarget;
use tempfile::TempDir;

use crate::{Loaded, Options, dump, load};

/// A directory with these files.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = TempDir::new().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

fn load_file(directory: &TempDir, name: &str) -> Loaded {
    load(&Options { file: Some(directory.path().join(name)), ..Options::default() })
}

/// One-line forms with the directory's path as `DIR`, notices left out.
fn lines(directory: &TempDir, loaded: &Loaded) -> Vec<String> {
    let path = directory.path().display().to_string();
    let shown = loaded.diagnostics.iter().map(|d| d.one_line().replace(&path, "DIR"));
    shown.filter(|line| !line.contains("[notice]")).collect()
}

#[test]
fn includes() {
    let directory = directory(&[
        ("nginx.conf", "http { include mime.types; include sites/*.conf; include none/*; }"),
        ("mime.types", "types { a/b c; include more.types; }"),
        ("more.types", "d/e f;"),
        ("sites/b.conf", "server { listen 2; }"),
        ("sites/a.conf", "server { listen 1; oops; }"),
        ("sites/.hidden.conf", "oops;"),
        ("sites/c.txt", "oops;"),
    ]);
    let loaded = load_file(&directory, "nginx.conf");
    assert_eq!(
        lines(&directory, &loaded),
        ["nginx: [emerg] unknown directive \"oops\" in DIR/sites/a.conf:1"]
    );
    fs::write(directory.path().join("sites/a.conf"), "server { listen 1; }").unwrap();
    let loaded = load_file(&directory, "nginx.conf");
    let names: Vec<_> =
        loaded.files.iter().map(|(path, _)| path.strip_prefix(&directory).unwrap()).collect();
    let expected = ["nginx.conf", "mime.types", "more.types", "sites/a.conf", "sites/b.conf"];
    assert_eq!(names, expected.map(Path::new));
    let http = loaded.settings.unwrap().http.unwrap();
    assert_eq!(http.servers.len(), 2);
    assert_eq!(http.settings.types.by_extension.len(), 2);
}

#[test]
fn faulty_includes() {
    let directory = directory(&[
        ("nginx.conf", "include nginx.conf;\ninclude a.conf;\ninclude none.conf;\ninclude .;"),
        ("a.conf", "include b.conf;"),
        ("b.conf", "include a.conf; }"),
    ]);
    let loaded = load_file(&directory, "nginx.conf");
    assert_eq!(
        lines(&directory, &loaded),
        [
            "nginx: [emerg] include loop: \"DIR/nginx.conf\" includes itself in DIR/nginx.conf:1",
            "nginx: [emerg] open() \"DIR/none.conf\" failed (2: No such file or directory) in \
         DIR/nginx.conf:3",
            "nginx: [emerg] open() \"DIR/.\" failed (21: Is a directory) in DIR/nginx.conf:4",
            "nginx: [emerg] include loop: \"DIR/a.conf\" includes itself in DIR/b.conf:1",
            "nginx: [emerg] unexpected \"}\" in DIR/b.conf:1",
        ]
    );
}

#[test]
fn missing_main_file() {
    let directory = directory(&[]);
    let loaded = load_file(&directory, "nginx.conf");
    assert!(loaded.failed() && loaded.files.is_empty());
    assert_eq!(
        lines(&directory, &loaded),
        ["nginx: [emerg] open() \"DIR/nginx.conf\" failed (2: No such file or directory)"]
    );
}

#[test]
fn prefix_and_logs() {
    let directory = directory(&[
        ("conf/nginx.conf", "error_log logs/e.log; http { access_log logs/a.log; }"),
        ("conf/plain.conf", "http { }"),
        ("plain.conf", "http { }"),
        ("logs/x", ""),
        ("other/x", ""),
    ]);
    let file = |path: &str| LogTarget::File(directory.path().join(path));
    let settings = load_file(&directory, "conf/nginx.conf").settings.unwrap();
    assert_eq!(settings.main.error_log[0].target, file("logs/e.log"));
    assert_eq!(settings.http.unwrap().settings.access_log[0].target, file("logs/a.log"));
    for name in ["conf/plain.conf", "plain.conf"] {
        let settings = load_file(&directory, name).settings.unwrap();
        assert_eq!(settings.main.error_log[0].target, file("logs/error.log"), "{name}");
        assert_eq!(settings.main.pid, Some(directory.path().join("logs/nginx.pid")));
        let http = settings.http.unwrap();
        assert_eq!(http.settings.access_log[0].target, file("logs/access.log"));
    }
    let options = Options {
        file: Some(directory.path().join("plain.conf")),
        prefix: Some(directory.path().join("other")),
        globals: vec![],
    };
    let settings = load(&options).settings.unwrap();
    assert!(settings.main.error_log.is_empty() && settings.main.pid.is_none());
    let options = Options {
        file: Some("plain.conf".into()),
        prefix: Some(directory.path().into()),
        ..options
    };
    assert!(load(&options).settings.is_some());
}

#[test]
fn globals() {
    let options = |text: &str| Options { globals: vec![text.into()], ..Options::default() };
    let loaded = load(&options("daemon on; pid /x"));
    assert!(loaded.settings.unwrap().main.daemon);
    let loaded = load(&options("daemon maybe; http { }"));
    let lines: Vec<String> = loaded.diagnostics.iter().map(|d| d.one_line()).collect();
    assert!(lines[0].ends_with("it must be \"on\" or \"off\" in command line"), "{lines:#?}");
    assert_eq!(
        lines[1],
        "nginx: [emerg] block directives are not supported in -g option in command line"
    );
}

#[test]
fn built_in_when_no_file_is_given() {
    let loaded = load(&Options::default());
    assert!(loaded.diagnostics.is_empty());
    let listens = loaded.settings.unwrap().http.unwrap().listens;
    assert_eq!(format!("{:?}", listens[0].address), "Tcp(127.0.0.1:9080)");
}

#[test]
fn dumps() {
    let files = [(PathBuf::from("/a"), b"x;\n".to_vec()), (PathBuf::from("/b"), b"y;".to_vec())];
    let expected = "# configuration file /a:\nx;\n\n# configuration file /b:\ny;\n";
    assert_eq!(dump(&files), expected.as_bytes());
}
