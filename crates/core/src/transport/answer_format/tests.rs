use super::*;
use crate::now::epoch;
use crate::settings::SubscriberMode::{self, EventSource, LongPolling, Polling};

const JSON: &str =
    r#"{"id":"~id~", "message":"~text~", "channel":"~channel~", "tag":"~tag~", "time":"~time~"}"#;

fn message(text: &str, tag: u64) -> Message {
    let mut message = Message::special(1, Arc::from(*b"ch"), text.as_bytes());
    (message.time, message.tag) = (epoch().unix, tag);
    message
}

fn format(mode: SubscriberMode, templates: [&str; 3], callback: Option<&str>) -> AnswerFormat {
    let [header, message, footer] = templates.map(str::as_bytes);
    let rendering = Arc::new(Rendering::compile(mode, header, message, footer));
    AnswerFormat::new(rendering, b"text/plain", callback.map(str::as_bytes))
}

/// The answer as text: status, headers, then one line per part.
fn show(answer: &Answer) -> String {
    let mut lines = vec![answer.status.to_string()];
    for (name, value) in &answer.headers {
        lines.push(format!("{name}: {}", str::from_utf8(value).unwrap()));
    }
    if let Body::Parts(parts) = &answer.body {
        lines.extend(parts.iter().map(|part| String::from_utf8(part.clone()).unwrap()));
    } else {
        assert_eq!(answer.body, Body::Empty);
    }
    lines.join("\n")
}

fn check(answer: &Answer, expected: &[&str]) {
    let uncached = "Expires: Thu, 01 Jan 1970 00:00:01 GMT\n\
                    Cache-Control: no-cache, no-store, must-revalidate";
    assert_eq!(show(answer), expected.join("\n").replace("UNCACHED", uncached));
}

fn check_body(answer: &Answer, expected: &str) {
    let Body::Parts(parts) = &answer.body else { panic!("the answer has a body") };
    assert_eq!(String::from_utf8(parts.concat()).unwrap(), expected);
}

const NOW: &str = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT";

#[test]
fn two_old_messages() {
    let (first, second) = (message("m", 1), message("m1", 2));
    let answer = format(Polling, ["", "~text~", ""], None)
        .messages([&first, &second], Validators::default().or_later(&second));
    check(&answer, &["200", "Content-Type: text/plain", NOW, "UNCACHED", "Etag: W/2", "m", "m1"]);
}

#[test]
fn a_live_message_between_header_and_footer() {
    let answer = format(LongPolling, ["HEAD", "<~text~>", "FOOT"], None).live(&message("m", 4));
    check(
        &answer,
        &["200", "Content-Type: text/plain", NOW, "UNCACHED", "Etag: W/4", "HEAD", "<m>", "FOOT"],
    );
}

#[test]
fn nothing_new_repeats_what_was_given() {
    let format = format(Polling, ["HEAD", "~text~", ""], None);
    let none = format.nothing_new(Validators::default());
    check(&none, &["304", "Content-Type: text/plain", "UNCACHED"]);
    let given = Validators { last_modified: Some(epoch().unix), etag: Some(9) };
    let some = format.nothing_new(given);
    check(&some, &["304", "Content-Type: text/plain", NOW, "UNCACHED", "Etag: W/9"]);
}

#[test]
fn a_time_out_says_now() {
    let answer = format(LongPolling, ["HEAD", "~text~", ""], None).timed_out(epoch().unix);
    check(&answer, &["304", "Content-Type: text/plain", NOW, "UNCACHED", "Etag: W/0"]);
}

#[test]
fn a_time_out_with_a_body() {
    let answer = format(LongPolling, ["HEAD", "~id~ ~text~", "FOOT"], None)
        .timed_out_with_body(epoch().unix);
    check(
        &answer,
        &[
            "200",
            "Content-Type: text/plain",
            NOW,
            "UNCACHED",
            "Etag: W/0",
            "HEAD",
            "-3 Timed out",
            "FOOT",
        ],
    );
}

#[test]
fn a_deletion_ends_the_wait() {
    let message = Message::special(Message::DELETED_ID, Arc::from(*b"ch"), *b"Channel deleted");
    let answer = format(LongPolling, ["", "~id~ ~channel~ ~text~", ""], None)
        .deleted(&message, epoch().unix);
    check(
        &answer,
        &["200", "Content-Type: text/plain", NOW, "UNCACHED", "Etag: W/0", "-2 ch Channel deleted"],
    );
}

#[test]
fn jsonp_makes_one_list() {
    let jsonp = format(Polling, ["HEAD", "'~text~'", "FOOT"], Some("callback_function"));
    let (first, second) = (message("a", 1), message("b", 2));
    let answer = jsonp.messages([&first, &second], Validators::of(&second));
    assert_eq!(answer.header("content-type"), Some(&b"application/javascript"[..]));
    check_body(&answer, "HEADcallback_function(['a','b']);FOOT");
    check_body(&jsonp.live(&first), "HEADcallback_function(['a']);FOOT");
    assert_eq!(jsonp.timed_out(0).body, Body::Empty);
}

#[test]
fn jsonp_time_out_with_a_body() {
    let jsonp = format(LongPolling, ["", JSON, ""], Some("callback_function"));
    check_body(
        &jsonp.timed_out_with_body(epoch().unix),
        "callback_function([{\"id\":\"-3\", \"message\":\"Timed out\", \"channel\":\"\", \
         \"tag\":\"0\", \"time\":\"Thu, 01 Jan 1970 00:00:00 GMT\"}]);",
    );
}

#[test]
fn an_empty_callback_is_none() {
    let answer = format(Polling, ["", "~text~", ""], Some("")).live(&message("m", 1));
    assert_eq!(answer.header("content-type"), Some(&b"text/plain"[..]));
    check_body(&answer, "m");
}

#[test]
fn polling_on_an_event_source_location_keeps_the_event_stream() {
    let mut sent = message("a\nb", 1);
    sent.event_id = Some(Box::from(*b"e1"));
    let answer = format(EventSource, ["", "~text~", "FOOT"], None).live(&sent);
    check(
        &answer,
        &[
            "200",
            "Content-Type: text/plain",
            NOW,
            "UNCACHED",
            "Etag: W/1",
            ": \n",
            "id: e1\n",
            "data: a\ndata: b\n\n",
            ": FOOT\n",
        ],
    );
}
