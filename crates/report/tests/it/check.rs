//! `outpour check`.

use std::path::PathBuf;

use outpour_config::Options;
use outpour_report::{Check, Style, Verdict};

use crate::expected;

const PLAIN: Style = Style { colour: false, width: 100 };

fn of(name: &str) -> Check {
    let file = PathBuf::from(format!("tests/configurations/{name}.conf"));
    let options = Options { file: Some(file), ..Options::default() };
    Check::new(format!("{name}.conf"), &options)
}

fn check(name: &str) {
    expected::check(&format!("{name}.check"), &of(name).text(PLAIN, false));
}

#[test]
fn configurations_of_users() {
    for name in ["rails", "php", "old", "good", "debian", "relay"] {
        check(name);
    }
}

#[test]
fn verdicts() {
    assert_eq!((of("good").verdict(), Verdict::AsItIs.status()), (Verdict::AsItIs, 0));
    let debian = of("debian").verdict();
    assert_eq!((debian, debian.status()), (Verdict::WithThingsToLookAt, 1));
    assert_eq!((of("php").verdict(), Verdict::NotYet.status()), (Verdict::NotYet, 2));
    assert_eq!(of("none").verdict(), Verdict::NotYet);
}

#[test]
fn narrow_and_coloured() {
    let text = of("old").text(Style { colour: false, width: 60 }, true);
    assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
    assert!(!text.contains("  ok "), "{text}");
    let coloured = of("old").text(Style { colour: true, width: 80 }, false);
    assert!(coloured.contains("\x1b[31m") && !of("old").text(PLAIN, false).contains('\x1b'));
}

/// The form of `docs/check.md`.
#[test]
fn json_has_the_described_form() {
    for name in ["rails", "php", "old", "good", "debian", "none"] {
        let json: serde_json::Value = serde_json::from_str(&of(name).json()).unwrap();
        let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        let described = ["configuration", "counts", "directives", "form", "sentence", "verdict"];
        assert_eq!(keys, described);
        assert_eq!(json["form"], 1);
        let counts = json["counts"].as_object().unwrap();
        let sum: u64 = counts.values().map(|count| count.as_u64().unwrap()).sum();
        let lines = json["directives"].as_array().unwrap();
        assert_eq!(sum, lines.len() as u64);
        for line in lines {
            let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
            let described = [
                "column",
                "deviation",
                "directive",
                "file",
                "hint",
                "line",
                "reason",
                "text",
                "verdict",
            ];
            assert_eq!(keys, described);
            assert!(counts.contains_key(line["verdict"].as_str().unwrap()), "{line}");
            let plain = line["verdict"] == "honoured";
            assert!(plain || line["reason"].is_string(), "{line}");
            assert_eq!(line["file"].is_null(), line["line"].is_null(), "{line}");
        }
    }
}
