//! Templates: any template takes any text in any mode, what comes out is bounded by what went in,
//! `~text~` alone changes nothing, and chunks hold what goes out bare.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use outpour_core::message::Message;
use outpour_core::request::BodyLength;
use outpour_core::settings::SubscriberMode;
use outpour_core::transport::{Frame, Framing, Parts, Rendering, StreamFormat};
use outpour_core::wire::chunked;
use outpour_core::wire::http1::BodyReader;

/// Bytes of the shortest token, `~id~`, and of the longest value that is nobody's text: a date.
const TOKEN_MIN: usize = 4;
const VALUE_MAX: usize = 29;

/// More than a message can come to: every line of the text takes the whole template, with a value
/// for each token and the line itself for `~text~`.
fn bound(template: &[u8], message: &Message) -> usize {
    let optional = |field: &Option<Box<[u8]>>| field.as_ref().map_or(0, |value| value.len());
    let fields =
        [message.channel.len(), optional(&message.event_id), optional(&message.event_type)];
    let value = fields.into_iter().max().unwrap_or(0).max(VALUE_MAX);
    let template = template.len() + b"data: \n".len();
    let tokens = template / TOKEN_MIN;
    let lines = 1 + message.text.iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count();
    let around = b"id: \nevent: \n\n".len() + fields.iter().sum::<usize>();
    lines * (template + tokens * value) + tokens * message.text.len() + around
}

fn check(mode: SubscriberMode, template: &[u8], message: &Message) {
    let rendering = Rendering::compile(mode, template, template, template);
    let mut parts = Parts::default();
    let last = rendering.message(message, &mut parts);
    let whole: Vec<u8> = parts.iter().flatten().copied().collect();
    assert!(parts.iter().all(|part| !part.is_empty()));
    assert!(last <= whole.len() && whole.len() <= bound(template, message));
    if rendering.is_text_alone() {
        assert_eq!(whole, *message.text);
    }
    // Escaping a template for its mode adds a few bytes to each line, or the header of a frame.
    assert!(rendering.header.len().max(rendering.footer.len()) <= 4 * template.len() + 10);
    if mode != SubscriberMode::WebSocket {
        check_chunks(Arc::new(rendering), message, &whole);
    }
}

fn check_chunks(rendering: Arc<Rendering>, message: &Message, whole: &[u8]) {
    let format =
        |framing| StreamFormat { rendering: rendering.clone(), framing, padding: None, gzip: None, deflate: None };
    let (mut bare, mut chunks) = (Frame::default(), Frame::default());
    format(Framing::Raw).message(message, &mut bare);
    assert_eq!(bare.bytes, whole);
    format(Framing::Chunked).message(message, &mut chunks);
    chunks.bytes.extend_from_slice(chunked::LAST);
    let mut reader = BodyReader::new(BodyLength::Chunked, None).expect("there is no limit");
    let mut read = Vec::new();
    let step = reader.feed(&chunks.bytes, &mut read).expect("these chunks are ours");
    assert!(step.done && step.consumed == chunks.bytes.len());
    assert_eq!(read, whole);
}

fuzz_target!(|input: &[u8]| {
    let mut fields = input.splitn(5, |byte| *byte == 0);
    let mut next = || fields.next().unwrap_or_default();
    let (template, channel, event_id, event_type, text) = (next(), next(), next(), next(), next());
    let field = |bytes: &[u8]| (!bytes.is_empty()).then(|| Box::from(bytes));
    let mut message = Message::special(i64::MAX, Arc::from(channel), text);
    (message.time, message.tag) = (u64::MAX, u64::MAX);
    (message.event_id, message.event_type) = (field(event_id), field(event_type));
    for mode in [
        SubscriberMode::Streaming,
        SubscriberMode::Polling,
        SubscriberMode::LongPolling,
        SubscriberMode::EventSource,
        SubscriberMode::WebSocket,
    ] {
        check(mode, template, &message);
    }
});
