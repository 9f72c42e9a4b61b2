//! Answers whose body comes in pieces.

use std::panic::{AssertUnwindSafe, catch_unwind};

use outpour_core::answer::{Answer, Body as AnswerBody};
use outpour_core::request::{Method, Version};
use outpour_core::settings::Level;
use outpour_core::variables::Outcome;
use outpour_core::wire::chunked;
use outpour_core::wire::http1::{Context, encode, must_close};

use super::super::respond::{complete, wire_version};
use super::super::{Phase, Worker};
use crate::application::{Address, Body, Piece};
use crate::connection::{Accounted, ConnectionKey, Ending, Served, State, Streaming, head_of};
use crate::exchange::{Exchange, server_header};

/// Pieces in a row before everybody else has their turn.
const PIECES_PER_TURN: usize = 8;

impl Worker {
    /// Answers with `answer` and a body in pieces behind it, `length` bytes if that is known.
    pub(super) fn answer_streaming(
        &mut self,
        key: ConnectionKey,
        mut exchange: Box<Exchange>,
        address: Address,
        mut answer: Answer,
        (body, length): (Body, Option<u64>),
    ) {
        answer.body = length.map_or(AnswerBody::Stream, AnswerBody::Announced);
        let bodiless =
            exchange.request.method == Method::Head || matches!(answer.status, 204 | 304);
        if bodiless {
            return self.respond(key, exchange, answer);
        }
        complete(&self.shared.environment, &mut exchange, &mut answer);
        let context = Context {
            version: wire_version(&exchange),
            keep_alive: exchange.keeps_alive() && self.phase == Phase::Serving,
            keepalive_header: exchange.settings.keepalive_header,
            head_only: false,
            date: &self.date,
            server: server_header(&exchange.settings),
        };
        let begin = self.answers.len();
        self.counters().request(Some(exchange.settings.push.role), answer.status);
        encode(&answer, &context, &mut self.answers);
        let streaming = Streaming {
            chunked: length.is_none() && context.version == Version::Http11,
            close: must_close(&answer, &context),
            left: length,
            logged: Accounted {
                status: answer.status,
                head: head_of(&self.answers[begin..]).to_vec(),
                earlier: begin as u64,
            },
            exchange,
            address,
            body,
        };
        let Some(connection) = self.connection(key) else { return };
        connection.bytes_sent = 0;
        let gone = connection.input_ended;
        connection.state = State::Application(Box::new(Served::Streaming(streaming)));
        self.send_pieces(key);
        if gone {
            // No event will tell again.
            self.close(key, Ending::PeerGone);
        }
    }

    /// The answer in pieces that the connection gets, if it gets one.
    fn streaming(&mut self, key: ConnectionKey) -> Option<&mut Streaming> {
        let connection = self.connection(key)?;
        if let State::Application(served) = &mut connection.state
            && let Served::Streaming(streaming) = &mut **served
        {
            return Some(streaming);
        }
        None
    }

    /// Whether the connection gets a body in pieces.
    pub(super) fn streams_body(&mut self, key: ConnectionKey) -> bool {
        self.streaming(key).is_some()
    }

    /// Sends as much of the body as there is and the socket takes.
    pub(super) fn send_pieces(&mut self, key: ConnectionKey) {
        for _ in 0..PIECES_PER_TURN {
            self.flush_answers(key);
            let Some(connection) = self.connection(key) else { return };
            if connection.output.is_some() {
                // It goes on when the socket has taken everything.
                return self.file_deadline(key);
            }
            let Some(streaming) = self.streaming(key) else { return };
            match next_piece(streaming) {
                Piece::Bytes(bytes) => self.send_piece(key, bytes),
                Piece::Later => return self.file_deadline(key),
                Piece::End => return self.end_pieces(key),
                Piece::Broken => {
                    self.log_client(key, Level::Error, "the application broke off its answer");
                    return self.close(key, Ending::Drained);
                }
            }
        }
        self.flush_answers(key);
        self.touched.push(key);
    }

    fn send_piece(&mut self, key: ConnectionKey, mut bytes: Vec<u8>) {
        let Some(streaming) = self.streaming(key) else { return };
        if let Some(left) = &mut streaming.left {
            bytes.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= bytes.len() as u64;
        }
        match streaming.chunked {
            true => chunked::chunk(&bytes, &mut self.answers),
            false => self.answers.extend_from_slice(&bytes),
        }
    }

    /// The body is sent: on to the next request, or to the end.
    fn end_pieces(&mut self, key: ConnectionKey) {
        let (now, serving) = (self.now.tick, self.phase == Phase::Serving);
        if self.streaming(key).is_some_and(|streaming| streaming.chunked) {
            self.answers.extend_from_slice(chunked::LAST);
            self.flush_answers(key);
        }
        let Some(connection) = self.connection(key) else { return };
        let state = std::mem::replace(&mut connection.state, State::Head);
        connection.since = now;
        let bytes = std::mem::take(&mut connection.bytes_sent);
        let State::Application(served) = state else { return };
        let Served::Streaming(streaming) = *served else { return };
        self.log_streamed(&streaming, bytes, true);
        if streaming.close || !serving {
            return self.hang_up(key, streaming.exchange.settings.lingering_timeout);
        }
        self.file_deadline(key);
        self.ready.push(key);
    }

    /// Writes the access log of an answer in pieces.
    pub(super) fn log_streamed(&self, streaming: &Streaming, bytes: u64, complete: bool) {
        let Streaming { exchange, logged, .. } = streaming;
        if exchange.settings.access_log.is_empty() {
            return;
        }
        let elapsed = self.now.tick.since(exchange.started.tick);
        let bytes = bytes.saturating_sub(logged.earlier);
        let outcome = Outcome {
            status: logged.status,
            bytes_sent: bytes,
            body_bytes_sent: bytes.saturating_sub(logged.head.len() as u64),
            request_length: exchange.request.bytes.len() as u64,
            request_millis: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            complete,
            head: logged.head.clone(),
        };
        self.log_access(exchange, &outcome);
    }
}

/// What comes next of a body. An announced length holds: what is too much is left out, what is
/// missing breaks the answer off.
fn next_piece(streaming: &mut Streaming) -> Piece {
    if streaming.left == Some(0) {
        return Piece::End;
    }
    let piece = match &mut streaming.body {
        Body::Empty | Body::Bytes(_) => Piece::End,
        Body::Pieces(pieces) => match catch_unwind(AssertUnwindSafe(|| pieces.next())) {
            Ok(Some(Ok(bytes))) => Piece::Bytes(bytes),
            Ok(None) => Piece::End,
            Ok(Some(Err(_))) | Err(_) => Piece::Broken,
        },
        Body::Channel(reader) => reader.read(&streaming.address),
    };
    match (&piece, streaming.left) {
        (Piece::End, Some(_)) => Piece::Broken,
        _ => piece,
    }
}
