//! Answers of the application.

use outpour_core::answer::{Answer, Body as AnswerBody, Header};
use outpour_core::request::Method;

use super::super::Worker;
use crate::application::{Address, Body, Response};
use crate::connection::ConnectionKey;
use crate::exchange::Exchange;

impl Worker {
    /// Answers a request in the application's words.
    pub(super) fn answer_application(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        address: Address,
        response: Response,
    ) {
        let Response { status, headers, body } = response;
        let length = headers.get("Content-Length").and_then(parse_length);
        let mut answer = head(status, headers.into_inner());
        match body {
            Body::Empty => {
                // What a GET would bring.
                let head_only = exchange.request.method == Method::Head;
                if let Some(length) = length.filter(|_| head_only) {
                    answer.body = AnswerBody::Announced(length);
                }
            }
            Body::Bytes(bytes) => answer.body = AnswerBody::Bytes(bytes.into()),
            body @ (Body::Pieces(_) | Body::Channel(_)) => {
                return self.answer_streaming(key, exchange, address, answer, (body, length));
            }
        }
        self.respond(key, exchange, answer);
    }
}

fn parse_length(text: &[u8]) -> Option<u64> {
    str::from_utf8(text).ok()?.parse().ok()
}

/// The head of an answer, without what only the server says.
pub(super) fn head(status: u16, headers: Vec<Header>) -> Answer {
    let status = if (200..1000).contains(&status) { status } else { 500 };
    let mut answer = Answer::new(status);
    answer.headers.extend(headers.into_iter().filter(|(name, _)| !is_framing(name)));
    answer
}

/// Headers that say how the answer's bytes are to be read.
pub(super) fn is_framing(name: &str) -> bool {
    const FRAMING: [&str; 6] =
        ["Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "Trailer"];
    FRAMING.iter().any(|framing| framing.eq_ignore_ascii_case(name))
}
