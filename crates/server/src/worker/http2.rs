//! HTTP/2 in the worker: sessions, their requests, and their ends.

use std::rc::Rc;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::Request;
use outpour_core::now::Tick;
use outpour_core::request::{BodyLength, Method};
use outpour_core::settings::Level;
use outpour_core::wire::http2::{HeaderList, PREFACE};

use super::upstream::draw;
use super::{Phase, Worker};
use crate::connection::{Connection, ConnectionKey, Ending, State, Stream};
use crate::http2::{Framing, Http2Stream, Progress, Session};

/// How often what h2 woke is looked at before everything else gets its turn.
const ROUNDS_PER_TURN: usize = 8;

/// How long a client may take to close a connection that was told to end.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(2);

/// Streams that the client gave up sooner count as a flood's.
const SHORT_LIFE: std::time::Duration = std::time::Duration::from_secs(1);

impl Worker {
    /// Whether the first bytes of a connection are HTTP/2's, which it speaks from then on.
    pub(super) fn becomes_session(&mut self, key: ConnectionKey, data: &[u8]) -> bool {
        let connection = &self.connections[key.slot as usize];
        let door = &connection.door;
        let agreed = match &connection.stream {
            Stream::Plain(_) => data.starts_with(PREFACE) && self.running.http2(door).on,
            Stream::Tls(stream) => stream.is_http2(),
            Stream::Http2(_) => false,
        };
        if !agreed {
            return false;
        }
        let (settings, limits) = (self.running.http2(door), self.running.limits(door));
        let session = Session::new(&settings, limits, self.bells.bell(key), self.now.tick);
        let connection = &mut self.connections[key.slot as usize];
        connection.head_begun = false;
        connection.since = self.now.tick;
        connection.state = State::Session(Box::new(session));
        true
    }

    /// Whether more bytes may show that a plain connection speaks HTTP/2.
    pub(super) fn may_become_session(&self, connection: &Connection, data: &[u8]) -> bool {
        connection.requests == 0
            && matches!(connection.stream, Stream::Plain(_))
            && PREFACE.starts_with(data)
            && self.running.http2(&connection.door).on
    }

    /// Acts on everything that h2 woke: requests first, so that each session is polled once for
    /// all that they wrote.
    pub(super) fn answer_bells(&mut self) {
        for _ in 0..ROUNDS_PER_TURN {
            if self.bells.are_silent() {
                return;
            }
            let keys = self.bells.take();
            for &key in &keys {
                self.wake_stream(key);
            }
            for &key in &keys {
                self.run_session(key);
            }
        }
    }

    /// A request of an HTTP/2 connection can go on, or was given up.
    fn wake_stream(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connection(key) else { return };
        let Stream::Http2(stream) = &mut connection.stream else { return };
        if stream.is_reset() {
            return self.abandon(key);
        }
        if connection.output.is_some() {
            self.on_writable(key);
        }
        self.on_readable(key, false);
    }

    /// The client wants no answer any more.
    fn abandon(&mut self, key: ConnectionKey) {
        let now = self.now.tick;
        let Some(Connection { stream: Stream::Http2(stream), .. }) = self.connection(key) else {
            return;
        };
        let (owner, began) = (stream.session, stream.began);
        self.close(key, Ending::PeerGone);
        if now.since(began) < SHORT_LIFE
            && let Some(session) = self.session(owner)
            && !session.budget.reset(now)
        {
            session.abort(Reason::ENHANCE_YOUR_CALM);
            self.log_client(owner, Level::Info, "client sent too many RST_STREAM frames");
        }
    }

    fn session(&mut self, key: ConnectionKey) -> Option<&mut Session> {
        match &mut self.connection(key)?.state {
            State::Session(session) => Some(session),
            State::Head
            | State::Body(_)
            | State::Waiting(_)
            | State::Relayed(_)
            | State::Application(_)
            | State::Held(_)
            | State::Subscribed(_)
            | State::Closing { .. } => None,
        }
    }

    /// Lets a session take in what has come and write what there is.
    fn run_session(&mut self, key: ConnectionKey) {
        let end = loop {
            let Some(session) = self.session(key) else { return };
            match session.poll() {
                Progress::Request(request, respond) => self.open_request(key, request, respond),
                Progress::Waits => break None,
                Progress::Over(error) => break Some(error),
            }
        };
        self.write_out(key);
        if let Some(error) = end {
            self.end_session(key, error);
        }
    }

    /// Hands the session's bytes to the socket.
    fn write_out(&mut self, key: ConnectionKey) {
        let now = self.now.tick;
        let Some(session) = self.session(key) else { return };
        let output = session.take_output();
        if !output.is_empty() {
            session.progress = now;
            if !self.try_send_bytes(key, &output) {
                return self.close(key, Ending::PeerGone);
            }
        }
        let Some(connection) = self.connection(key) else { return };
        let blocked = connection.output.is_some();
        let unread = connection.unread;
        let State::Session(session) = &mut connection.state else { return };
        if session.set_blocked(blocked) {
            self.bells.ring(key);
        }
        if unread {
            self.ready.push(key);
        }
        self.file_deadline(key);
    }

    /// Starts on a request.
    fn open_request(
        &mut self,
        owner: ConnectionKey,
        request: Request<RecvStream>,
        respond: SendResponse<Bytes>,
    ) {
        let (parts, body) = request.into_parts();
        let door = &self.connections[owner.slot as usize].door;
        let key = websocket_key(&parts, &mut self.random);
        let mut list = header_list(&parts, body.is_end_stream());
        if let Some(key) = &key {
            list.headers.extend(upgrade(key.as_bytes()));
        }
        let read = outpour_core::wire::http2::request(&list, self.running.limits(door));
        let Some(key) = self.add_stream(owner, body, respond) else { return };
        match read {
            Ok(request) => {
                self.prepare(key, &request);
                let length = request.bytes.len();
                if let Some(session) = self.session(owner) {
                    session.budget.carry(length as u64);
                }
                self.begin(key, request, length, &[]);
            }
            Err(rejected) => self.reject(key, rejected.rejection, &rejected.line),
        }
        self.flush_answers(key);
        self.file_deadline(key);
        self.take_over_settings(owner, key);
        // The rest of the body may be there already, and the client gone.
        self.bells.ring(key);
    }

    /// A connection for a request.
    fn add_stream(
        &mut self,
        owner: ConnectionKey,
        body: RecvStream,
        respond: SendResponse<Bytes>,
    ) -> Option<ConnectionKey> {
        let now = self.now.tick;
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        let slot = u32::try_from(self.connections.vacant_key()).ok()?;
        let key = ConnectionKey { slot, generation };
        let bell = self.bells.bell(key);
        let carrier = self.connection(owner)?;
        let State::Session(session) = &mut carrier.state else { return None };
        session.streams.push(key);
        let stream = Http2Stream::new((owner, session), body, respond, bell, now);
        let stream = Stream::Http2(Box::new(stream));
        let (remote, door, serial) = (carrier.remote, Rc::clone(&carrier.door), carrier.serial);
        let mut connection = Connection::new(stream, remote, door, serial, generation, now);
        connection.accepted = carrier.accepted;
        connection.requests = carrier.requests;
        carrier.requests = carrier.requests.saturating_add(1);
        self.connections.insert(connection);
        self.streams += 1;
        Some(key)
    }

    /// Tells the stream what its request means for body and answer.
    fn prepare(&mut self, key: ConnectionKey, request: &outpour_core::request::Request) {
        let framing = match request.body {
            BodyLength::Chunked => Framing::Chunks,
            BodyLength::None | BodyLength::Known(_) => Framing::Raw,
        };
        let head_only = request.method == Method::Head;
        if let Some(Connection { stream: Stream::Http2(stream), .. }) = self.connection(key) {
            stream.prepare(framing, head_only);
        }
    }

    /// The session goes by the settings of its last request, as a connection of HTTP/1 does.
    fn take_over_settings(&mut self, owner: ConnectionKey, key: ConnectionKey) {
        let settings = self.connection(key).and_then(|connection| connection.settings.clone());
        let Some(carrier) = self.connection(owner) else { return };
        if let Some(settings) = settings {
            carrier.give_up_after(settings.send_timeout);
            carrier.settings = Some(settings);
        }
        let limit = carrier.settings.as_ref().map_or(u64::MAX, |s| s.keepalive_requests);
        let single = carrier.settings.as_ref().is_some_and(|s| s.keepalive_timeout.is_zero());
        if let State::Session(session) = &mut carrier.state
            && (u64::from(carrier.requests) >= limit || single)
        {
            session.drain();
        }
    }

    /// A connection is gone: a session with all of its requests, a request from its session.
    pub(super) fn part(&mut self, key: ConnectionKey, connection: &mut Connection) {
        if let State::Session(session) = &mut connection.state {
            for stream in std::mem::take(&mut session.streams) {
                self.close(stream, Ending::PeerGone);
            }
        }
        let Some(owner) = connection.stream.session() else { return };
        self.streams -= 1;
        let now = self.now.tick;
        let Some(carrier) = self.connection(owner) else { return };
        if let State::Session(session) = &mut carrier.state {
            session.streams.retain(|stream| *stream != key);
            carrier.since = now;
            self.bells.ring(owner);
        }
    }

    /// A session has come to its end, and its requests with it.
    fn end_session(&mut self, key: ConnectionKey, error: Option<h2::Error>) {
        if let Some(error) = error
            && !error.is_io()
        {
            self.log_client(key, Level::Info, &format!("http2 connection ended: {error}"));
        }
        let Some(session) = self.session(key) else { return };
        for stream in std::mem::take(&mut session.streams) {
            self.close(stream, Ending::PeerGone);
        }
        self.hang_up(key, FAREWELL);
    }

    /// Ends a session when its requests are done.
    pub(super) fn drain_session(&mut self, key: ConnectionKey) {
        let now = self.now.tick;
        let Some(connection) = self.connection(key) else { return };
        connection.since = now;
        let State::Session(session) = &mut connection.state else { return };
        if session.is_greeting() {
            return self.close(key, Ending::Drained);
        }
        session.drain();
        self.file_deadline(key);
    }

    /// After a reload clients are to come anew with their next request, as in nginx.
    pub(super) fn drain_sessions(&mut self) {
        for (_, connection) in &mut self.connections {
            if let State::Session(session) = &mut connection.state {
                session.drain();
            }
        }
    }

    /// When a session without requests ends. Those under way have time limits of their own.
    pub(super) fn session_due(&self, connection: &Connection, session: &Session) -> Option<Tick> {
        if !session.streams.is_empty() {
            return None;
        }
        if session.is_busy() {
            return Some(session.progress.after(self.send_timeout(connection)));
        }
        let patience = match self.phase {
            Phase::Serving if session.is_greeting() || connection.requests == 0 => {
                self.running.limits(&connection.door).client_header_timeout
            }
            Phase::Serving if !session.is_draining() => self.head_patience(connection),
            Phase::Serving | Phase::Quitting | Phase::Stopping => FAREWELL,
        };
        Some(connection.since.after(patience))
    }

    /// A session was idle for too long, or its client takes nothing.
    pub(super) fn expire_session(&mut self, key: ConnectionKey) {
        let Some(session) = self.session(key) else { return };
        if session.is_greeting() || session.is_busy() || session.is_draining() {
            return self.close(key, Ending::TimedOut);
        }
        session.abort(Reason::NO_ERROR);
        self.bells.ring(key);
    }
}

/// The key of a WebSocket, which HTTP/2 does without and an upstream with HTTP/1 wants: 16 bytes in
/// base64, whose letters include the hexadecimal digits.
fn websocket_key(parts: &http::request::Parts, random: &mut u64) -> Option<String> {
    let protocol = parts.extensions.get::<h2::ext::Protocol>()?;
    let websocket = protocol.as_str().eq_ignore_ascii_case("websocket");
    websocket.then(|| format!("{:016x}{:05x}A==", draw(random), draw(random) & 0xf_ffff))
}

/// The headers that HTTP/1 has in the place of an extended CONNECT, for `$http_upgrade` and for
/// upstreams.
fn upgrade(key: &[u8]) -> [(&[u8], &[u8]); 3] {
    [(b"connection", b"Upgrade"), (b"upgrade", b"websocket"), (b"sec-websocket-key", key)]
}

/// The header list of a request as core reads it.
fn header_list(parts: &http::request::Parts, ends: bool) -> HeaderList<'_> {
    let protocol = parts.extensions.get::<h2::ext::Protocol>();
    let headers = parts.headers.iter();
    HeaderList {
        method: parts.method.as_str().as_bytes(),
        authority: parts.uri.authority().map(|authority| authority.as_str().as_bytes()),
        path: parts.uri.path_and_query().map_or(b"", |path| path.as_str().as_bytes()),
        protocol: protocol.map(|protocol| protocol.as_str().as_bytes()),
        headers: headers
            .map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()))
            .collect(),
        ends,
    }
}
