//! A request becomes a connection of the application's.

use std::collections::VecDeque;
use std::sync::Arc;

use outpour_core::answer::{Answer, Body, Header};
use outpour_core::request::Version;
use outpour_core::wire::http1::{Context, encode};
use outpour_core::wire::websocket::{self, Decoder};

use super::super::respond::{complete, wire_version};
use super::super::{Phase, Worker};
use super::answer::is_framing;
use crate::application::{Accept, InboxEvent, Link, Request, Upgrade, Wire};
use crate::connection::{ConnectionKey, Ending, Logged, Served, State, Upgraded, head_of};
use crate::exchange::{Exchange, server_header};

impl Worker {
    /// Upgrades the connection: from here on its handler has it.
    pub(super) fn accept_upgrade(
        &mut self,
        key: ConnectionKey,
        mut exchange: Box<Exchange>,
        request: Request,
        upgrade: Upgrade,
        accept: Accept,
    ) {
        let Some(port) = self.shared.port().cloned() else { return };
        let Accept { handler, headers, event_name, timeout } = accept;
        let (answer, wire) = match upgrade {
            Upgrade::WebSocket => websocket_head(&exchange),
            Upgrade::Sse => {
                sse_head(&exchange, event_name.map_or_else(|| port.event_name.clone(), Arc::from))
            }
        };
        let mut answer = with_headers(answer, headers.into_inner());
        if upgrade == Upgrade::Sse {
            complete(&self.shared.environment, &mut exchange, &mut answer);
        }
        let begin = self.answers.len();
        let keep_alive = self.write_upgrade(&exchange, &answer, &wire);
        let settings = Arc::clone(&exchange.settings);
        let deflate = matches!(wire, Wire::WebSocket { deflate: Some(_) });
        let timeout = timeout.unwrap_or(port.timeout);
        let link = Link::new(request.without_body(), wire, handler, port.limits, timeout);
        let link = Arc::new(link);
        let upgraded = Upgraded {
            link: Arc::clone(&link),
            decoder: Decoder::default(),
            deflate,
            keep_alive,
            waiting: VecDeque::new(),
            held: Vec::new(),
            heard: self.now.tick,
            pinged: false,
            ends: None,
            logged: self.logged_upgrade(exchange, begin),
        };
        let counters = self.counters();
        counters.request(Some(settings.push.role), answer.status);
        counters.subscription(upgraded.transport());
        let Some(connection) = self.connection(key) else { return };
        connection.bytes_sent = 0;
        connection.give_up_after(settings.send_timeout);
        connection.state = State::Application(Box::new(Served::Upgraded(upgraded)));
        self.flush_answers(key);
        self.begin_upgraded(key, &link);
    }

    /// Writes the head of the answer, and what shows that a stream begins; whether the connection is
    /// used again behind it.
    fn write_upgrade(&mut self, exchange: &Exchange, answer: &Answer, wire: &Wire) -> bool {
        let websocket = wire.protocol() == Upgrade::WebSocket;
        let reused = exchange.keeps_alive()
            && self.phase == Phase::Serving
            && matches!(wire, Wire::Sse { chunked: true, .. });
        let context = Context {
            version: if websocket { Version::Http11 } else { wire_version(exchange) },
            keep_alive: reused || websocket,
            keepalive_header: exchange.settings.keepalive_header,
            head_only: false,
            date: &self.date,
            server: server_header(&exchange.settings),
        };
        encode(answer, &context, &mut self.answers);
        wire.comment(&mut self.answers);
        reused
    }

    /// The request, if it is to be logged at the end or counts as long as its connection lives.
    fn logged_upgrade(&self, exchange: Box<Exchange>, begin: usize) -> Option<Box<Logged>> {
        let kept = !exchange.settings.access_log.is_empty() || !exchange.tickets.is_empty();
        kept.then(|| {
            let head = head_of(&self.answers[begin..]).to_vec();
            Box::new(Logged { exchange, head, earlier: begin as u64, unjudged: None })
        })
    }

    /// The handler hears of its connection, unless that has gone with the first bytes.
    fn begin_upgraded(&mut self, key: ConnectionKey, link: &Arc<Link>) {
        let Some(connection) = self.connection(key) else { return };
        let gone = connection.input_ended;
        self.file_deadline(key);
        self.tell_handler(link, InboxEvent::Open);
        if self.phase != Phase::Serving {
            self.end_application(key, self.phase);
        }
        if gone {
            // The peer had closed its side before: no event will tell again.
            self.close(key, Ending::PeerGone);
        }
    }

    /// Has a connection's handler hear of something.
    pub(super) fn tell_handler(&mut self, link: &Arc<Link>, event: InboxEvent) {
        if let Some(turn) = link.post(event) {
            self.begin_turn(turn);
        }
    }
}

fn websocket_head(exchange: &Exchange) -> (Answer, Wire) {
    let mut answer = websocket::accepted(&exchange.request);
    let mut deflate = exchange.settings.push.websocket_deflate;
    if deflate.is_some() {
        match websocket::accept_deflate(&exchange.request) {
            Some(extension) => answer = answer.with("Sec-WebSocket-Extensions", extension),
            None => deflate = None,
        }
    }
    (answer, Wire::WebSocket { deflate })
}

fn sse_head(exchange: &Exchange, event_name: Arc<str>) -> (Answer, Wire) {
    let answer = Answer::new(200)
        .with("Content-Type", &b"text/event-stream; charset=utf-8"[..])
        .with("Cache-Control", &b"no-cache"[..])
        .with("X-Accel-Buffering", &b"no"[..]);
    let chunked = wire_version(exchange) == Version::Http11;
    (Answer { body: Body::Stream, ..answer }, Wire::Sse { chunked, event_name })
}

/// The application's headers behind those of the handshake, as far as they are its to say.
fn with_headers(mut answer: Answer, headers: Vec<Header>) -> Answer {
    const HANDSHAKE: [&str; 4] =
        ["Content-Type", "Content-Encoding", "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions"];
    let belongs = |(name, _): &Header| {
        let handshake = HANDSHAKE.iter().any(|taken| taken.eq_ignore_ascii_case(name));
        let rack = name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("rack."));
        !handshake && !rack && !is_framing(name)
    };
    for header in headers.into_iter().filter(belongs) {
        answer.headers.retain(|(name, _)| {
            !(name.eq_ignore_ascii_case("Cache-Control") && header.0.eq_ignore_ascii_case(name))
        });
        answer.headers.push(header);
    }
    answer
}
