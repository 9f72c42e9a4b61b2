//! Event source: templates and messages as an event stream.

use crate::message::Message;
use crate::transport::lines::lines;
use crate::transport::{Parts, Template};

/// Sent after `ping_message_interval` of silence, whatever the templates are.
pub(super) const PING: &[u8] = b": -1\n";

/// The header template as comment lines; an empty one becomes an empty comment, so that the
/// client sees the stream begin.
pub(super) fn header(template: &[u8]) -> Vec<u8> {
    if template.is_empty() { b": \n".to_vec() } else { comment(template) }
}

/// The footer template as comment lines; an empty one stays empty.
pub(super) fn footer(template: &[u8]) -> Vec<u8> {
    comment(template)
}

/// A template that already is a comment is left alone.
fn comment(template: &[u8]) -> Vec<u8> {
    if template.starts_with(b": ") {
        return template.to_vec();
    }
    lines(template).flat_map(|line| [b": ", line, b"\n"]).flatten().copied().collect()
}

/// The message template as a `data:` line, unless it begins as one.
pub(super) fn message_template(template: &[u8]) -> Template {
    if template.starts_with(b"data: ") {
        Template::compile(template)
    } else {
        Template::compile(&[b"data: ", template, b"\n"].concat())
    }
}

/// Adds a message: its `id:` line and its `event:` line if it has them, then as one part each line
/// of its text in the whole template, and the empty line that ends an event. Returns the length of
/// that last part in bytes.
pub(super) fn message(
    template: &Template,
    event_type: Option<&[u8]>,
    message: &Message,
    parts: &mut Parts,
) -> usize {
    field(b"id: ", message.event_id.as_deref(), parts);
    field(b"event: ", message.event_type.as_deref().or(event_type), parts);
    parts.write(|out| {
        for line in lines(&message.text) {
            template.render(message, line, out);
        }
        out.push(b'\n');
    })
}

/// Appends `text` as the data of an event, and the empty line that ends it. Unlike a template of
/// ours this loses nothing: empty lines stay, and an empty text is an event, too.
pub fn event_data(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    loop {
        let end = memchr::memchr2(b'\r', b'\n', rest);
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&rest[..end.unwrap_or(rest.len())]);
        out.push(b'\n');
        let Some(end) = end else { break };
        let long = rest[end..].starts_with(b"\r\n");
        rest = &rest[end + 1 + usize::from(long)..];
    }
    out.push(b'\n');
}

fn field(name: &[u8], value: Option<&[u8]>, parts: &mut Parts) {
    if let Some(value) = value {
        parts.write(|out| {
            for bytes in [name, value, b"\n"] {
                out.extend_from_slice(bytes);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    const JSON: &[u8] = br#"{"id":"~id~", "message":"~text~"}"#;

    fn check(template: &[u8], event_id: Option<&str>, text: &str, expected: &[&str]) {
        let mut sent = Message::special(1, Arc::from(*b"ch"), text.as_bytes());
        sent.event_id = event_id.map(|id| id.as_bytes().into());
        let mut parts = Parts::default();
        let last = message(&message_template(template), None, &sent, &mut parts);
        let found: Vec<_> = parts.iter().map(|part| str::from_utf8(part).unwrap()).collect();
        assert_eq!(found, expected);
        assert_eq!(last, expected.last().unwrap().len());
    }

    #[test]
    fn each_line_of_the_text_gets_the_whole_template() {
        check(
            b"~text~",
            None,
            "line 1\nline 2\rline 3\r\nline 4",
            &["data: line 1\ndata: line 2\ndata: line 3\ndata: line 4\n\n"],
        );
        check(b"~size~ ~text~", None, "a\nbcd", &["data: 1 a\ndata: 3 bcd\n\n"]);
        check(b"~text~", None, "a\n\nb\n", &["data: a\ndata: b\n\n"]);
        check(b"~text~", None, "", &["\n"]);
    }

    #[test]
    fn an_event_id_is_a_part_of_its_own() {
        check(
            JSON,
            Some("e1"),
            "text",
            &["id: e1\n", "data: {\"id\":\"1\", \"message\":\"text\"}\n\n"],
        );
        check(b"~text~", Some(""), "text", &["id: \n", "data: text\n\n"]);
    }

    #[test]
    fn an_event_type_follows_the_event_id() {
        let mut sent = Message::special(1, Arc::from(*b"ch"), *b"text");
        sent.event_id = Some(Box::from(*b"e1"));
        sent.event_type = Some(Box::from(*b"kind"));
        let mut parts = Parts::default();
        message(&message_template(b"~text~"), None, &sent, &mut parts);
        let expected: [&[u8]; 3] = [b"id: e1\n", b"event: kind\n", b"data: text\n\n"];
        assert_eq!(parts.into_vecs(), expected);
    }

    #[test]
    fn a_template_of_data_lines_is_used_as_given() {
        check(b"data: <~text~>\r\n", None, "a\nb", &["data: <a>\r\ndata: <b>\r\n\n"]);
    }

    #[test]
    fn headers_and_footers_become_comments() {
        assert_eq!(header(b""), b": \n");
        assert_eq!(footer(b""), b"");
        assert_eq!(footer(b"bye"), b": bye\n");
        let two = b": header line 1\n: header line 2\n";
        assert_eq!(header(b"header line 1\nheader line 2"), two);
        assert_eq!(header(b"header line 1\r\n\r\nheader line 2\r"), two);
        assert_eq!(header(two), two);
        assert_eq!(header(b": as given"), b": as given");
        assert_eq!(header(b"\n"), b"");
    }

    proptest! {
        #[test]
        fn a_text_is_one_event_whatever_its_bytes(text: Vec<u8>) {
            let sent = Message::special(1, Arc::from(*b"ch"), text.clone());
            let mut parts = Parts::default();
            message(&message_template(b"~text~"), None, &sent, &mut parts);
            let [part] = &parts.into_vecs()[..] else { panic!("one part") };
            let mut data = part.strip_suffix(b"\n").unwrap();
            for line in lines(&text) {
                data = data.strip_prefix(b"data: ").unwrap().strip_prefix(line).unwrap();
                data = data.strip_prefix(b"\n").unwrap();
            }
            prop_assert!(data.is_empty());
        }
    }
}
