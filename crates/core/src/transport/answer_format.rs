//! How polling, long-polling and JSONP requests are answered.

use std::sync::Arc;

use crate::answer::{Answer, Body};
use crate::message::Message;
use crate::transport::{Parts, Rendering, Validators, jsonp};

/// Everything that decides the bytes of such an answer's body.
///
/// Answers come without `Access-Control-*` and `add_header`s: these follow the rest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AnswerFormat {
    rendering: Arc<Rendering>,
    content_type: Box<[u8]>,
    callback: Option<Box<[u8]>>,
}

impl AnswerFormat {
    /// `location_type` is the location's own content type, on event source locations too.
    /// `callback` is the query argument, percent-decoded; an empty one counts as absent.
    #[must_use]
    pub fn new(rendering: Arc<Rendering>, location_type: &[u8], callback: Option<&[u8]>) -> Self {
        let callback: Option<Box<[u8]>> = callback.filter(|name| !name.is_empty()).map(Box::from);
        let content_type = if callback.is_some() { jsonp::CONTENT_TYPE } else { location_type };
        Self { rendering, content_type: content_type.into(), callback }
    }

    /// The content type of every answer.
    #[must_use]
    pub fn content_type(&self) -> &[u8] {
        &self.content_type
    }

    /// 200 with messages, in the order given.
    #[must_use]
    pub fn messages<'a>(
        &self,
        messages: impl IntoIterator<Item = &'a Message>,
        validators: Validators,
    ) -> Answer {
        let mut parts = Parts::default();
        parts.push(&self.rendering.header);
        self.list(messages, &mut parts);
        parts.push(&self.rendering.footer);
        let mut answer = validators.head(200, &self.content_type);
        answer.body = Body::Parts(parts.into_vecs());
        answer
    }

    /// 200 with the one message that a waiting request got.
    #[must_use]
    pub fn live(&self, message: &Message) -> Answer {
        self.messages([message], Validators::of(message))
    }

    /// 304 to a polling request: nothing new. `given` is what the client sent.
    #[must_use]
    pub fn nothing_new(&self, given: Validators) -> Answer {
        given.head(304, &self.content_type)
    }

    /// 304 to a long-polling request whose time is over.
    #[must_use]
    pub fn timed_out(&self, unix: u64) -> Answer {
        Validators::now(unix).head(304, &self.content_type)
    }

    /// 200 to the same with `push_stream_timeout_with_body on`.
    #[must_use]
    pub fn timed_out_with_body(&self, unix: u64) -> Answer {
        self.messages([&Message::timed_out()], Validators::now(unix))
    }

    /// 200 to a waiting request, one of whose channels was deleted. `message` tells it.
    #[must_use]
    pub fn deleted(&self, message: &Message, unix: u64) -> Answer {
        self.messages([message], Validators::now(unix))
    }

    fn list<'a>(&self, messages: impl IntoIterator<Item = &'a Message>, parts: &mut Parts) {
        if let Some(callback) = &self.callback {
            parts.push(&jsonp::open(callback));
        }
        for (index, message) in messages.into_iter().enumerate() {
            if index > 0 && self.callback.is_some() {
                parts.push(jsonp::SEPARATOR);
            }
            self.rendering.message(message, parts);
        }
        if self.callback.is_some() {
            parts.push(jsonp::CLOSE);
        }
    }
}

#[cfg(test)]
mod tests;
