//! Hooks: the application says what is published, and hears who comes and goes.

use outpour_core::answer::{Answer, Body};
use outpour_core::settings::Role;

use super::Worker;
use super::notices::Notice;
use crate::connection::{ConnectionKey, Kind, Said, State, Subscribed, Then};
use crate::counters::Transport;
use crate::exchange::{Asked, Exchange, Hook, Wait};

/// Bytes of a message that the application may put in the place of another one, where
/// `client_max_body_size` sets no bound.
const MESSAGE_MAX: usize = 32 << 20;

/// The application's close codes and their texts, as Nchan's.
const REFUSED: (u16, &[u8]) = (1008, b"403 Forbidden");
const FAILED: (u16, &[u8]) = (1011, b"500 Internal Server Error");

/// What the application says about a message.
enum Ruling {
    /// This is published.
    Publish(Vec<u8>),
    /// Nothing is.
    Drop,
    /// The publisher may not.
    Refuse,
    /// There is no answer that could be understood.
    Fail,
}

impl Worker {
    /// Asks the application what is to be published in the place of `message`.
    pub(super) fn ask_to_publish(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        message: Vec<u8>,
    ) {
        let means = self.means();
        let subject = exchange.publisher_subject("http", means.environment);
        let asked = exchange.ask(Hook::Publish, subject, &means);
        self.log_notes(&exchange);
        match asked {
            Some(Asked::Upstream(inner)) => {
                let (body, body_max) = (message.clone(), message_max(&exchange) + 1);
                let wait = Wait::Answer { inner, body, body_max, extra: None };
                self.wait_then(key, exchange, wait, Then::Publish(message));
            }
            Some(Asked::Answered(answer)) => {
                self.publish_as_told(key, exchange, message, Some(answer));
            }
            Some(Asked::Nobody) | None => self.publish_as_told(key, exchange, message, None),
        }
    }

    /// Publishes what the application says; `None`: it has said nothing.
    pub(super) fn publish_as_told(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        message: Vec<u8>,
        answer: Option<Answer>,
    ) {
        let ruling = self.ruling(&exchange, message, answer);
        match (ruling, exchange.settings.push.role) {
            (Ruling::Publish(text), Role::Publisher(mode)) => {
                self.publish(key, exchange, mode, text);
            }
            (Ruling::Publish(text), Role::Relay(_)) => self.relay_publish(key, exchange, text),
            (Ruling::Drop, _) => {
                let nothing = Answer { body: Body::Upgrade, ..Answer::new(204).uncached() };
                self.respond(key, exchange, nothing);
            }
            (Ruling::Refuse, _) => self.respond(key, exchange, Answer::new(403).uncached()),
            (Ruling::Fail | Ruling::Publish(_), _) => {
                self.respond(key, exchange, Answer::new(500).uncached());
            }
        }
    }

    fn ruling(&self, exchange: &Exchange, message: Vec<u8>, answer: Option<Answer>) -> Ruling {
        let Some(answer) = answer else {
            exchange.tell_of(Hook::Publish, "there is no answer");
            self.log_notes(exchange);
            return Ruling::Fail;
        };
        match answer.status {
            200..=202 => {
                let text = match answer.body {
                    Body::Bytes(bytes) => bytes.into_owned(),
                    Body::Empty
                    | Body::Parts(_)
                    | Body::Stream
                    | Body::Announced(_)
                    | Body::Upgrade => Vec::new(),
                };
                if text.len() > message_max(exchange) {
                    exchange.tell_of(Hook::Publish, "the answer is larger than a message may be");
                    self.log_notes(exchange);
                    return Ruling::Fail;
                }
                Ruling::Publish(text)
            }
            304 => Ruling::Publish(message),
            204 => Ruling::Drop,
            _ => Ruling::Refuse,
        }
    }

    /// Asks the application about a message of a WebSocket, behind those before it.
    pub(super) fn ask_about_message(&mut self, key: ConnectionKey, said: Said) {
        let Some(connection) = self.connection(key) else { return };
        let State::Subscribed(subscribed) = &mut connection.state else { return };
        let Some(logged) = &mut subscribed.logged else { return };
        let unjudged = logged.unjudged.get_or_insert_default();
        unjudged.queue.push_back(said);
        if unjudged.asked.is_none() {
            self.ask_about_next(key);
        }
    }

    /// The client closes: true if that has to wait for messages that it sent before.
    pub(super) fn close_behind_messages(&mut self, key: ConnectionKey) -> bool {
        let Some(connection) = self.connection(key) else { return false };
        let State::Subscribed(subscribed) = &mut connection.state else { return false };
        if !subscribed.is_judged() {
            return false;
        }
        if let Some(unjudged) = subscribed.logged.as_mut().and_then(|l| l.unjudged.as_mut()) {
            unjudged.closing = true;
        }
        true
    }

    /// Asks about the message that waits longest.
    fn ask_about_next(&mut self, key: ConnectionKey) {
        let errand = self.next_errand();
        let Some(connection) = self.connection(key) else { return };
        let State::Subscribed(subscribed) = &mut connection.state else { return };
        let Some(logged) = &mut subscribed.logged else { return };
        let Some(unjudged) = &mut logged.unjudged else { return };
        let Some(said) = unjudged.queue.pop_front() else {
            let closing = unjudged.closing;
            logged.unjudged = None;
            if closing {
                return self.leave_websocket(key, None, b"");
            }
            // What came meanwhile is still in the socket.
            return self.ready.push(key);
        };
        let body = said.text.clone();
        unjudged.errand = errand;
        unjudged.asked = Some(said);
        let Some(State::Subscribed(Subscribed { logged: Some(logged), .. })) =
            self.connections.get(key.slot as usize).map(|connection| &connection.state)
        else {
            return;
        };
        let (means, exchange) = (self.means(), &logged.exchange);
        let subject = exchange.publisher_subject("websocket", means.environment);
        let asked = exchange.ask(Hook::Publish, subject, &means);
        let body_max = message_max(exchange) + 1;
        self.log_notes(exchange);
        match asked {
            Some(Asked::Upstream(inner)) => self.fetch(inner, &body, None, key, errand, body_max),
            Some(Asked::Answered(answer)) => self.message_judged(key, Some(answer)),
            Some(Asked::Nobody) | None => self.message_judged(key, None),
        }
    }

    /// The application has said something about a message of a WebSocket, or cannot.
    pub(super) fn message_judged(&mut self, key: ConnectionKey, answer: Option<Answer>) {
        let Some(connection) = self.connection(key) else { return };
        let State::Subscribed(subscribed) = &mut connection.state else { return };
        let Some(logged) = &mut subscribed.logged else { return };
        let Some(said) = logged.unjudged.as_mut().and_then(|unjudged| unjudged.asked.take()) else {
            return;
        };
        let binary = said.binary;
        let Some(State::Subscribed(Subscribed { logged: Some(logged), .. })) =
            self.connections.get(key.slot as usize).map(|connection| &connection.state)
        else {
            return;
        };
        match self.ruling(&logged.exchange, said.text, answer) {
            Ruling::Publish(text) if !text.is_empty() => {
                self.publish_said(key, Said { text, binary });
            }
            Ruling::Publish(_) | Ruling::Drop => {}
            Ruling::Refuse => return self.leave_websocket(key, Some(REFUSED.0), REFUSED.1),
            Ruling::Fail => return self.leave_websocket(key, Some(FAILED.0), FAILED.1),
        }
        self.ask_about_next(key);
    }

    /// Tells the application of a new subscriber.
    pub(super) fn tell_subscribed(&mut self, exchange: &Exchange, transport: Transport) {
        self.tell_application(Hook::Subscribe, exchange, transport);
    }

    /// A subscription has ended, whichever way: writes its log and tells the application.
    pub(super) fn subscription_over(
        &mut self,
        subscribed: Subscribed,
        bytes_sent: u64,
        complete: bool,
    ) {
        self.log_subscription(&subscribed, bytes_sent, complete);
        if let Some(logged) = &subscribed.logged {
            self.tell_event(&logged.exchange, "subscriber_dequeue");
        }
        let told =
            subscribed.settings.hooks.is_some() && !matches!(subscribed.kind, Kind::LongPoll);
        if let Some(logged) = subscribed.logged.filter(|_| told) {
            self.tell_application(Hook::Unsubscribe, &logged.exchange, subscribed.transport);
        }
    }

    fn tell_application(&mut self, hook: Hook, exchange: &Exchange, transport: Transport) {
        let means = self.means();
        let word = match transport {
            Transport::Streaming => "http-raw-stream",
            Transport::EventSource => "eventsource",
            Transport::WebSocket => "websocket",
            Transport::LongPolling => "longpoll",
            Transport::Polling => "intervalpoll",
        };
        let subject = exchange.subscriber_subject(word, means.environment);
        let asked = exchange.ask(hook, subject, &means);
        self.log_notes(exchange);
        if let Some(Asked::Upstream(inner)) = asked {
            let location = exchange.settings.name.clone();
            self.notify(Notice::new(hook, location, inner));
        }
    }
}

fn message_max(exchange: &Exchange) -> usize {
    let most = exchange.settings.client_max_body_size;
    most.and_then(|most| usize::try_from(most).ok()).map_or(MESSAGE_MAX, |m| m.min(MESSAGE_MAX))
}
