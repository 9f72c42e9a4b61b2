//! No text, however wrong, may do worse than be reported.

use proptest::prelude::*;

use crate::load_text;

/// Words that lead deep into the directives.
const WORDS: [&str; 48] = [
    "http",
    "server",
    "location",
    "if",
    "map",
    "types",
    "events",
    "set",
    "return",
    "listen 80",
    "server_name",
    "{",
    "}",
    ";",
    ";",
    ";",
    "{",
    "}",
    "\"",
    "'",
    "\\",
    "$",
    "${",
    "$arg_x",
    "$1",
    "($a",
    "=",
    "~",
    "~*",
    "x)",
    "(x)",
    "/a",
    "80",
    "1m30s",
    "on",
    "off",
    "push_stream_subscriber",
    "push_stream_publisher",
    "push_stream_channels_path",
    "push_stream_padding_by_user_agent",
    "a,1,2:b,3",
    "push_stream_shared_memory_size",
    "access_log",
    "log_format",
    "add_header",
    "expires",
    "(?<n>[a",
    "\n",
];

fn survives(text: &[u8]) {
    let loaded = load_text(text);
    for diagnostic in &loaded.diagnostics {
        assert!(!diagnostic.render(false).is_empty());
        assert!(!diagnostic.one_line().contains('\n'));
    }
    assert_eq!(loaded.settings.is_none(), loaded.diagnostics.iter().any(|d| d.fatal));
}

proptest! {
    #[test]
    fn arbitrary_bytes(text in proptest::collection::vec(any::<u8>(), 0..300)) {
        survives(&text);
    }

    #[test]
    fn arbitrary_words(words in proptest::collection::vec(0..WORDS.len(), 0..60)) {
        let text: Vec<&str> = words.iter().map(|at| WORDS[*at]).collect();
        survives(text.join(" ").as_bytes());
        survives(format!("http {{ server {{ location / {{ {} }} }} }}", text.join(" ")).as_bytes());
    }

    #[test]
    fn arbitrary_expressions(pattern in "[\\[\\](){}?*+|\\\\a-c:<>=!'^$.,0-9é]{0,12}") {
        if let Ok(regex) = crate::pcre::compile(pattern.as_bytes(), false) {
            regex.is_match(b"abc");
        }
    }

    #[test]
    fn a_quoted_value_survives(value in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut text = b"http { push_stream_ping_message_text \"".to_vec();
        for byte in &value {
            if matches!(byte, b'"' | b'\\') {
                text.push(b'\\');
            }
            text.push(*byte);
        }
        text.extend_from_slice(b"\"; }");
        let store = load_text(&text).settings.unwrap().http.unwrap().store;
        prop_assert_eq!(&*store.ping_message_text, &*value);
    }
}

#[test]
fn deep_and_long() {
    survives("a{".repeat(100_000).as_bytes());
    survives("}".repeat(100_000).as_bytes());
    survives("location /{".repeat(200).as_bytes());
    survives(format!("http {{ {} }}", "x; ".repeat(100_000)).as_bytes());
    survives(format!("pid \"{}\";", "x\n".repeat(100_000)).as_bytes());
    survives(format!("http {{ map $uri $a {{ {} }} }}", "(?<".repeat(10_000)).as_bytes());
    let locations: String = (0..5_000).map(|n| format!("location /{n} {{ }} ")).collect();
    survives(format!("http {{ server {{ {locations} }} }}").as_bytes());
}

#[test]
fn a_mistake_in_strange_bytes_is_shown() {
    let mut text =
        b"http {\n\tkeepalive_requests \"\xFF\xC3\x28\x1B[31m\n\xE4\xB8\xAD\";\n}".to_vec();
    let shown = load_text(&text).diagnostics[0].render(true);
    assert!(!shown.contains("\u{1B}[31m\n"), "{shown}");
    text.truncate(30);
    survives(&text);
}
