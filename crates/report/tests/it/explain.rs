//! `outpour explain`.

use std::path::PathBuf;

use outpour_config::{Inspection, Options, inspect};
use outpour_core::now::{Now, Tick};
use outpour_core::variables::Environment;
use outpour_report::{Explanation, FileKind, Question, Style, Surroundings, explain};

use crate::expected;

const PLAIN: Style = Style { colour: false, width: 100 };

/// A disk with a page, its folder and a picture.
fn disk(name: &[u8]) -> Option<FileKind> {
    match name {
        b"/srv/www/page.html" | b"/srv/www/folder/index.html" | b"/srv/www/missing.html" => {
            Some(FileKind::File { length: 12, executable: false })
        }
        b"/srv/www/folder/" | b"/srv/www/folder" | b"/srv/other/named/deep/" => {
            Some(FileKind::Directory)
        }
        _ => None,
    }
}

fn inspected() -> Inspection {
    let file = PathBuf::from("tests/configurations/explain.conf");
    inspect(&Options { file: Some(file), ..Options::default() })
}

fn ask(question: &Question) -> Result<Explanation, String> {
    let environment = Environment::default();
    let now = Now { unix: 784_111_777, unix_millis: 0, tick: Tick(0), micros: 0 };
    explain(&inspected(), question, &Surroundings { environment, now, look: disk })
}

/// A question out of `REQUEST; HEADER; from=IP; listen=ADDRESS`.
fn question(text: &str) -> Question {
    let mut words = text.split("; ");
    let request = words.next().unwrap_or_default().to_owned();
    let mut question = Question { request, ..Question::default() };
    for word in words {
        if let Some(from) = word.strip_prefix("from=") {
            question.from = Some(from.to_owned());
        } else if let Some(listen) = word.strip_prefix("listen=") {
            question.listen = Some(listen.to_owned());
        } else {
            question.headers.push(word.to_owned());
        }
    }
    question
}

const QUESTIONS: [&str; 18] = [
    "/",
    "/page.html; Host: a.example",
    "/folder",
    "/folder/; Host: WWW.A.net",
    "/exact",
    "/assets/x.php",
    "/x.PHP?y=1",
    "GET /sub/news.b3?room=7; from=10.1.2.3",
    "GET /sub/news; from=192.0.2.1",
    "/old/news; from=10.1.2.3; listen=9080",
    "/inner/x",
    "/named/deep/",
    "POST /pub?id=news; listen=unix:/run/push.sock; from=unix:",
    "/x; User-Agent: a crawler",
    "http://one.rooms.example/x",
    "/x; Host: www.b.example",
    "/sub/a%2fb; from=10.1.2.3",
    "DELETE /assets/x",
];

#[test]
fn ways_of_requests() {
    let mut all = String::new();
    for text in QUESTIONS {
        let explanation = ask(&question(text)).expect("the question is good");
        all.push_str(&explanation.text(PLAIN, false));
        all.push_str("\n================================================================\n\n");
    }
    expected::check("explain", &all);
}

#[test]
fn narrow_and_coloured() {
    let explanation = ask(&question(QUESTIONS[7])).expect("the question is good");
    let text = explanation.text(Style { colour: false, width: 60 }, true);
    assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
    assert!(text.contains("\n  client_max_body_size 1m"), "{text}");
    assert!(explanation.text(Style { colour: true, width: 60 }, true).contains("\x1b[32m"));
}

#[test]
fn questions_that_are_none() {
    let check = |text, expected: &str| {
        let found = ask(&question(text)).map(|explanation| explanation.json());
        assert_eq!(found, Err(expected.to_owned()), "{text}");
    };
    check("sub", "\"sub\" does not begin with a slash");
    check("GET /a b c", "a request is written: 'GET /path?argument'");
    check("/; listen=1", "nothing listens on \"1\"; there is 127.0.0.1:9080, unix:/run/push.sock");
    check("/; from=here", "\"here\" is no address");
    check("/; Host", "a header is written 'Name: value', not \"Host\"");
    check("https://a.example/", "no address is encrypted, or there is none");
    check("/%00", "the server answers 400: client sent a NUL byte in its target");
}

/// The form of `docs/explain.md`.
#[test]
fn json_has_the_described_form() {
    for text in QUESTIONS {
        let json = ask(&question(text)).expect("the question is good").json();
        let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        let keys = |value: &serde_json::Value| -> Vec<String> {
            value.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect()
        };
        assert_eq!(keys(&json), ["form", "outcome", "request", "settings", "way"]);
        assert_eq!(keys(&json["request"]), ["from", "host", "listen", "method", "target"]);
        assert_eq!(keys(&json["outcome"]), ["kind", "sentence", "status", "values"]);
        for stage in json["way"].as_array().into_iter().flatten() {
            assert_eq!(keys(stage), ["lines", "sentence", "stage"]);
            for line in stage["lines"].as_array().into_iter().flatten() {
                assert_eq!(keys(line), ["at", "result", "text"]);
            }
        }
        for setting in json["settings"].as_array().into_iter().flatten() {
            assert_eq!(keys(setting), ["at", "directive", "set_in", "value"]);
        }
    }
}
