//! Work whose instructions are counted: `benches/check` runs this program under callgrind, one case
//! at a time, and compares the counts with those of `benches/instructions.toml`.
//!
//! Without an argument every case runs once; `--list` names them.

#![expect(clippy::print_stdout, reason = "this program prints its cases")]

use std::hint::black_box;
use std::sync::Arc;

use outpour_core::answer::Answer;
use outpour_core::channels::{ChannelKey, Channels, Delivery, Draft, Entry, parse_path};
use outpour_core::hub::{Format, Hub, Outlet};
use outpour_core::message::Message;
use outpour_core::now::{Now, epoch};
use outpour_core::request::Version;
use outpour_core::router::{ServerIndex, find_location};
use outpour_core::settings::{Http, ServerSettings, Store, SubscriberMode};
use outpour_core::transport::{Framing, Rendering, StreamFormat};
use outpour_core::variables::State;
use outpour_core::wire::http1::{Context, encode, parse_head};
use outpour_core::wire::websocket::{Decoder, Rules, text};

const DATE: &[u8] = b"Sun, 06 Nov 1994 08:49:37 GMT";

const HEAD: &[u8] = b"POST /pub?id=news HTTP/1.1\r\nHost: push.example.org\r\n\
    User-Agent: publisher/1.0\r\nAccept: */*\r\nContent-Length: 200\r\n\r\n";

const CONFIGURATION: &str = "events { } http { push_stream_channels_path $arg_id;
    server { listen 80; server_name push.example.org *.example.com;
        location /pub { push_stream_publisher; }
        location /stats { push_stream_channels_statistics; }
        location /sub/stream { push_stream_subscriber; }
        location /sub/events { push_stream_subscriber eventsource; }
        location ~ ^/ws/(?<room>[a-z]+)$ { push_stream_subscriber websocket; }
    }
    server { listen 80; server_name other.example.org; }
}";

type Work = Box<dyn FnMut()>;

/// Name and preparation of a case.
type Case = (&'static str, fn() -> Work);

/// Every case. It does its work [`TIMES`] times when it is measured.
const CASES: [Case; 12] = [
    ("render_stream", || frames(SubscriberMode::Streaming, Framing::Chunked, "~text~", None)),
    ("render_events", || frames(SubscriberMode::EventSource, Framing::Chunked, "~text~", None)),
    ("render_template", || {
        let template = "{\"id\":~id~,\"channel\":\"~channel~\",\"text\":\"~text~\"}";
        frames(SubscriberMode::Streaming, Framing::Chunked, template, None)
    }),
    ("frame_websocket", || frames(SubscriberMode::WebSocket, Framing::WebSocket, "~text~", None)),
    ("deflate_websocket", || {
        frames(SubscriberMode::WebSocket, Framing::WebSocket, "~text~", Some(0))
    }),
    ("decode_websocket", decode),
    ("append", append),
    ("fan_out", || fan_out(1)),
    ("fan_out_joined", || fan_out(16)),
    ("parse_head", head),
    ("encode_answer", answer),
    ("route", route),
];

/// How often a case does its work.
const TIMES: usize = 100;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let wanted = arguments.next();
    for (name, prepare) in CASES {
        match wanted.as_deref() {
            Some("--list") => println!("{name}"),
            Some(other) if other != name => {}
            Some(_) | None => run(prepare()),
        }
    }
}

fn run(mut work: Work) {
    // Whatever is only made once is made here.
    work();
    measured(&mut work);
}

/// What callgrind counts: it is told this function's name.
#[inline(never)]
fn measured(work: &mut Work) {
    for _ in 0..TIMES {
        black_box(&mut *work)();
    }
}

fn now(second: u64) -> Now {
    Now { unix: epoch().unix + second, ..epoch() }
}

fn message(bytes: usize) -> Message {
    let words = b"the quick brown fox jumps over the lazy dog ";
    let text: Vec<u8> = words.iter().copied().cycle().take(bytes).collect();
    Message { id: 17, ..Message::special(17, Arc::from(*b"news"), text) }
}

fn format(
    mode: SubscriberMode,
    framing: Framing,
    template: &str,
    deflate: Option<usize>,
) -> Format {
    let rendering = Arc::new(Rendering::compile(mode, b"", template.as_bytes(), b""));
    Format::Stream(StreamFormat { rendering, framing, padding: None, gzip: None, deflate })
}

/// One message of 200 bytes as a frame.
fn frames(mode: SubscriberMode, framing: Framing, template: &str, deflate: Option<usize>) -> Work {
    let (format, message) = (format(mode, framing, template, deflate), message(200));
    Box::new(move || drop(black_box(format.frame(black_box(&message), DATE))))
}

/// One masked frame of 200 bytes, read.
fn decode() -> Work {
    let mut frame = Vec::new();
    text(&message(200).text, &mut frame);
    frame[1] |= 0x80;
    let payload = frame.split_off(4);
    let mask = [1, 2, 3, 4];
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    let mut buffer = frame.clone();
    let mut decoder = Decoder::default();
    let rules = Rules { keep: true, limit: 1 << 20, deflate: false };
    Box::new(move || {
        buffer.copy_from_slice(&frame);
        drop(black_box(decoder.decode(&mut buffer, &rules)));
    })
}

/// A message of 200 bytes, published and stored.
fn append() -> Work {
    let store = Store { max_messages_stored_per_channel: Some(20), ..Store::default() };
    let mut channels = Channels::new(&store, 1 << 30, 1, now(0));
    let entries: Vec<Entry> = parse_path(b"news");
    let text = message(200).text;
    Box::new(move || {
        let draft = Draft { text: text.clone(), store: true, ..Draft::default() };
        let published = channels.publish(&entries, draft, now(1));
        assert!(published.is_ok(), "the budget is large");
        channels.deliveries().for_each(|delivery| drop(black_box(delivery)));
    })
}

/// Some messages, then every one of 1,000 subscribers brought up to date.
fn fan_out(messages: u64) -> Work {
    let mut hub = Hub::new();
    let format = Arc::new(format(SubscriberMode::Streaming, Framing::Chunked, "~text~", None));
    let channel = ChannelKey(1);
    for outlet in 0..1000 {
        hub.subscribe(Outlet(outlet), Arc::clone(&format), &[channel], 0, epoch().tick);
    }
    let message = Arc::new(message(200));
    let mut sequence = 0;
    Box::new(move || {
        for _ in 0..messages {
            sequence += 1;
            let message = Arc::clone(&message);
            let workers = Default::default();
            let delivery = Delivery::Message { channel, message, published: 1, workers };
            hub.deliver(sequence, &delivery);
        }
        let send = |outlet, output: outpour_core::hub::Output<'_>| {
            black_box((outlet, &output));
        };
        while hub.walk(32, epoch().tick, DATE, send) {}
    })
}

fn head() -> Work {
    let limits = ServerSettings::default();
    Box::new(move || drop(black_box(parse_head(black_box(HEAD), &limits))))
}

fn answer() -> Work {
    let context = Context {
        version: Version::Http11,
        keep_alive: true,
        keepalive_header: None,
        head_only: false,
        date: DATE,
        server: "outpour",
    };
    let answer = Answer::new(200).body(&b"application/json"[..], vec![b'x'; 100]).uncached();
    let mut out = Vec::new();
    Box::new(move || {
        out.clear();
        encode(black_box(&answer), &context, &mut out);
    })
}

/// Server and location of a request.
fn route() -> Work {
    let loaded = outpour_config::load_text(CONFIGURATION.as_bytes());
    let http: Option<Http> = loaded.settings.and_then(|settings| settings.http);
    let http = http.expect("the configuration above is good");
    let index = ServerIndex::new(&http, &http.listens[0]);
    Box::new(move || {
        for path in [&b"/pub"[..], b"/sub/events", b"/ws/room"] {
            let mut state = State::new(http.set_slots);
            let server = index.find(black_box(b"push.example.org"), &mut state);
            let locations = &http.servers[server].locations;
            black_box(find_location(locations, black_box(path), &mut state).is_some());
        }
    })
}
