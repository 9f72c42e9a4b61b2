//! Answers that are instructs: what becomes of them.

use std::time::Duration;

use outpour_core::answer::{Answer, Body};
use outpour_core::grip::{
    HoldMode, Instruct, Link, MessageKind, Replacement, Subscriptions, is_instructed as instructed,
};
use outpour_core::request::{BodyLength, Method, Version};
use outpour_core::settings::Level;
use outpour_core::upstream;
use outpour_core::wire::chunked;
use outpour_core::wire::http1::response::{
    Expected, ParsedResponse, Response, ResponseReader, parse_response,
};
use outpour_core::wire::http1::{BodyReader, Context, encode};

use super::super::respond::{complete, wire_version};
use super::super::{Phase as WorkerPhase, Worker};
use super::refused;
use crate::connection::{
    ConnectionKey, Ending, HeldStream as Stream, Hold, OnHold, State, head_of,
};
use crate::counters::Transport;
use crate::exchange::{Exchange, Extra, server_header};
use crate::upstream::{Phase, Relay, Sink, UpstreamKey};

/// Bytes of an answer that is an instruct.
pub(super) const INSTRUCT_MAX: usize = 1 << 20;

/// Whether an answer to `relay` is an instruct that has to be read as a whole.
pub(in super::super) fn is_instructed(relay: &Relay, response: &Response) -> bool {
    relay.proxy.grip.is_some()
        && !relay.exchange.request.is_extended_connect()
        && relay.exchange.request.method != Method::Head
        && response.status != 101
        && instructed(response.headers())
}

/// An answer that an instruct belongs to.
pub(super) struct Instructed {
    pub(super) instruct: Instruct,
    pub(super) answer: Answer,
}

impl Worker {
    /// Reads the whole of an instruct.
    pub(in super::super) fn collect_instruct(
        &mut self,
        key: UpstreamKey,
        response: Response,
        reader: ResponseReader,
        rest: &[u8],
    ) {
        let Some(relay) = self.relay_of(key) else { return };
        if let Some(account) = &mut relay.exchange.state.upstream {
            account.head = response.bytes;
        }
        relay.instructed = true;
        relay.phase = Phase::Body(reader, Sink::Memory(Vec::new(), INSTRUCT_MAX + 1));
        self.pass_body(key, rest);
    }

    /// The instruct is here, or as much of it as has come.
    pub(in super::super) fn obey(&mut self, client: ConnectionKey, relay: Box<Relay>, whole: bool) {
        let mut relay = relay;
        let body = match std::mem::replace(&mut relay.phase, Phase::Connecting) {
            Phase::Body(_, Sink::Memory(body, _)) => body,
            Phase::Body(..) | Phase::Connecting | Phase::Head(_) | Phase::Tunnel => Vec::new(),
        };
        let Some(exchange) = self.take_back(client, relay) else { return };
        let environment = self.shared.environment.clone();
        match read_instruct(&exchange, &body, whole, &environment, self.now) {
            Ok(instructed) => self.carry_through(client, exchange, instructed),
            Err(what) => {
                self.tell_of_application(&exchange, Level::Error, what);
                self.fail_application(client, exchange, 502);
            }
        }
    }

    fn carry_through(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        instructed: Instructed,
    ) {
        let Instructed { instruct, answer } = instructed;
        match instruct.hold {
            Some(HoldMode::Response) => self.hold_response(key, exchange, &instruct, answer),
            Some(HoldMode::Stream) => self.hold_stream(key, exchange, &instruct, answer),
            None if instruct.next.is_some() => self.hold_stream(key, exchange, &instruct, answer),
            None => {
                self.respond(key, exchange, answer);
                self.go_on(key);
            }
        }
    }

    fn hold_response(
        &mut self,
        key: ConnectionKey,
        mut exchange: Box<Exchange>,
        instruct: &Instruct,
        answer: Answer,
    ) {
        let keys = match self.join_all(&instruct.channels) {
            Ok(keys) => keys,
            Err(refusal) => {
                self.respond(key, exchange, refused(refusal));
                return self.go_on(key);
            }
        };
        let outdated = self.outdated(&instruct.channels, &keys);
        // An application that never catches up is not asked for ever.
        let asks = exchange.request.method == Method::Get && exchange.inside.may_change();
        if !outdated.is_empty() && asks {
            self.shared.channels(self.id).unsubscribe(self.id, &keys, self.now);
            return self.ask_again(key, exchange, &outdated);
        }
        let due = self.now.tick.after(Duration::from_secs(instruct.timeout()));
        let hold = Hold::Response { answer: Box::new(answer), due };
        self.counters().subscription(Transport::LongPolling);
        self.park_held(key, exchange, instruct, keys, hold, (0, Vec::new(), 0));
    }

    /// Has the application answer the request once more, telling it what it has missed.
    pub(super) fn ask_again(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        outdated: &[(Box<[u8]>, Box<str>)],
    ) {
        let Some(grip) = exchange.settings.proxy.as_ref().and_then(|proxy| proxy.grip.clone())
        else {
            return self.fail_application(key, exchange, 502);
        };
        let mut extra = Extra::of(&grip, &self.shared.environment, self.now.unix);
        extra.add_last(outdated.iter().map(|(channel, id)| (&**channel, &**id)));
        let none = BodyReader::discarding(BodyLength::None);
        self.relay_with(key, exchange, none, &[], Some(extra));
    }

    fn hold_stream(
        &mut self,
        key: ConnectionKey,
        mut exchange: Box<Exchange>,
        instruct: &Instruct,
        mut answer: Answer,
    ) {
        let keys = match self.join_all(&instruct.channels) {
            Ok(keys) => keys,
            Err(refusal) => {
                self.respond(key, exchange, refused(refusal));
                return self.go_on(key);
            }
        };
        let outdated = self.outdated(&instruct.channels, &keys);
        let body = match std::mem::replace(&mut answer.body, Body::Stream) {
            Body::Bytes(bytes) => bytes.into_owned(),
            Body::Empty | Body::Parts(_) | Body::Stream | Body::Announced(_) | Body::Upgrade => {
                Vec::new()
            }
        };
        let (chunked, keep_alive) = (
            wire_version(&exchange) == Version::Http11,
            exchange.keeps_alive() && self.phase == WorkerPhase::Serving,
        );
        complete(&self.shared.environment, &mut exchange, &mut answer);
        let context = Context {
            version: wire_version(&exchange),
            keep_alive,
            keepalive_header: exchange.settings.keepalive_header,
            head_only: false,
            date: &self.date,
            server: server_header(&exchange.settings),
        };
        let begin = self.answers.len();
        encode(&answer, &context, &mut self.answers);
        let head = head_of(&self.answers[begin..]).to_vec();
        match chunked {
            true => chunked::chunk(&body, &mut self.answers),
            false => self.answers.extend_from_slice(&body),
        }
        if let Some(connection) = self.connection(key) {
            connection.bytes_sent = 0;
        }
        self.counters().request(Some(exchange.settings.push.role), answer.status);
        let paged = instruct.hold.is_none();
        if !paged {
            self.counters().subscription(Transport::Streaming);
        }
        let keep_alive = keep_alive && chunked;
        let stream = Stream {
            chunked,
            keep_alive,
            next: self.link_due(instruct.next.clone()),
            gone: instruct.gone.clone(),
            paged,
        };
        let logged = (answer.status, head, begin as u64);
        self.park_held(key, exchange, instruct, keys, Hold::Stream(stream), logged);
        if paged || !outdated.is_empty() {
            self.follow_link(key);
        }
    }

    pub(super) fn link_due(&self, link: Option<Link>) -> Option<(Link, outpour_core::now::Tick)> {
        link.map(|link| {
            let due = self.now.tick.after(Duration::from_secs(link.timeout));
            (link, due)
        })
    }

    /// Makes the connection one that is held.
    pub(super) fn park_held(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        instruct: &Instruct,
        keys: Vec<outpour_core::channels::ChannelKey>,
        hold: Hold,
        (status, head, earlier): (u16, Vec<u8>, u64),
    ) {
        let subscriber = self.hold(key, &keys);
        let now = self.now.tick;
        let settings = std::sync::Arc::clone(&exchange.settings);
        let held = OnHold {
            exchange,
            subscriber,
            subscriptions: Subscriptions {
                list: instruct.channels.clone(),
                meta: instruct.meta.clone(),
            },
            keys,
            hold,
            errand: None,
            keep_alive: instruct.keep_alive.clone().map(|alive| (alive, MessageKind::Text)),
            last_sent: now,
            alive_sent: now,
            status,
            head,
            earlier,
            settings,
        };
        let gone = {
            let Some(connection) = self.connections.get_mut(key.slot as usize) else { return };
            connection.give_up_after(held.settings.send_timeout);
            let socket = matches!(held.hold, Hold::Socket(_));
            connection.settings = Some(std::sync::Arc::clone(&held.settings));
            connection.state = State::Held(Box::new(held));
            connection.input_ended && !socket
        };
        self.flush_answers(key);
        self.file_deadline(key);
        if gone {
            // No event will tell again.
            self.close(key, Ending::PeerGone);
        }
    }
}

/// The instruct and the answer in what an upstream has said.
///
/// # Errors
/// What is wrong, for the log.
pub(super) fn read_instruct(
    exchange: &Exchange,
    body: &[u8],
    whole: bool,
    environment: &outpour_core::variables::Environment,
    now: outpour_core::now::Now,
) -> Result<Instructed, &'static str> {
    if !whole {
        return Err("the answer was broken off");
    }
    if body.len() > INSTRUCT_MAX {
        return Err("an answer with an instruct is larger than 1 MiB");
    }
    let lost = "there is no answer";
    let account = exchange.state.upstream.as_deref().ok_or(lost)?;
    let expected = Expected { head_max: usize::MAX, head_only: false, upgrade: false };
    let Ok(ParsedResponse::Complete { response, .. }) = parse_response(&account.head, expected)
    else {
        return Err(lost);
    };
    let (instruct, replacement) =
        Instruct::parse(response.headers(), body).map_err(|error| error.text())?;
    let proxy = exchange.settings.proxy.as_ref().ok_or(lost)?;
    let scope = exchange.scope(environment, now, None);
    let mut answer = upstream::answer(&proxy.answer, &response, &scope);
    answer.headers.retain(|(name, _)| !is_grip(name));
    answer.body = Body::Bytes(body.to_vec().into());
    if let Some(replacement) = replacement {
        answer = replaced(replacement);
    }
    if let Some(exposed) = &instruct.exposed {
        answer.headers.retain(|(name, _)| exposed.contains(&name.to_ascii_lowercase()));
    }
    if let Some(status) = instruct.status {
        answer.status = status;
    }
    if instruct.hold != Some(HoldMode::Stream) && matches!(answer.status, 204 | 304) {
        answer.body = Body::Upgrade;
    }
    Ok(Instructed { instruct, answer })
}

fn is_grip(name: &str) -> bool {
    name.get(..5).is_some_and(|begin| begin.eq_ignore_ascii_case("grip-"))
}

fn replaced(replacement: Replacement) -> Answer {
    let mut answer = Answer::new(replacement.status.unwrap_or(200));
    for (name, value) in replacement.headers {
        answer = answer.with(name.into_string(), value.into_vec());
    }
    answer.body = Body::Bytes(replacement.body.into());
    answer
}
