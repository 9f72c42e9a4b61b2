//! Answers of the relay protocol.

use std::borrow::Cow;

use super::action::forbids;
use super::{Action, IdStyle};
use crate::answer::{Answer, Body};
use crate::channels::Refusal;
use crate::message::Message;
use crate::settings::{Relay, RelayDialect};
use crate::wire::http_date;

/// How a request that waits, or does not, is answered: everything that decides the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RelayAnswer {
    /// Whose words.
    pub dialect: RelayDialect,
    /// How messages are told apart.
    pub ids: IdStyle,
    /// Content type of messages whose publisher gave none.
    pub default_type: Box<[u8]>,
}

impl RelayAnswer {
    /// 200 with a message; 409 or 410 for those that tell the end of the wait.
    #[must_use]
    pub fn message(&self, message: &Message) -> Answer {
        match message.id {
            Message::CONFLICT_ID => self.status(409),
            Message::DELETED_ID => self.status(410),
            _ => self.with_message(message),
        }
    }

    fn with_message(&self, message: &Message) -> Answer {
        let content_type = message.content_type.as_deref().unwrap_or(&self.default_type);
        let answer = Answer::new(200).body(content_type.to_vec(), message.text.to_vec());
        if self.dialect == RelayDialect::Queue {
            return answer;
        }
        let dated = match self.ids.compound {
            true => answer,
            false => answer.with("Last-Modified", http_date::format(message.time).to_vec()),
        };
        dated.with(self.ids.header.to_string(), self.ids.tag(message)).with("Vary", VARY)
    }

    /// Nothing new for a request that does not wait: 304 with what it has sent.
    #[must_use]
    pub fn nothing_new(&self, time: Option<&[u8]>, tag: Option<&[u8]>) -> Answer {
        let mut answer = self.status(304);
        if let Some(time) = time {
            answer = answer.with("Last-Modified", time.to_vec());
        }
        if let Some(tag) = tag {
            answer = answer.with(self.ids.header.to_string(), tag.to_vec());
        }
        answer
    }

    /// The time of a request that waited is over.
    #[must_use]
    pub fn timed_out(&self) -> Answer {
        self.status(if self.dialect == RelayDialect::Nchan { 408 } else { 304 })
    }

    /// The answer to a subscriber that may not have what it asks for.
    #[must_use]
    pub fn refused(&self, refusal: Refusal) -> Answer {
        let page = match self.dialect {
            RelayDialect::Nchan => refusal == Refusal::OutOfMemory,
            RelayDialect::Module | RelayDialect::Queue => {
                matches!(refusal, Refusal::OutOfMemory | Refusal::CannotCreate)
            }
        };
        if page { Answer::page(refusal.status()) } else { self.status(refusal.status()) }
    }

    /// An answer that is a head alone.
    fn status(&self, status: u16) -> Answer {
        match self.dialect {
            RelayDialect::Nchan => Answer::new(status).with("Vary", VARY),
            RelayDialect::Module | RelayDialect::Queue => Answer::new(status),
        }
    }
}

const VARY: &[u8] = b"If-None-Match, If-Modified-Since";

/// Methods of a publisher, for `Allow`.
#[must_use]
pub fn publisher_methods(dialect: RelayDialect) -> &'static str {
    match dialect {
        RelayDialect::Queue | RelayDialect::Nchan => "GET, POST, PUT, DELETE",
        RelayDialect::Module => "GET, POST, PUT, DELETE, OPTIONS",
    }
}

/// Methods of a subscriber, for `Allow`.
#[must_use]
pub fn subscriber_methods(dialect: RelayDialect) -> &'static str {
    match dialect {
        RelayDialect::Queue | RelayDialect::Nchan => "GET",
        RelayDialect::Module => "GET, OPTIONS",
    }
}

impl Relay {
    /// All methods that the location knows.
    #[must_use]
    pub fn methods(&self) -> &'static str {
        match self.publishers.http {
            true => publisher_methods(self.dialect),
            false => subscriber_methods(self.dialect),
        }
    }

    /// The answer to requests that need no channel; `None` if `action` does.
    #[must_use]
    pub fn without_channel(&self, action: Action) -> Option<Answer> {
        match action {
            Action::Options => Some(self.options()),
            Action::Nothing if forbids(self.dialect) => Some(Answer::new(403)),
            Action::Nothing => Some(Answer::page(405).with("Allow", self.methods().as_bytes())),
            Action::Inform
            | Action::Publish
            | Action::Delete
            | Action::Subscribe(_)
            | Action::PublishFrames => None,
        }
    }

    fn options(&self) -> Answer {
        if self.dialect == RelayDialect::Nchan {
            return Answer::new(200).with("Allow", self.methods().as_bytes());
        }
        let headers = match self.publishers.http {
            true => "Content-Type, Origin",
            false => "If-None-Match, If-Modified-Since, Origin",
        };
        Answer::new(200)
            .with("Access-Control-Allow-Origin", &b"*"[..])
            .with("Access-Control-Allow-Headers", headers.as_bytes())
            .with("Access-Control-Allow-Methods", self.methods().as_bytes())
    }

    /// The answer to a request that names no channel.
    #[must_use]
    pub fn without_id() -> Answer {
        let body = Body::Bytes(Cow::Borrowed(b"No channel id provided."));
        Answer { body, ..Answer::new(404).with("Content-Type", &b"text/plain"[..]) }
    }
}
