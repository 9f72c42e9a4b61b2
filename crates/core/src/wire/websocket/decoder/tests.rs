//! The categories are those of the Autobahn test suite.

use proptest::prelude::*;

use super::*;
use crate::wire::websocket as wire;

const RULES: Rules = Rules { keep: true, limit: 200_000, deflate: false, masked: false };

/// A frame as a client sends it, with any first byte; masked unless told otherwise.
fn frame_with(first: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut out = Vec::new();
    wire::frame_header(Opcode::Text, payload.len(), &mut out);
    out[0] = first;
    out[1] |= if mask.is_some() { 0x80 } else { 0 };
    out.extend_from_slice(&mask.unwrap_or_default()[..mask.map_or(0, |m| m.len())]);
    let mask = mask.unwrap_or_default();
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame_with(first, payload.as_ref(), Some([0x12, 0x34, 0x56, 0x78]))
}

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
const MORE: u8 = 0x00;
const LAST: u8 = 0x80;

fn text(data: impl AsRef<[u8]>) -> Event {
    Event::Message { binary: false, data: data.as_ref().to_vec() }
}

fn binary(data: impl AsRef<[u8]>) -> Event {
    Event::Message { binary: true, data: data.as_ref().to_vec() }
}

fn ping(data: impl AsRef<[u8]>) -> Event {
    Event::Ping(data.as_ref().to_vec())
}

fn closed(code: u16, reason: &str) -> Event {
    Event::Close { code: Some(code), reason: reason.as_bytes().to_vec() }
}

fn fails(close_code: u16) -> Event {
    Event::Failure { close_code }
}

/// All events of the input, cut into parts of `step` bytes, and the decoder behind them.
fn events(input: &[u8], step: usize, rules: &Rules) -> (Vec<Event>, Decoder) {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    let mut input = input.to_vec();
    for mut part in input.chunks_mut(step.max(1)) {
        while !part.is_empty() {
            let Step { consumed, event } = decoder.decode(part, rules);
            assert!((1..=part.len()).contains(&consumed));
            part = &mut part[consumed..];
            events.extend(event);
        }
    }
    (events, decoder)
}

fn check_with(rules: &Rules, frames: &[Vec<u8>], expected: &[Event]) {
    let input = frames.concat();
    for step in
        [1, 2, 3, 5, 7, 8, 13, 64, 1000, usize::MAX].into_iter().filter(|s| *s > input.len() / 3000)
    {
        let (found, decoder) = events(&input, step, rules);
        assert_eq!(found, expected, "in steps of {step}");
        let ended = matches!(found.last(), Some(Event::Close { .. } | Event::Failure { .. }));
        assert_eq!(matches!(decoder.state, State::Closed), ended);
    }
}

fn check(frames: &[Vec<u8>], expected: &[Event]) {
    check_with(&RULES, frames, expected);
}

#[test]
fn framing() {
    for len in [0, 1, 125, 126, 127, 128, 255, 256, 65_535, 65_536, 131_072] {
        let data = "*".repeat(len);
        check(&[frame(TEXT, &data)], &[text(&data)]);
        check(&[frame(BINARY, vec![0xfe; len])], &[binary(vec![0xfe; len])]);
        check(&[frame_with(TEXT, data.as_bytes(), None)], &[text(&data)]);
    }
}

#[test]
fn several_frames_at_once() {
    check(
        &[frame(TEXT, "a"), frame_with(TEXT, b"b", None), frame(PING, "p"), frame(BINARY, "c")],
        &[text("a"), text("b"), ping("p"), binary("c")],
    );
}

#[test]
fn lengths_are_minimal() {
    check(&[b"\x81\xfe\x00\x7d".to_vec()], &[fails(1002)]);
    check(&[b"\x81\x7e\x00\x00".to_vec()], &[fails(1002)]);
    check(&[b"\x81\x7f\0\0\0\0\0\0\xff\xff".to_vec()], &[fails(1002)]);
    check(&[b"\x81\x7f\x80\0\0\0\0\0\0\0".to_vec()], &[fails(1002)]);
    check(&[b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()], &[fails(1002)]);
}

#[test]
fn pings_and_pongs() {
    check(&[frame(PING, "")], &[ping("")]);
    check(&[frame(PING, [0xff; 125])], &[ping([0xff; 125])]);
    check(&[frame(PING, [0xff; 126])], &[fails(1002)]);
    check(&[b"\x89\xff".to_vec()], &[fails(1002)]);
    check(&[frame(PONG, "unasked"), frame(TEXT, "x")], &[Event::Pong, text("x")]);
    check(&[frame(PONG, "")], &[Event::Pong]);
    let pings: Vec<_> = (0..10).map(|n| frame(PING, n.to_string())).collect();
    check(&pings, &(0..10).map(|n| ping(n.to_string())).collect::<Vec<_>>());
}

#[test]
fn reserved_bits() {
    for bits in [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70] {
        for first in [TEXT, BINARY, CLOSE, PING, PONG] {
            check(&[frame(TEXT, "a"), frame(first | bits, "b")], &[text("a"), fails(1002)]);
        }
    }
}

#[test]
fn opcodes() {
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        check(&[frame(0x80 | opcode, ""), frame(PING, "")], &[fails(1002)]);
        check(&[frame(opcode, "x")], &[fails(1002)]);
    }
}

#[test]
fn fragments() {
    check(&[frame(0x01, "a"), frame(LAST, "b")], &[text("ab")]);
    check(&[frame(0x01, "a"), frame(MORE, "b"), frame(LAST, "")], &[text("ab")]);
    check(&[frame(0x01, ""), frame(MORE, ""), frame(LAST, "")], &[text("")]);
    check(
        &[frame(0x02, ""), frame(MORE, "\u{e9}"), frame(LAST, [0xff])],
        &[binary(b"\xc3\xa9\xff")],
    );
    check(
        &[frame(0x01, "a"), frame(PING, "p"), frame(MORE, "b"), frame(PONG, ""), frame(LAST, "c")],
        &[ping("p"), Event::Pong, text("abc")],
    );
    check(
        &[frame(0x01, "a"), frame(CLOSE, ""), frame(LAST, "b")],
        &[Event::Close { code: None, reason: Vec::new() }],
    );
}

#[test]
fn fragments_out_of_order() {
    check(&[frame(LAST, "a")], &[fails(1002)]);
    check(&[frame(MORE, "a"), frame(LAST, "b")], &[fails(1002)]);
    check(&[frame(TEXT, "a"), frame(LAST, "b")], &[text("a"), fails(1002)]);
    check(&[frame(0x01, "a"), frame(TEXT, "b")], &[fails(1002)]);
    check(&[frame(0x01, "a"), frame(0x01, "b")], &[fails(1002)]);
    check(&[frame(0x02, "a"), frame(BINARY, "b")], &[fails(1002)]);
    for control in [0x08, 0x09, 0x0a] {
        check(&[frame(control, "")], &[fails(1002)]);
    }
}

#[test]
fn utf8() {
    for good in [
        "\u{3ba}\u{1f79}\u{3c3}\u{3bc}\u{3b5}",
        "\0",
        "\u{7f}\u{80}\u{7ff}\u{800}",
        "\u{ffff}",
        "\u{10ffff}",
    ] {
        check(&[frame(TEXT, good)], &[text(good)]);
        let bytes = good.as_bytes();
        for cut in 0..=bytes.len() {
            let (a, b) = bytes.split_at(cut);
            let parts = [frame(0x01, a), frame(PING, ""), frame(MORE, ""), frame(LAST, b)];
            check(&parts, &[ping(""), text(good)]);
        }
    }
    for bad in [
        &b"\x80"[..],
        b"\xbf\xbf",
        b"a\xc0\xaf",
        b"\xc3",
        b"\xc3(",
        b"\xe0\x80\xaf",
        b"\xe2\x82",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf0\x80\x80\xaf",
        b"\xf0\x9f\x98",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xfe",
        b"\xff",
        b"ok\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
    ] {
        check(&[frame(TEXT, bad)], &[fails(1007)]);
        check(&[frame(0x01, bad), frame(LAST, "")], &[fails(1007)]);
        check(&[frame(BINARY, bad)], &[binary(bad)]);
    }
}

#[test]
fn bad_text_fails_at_its_first_byte() {
    check(&[frame(0x01, b"\xce\xba\xf4"), frame(MORE, b"\x90")], &[fails(1007)]);
    let mut unfinished = frame(TEXT, [b'a', 0xff, b'b', b'c']);
    unfinished.truncate(8);
    check(&[unfinished], &[fails(1007)]);
}

#[test]
fn closing() {
    check(&[frame(CLOSE, "")], &[Event::Close { code: None, reason: Vec::new() }]);
    check(&[frame(CLOSE, [3])], &[fails(1002)]);
    check(&[frame(CLOSE, b"\x03\xe8")], &[closed(1000, "")]);
    check(&[frame(CLOSE, b"\x03\xe8bye \xc3\xa9")], &[closed(1000, "bye \u{e9}")]);
    check(&[frame(CLOSE, b"\x03\xe8\xc3")], &[fails(1007)]);
    check(&[frame(CLOSE, b"\x03\xe8\xce\xba\xed\xa0\x80")], &[fails(1007)]);
    let longest = [&b"\x03\xe8"[..], &[b'*'; 123]].concat();
    check(&[frame(CLOSE, longest)], &[closed(1000, &"*".repeat(123))]);
    check(&[frame(CLOSE, [b'*'; 126])], &[fails(1002)]);
    check(&[frame(CLOSE, b"\x03\xe8"), frame(TEXT, "x"), b"GET /".to_vec()], &[closed(1000, "")]);
    check(
        &[frame(TEXT, "a"), frame(CLOSE, ""), frame(PING, "")],
        &[text("a"), Event::Close { code: None, reason: Vec::new() }],
    );
}

#[test]
fn close_codes() {
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000,
        4999,
    ] {
        check(&[frame(CLOSE, u16::to_be_bytes(code))], &[closed(code, "")]);
    }
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        check(&[frame(CLOSE, u16::to_be_bytes(code))], &[fails(1002)]);
    }
}

#[test]
fn limits() {
    let rules = Rules { keep: true, limit: 10, deflate: false, masked: false };
    check_with(&rules, &[frame(TEXT, [b'x'; 10])], &[text([b'x'; 10])]);
    check_with(&rules, &[frame(TEXT, [b'x'; 11])], &[fails(1009)]);
    check_with(&rules, &[frame(0x01, [b'x'; 6]), frame(LAST, [b'x'; 5])], &[fails(1009)]);
    check_with(
        &rules,
        &[frame(TEXT, "a"), frame(TEXT, [b'x'; 10])],
        &[text("a"), text([b'x'; 10])],
    );
    check_with(&rules, &[b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff".to_vec()], &[fails(1009)]);
}

#[test]
fn unwanted_messages_are_checked_and_dropped() {
    let rules = Rules { keep: false, limit: 1, deflate: false, masked: false };
    check_with(&rules, &[frame(TEXT, [b'x'; 300]), frame(PING, "p")], &[ping("p")]);
    check_with(&rules, &[frame(0x01, "\u{e9}"), frame(LAST, [0xff])], &[fails(1007)]);
    check_with(&rules, &[frame(TEXT, b"\xc3")], &[fails(1007)]);
    let huge = b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff".to_vec();
    let (found, decoder) = events(&[huge, vec![1; 100_000]].concat(), 4096, &rules);
    assert!(found.is_empty());
    let State::Busy(progress) = decoder.state else { panic!("within a frame") };
    assert_eq!(progress.message.map(|m| m.data.capacity()), Some(0));
}

#[test]
fn compressed_messages() {
    const RULES: Rules = Rules { keep: true, limit: 1000, deflate: true, masked: false };
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    check_with(&RULES, &[frame(0xc1, hello)], &[text("Hello")]);
    check_with(&RULES, &[frame(0xc2, hello)], &[binary("Hello")]);
    check_with(&RULES, &[frame(TEXT, "plain")], &[text("plain")]);
    check_with(&RULES, &[frame(0xc1, [0])], &[text("")]);
    let parts = [frame(0x41, &hello[..3]), frame(PING, "p"), frame(LAST, &hello[3..])];
    check_with(&RULES, &parts, &[ping("p"), text("Hello")]);
    check_with(&RULES, &[frame(0xc1, hello), frame(0xc1, hello)], &[text("Hello"), text("Hello")]);
    check_with(&RULES, &[frame(0xc1, wire::deflate(&[0xff]))], &[fails(1007)]);
    check_with(&RULES, &[frame(0xc1, wire::deflate(b"\xc3"))], &[fails(1007)]);
    check_with(&RULES, &[frame(0xc2, [0xff; 9])], &[fails(1007)]);
    check_with(&RULES, &[frame(0xc1, wire::deflate(&[b'x'; 1000]))], &[text([b'x'; 1000])]);
    check_with(&RULES, &[frame(0xc1, wire::deflate(&[b'x'; 1001]))], &[fails(1009)]);
    let bomb = wire::deflate(&vec![b'x'; 1_000_000]);
    check_with(&Rules { limit: 500_000, ..RULES }, &[frame(0xc1, bomb)], &[fails(1009)]);
}

#[test]
fn room_of_compressed_messages_follows_what_has_come() {
    let rules = Rules { keep: true, limit: u64::MAX, deflate: true, masked: false };
    let begun = &frame(0x41, wire::deflate(&vec![0; 1_000_000]))[..500];
    let (_, decoder) = events(begun, 64, &rules);
    let State::Busy(progress) = decoder.state else { panic!("within a frame") };
    assert!(progress.message.is_some_and(|m| m.data.capacity() <= 16 * 1024));
}

#[test]
fn rsv1_stands_on_first_frames_of_messages() {
    let rules = Rules { keep: true, limit: 1000, deflate: true, masked: false };
    for first in [0xc8, 0xc9, 0xca, 0xa1, 0x91, 0xe1] {
        check_with(&rules, &[frame(first, "")], &[fails(1002)]);
    }
    check_with(&rules, &[frame(0x41, [0xf2]), frame(0xc0, [0x48])], &[fails(1002)]);
    check_with(&rules, &[frame(0x01, "x"), frame(0xc0, "y")], &[fails(1002)]);
    let unwanted = Rules { keep: false, limit: 1, deflate: true, masked: false };
    check_with(&unwanted, &[frame(0xc1, [0xff; 300]), frame(PING, "p")], &[ping("p")]);
}

#[test]
fn room_follows_what_has_come() {
    let rules = Rules { keep: true, limit: u64::MAX, deflate: false, masked: false };
    let huge = b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff".to_vec();
    let (_, decoder) = events(&[huge, vec![1; 100]].concat(), 4096, &rules);
    let State::Busy(progress) = decoder.state else { panic!("within a frame") };
    assert!(progress.message.is_some_and(|m| m.data.capacity() <= 16 * 1024));
}

#[test]
fn idle_means_between_messages() {
    assert!(size_of::<Decoder>() <= 16);
    let idle = |input: &[u8]| events(input, usize::MAX, &RULES).1.is_idle();
    assert!(idle(b""));
    assert!(idle(&frame(TEXT, "abc")));
    assert!(idle(&frame(PING, "")));
    assert!(!idle(&frame(0x01, "abc")));
    assert!(!idle(&frame(TEXT, "abc")[..1]));
    assert!(!idle(&frame(TEXT, "abc")[..8]));
    assert!(!idle(&frame(CLOSE, "")));
    assert!(!idle(&[0xff]));
}

/// Streams of frames, good and bad.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let first = prop::sample::select(vec![
        TEXT, TEXT, BINARY, 0x01, 0x02, MORE, LAST, LAST, PING, PONG, CLOSE, 0x83, 0xc1, 0x08,
    ]);
    let payload = prop_oneof![
        ".{0,10}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..140),
        Just(b"\x03\xe8".to_vec()),
    ];
    let frame = (first, payload, any::<Option<[u8; 4]>>())
        .prop_map(|(first, payload, mask)| frame_with(first, &payload, mask));
    let frames = prop::collection::vec(frame, 0..8).prop_map(|frames| frames.concat());
    prop_oneof![frames, prop::collection::vec(any::<u8>(), 0..60)]
}

proptest! {
    #[test]
    fn cuts_change_nothing(input in streams(), step in 1..40_usize, keep: bool, deflate: bool, limit in 0..300_u64) {
        let rules = Rules { keep, limit, deflate, masked: false };
        let (whole, _) = events(&input, usize::MAX, &rules);
        let (parts, _) = events(&input, step, &rules);
        prop_assert_eq!(parts, whole);
    }

    #[test]
    fn written_frames_are_read(messages: Vec<(bool, String)>, step in 1..40_usize) {
        let mut input = Vec::new();
        let mut expected = Vec::new();
        for (is_binary, data) in &messages {
            if *is_binary {
                wire::binary(data.as_bytes(), &mut input);
                expected.push(binary(data));
            } else {
                wire::text(data.as_bytes(), &mut input);
                expected.push(text(data));
            }
        }
        wire::close(Some(1001), b"away", &mut input);
        expected.push(closed(1001, "away"));
        prop_assert_eq!(events(&input, step, &RULES).0, expected);
    }

    #[test]
    fn fragments_are_joined(data: String, cuts in prop::collection::vec(0..20_usize, 0..6)) {
        let mut rest = data.as_bytes();
        let mut input = Vec::new();
        let mut first = 0x01;
        for cut in cuts {
            let (part, tail) = rest.split_at(cut.min(rest.len()));
            input.extend(frame(first, part));
            (first, rest) = (MORE, tail);
        }
        input.extend(frame(0x80 | first, rest));
        prop_assert_eq!(events(&input, usize::MAX, &RULES).0, vec![text(&data)]);
    }
}

#[test]
fn a_mask_may_be_wanted() {
    let rules = Rules { masked: true, ..RULES };
    let masked = [0x81, 0x81, 0, 0, 0, 0, b'x'].to_vec();
    let text = Event::Message { binary: false, data: b"x".to_vec() };
    check_with(&rules, &[masked], std::slice::from_ref(&text));
    check_with(&rules, &[b"\x81\x01x".to_vec()], &[fails(1002)]);
    check_with(&rules, &[b"\x89\x00".to_vec()], &[fails(1002)]);
    check_with(&RULES, &[b"\x81\x01x".to_vec()], &[text]);
}
