//! Messages on their way to connections that are held.

use std::borrow::Cow;
use std::sync::Arc;

use outpour_core::answer::Answer;
use outpour_core::grip::{
    Filters, MessageContent, MessageKind, ResponseContent, StreamContent, Subscription,
    Subscriptions,
};
use outpour_core::message::Message;
use outpour_core::request::Method;
use outpour_core::wire::websocket;

use super::super::Worker;
use crate::connection::{ConnectionKey, Hold, OnHold};

/// What a message is for a connection that is held.
#[expect(clippy::large_enum_variant, reason = "it is matched as soon as it is made")]
enum Deed {
    /// Nothing.
    Nothing,
    /// The answer that it waits for.
    Answer(Answer),
    /// A piece of its body.
    Piece(Vec<u8>),
    /// Frames of its WebSocket.
    Frames(Vec<u8>),
    /// The application is asked.
    Ask,
    /// The body ends.
    End,
    /// The WebSocket does.
    Close(Option<u16>, Box<str>),
}

impl Worker {
    /// Gives out what the walk has handed over to connections that are held.
    pub(in super::super) fn take_messages(&mut self) {
        for (slot, message, deleted) in std::mem::take(&mut self.handed) {
            if self.connections.contains(slot as usize) {
                let key = self.key(slot);
                self.hold_message(key, &message, deleted);
            }
        }
    }

    /// A message has come for a connection that is held; `deleted`: that its channel has been.
    pub(super) fn hold_message(&mut self, key: ConnectionKey, message: &Message, deleted: bool) {
        if deleted {
            return self.channel_deleted(key, message);
        }
        let Some(held) = self.held(key) else { return };
        if is_fetched(held, message) {
            return;
        }
        let deed = deed(held, message);
        match deed {
            Deed::Nothing => {}
            Deed::Answer(answer) => {
                let Some(held) = self.release_hold(key) else { return };
                self.respond(key, held.exchange, answer);
                self.go_on(key);
            }
            Deed::Piece(piece) => self.send_body_piece(key, &piece),
            Deed::Frames(frames) => self.send_held(key, &frames),
            Deed::Ask => self.ask_now(key),
            Deed::End => self.end_stream(key),
            Deed::Close(code, reason) => self.close_socket(key, code, reason.as_bytes()),
        }
    }

    /// The application is to be asked at once.
    fn ask_now(&mut self, key: ConnectionKey) {
        let Some(held) = self.held(key) else { return };
        match &held.hold {
            Hold::Stream(_) => self.follow_link(key),
            Hold::Socket(_) => self.tell_events(key, true),
            Hold::Response { .. } if held.exchange.request.method == Method::Get => {
                let Some(held) = self.release_hold(key) else { return };
                let last = held.subscriptions.list.into_iter();
                let last: Vec<_> =
                    last.filter_map(|one| Some((one.channel, one.last_id?))).collect();
                self.ask_again(key, held.exchange, &last);
                self.go_on(key);
            }
            Hold::Response { .. } => self.end_hold(key),
        }
    }

    fn channel_deleted(&mut self, key: ConnectionKey, message: &Message) {
        let Some(held) = self.held(key) else { return };
        let list = &mut held.subscriptions.list;
        if let Some(at) = list.iter().position(|one| *one.channel == *message.channel) {
            list.remove(at);
            held.keys.remove(at);
        }
        if held.keys.is_empty() && !matches!(held.hold, Hold::Socket(_)) {
            self.end_hold(key);
        }
    }

    /// Sends what keeps a connection alive.
    pub(super) fn keep_alive(&mut self, key: ConnectionKey) {
        let Some(held) = self.held(key) else { return };
        let Some((alive, kind)) = &held.keep_alive else { return };
        match &held.hold {
            Hold::Stream(_) => {
                let data = alive.data.to_vec();
                self.send_body_piece(key, &data);
            }
            Hold::Socket(_) => {
                let mut frame = Vec::new();
                append(*kind, &alive.data, &mut frame);
                self.send_held(key, &frame);
            }
            Hold::Response { .. } => {}
        }
        let now = self.now.tick;
        if let Some(held) = self.held(key) {
            (held.last_sent, held.alive_sent) = (now, now);
        }
    }
}

/// Whether a stream gets the message with the page that is on its way, or the one after that: where
/// the application knows how far the client is, nothing comes twice.
fn is_fetched(held: &OnHold, message: &Message) -> bool {
    let identified = message.content.as_ref().is_some_and(|content| content.id.is_some());
    let fetching = matches!(held.hold, Hold::Stream(_)) && held.errand.is_some();
    let guarded = |one: &Subscription| *one.channel == *message.channel && one.last_id.is_some();
    fetching && identified && held.subscriptions.list.iter().any(guarded)
}

/// What a message is for a hold; moves the last ids of its channels.
fn deed(held: &mut OnHold, message: &Message) -> Deed {
    let content = message.content.as_deref();
    if !held.subscriptions.takes(&message.channel, content) {
        return Deed::Nothing;
    }
    let subscriptions = &held.subscriptions;
    let passes = |filters: Filters| content.is_none_or(|c| subscriptions.passes(filters, c));
    match &held.hold {
        Hold::Response { .. } => match content.map(|content| content.response.as_ref()) {
            None => {
                let kind = held.settings.default_type.to_vec();
                Deed::Answer(Answer::new(200).body(kind, message.text.to_vec()))
            }
            Some(Some(ResponseContent::Send { status, headers, body, filters })) => {
                if !passes(*filters) {
                    return Deed::Nothing;
                }
                Deed::Answer(answer(*status, headers, &subscriptions.rendered(body, *filters)))
            }
            Some(Some(ResponseContent::Hint)) => Deed::Ask,
            Some(None) => Deed::Nothing,
        },
        Hold::Stream(_) => match content.map(|content| content.stream.as_ref()) {
            None => Deed::Piece(message.text.to_vec()),
            Some(Some(StreamContent::Send { content, filters })) => match passes(*filters) {
                true => Deed::Piece(rendered(subscriptions, content, *filters)),
                false => Deed::Nothing,
            },
            Some(Some(StreamContent::Hint)) => Deed::Ask,
            Some(Some(StreamContent::Close)) => Deed::End,
            Some(None) => Deed::Nothing,
        },
        Hold::Socket(_) => match content.map(|content| content.message.as_ref()) {
            None => {
                let kind = if message.binary { MessageKind::Binary } else { MessageKind::Text };
                let mut frame = Vec::new();
                append(kind, &message.text, &mut frame);
                Deed::Frames(frame)
            }
            Some(Some(MessageContent::Send { kind, content, filters })) => {
                if !passes(*filters) {
                    return Deed::Nothing;
                }
                let mut frame = Vec::new();
                append(*kind, &rendered(subscriptions, content, *filters), &mut frame);
                Deed::Frames(frame)
            }
            Some(Some(MessageContent::Close { code, reason })) => {
                Deed::Close(*code, reason.clone())
            }
            Some(Some(MessageContent::Refresh)) => Deed::Ask,
            Some(None) => Deed::Nothing,
        },
    }
}

fn rendered(subscriptions: &Subscriptions, content: &[u8], filters: Filters) -> Vec<u8> {
    match subscriptions.rendered(content, filters) {
        Cow::Borrowed(bytes) => bytes.to_vec(),
        Cow::Owned(bytes) => bytes,
    }
}

fn answer(status: u16, headers: &[(Box<str>, Box<[u8]>)], body: &[u8]) -> Answer {
    let mut answer = Answer::new(status);
    for (name, value) in headers {
        answer = answer.with(name.to_string(), value.to_vec());
    }
    answer.body = match status {
        204 | 304 => outpour_core::answer::Body::Upgrade,
        _ => outpour_core::answer::Body::Bytes(body.to_vec().into()),
    };
    answer
}

/// Appends a frame.
pub(super) fn append(kind: MessageKind, content: &[u8], out: &mut Vec<u8>) {
    match kind {
        MessageKind::Text => websocket::text(content, out),
        MessageKind::Binary => websocket::binary(content, out),
        MessageKind::Ping => websocket::ping(content, out),
        MessageKind::Pong => websocket::pong(content, out),
    }
}

/// A message that the walk has handed over, and whether it tells a deletion.
pub(in super::super) type Handed = (u32, Arc<Message>, bool);
