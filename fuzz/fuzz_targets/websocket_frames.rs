//! Frames: read byte by byte they give the same events as read at once, texts are UTF-8, messages
//! stay within the limit, nothing follows the end, and what was read can be written and read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outpour_core::wire::websocket::{self, Decoder, Event, Rules};

fn events(input: &[u8], step: usize, rules: &Rules) -> Vec<Event> {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    let mut input = input.to_vec();
    for mut part in input.chunks_mut(step) {
        while !part.is_empty() {
            let step = decoder.decode(part, rules);
            assert!((1..=part.len()).contains(&step.consumed));
            assert!(step.event.is_some() || step.consumed == part.len());
            part = &mut part[step.consumed..];
            events.extend(step.event);
            // Between two messages a decoder may be dropped.
            if decoder.is_idle() {
                decoder = Decoder::default();
            }
        }
    }
    events
}

fn write(event: &Event, out: &mut Vec<u8>) {
    match event {
        Event::Message { binary: false, data } => websocket::text(data, out),
        Event::Message { binary: true, data } => websocket::binary(data, out),
        Event::Ping(data) => websocket::frame_header(websocket::Opcode::Ping, data.len(), out),
        Event::Pong => out.extend_from_slice(&websocket::PONG),
        Event::Close { code, reason } => websocket::close(*code, reason, out),
        Event::Failure { .. } => {}
    }
    if let Event::Ping(data) = event {
        out.extend_from_slice(data);
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&step, input)) = input.split_first() else { return };
    let rules = Rules {
        keep: step & 1 == 0,
        limit: u64::from(step) * 4,
        deflate: step & 2 == 0,
        masked: step & 4 == 0,
    };
    let whole = events(input, usize::MAX, &rules);
    assert_eq!(events(input, 1, &rules), whole);
    assert_eq!(events(input, usize::from(step).max(1), &rules), whole);
    let mut written = Vec::new();
    for (at, event) in whole.iter().enumerate() {
        match event {
            Event::Message { binary, data } => {
                assert!(rules.keep && data.len() as u64 <= rules.limit);
                assert!(*binary || std::str::from_utf8(data).is_ok());
            }
            Event::Ping(data) => assert!(data.len() <= 125),
            Event::Pong => {}
            Event::Close { reason, .. } => {
                assert!(std::str::from_utf8(reason).is_ok());
                assert_eq!(at + 1, whole.len());
            }
            Event::Failure { close_code } => {
                assert!(matches!(close_code, 1002 | 1007 | 1009));
                assert_eq!(at + 1, whole.len());
            }
        }
        write(event, &mut written);
    }
    let readable = whole.iter().filter(|e| !matches!(e, Event::Failure { .. })).count();
    // What a server writes has no mask.
    let rules = Rules { masked: false, ..rules };
    assert_eq!(events(&written, 7, &rules), whole[..readable]);
});
