use std::io::Read as _;

use super::*;
use crate::settings::SubscriberMode::{self, EventSource, Streaming, WebSocket};

fn format(mode: SubscriberMode, framing: Framing, templates: [&str; 3]) -> StreamFormat {
    let [header, message, footer] = templates.map(str::as_bytes);
    let rendering = Arc::new(Rendering::compile(mode, header, message, footer));
    StreamFormat { rendering, framing, padding: None, gzip: None, deflate: None }
}

fn message(text: &str) -> Message {
    Message::special(1, Arc::from(*b"ch"), text.as_bytes())
}

/// What a subscriber gets that sees one message, one ping and the end.
fn life(format: &StreamFormat, message: &Message) -> Vec<Vec<u8>> {
    let mut tail = GzipTail::default();
    let mut step = |fill: &dyn Fn(&mut Frame)| {
        let mut frame = Frame::default();
        fill(&mut frame);
        tail.add(frame.plain);
        frame.bytes
    };
    let mut steps = vec![
        step(&|frame| format.opening(frame)),
        step(&|frame| format.message(message, frame)),
        step(&|frame| format.ping(b" ", frame)),
    ];
    let mut ending = Vec::new();
    format.ending(tail, &mut ending);
    steps.push(ending);
    steps
}

fn check(format: &StreamFormat, text: &str, expected: [&[u8]; 4]) {
    let steps = life(format, &message(text));
    let steps: Vec<_> = steps.iter().map(|step| step.escape_ascii().to_string()).collect();
    assert_eq!(steps, expected.map(|step| step.escape_ascii().to_string()));
}

const ALL: [&str; 3] = ["HEAD", "<~id~ ~text~>", "FOOT"];
const BARE: [&str; 3] = ["", "~text~", ""];

#[test]
fn streaming_in_chunks() {
    check(
        &format(Streaming, Framing::Chunked, ALL),
        "text",
        [b"4\r\nHEAD\r\n", b"8\r\n<1 text>\r\n", b"6\r\n<-1  >\r\n", b"4\r\nFOOT\r\n0\r\n\r\n"],
    );
    check(
        &format(Streaming, Framing::Chunked, BARE),
        "text",
        [b"", b"4\r\ntext\r\n", b"1\r\n \r\n", b"0\r\n\r\n"],
    );
}

#[test]
fn streaming_without_chunks() {
    let format = format(Streaming, Framing::Raw, ALL);
    check(&format, "text", [b"HEAD", b"<1 text>", b"<-1  >", b"FOOT"]);
}

#[test]
fn event_source_in_chunks() {
    check(
        &format(EventSource, Framing::Chunked, BARE),
        "a\nb",
        [b"3\r\n: \n\r\n", b"11\r\ndata: a\ndata: b\n\n\r\n", b"5\r\n: -1\n\r\n", b"0\r\n\r\n"],
    );
    check(
        &format(EventSource, Framing::Chunked, ALL),
        "a",
        [
            b"7\r\n: HEAD\n\r\n",
            b"d\r\ndata: <1 a>\n\n\r\n",
            b"5\r\n: -1\n\r\n",
            b"7\r\n: FOOT\n\r\n0\r\n\r\n",
        ],
    );
}

#[test]
fn websocket_in_frames() {
    check(
        &format(WebSocket, Framing::WebSocket, ALL),
        "text",
        [b"\x81\x04HEAD", b"\x81\x08<1 text>", b"\x89\x00", b"\x81\x04FOOT\x88\x00"],
    );
    check(
        &format(WebSocket, Framing::WebSocket, BARE),
        "text",
        [b"", b"\x81\x04text", b"\x89\x00", b"\x88\x00"],
    );
}

#[test]
fn websocket_messages_are_compressed_where_it_pays() {
    let deflating = |min_length, templates| StreamFormat {
        deflate: Some(min_length),
        ..format(WebSocket, Framing::WebSocket, templates)
    };
    let long = "x".repeat(60);
    let frame = |templates, payload: &str| {
        let compressed = websocket::deflate(payload.as_bytes());
        let mut frame = Frame::default();
        deflating(60, templates).message(&message(&long), &mut frame);
        assert_eq!(
            frame.bytes,
            [&[0xc1, u8::try_from(compressed.len()).unwrap()][..], &compressed].concat()
        );
    };
    frame(BARE, &long);
    frame(ALL, &format!("<1 {long}>"));
    let plain = [&b"\x81\x3c"[..], long.as_bytes()].concat();
    check(&deflating(61, BARE), &long, [b"", &plain, b"\x89\x00", b"\x88\x00"]);
    check(&deflating(0, BARE), "x", [b"", b"\x81\x01x", b"\x89\x00", b"\x88\x00"]);
    check(&deflating(0, BARE), "", [b"", b"\x81\x00", b"\x89\x00", b"\x88\x00"]);
}

#[test]
fn binary_messages_stay_binary_where_the_text_is_alone() {
    for (templates, expected) in [(BARE, &b"\x82\x01\xff"[..]), (ALL, b"\x81\x05<1 \xff>")] {
        let mut sent = Message::special(1, Arc::from(*b"ch"), *b"\xff");
        sent.binary = true;
        let mut frame = Frame::default();
        format(WebSocket, Framing::WebSocket, templates).message(&sent, &mut frame);
        assert_eq!(frame.bytes, expected);
    }
}

#[test]
fn a_deletion_is_a_message() {
    let deleted = Message::special(Message::DELETED_ID, Arc::from(*b"ch"), *b"Channel deleted");
    let mut frame = Frame::default();
    format(EventSource, Framing::Chunked, ALL).message(&deleted, &mut frame);
    assert_eq!(frame.bytes, b"1c\r\ndata: <-2 Channel deleted>\n\n\r\n");
}

#[test]
fn padding_is_a_chunk_of_its_own() {
    let mut streaming = format(Streaming, Framing::Chunked, ["H", "~text~", ""]);
    streaming.padding = Some(PaddingSizes { header_min: 5, message_min: 3, max: 5 });
    check(
        &streaming,
        "12",
        [
            b"1\r\nH\r\n5\r\n\n\r\n\r\n\r\n",
            b"2\r\n12\r\n5\r\n\n\r\n\r\n\r\n",
            b"1\r\n \r\n5\r\n\n\r\n\r\n\r\n",
            b"0\r\n\r\n",
        ],
    );
    let no_header = StreamFormat {
        rendering: format(Streaming, Framing::Chunked, BARE).rendering,
        ..streaming
    };
    check(
        &no_header,
        "123",
        [b"", b"3\r\n123\r\n", b"1\r\n \r\n5\r\n\n\r\n\r\n\r\n", b"0\r\n\r\n"],
    );
}

#[test]
fn event_source_padding_is_a_comment_after_all_lines() {
    let mut format = format(EventSource, Framing::Chunked, BARE);
    // 17 bytes of two lines and the final LF are enough; the 3 bytes of the header are not.
    format.padding = Some(PaddingSizes { header_min: 4, message_min: 17, max: 17 });
    check(
        &format,
        "a\nb",
        [
            b"3\r\n: \n\r\n11\r\n::::::::::::::::\n\r\n",
            b"11\r\ndata: a\ndata: b\n\n\r\n",
            b"5\r\n: -1\n\r\n",
            b"0\r\n\r\n",
        ],
    );
    format.padding = Some(PaddingSizes { header_min: 0, message_min: 18, max: 18 });
    let mut frame = Frame::default();
    format.message(&message("a\nb"), &mut frame);
    assert_eq!(frame.bytes, b"11\r\ndata: a\ndata: b\n\n\r\n12\r\n:::::::::::::::::\n\r\n",);
}

#[test]
fn the_head_announces_a_stream() {
    let mut format = format(EventSource, Framing::Chunked, BARE);
    let head = format.head(b"text/event-stream; charset=utf-8");
    let expected =
        Answer::new(200).with("Content-Type", &b"text/event-stream; charset=utf-8"[..]).uncached();
    assert_eq!(head, Answer { body: Body::Stream, ..expected });
    format.gzip = Some(1);
    assert_eq!(format.head(b"x").header("Content-Encoding"), Some(&b"gzip"[..]));
}

/// The data of each chunk; the last one is empty.
fn chunks(mut rest: &[u8]) -> Vec<&[u8]> {
    let mut chunks = Vec::new();
    while let Some(line) = rest.iter().position(|byte| *byte == b'\n') {
        let size = str::from_utf8(&rest[..line - 1]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        chunks.push(&rest[line + 1..line + 1 + size]);
        rest = &rest[line + 1 + size + 2..];
    }
    chunks
}

fn unzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

fn check_gzip(templates: [&str; 3], chunks_per_step: [usize; 4], expected: &str) {
    let mut format = format(Streaming, Framing::Chunked, templates);
    format.gzip = Some(1);
    let steps = life(&format, &message("text"));
    let counts: Vec<_> = steps.iter().map(|step| chunks(step).len()).collect();
    assert_eq!(counts, chunks_per_step);
    assert_eq!(unzip(&chunks(&steps.concat()).concat()), expected);
    format.framing = Framing::Raw;
    assert_eq!(unzip(&life(&format, &message("text")).concat()), expected);
}

#[test]
fn compressed_streams_have_one_chunk_per_part() {
    check_gzip(ALL, [1, 1, 1, 3], "HEAD<1 text><-1  >FOOT");
    check_gzip(BARE, [1, 1, 1, 2], "text ");
    check_gzip(["HEAD", "", ""], [1, 0, 0, 2], "HEAD");
}

#[test]
fn a_backlog_may_stand_in_one_frame() {
    let mut format = format(Streaming, Framing::Raw, ALL);
    format.gzip = Some(6);
    let mut frame = Frame::default();
    format.opening(&mut frame);
    format.message(&message("one"), &mut frame);
    let mut next = Frame::default();
    format.message(&message("two"), &mut next);
    frame.append(&next);
    let mut tail = GzipTail::default();
    tail.add(frame.plain);
    format.ending(tail, &mut frame.bytes);
    assert_eq!(unzip(&frame.bytes), "HEAD<1 one><1 two>FOOT");
}
