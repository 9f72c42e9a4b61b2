//! Work whose instructions are counted: `benches/check` runs this program under callgrind, one case
//! at a time, and compares the counts with those of `benches/instructions.toml`.
//!
//! Without an argument every case runs once; `--list` names them.

#![expect(clippy::print_stdout, reason = "this program prints its cases")]

use std::hint::black_box;
use std::sync::Arc;

use outpour_core::answer::Answer;
use outpour_core::channels::{
    ChannelKey, Channels, Delivery, Draft, Entry, ReportContext, ReportFormat, Since,
    SubscribeRules, WorkerId, parse_path,
};
use outpour_core::hub::{Format, Hub, LongPoll, Outlet, Output, PollAnswer};
use outpour_core::message::Message;
use outpour_core::now::{Now, epoch};
use outpour_core::request::{Peer, Request, Version};
use outpour_core::router::{Place, ServerIndex, find_location};
use outpour_core::settings::{Http, LocationSettings, ServerSettings, Store, SubscriberMode};
use outpour_core::transport::{AnswerFormat, Framing, Rendering, StreamFormat};
use outpour_core::variables::{Environment, Scope, State};
use outpour_core::wire::http_date;
use outpour_core::wire::http1::{Context, Encoder, Parsed, encode, parse_head};
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
        location ~ ^/poll/(.*)$ {
            push_stream_subscriber long-polling;
            push_stream_channels_path $1;
        }
    }
    server { listen 80; server_name other.example.org; }
}";

type Work = Box<dyn FnMut()>;

/// Name and preparation of a case.
type Case = (&'static str, fn() -> Work);

/// Every case. It does its work [`TIMES`] times when it is measured.
const CASES: [Case; 15] = [
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
    ("publish", publish),
    ("long_poll_round", || subscription(SubscriberMode::LongPolling)),
    ("subscribe", || subscription(SubscriberMode::Streaming)),
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
    let rules = Rules { keep: true, limit: 1 << 20, deflate: false, masked: false };
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
            hub.deliver(sequence, delivery);
        }
        let send = |outlet, output: Output<'_>| {
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

/// A request of the configuration above, as far as the pure part serves it.
struct Desk {
    http: Http,
    index: ServerIndex,
    channels: Channels,
}

impl Desk {
    fn new() -> Self {
        let loaded = outpour_config::load_text(CONFIGURATION.as_bytes());
        let http: Option<Http> = loaded.settings.and_then(|settings| settings.http);
        let http = http.expect("the configuration above is good");
        let store = Store { max_messages_stored_per_channel: Some(20), ..Store::default() };
        let channels = Channels::new(&store, 1 << 30, 1, now(0));
        Self { index: ServerIndex::new(&http, &http.listens[0]), http, channels }
    }

    /// Reads a head, routes it, and evaluates its channels.
    fn enter(&self, head: &[u8]) -> (Request, Arc<LocationSettings>, Vec<Entry>) {
        let parsed = parse_head(black_box(head), &ServerSettings::default());
        let Ok(Parsed::Complete { request, .. }) = parsed else { panic!("the head is good") };
        let mut state = State::new(self.http.set_slots);
        let server = self.index.find(&request.host, &mut state);
        let locations = &self.http.servers[server].locations;
        let Some(Place::Location(location)) = find_location(locations, &request.path, &mut state)
        else {
            panic!("the configuration has a location for it");
        };
        let settings = Arc::clone(&location.settings);
        let scope = Scope {
            request: &request,
            peer: &Peer {
                remote: None,
                proxy: None,
                local: None,
                connection: 1,
                requests: 1,
                tls: None,
                accepted: epoch().tick,
            },
            server_name: b"",
            maps: &self.http.maps,
            state: &state,
            files: &settings.files,
            environment: &Environment::default(),
            now: now(0),
            outcome: None,
        };
        let entries = parse_path(&settings.push.channels_path.evaluate(&scope));
        (request, settings, entries)
    }

    fn publish(&mut self, entries: &[Entry], text: &[u8]) {
        let draft = Draft { text: text.into(), store: true, ..Draft::default() };
        let published = self.channels.publish(entries, draft, now(1));
        assert!(published.is_ok(), "the budget is large");
    }
}

/// A publication from its first byte to its answer's last.
fn publish() -> Work {
    let mut desk = Desk::new();
    let context = ReportContext { hostname: b"host", pid: 1, now: now(1) };
    let wire = Context {
        version: Version::Http11,
        keep_alive: true,
        keepalive_header: None,
        head_only: false,
        date: DATE,
        server: "outpour",
    };
    let (text, mut encoder, mut out) = (message(200).text, Encoder::default(), Vec::new());
    Box::new(move || {
        let (request, _, entries) = desk.enter(HEAD);
        let publication = desk.channels.publication(&entries, now(1));
        let mut publication = publication.expect("there is room");
        let draft = Draft { text: text.clone(), store: true, ..Draft::default() };
        assert!(publication.append(draft).is_ok(), "the budget is large");
        let format = ReportFormat::from_accept(request.header("accept"));
        let report = publication.information(format, &context);
        let answer = Answer::new(200).body(format.content_type().as_bytes(), report).uncached();
        out.clear();
        encoder.encode(&answer, &wire, &mut out);
    })
}

/// A subscriber comes, gets a message, and goes: with long-polling because it was answered.
fn subscription(mode: SubscriberMode) -> Work {
    let mut desk = Desk::new();
    let mut hub = Hub::new();
    let text = message(200).text;
    let worker = WorkerId(0);
    let mut sequence = 0;
    let mut tag = 0;
    Box::new(move || {
        let head = format!(
            "GET /poll/news HTTP/1.1\r\nHost: push.example.org\r\nUser-Agent: subscriber/1.0\r\n\
             If-Modified-Since: Thu, 01 Jan 2026 00:00:01 GMT\r\nIf-None-Match: W/{tag}\r\n\r\n"
        );
        let (request, settings, entries) = desk.enter(head.as_bytes());
        let time = request.header("if-modified-since").and_then(http_date::parse);
        let since = Since::parse(time, request.header("if-none-match"), None);
        let rules = SubscribeRules::default();
        let registered =
            desk.channels.subscribe(worker, &entries, &rules, &since, now(1)).expect("it may");
        let rendering = Arc::clone(&settings.push.rendering);
        let format = if mode == SubscriberMode::LongPolling {
            Format::LongPoll(LongPoll {
                answer: PollAnswer::Stream(AnswerFormat::new(rendering, b"text/plain", None)),
                extra: Vec::new(),
                gzip: None,
                version: Version::Http11,
                keep_alive: true,
                keepalive_header: None,
                server: "outpour",
            })
        } else {
            Format::Stream(StreamFormat {
                rendering,
                framing: Framing::Chunked,
                padding: None,
                gzip: None,
                deflate: None,
            })
        };
        let (outlet, tick) = (Outlet(0), epoch().tick);
        let key = hub.subscribe(outlet, Arc::new(format), &registered.channels, sequence, tick);
        desk.publish(&entries, &text);
        for delivery in desk.channels.deliveries() {
            sequence += 1;
            tag = delivery.message().tag;
            hub.deliver(sequence, delivery);
        }
        let mut departed = None;
        hub.walk(32, tick, DATE, |_, output| {
            if let Output::Answered(_, left) = output {
                departed = Some(left);
            }
        });
        let departed = departed.unwrap_or_else(|| hub.unsubscribe(key));
        desk.channels.unsubscribe(worker, &departed, now(1));
    })
}
