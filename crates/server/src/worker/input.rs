//! Bytes from a client, on their way to the machine that understands them.

use std::io::{ErrorKind, Read};

use outpour_core::settings::Level;
use outpour_core::wire::http1::{Parsed, Rejection, parse_head};

use super::upstream::COLLECTED_MAX;
use super::{Phase, Worker};
use crate::connection::{
    After, Connection, ConnectionKey, Ending, Flushed, Hold, Kind, State, Upload,
};

/// Reads from one connection before everybody else gets their turn.
const READS_PER_TURN: usize = 8;

/// Pipelined requests of one connection behind which it is everybody else's turn: those that one
/// read has brought are still answered.
const REQUESTS_PER_TURN: u32 = 32;

/// Bytes of answers that may wait for a client before its next pipelined request is looked at.
const PIPELINED_BYTES_MAX: usize = 64 * 1024;

/// What to do about a connection's socket.
enum Appetite {
    /// Read on.
    Reads,
    /// What comes now has to wait: for the end of a subscription, or for answers to leave.
    Waits,
    /// What comes is dropped.
    Drops,
}

impl Worker {
    /// The socket has bytes, or its end (`ended`).
    pub(super) fn on_readable(&mut self, key: ConnectionKey, ended: bool) {
        let Some(connection) = self.connection(key) else { return };
        connection.input_ended |= ended;
        let parked = match &connection.state {
            State::Subscribed(subscribed) => !matches!(subscribed.kind, Kind::WebSocket(_)),
            State::Waiting(_) => true,
            State::Held(held) => !matches!(held.hold, Hold::Socket(_)),
            State::Application(served) => !served.takes_input(),
            State::Relayed(relayed) => !relayed.tunnel && relayed.reader.is_done(),
            State::Head | State::Body(_) | State::Session(_) | State::Closing { .. } => false,
        };
        if parked && ended {
            return self.close(key, Ending::PeerGone);
        }
        self.look_at_input(key);
        self.read(key);
    }

    /// The socket takes bytes again.
    pub(super) fn on_writable(&mut self, key: ConnectionKey) {
        let now = self.now.tick;
        let registry = self.poll.registry();
        let Some(connection) = self.connections.get_mut(key.slot as usize) else { return };
        let token = super::socket::connection(key.slot);
        if connection.output.is_none() {
            if connection.stream.push_out().is_err() {
                self.close(key, Ending::PeerGone);
            }
            return;
        }
        match connection.flush(registry, token, now) {
            Err(_) => self.close(key, Ending::PeerGone),
            Ok(Flushed::Blocked) => {}
            Ok(Flushed::Paused) => self.ready.push(key),
            Ok(Flushed::All) if matches!(connection.state, State::Closing { .. }) => self.shut(key),
            Ok(Flushed::All) if matches!(connection.state, State::Session(_)) => {
                self.bells.ring(key)
            }
            // A file that was under way when the server began to end: nothing follows it.
            Ok(Flushed::All)
                if self.phase != Phase::Serving && matches!(connection.state, State::Head) =>
            {
                self.hang_up(key, std::time::Duration::from_secs(2));
            }
            Ok(Flushed::All) => {
                if let State::Relayed(relayed) = &connection.state {
                    let upstream = relayed.upstream;
                    return self.resume_upstream(upstream);
                }
                if matches!(connection.state, State::Application(_)) {
                    return self.application_drained(key);
                }
                connection.since = now;
                if connection.unread || !connection.input.is_empty() {
                    self.ready.push(key);
                }
                self.recount(key);
            }
        }
    }

    fn read(&mut self, key: ConnectionKey) {
        let mut buffer = std::mem::take(&mut self.read_buffer);
        for _ in 0..READS_PER_TURN {
            let Some(connection) = self.connection(key) else { break };
            match appetite(connection) {
                Appetite::Reads => {}
                Appetite::Waits => {
                    connection.unread = true;
                    break;
                }
                Appetite::Drops => {
                    self.read_buffer = buffer;
                    return self.drop_input(key);
                }
            }
            connection.unread = false;
            if !self.has_time_for(key) {
                break;
            }
            let Some(connection) = self.connection(key) else { break };
            let handshaking = connection.stream.is_handshaking();
            let read = connection.stream.read(&mut buffer);
            if handshaking {
                count_handshake(connection);
            }
            match read {
                Ok(0) => {
                    self.on_end(key);
                    break;
                }
                Ok(taken) => {
                    connection.door.counters.received_bytes.add(taken as u64);
                    let drained = taken < buffer.len()
                        && !connection.input_ended
                        && !connection.stream.holds_input();
                    let before = connection.requests;
                    self.take_in(key, &mut buffer[..taken]);
                    if drained {
                        break;
                    }
                    let Some(connection) = self.connection(key) else { break };
                    connection.unread = true;
                    if connection.requests.wrapping_sub(before) >= REQUESTS_PER_TURN {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    connection.unread = connection.stream.holds_input();
                    break;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.log_broken(key, &error);
                    self.close(key, Ending::PeerGone);
                    break;
                }
            }
        }
        self.read_buffer = buffer;
        self.come_back(key);
    }

    /// Somebody else's turn, although the socket may hold more.
    fn come_back(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connection(key) else { return };
        if connection.unread && matches!(appetite(connection), Appetite::Reads) {
            self.ready.push(key);
        }
    }

    /// The peer sends nothing more: answers under way still reach it, all else ends.
    fn on_end(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connection(key) else { return };
        connection.input_ended = true;
        if connection.stream.is_handshaking() {
            let text = "peer closed connection in SSL handshake while SSL handshaking";
            self.log_client(key, Level::Info, text);
            return self.close(key, Ending::PeerGone);
        }
        match &connection.state {
            State::Head if connection.output.is_some() => {
                self.hang_up(key, std::time::Duration::from_secs(60));
            }
            State::Closing { .. } | State::Head => self.close(key, Ending::Done),
            State::Relayed(relayed) if relayed.tunnel => self.close(key, Ending::Done),
            State::Body(_)
            | State::Waiting(_)
            | State::Session(_)
            | State::Relayed(_)
            | State::Application(_)
            | State::Held(_)
            | State::Subscribed(_) => {
                self.close(key, Ending::PeerGone);
            }
        }
    }

    /// Bytes that came earlier and could not be looked at then.
    fn look_at_input(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connection(key) else { return };
        // Held requests wait for answers to leave; only that is to be looked at anew.
        connection.held = false;
        if !connection.input.is_empty() && matches!(appetite(connection), Appetite::Reads) {
            self.take_in(key, &mut []);
        }
    }

    /// Takes in bytes behind those that wait; what nobody can use yet waits on.
    fn take_in(&mut self, key: ConnectionKey, data: &mut [u8]) {
        let Some(connection) = self.connection(key) else { return };
        let mut waiting = std::mem::take(&mut connection.input);
        if waiting.is_empty() {
            let consumed = self.consume(key, data);
            waiting.extend_from_slice(&data[consumed..]);
        } else {
            waiting.extend_from_slice(data);
            let consumed = self.consume(key, &mut waiting);
            waiting.drain(..consumed);
        }
        if let Some(connection) = self.connection(key)
            && !waiting.is_empty()
        {
            connection.input = waiting;
        }
        self.flush_answers(key);
        self.file_deadline(key);
        if self.connection(key).is_some_and(|c| c.held && !answers_wait(c, 0)) {
            self.ready.push(key);
        }
    }

    /// Feeds bytes to whatever the connection is doing; how many were used up.
    fn consume(&mut self, key: ConnectionKey, data: &mut [u8]) -> usize {
        let mut at = 0;
        loop {
            let Some(connection) = self.connections.get_mut(key.slot as usize) else {
                return data.len();
            };
            if connection.generation != key.generation {
                return data.len();
            }
            if connection.requests == 0
                && matches!(connection.state, State::Head)
                && self.becomes_session(key, &data[at..])
            {
                continue;
            }
            let Some(connection) = self.connections.get_mut(key.slot as usize) else {
                return data.len();
            };
            match &mut connection.state {
                State::Closing { .. } => return data.len(),
                State::Session(session) => {
                    session.feed(&data[at..]);
                    self.bells.ring(key);
                    return data.len();
                }
                State::Head | State::Body(_) if at == data.len() => return at,
                State::Head => match self.consume_head(key, &data[at..]) {
                    0 => return at,
                    used => at += used,
                },
                State::Body(upload) => match upload.reader.feed(&data[at..], &mut upload.body) {
                    Ok(step) => {
                        at += step.consumed;
                        upload.progress = self.now.tick;
                        connection.request_length += step.consumed as u64;
                        let relay = upload.after == After::Relay;
                        let outgrown = relay && upload.body.len() > COLLECTED_MAX;
                        if step.done || outgrown {
                            self.body_complete(key);
                        } else if at < data.len() || step.consumed == 0 {
                            return at;
                        }
                    }
                    Err(rejection) => {
                        self.reject_body(key, rejection);
                        return data.len();
                    }
                },
                State::Waiting(_) => return at,
                State::Held(held) if held.takes_input() => {
                    self.on_held_frames(key, &mut data[at..]);
                    return data.len();
                }
                State::Held(held) if matches!(held.hold, Hold::Socket(_)) => return data.len(),
                State::Held(_) => return at,
                State::Relayed(relayed) if !relayed.takes_input() => return at,
                State::Relayed(_) if at == data.len() => return at,
                State::Relayed(_) => match self.feed_upstream(key, &data[at..]) {
                    Ok(0) => return at,
                    Ok(used) => at += used,
                    Err(rejection) => {
                        self.log_client(key, Level::Error, rejection.reason);
                        self.refuse_relayed(key, rejection.status);
                        return data.len();
                    }
                },
                State::Application(served) => {
                    if served.takes_input() {
                        self.on_application_frames(key, &mut data[at..]);
                        return data.len();
                    }
                    return at;
                }
                State::Subscribed(subscribed) => {
                    if matches!(subscribed.kind, Kind::WebSocket(_)) {
                        self.on_frames(key, &mut data[at..]);
                        return data.len();
                    }
                    return at;
                }
            }
        }
    }

    /// Reads one head and starts on its request; how many bytes it had, 0 if it is not complete.
    fn consume_head(&mut self, key: ConnectionKey, data: &[u8]) -> usize {
        let connection = &mut self.connections[key.slot as usize];
        connection.held = answers_wait(connection, self.answers.len());
        if connection.held {
            return 0;
        }
        let undecided = self.may_become_session(&self.connections[key.slot as usize], data);
        let connection = &mut self.connections[key.slot as usize];
        let limits = self.running.limits(&connection.door);
        let parsed = if undecided { Ok(Parsed::Partial) } else { parse_head(data, limits) };
        match parsed {
            Ok(Parsed::Partial) => {
                if !connection.head_begun {
                    connection.head_begun = true;
                    connection.since = self.now.tick;
                }
                0
            }
            Ok(Parsed::Complete { request, consumed }) => {
                connection.head_begun = false;
                consumed + self.begin(key, request, consumed, &data[consumed..])
            }
            Err(rejection) => {
                self.reject(key, rejection, data);
                data.len()
            }
        }
    }

    /// Refuses bytes that are no proper request.
    pub(super) fn reject(&mut self, key: ConnectionKey, rejection: Rejection, head: &[u8]) {
        if let Some(connection) = self.connection(key) {
            // For the logs; it goes with the refusal.
            connection.input = head.to_vec();
        }
        let level = if rejection.status == 413 { Level::Error } else { Level::Info };
        self.log_client(key, level, rejection.reason);
        self.refuse(key, rejection.status);
    }

    /// Refuses a request for its body, with what `error_page` has for that.
    fn reject_body(&mut self, key: ConnectionKey, rejection: Rejection) {
        let paged = |upload: &Upload| {
            upload.after != After::Nothing && upload.exchange.has_error_page(rejection.status)
        };
        if let Some(connection) = self.connection(key)
            && matches!(&connection.state, State::Body(upload) if paged(upload))
            && let State::Body(upload) = std::mem::replace(&mut connection.state, State::Head)
        {
            self.log_exchange(&upload.exchange, Level::Error, rejection.reason);
            return self.fail(key, upload.exchange, rejection.status);
        }
        self.reject(key, rejection, &[]);
    }

    /// The body is there: the request is served, unless it has been answered already.
    fn body_complete(&mut self, key: ConnectionKey) {
        let now = self.now.tick;
        let Some(connection) = self.connection(key) else { return };
        let State::Body(upload) = std::mem::replace(&mut connection.state, State::Head) else {
            return;
        };
        connection.since = now;
        match upload.after {
            After::Nothing => {}
            After::Serve => self.serve(key, upload.exchange, upload.body),
            After::Relay => self.relay(key, upload.exchange, upload.reader, &upload.body),
        }
    }
}

/// Counts the handshake if it is over.
fn count_handshake(connection: &Connection) {
    let counters = &connection.door.counters;
    let Some(tls) = connection.stream.tls().filter(|tls| !tls.is_handshaking()) else { return };
    match tls.is_resumed() {
        Some(true) => counters.resumed_handshakes.add(1),
        Some(false) => {}
        // The client speaks HTTP without TLS.
        None => return counters.failed_handshakes.add(1),
    }
    counters.handshakes.add(1);
}

fn appetite(connection: &Connection) -> Appetite {
    match &connection.state {
        State::Session(session) if session.has_input() => Appetite::Waits,
        State::Session(_) => Appetite::Reads,
        State::Closing { shut: true, .. } => Appetite::Drops,
        State::Closing { shut: false, .. } | State::Waiting(_) => Appetite::Waits,
        State::Subscribed(subscribed) => match subscribed.kind {
            Kind::WebSocket(_) if subscribed.is_judged() => Appetite::Waits,
            Kind::WebSocket(_) => Appetite::Reads,
            Kind::Stream | Kind::LongPoll => Appetite::Waits,
        },
        State::Application(served) if served.takes_input() && !served.is_full() => Appetite::Reads,
        State::Application(_) => Appetite::Waits,
        State::Held(held) if matches!(held.hold, Hold::Socket(_)) && !held.is_full() => {
            Appetite::Reads
        }
        State::Held(_) => Appetite::Waits,
        State::Relayed(relayed) if relayed.takes_input() => Appetite::Reads,
        State::Relayed(_) => Appetite::Waits,
        State::Head if connection.held => Appetite::Waits,
        State::Head | State::Body(_) if answers_wait(connection, 0) => Appetite::Waits,
        State::Head | State::Body(_) => Appetite::Reads,
    }
}

fn answers_wait(connection: &Connection, unsent: usize) -> bool {
    let Some(output) = &connection.output else { return unsent > PIPELINED_BYTES_MAX };
    output.has_file() || output.bytes() + unsent > PIPELINED_BYTES_MAX
}
