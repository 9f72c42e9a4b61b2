//! WebSocket over HTTP: events go to the application as requests, its answers are events.

use std::time::Duration;

use outpour_core::channels::SubscribeRules;
use outpour_core::grip::{
    Control, EVENTS_TYPE, Event, EventKind, Instruct, MessageKind, Subscription, decode, encode,
};
use outpour_core::request::{BodyLength, Version};
use outpour_core::settings::{Grip, Level};
use outpour_core::variables::Environment;
use outpour_core::wire::http1::response::{Expected, ParsedResponse, Response, parse_response};
use outpour_core::wire::http1::{Context, encode as encode_answer};
use outpour_core::wire::websocket::{self, Event as Frame, Rules};

use super::super::Worker;
use super::super::notices::Notice;
use super::message::append;
use crate::connection::{
    ConnectionKey, Ending, HeldSocket as Socket, Hold, OnHold, Opening, Then, head_of,
};
use crate::counters::Transport;
use crate::exchange::{Exchange, Extra, Verdict, Wait, server_header};
use crate::upstream::Fetched;

/// Bytes of an answer with events.
const EVENTS_MAX: usize = 1 << 20;

/// Bytes of a message, fragments joined, where `client_max_body_size` sets no bound.
const MESSAGE_MAX: u64 = 32 << 20;

/// How long until an application that cannot be reached is asked again, time after time.
const PAUSES: [u64; 5] = [1, 2, 4, 8, 16];

/// How long a client may take to close its side after our close frame.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// An internal error: the application does not answer.
const FAILED: u16 = 1011;

impl Worker {
    /// Asks the application whether a WebSocket may be opened.
    pub(in super::super) fn open_socket(&mut self, key: ConnectionKey, exchange: Box<Exchange>) {
        let Some(grip) = exchange.settings.proxy.as_ref().and_then(|proxy| proxy.grip.clone())
        else {
            return self.fail_application(key, exchange, 502);
        };
        let answer = match websocket::handshake(&exchange.request) {
            Ok(answer) => answer,
            Err(refusal) => return self.respond(key, exchange, refusal),
        };
        let id = exchange.connection_id(&self.shared.environment);
        let extra = Extra::of_events(&grip, &self.shared.environment, self.now.unix, &id);
        let inner = as_post(exchange.again());
        let mut body = Vec::new();
        encode(&Event::bare(EventKind::Open), &mut body);
        let socket = Box::new(Socket::new(id, self.now.tick));
        let then = Then::Open(Box::new(Opening { answer, socket }));
        let wait = Wait::Answer { inner, body, body_max: EVENTS_MAX + 1, extra: Some(extra) };
        self.wait_then(key, exchange, wait, then);
    }

    /// The application has said whether a WebSocket may be opened.
    pub(in super::super) fn socket_opened(
        &mut self,
        key: ConnectionKey,
        mut exchange: Box<Exchange>,
        opening: Opening,
    ) {
        let environment = self.shared.environment.clone();
        let Some(fetched) = exchange.fetched.take() else {
            return self.fail_application(key, exchange, 504);
        };
        let Some(response) = head(&fetched) else {
            return self.fail_application(key, exchange, fetched.status);
        };
        let events = events_of(&response, &fetched.body);
        match events {
            Some(events) if events.first().is_some_and(|event| event.kind == EventKind::Open) => {
                self.accept_socket(key, exchange, opening, &response, events);
            }
            Some(_) => {
                let what = "an answer to OPEN that does not begin with OPEN";
                self.tell_of_application(&exchange, Level::Error, what);
                self.fail_application(key, exchange, 502);
            }
            None => match fetched.answer(&environment) {
                Some(mut answer) => {
                    answer.headers.retain(|(name, _)| !is_ours(name.as_bytes()));
                    exchange.verdict = Verdict::Serve;
                    self.respond(key, exchange, answer);
                }
                None => self.fail_application(key, exchange, 502),
            },
        }
    }

    fn accept_socket(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        opening: Opening,
        response: &Response,
        events: Vec<Event>,
    ) {
        let Opening { mut answer, mut socket } = opening;
        for (name, value) in response.headers().filter(|(name, _)| !is_ours(name)) {
            let name = String::from_utf8_lossy(name).into_owned();
            answer = answer.with(name, value.to_vec());
        }
        learn(&mut socket, response);
        socket.prefix = prefix(response);
        let context = Context {
            version: Version::Http11,
            keep_alive: true,
            keepalive_header: None,
            head_only: false,
            date: &self.date,
            server: server_header(&exchange.settings),
        };
        if self.shared.channels(self.id).connect(self.id).is_err() {
            return self.fail_application(key, exchange, 503);
        }
        let begin = self.answers.len();
        encode_answer(&answer, &context, &mut self.answers);
        let head = head_of(&self.answers[begin..]).to_vec();
        if let Some(connection) = self.connection(key) {
            connection.bytes_sent = 0;
        }
        let counters = self.counters();
        counters.request(Some(exchange.settings.push.role), 101);
        counters.subscription(Transport::WebSocket);
        let logged = (101, head, begin as u64);
        let instruct = Instruct::default();
        self.park_held(key, exchange, &instruct, Vec::new(), Hold::Socket(socket), logged);
        self.take_events(key, events.into_iter().skip(1).collect());
        self.tell_events(key, false);
        // What the client has sent behind its handshake.
        self.ready.push(key);
    }

    /// Takes in what a WebSocket client has sent.
    pub(in super::super) fn on_held_frames(&mut self, key: ConnectionKey, data: &mut [u8]) {
        let Some(held) = self.held(key) else { return };
        let limit = held.settings.client_max_body_size.unwrap_or(MESSAGE_MAX).min(MESSAGE_MAX);
        let Hold::Socket(socket) = &mut held.hold else { return };
        let rules = Rules { keep: !socket.detached, limit, deflate: false, masked: true };
        let mut decoder = std::mem::take(&mut socket.decoder);
        let mut rest = data;
        while !rest.is_empty() {
            let step = decoder.decode(rest, &rules);
            rest = &mut rest[step.consumed..];
            if let Some(frame) = step.event
                && !self.on_held_frame(key, frame)
            {
                break;
            }
        }
        if let Some(held) = self.held(key)
            && let Hold::Socket(socket) = &mut held.hold
        {
            socket.decoder = decoder;
        }
        self.tell_events(key, false);
    }

    /// One frame; false if nothing behind it is read.
    fn on_held_frame(&mut self, key: ConnectionKey, frame: Frame) -> bool {
        let Some(held) = self.held(key) else { return false };
        let Hold::Socket(socket) = &mut held.hold else { return false };
        let filled = |content: Vec<u8>| (!content.is_empty()).then_some(content);
        match frame {
            Frame::Message { binary, data } => {
                let kind = if binary { EventKind::Binary } else { EventKind::Text };
                socket.push(Event::new(kind, data));
            }
            Frame::Ping(payload) if socket.detached => {
                let mut pong = Vec::new();
                websocket::pong(&payload, &mut pong);
                self.send_held(key, &pong);
            }
            Frame::Ping(payload) => {
                socket.push(Event { kind: EventKind::Ping, content: filled(payload) });
            }
            Frame::Pong => {
                if !socket.detached {
                    socket.push(Event::bare(EventKind::Pong));
                }
            }
            Frame::Close { code, reason } => {
                socket.closing = Some(code);
                if socket.detached {
                    self.close_socket(key, code, b"");
                    return false;
                }
                let content = code.map(|code| [&code.to_be_bytes()[..], &reason].concat());
                socket.push(Event { kind: EventKind::Close, content });
                // The client need not wait until the application can be reached again.
                socket.retry = None;
                return false;
            }
            Frame::Failure { close_code } => {
                self.close_socket(key, Some(close_code), b"");
                return false;
            }
        }
        true
    }

    /// Tells the application what it does not know yet; with `anyway` also that there is nothing.
    pub(super) fn tell_events(&mut self, key: ConnectionKey, anyway: bool) {
        let errand = self.next_errand();
        let (shared, now) = (std::sync::Arc::clone(&self.shared), self.now);
        let Some(held) = self.held(key) else { return };
        let grip = held.settings.proxy.as_ref().and_then(|proxy| proxy.grip.clone());
        let Hold::Socket(socket) = &mut held.hold else { return };
        let waits = socket.retry.is_some_and(|due| due > now.tick);
        if held.errand.is_some() || socket.detached || waits {
            return;
        }
        let Some(grip) = grip else { return };
        let mut body = Vec::new();
        socket.tell().iter().for_each(|event| encode(event, &mut body));
        if body.is_empty() && !anyway {
            return;
        }
        (socket.asked, socket.retry) = (now.tick, None);
        let extra = events_extra(&grip, &shared.environment, now.unix, socket);
        held.errand = Some(errand);
        let inner = as_post(held.exchange.again());
        self.fetch(inner, &body, Some(extra), key, errand, EVENTS_MAX + 1);
    }

    /// The application has answered events, or cannot.
    pub(in super::super) fn events_answered(&mut self, key: ConnectionKey, fetched: &Fetched) {
        let Some(held) = self.held(key) else { return };
        held.errand = None;
        let Hold::Socket(socket) = &mut held.hold else { return };
        let response = head(fetched);
        let events = response.as_ref().and_then(|response| events_of(response, &fetched.body));
        let (Some(response), Some(events)) = (response, events) else {
            return self.events_failed(key, fetched);
        };
        socket.failures = 0;
        let closed = socket.told.iter().any(|event| event.kind == EventKind::Close);
        socket.told.clear();
        learn(socket, &response);
        self.take_events(key, events);
        let Some(held) = self.held(key) else { return };
        let Hold::Socket(socket) = &held.hold else { return };
        if closed && let Some(code) = socket.closing {
            return self.close_socket(key, code, b"");
        }
        self.tell_events(key, false);
        // What came while much waited is still in the socket.
        self.ready.push(key);
        self.file_deadline(key);
    }

    /// Nobody could be asked, or what was answered is no row of events.
    fn events_failed(&mut self, key: ConnectionKey, fetched: &Fetched) {
        let now = self.now.tick;
        let Some(held) = self.held(key) else { return };
        let Hold::Socket(socket) = &mut held.hold else { return };
        let unheard = fetched.is_unheard();
        if let Some(code) = socket.closing
            && unheard
        {
            // The client need not wait: the application is told when it can be reached.
            return self.close_socket_telling(key, code, b"", true);
        }
        let pause = PAUSES.get(socket.failures).filter(|_| unheard);
        if let Some(pause) = pause {
            socket.failures += 1;
            socket.retry = Some(now.after(Duration::from_secs(*pause)));
            return self.file_deadline(key);
        }
        let what = match unheard {
            true => "the application cannot be reached".to_owned(),
            false => format!("no answer to WebSocket events (status {})", fetched.status),
        };
        if let Some(held) = self.connections.get(key.slot as usize).and_then(|c| c.held()) {
            self.tell_of_application(&held.exchange, Level::Error, &what);
        }
        self.close_socket(key, Some(FAILED), b"");
    }

    /// A deadline of a WebSocket may have come.
    pub(super) fn look_at_socket(&mut self, key: ConnectionKey) {
        let now = self.now.tick;
        let Some(held) = self.held(key) else { return };
        let Hold::Socket(socket) = &mut held.hold else { return };
        let retry = socket.retry.is_some_and(|due| due <= now);
        let interval = socket.interval.is_some_and(|interval| socket.asked.after(interval) <= now);
        if retry || (interval && socket.retry.is_none()) {
            self.tell_events(key, true);
        }
    }

    /// Acts on what the application says.
    fn take_events(&mut self, key: ConnectionKey, events: Vec<Event>) {
        let mut frames = Vec::new();
        for event in events {
            let Some(held) = self.held(key) else { return };
            let Hold::Socket(socket) = &held.hold else { return };
            let content = event.content.as_deref().unwrap_or_default();
            match event.kind {
                EventKind::Text | EventKind::Binary => {
                    let text = event.kind == EventKind::Text;
                    let kind = if text { MessageKind::Text } else { MessageKind::Binary };
                    let Some(prefix) = socket.prefix.clone() else {
                        append(kind, content, &mut frames);
                        continue;
                    };
                    if let Some(control) = content.strip_prefix(b"c:")
                        && kind == MessageKind::Text
                    {
                        self.send_frames(key, &mut frames);
                        self.control(key, control);
                    } else if let Some(message) = content.strip_prefix(&prefix[..]) {
                        append(kind, message, &mut frames);
                    }
                }
                EventKind::Ping => append(MessageKind::Ping, content, &mut frames),
                EventKind::Pong => append(MessageKind::Pong, content, &mut frames),
                EventKind::Close => {
                    self.send_frames(key, &mut frames);
                    let (code, reason) = event.close_code().unzip();
                    return self.close_socket(key, code, reason.unwrap_or_default());
                }
                EventKind::Disconnect => {
                    self.forget_socket(key);
                    return self.close(key, Ending::Done);
                }
                EventKind::Open => {}
            }
        }
        self.send_frames(key, &mut frames);
    }

    fn send_frames(&mut self, key: ConnectionKey, frames: &mut Vec<u8>) {
        if !frames.is_empty() {
            self.send_held(key, frames);
            frames.clear();
        }
    }

    fn control(&mut self, key: ConnectionKey, text: &[u8]) {
        match Control::parse(text) {
            Some(Control::Subscribe { channel, filters, last_id }) => {
                self.subscribe_socket(key, Subscription { channel, last_id, filters });
            }
            Some(Control::Unsubscribe(channel)) => self.unsubscribe_socket(key, &channel),
            Some(Control::Detach) => {
                if let Some(OnHold { hold: Hold::Socket(socket), .. }) = self.held(key) {
                    socket.detached = true;
                    socket.queue.clear();
                    socket.queued_bytes = 0;
                }
            }
            Some(Control::SetMeta(name, value)) => {
                if let Some(held) = self.held(key) {
                    held.subscriptions.meta.set(&name, &value);
                }
            }
            Some(Control::KeepAlive(alive)) => {
                let now = self.now.tick;
                if let Some(held) = self.held(key) {
                    (held.keep_alive, held.last_sent, held.alive_sent) = (alive, now, now);
                }
            }
            None => {
                if let Some(held) = self.connections.get(key.slot as usize).and_then(|c| c.held()) {
                    let what = "a control message that is not understood";
                    self.tell_of_application(&held.exchange, Level::Warn, what);
                }
            }
        }
    }

    fn subscribe_socket(&mut self, key: ConnectionKey, wanted: Subscription) {
        self.drain_hold(key);
        let Some(held) = self.held(key) else { return };
        let list = &mut held.subscriptions.list;
        if let Some(known) = list.iter_mut().find(|known| known.channel == wanted.channel) {
            *known = wanted;
            return;
        }
        let subscriber = held.subscriber;
        let rules = SubscribeRules::default();
        let joined = self.shared.channels(self.id).join(self.id, &wanted.channel, &rules, self.now);
        match joined {
            Ok(channel) => {
                self.hub.join(subscriber, channel, self.delivered);
                if let Some(held) = self.held(key) {
                    held.subscriptions.list.push(wanted);
                    held.keys.push(channel);
                }
            }
            Err(refusal) => {
                if let Some(held) = self.connections.get(key.slot as usize).and_then(|c| c.held()) {
                    let what = format!("a subscription is refused: {refusal}");
                    self.tell_of_application(&held.exchange, Level::Error, &what);
                }
            }
        }
    }

    fn unsubscribe_socket(&mut self, key: ConnectionKey, channel: &[u8]) {
        self.drain_hold(key);
        let Some(held) = self.held(key) else { return };
        let list = &mut held.subscriptions.list;
        let Some(at) = list.iter().position(|one| *one.channel == *channel) else { return };
        list.remove(at);
        let (channel, subscriber) = (held.keys.remove(at), held.subscriber);
        if self.hub.part(subscriber, channel) {
            self.shared.channels(self.id).part(self.id, channel, self.now);
        }
    }

    /// Closes a WebSocket. The application hears of it unless it has said so itself.
    pub(super) fn close_socket(&mut self, key: ConnectionKey, code: Option<u16>, reason: &[u8]) {
        let own = matches!(code, Some(1001 | 1002 | 1007 | 1009));
        self.close_socket_telling(key, code, reason, own);
    }

    fn close_socket_telling(
        &mut self,
        key: ConnectionKey,
        code: Option<u16>,
        reason: &[u8],
        tells: bool,
    ) {
        let Some(held) = self.release_hold(key) else { return };
        let mut frame = Vec::new();
        websocket::close(code, reason, &mut frame);
        if !self.try_send_bytes(key, &frame) {
            return self.close(key, Ending::PeerGone);
        }
        let bytes = self.connection(key).map_or(0, |connection| connection.bytes_sent);
        self.log_held(&held, bytes, true);
        if tells {
            self.tell_gone(&held);
        }
        self.hang_up(key, CLOSE_PATIENCE);
    }

    /// The application has ended a connection itself: it is told nothing of that.
    fn forget_socket(&mut self, key: ConnectionKey) {
        if let Some(OnHold { hold: Hold::Socket(socket), .. }) = self.held(key) {
            socket.detached = true;
        }
    }

    /// Tells the application that a client has gone without a word, behind what it had said.
    pub(super) fn tell_disconnected(&mut self, held: &OnHold, socket: &Socket, grip: &Grip) {
        if socket.detached {
            return;
        }
        let mut body = Vec::new();
        let untold = socket.queue.iter();
        // What is on its way has been told, or has to be told again.
        let again = socket.told.iter().filter(|_| held.errand.is_none());
        again.chain(untold).for_each(|event| encode(event, &mut body));
        if socket.closing.is_none() {
            encode(&Event::bare(EventKind::Disconnect), &mut body);
        } else if body.is_empty() {
            return;
        }
        let extra = events_extra(grip, &self.shared.environment, self.now.unix, socket);
        let exchange = as_post(held.exchange.again());
        let name = "WebSocket event DISCONNECT";
        self.notify(Notice::grip(name, &held.settings.name, exchange, extra, body));
    }
}

/// The request as POST.
fn as_post(mut exchange: Box<Exchange>) -> Box<Exchange> {
    exchange.request.become_post();
    exchange.request.body = BodyLength::None;
    exchange
}

fn events_extra(grip: &Grip, environment: &Environment, unix: u64, socket: &Socket) -> Extra {
    let mut extra = Extra::of_events(grip, environment, unix, &socket.id);
    for (name, value) in &socket.meta {
        extra.add(format!("Meta-{name}"), value.to_vec());
    }
    extra
}

/// The head of what was answered.
fn head(fetched: &Fetched) -> Option<Response> {
    let account = fetched.exchange.state.upstream.as_deref()?;
    let expected = Expected { head_max: usize::MAX, head_only: false, upgrade: false };
    match parse_response(&account.head, expected) {
        Ok(ParsedResponse::Complete { response, .. }) if response.status == fetched.status => {
            Some(response)
        }
        Ok(_) | Err(_) => None,
    }
}

/// The events of an answer, if it is one with events.
fn events_of(response: &Response, body: &[u8]) -> Option<Vec<Event>> {
    let kind = response.header("content-type")?;
    let end = memchr::memchr(b';', kind).unwrap_or(kind.len());
    let typed = kind[..end].trim_ascii().eq_ignore_ascii_case(EVENTS_TYPE.as_bytes());
    if response.status != 200 || !typed || body.len() > EVENTS_MAX {
        return None;
    }
    decode(body).ok()
}

/// Keeps what the headers of an answer say about the connection.
fn learn(socket: &mut Socket, response: &Response) {
    for (name, value) in response.headers() {
        if name.eq_ignore_ascii_case(b"keep-alive-interval") {
            let seconds = str::from_utf8(value).ok().and_then(|text| text.parse().ok());
            if let Some(seconds) = seconds {
                socket.set_interval(seconds);
            }
        } else if let Some(key) = meta_name(name) {
            socket.set_meta(&key, value);
        }
    }
}

fn meta_name(name: &[u8]) -> Option<String> {
    let (begin, key) = name.split_at_checked(9)?;
    let fits = begin.eq_ignore_ascii_case(b"set-meta-") && !key.is_empty();
    fits.then(|| String::from_utf8_lossy(key).into_owned())
}

/// What stands in front of messages for the client, if there are control messages.
fn prefix(response: &Response) -> Option<Vec<u8>> {
    let value = response.header("sec-websocket-extensions")?;
    let text = str::from_utf8(value).ok()?;
    let mut extensions = text.split(',').map(|one| one.split(';').map(str::trim));
    let mut grip =
        extensions.find_map(|mut parts| (parts.next() == Some("grip")).then_some(parts))?;
    let prefix = grip.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        (name.trim() == "message-prefix").then(|| value.trim().trim_matches('"').to_owned())
    });
    Some(prefix.unwrap_or_else(|| "m:".to_owned()).into_bytes())
}

/// Headers of an answer with events that are between the application and the server.
fn is_ours(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 12] = [
        b"connection",
        b"content-length",
        b"content-type",
        b"content-bytes-accepted",
        b"date",
        b"keep-alive",
        b"keep-alive-interval",
        b"sec-websocket-extensions",
        b"server",
        b"transfer-encoding",
        b"upgrade",
        b"trailer",
    ];
    let begins =
        |begin: &[u8]| name.get(..begin.len()).is_some_and(|n| n.eq_ignore_ascii_case(begin));
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
        || begins(b"grip-")
        || begins(b"set-meta-")
}
