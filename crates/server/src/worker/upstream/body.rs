//! The body of an upstream's answer, on its way.

use outpour_core::settings::Level;
use outpour_core::wire::chunked;

use super::super::Worker;
use super::account;
use crate::connection::{Ending, State};
use crate::upstream::{Framing, Phase, Purpose, Sink, UpstreamKey};

impl Worker {
    /// Passes bytes of a body on to whom it is for.
    pub(in super::super) fn pass_body(&mut self, key: UpstreamKey, data: &[u8]) {
        let now = self.now.tick;
        let Self { upstreams, answers, .. } = self;
        let Some(relay) = upstreams.get_mut(key.slot as usize).and_then(|u| u.relay()) else {
            return;
        };
        let Phase::Body(reader, sink) = &mut relay.phase else { return };
        let (mut at, mut length, mut broken) = (0, 0, None);
        // A single run of plain bytes goes out from where it was read to.
        let mut direct: &[u8] = &[];
        while at < data.len() && !reader.is_done() {
            let (used, piece) = match reader.piece(&data[at..]) {
                Ok(piece) => piece,
                Err(defect) => {
                    broken = Some(defect);
                    break;
                }
            };
            at += used;
            length += piece.len() as u64;
            match sink {
                Sink::Client(Framing::Chunked) => chunked::chunk(piece, answers),
                Sink::Client(Framing::Plain) if answers.is_empty() && direct.is_empty() => {
                    direct = piece;
                }
                Sink::Client(Framing::Plain) => {
                    answers.extend_from_slice(std::mem::take(&mut direct));
                    answers.extend_from_slice(piece);
                }
                Sink::Memory(kept, most) => {
                    let room = most.saturating_sub(kept.len()).min(piece.len());
                    kept.extend_from_slice(&piece[..room]);
                }
                Sink::Nowhere => {}
            }
        }
        let done = reader.is_done();
        if done && matches!(sink, Sink::Client(Framing::Chunked)) {
            answers.extend_from_slice(chunked::LAST);
        }
        account(relay, now, |attempt, _| attempt.length += length);
        let purpose = relay.purpose;
        self.send_on(key, purpose, direct);
        match broken {
            Some(defect) => self.upstream_broke_off(key, defect.reason),
            None if done => self.answer_done(key, at == data.len()),
            None => {}
        }
    }

    /// Passes bytes on that only the two ends understand.
    pub(super) fn pass_raw(&mut self, key: UpstreamKey, data: &[u8]) {
        let Some(relay) = self.relay_of(key) else { return };
        let purpose = relay.purpose;
        self.send_on(key, purpose, data);
    }

    /// Sends the client what was made for it, and `direct` behind it. Too much of it waiting stops
    /// the upstream.
    fn send_on(&mut self, key: UpstreamKey, purpose: Purpose, direct: &[u8]) {
        let Purpose::Client(client) = purpose else { return };
        self.flush_answers(client);
        if !direct.is_empty() && !self.try_send_bytes(client, direct) {
            self.close(client, Ending::PeerGone);
        }
        let Some(connection) = self.connection(client) else { return };
        let waiting = connection.output.as_ref().map_or(0, |output| output.bytes());
        if let Some(relay) = self.relay_of(key) {
            relay.paused = waiting > relay.ahead;
        }
        if waiting > 0 {
            self.file_deadline(client);
        }
    }

    /// The client's socket has taken everything: its upstream may be read again.
    pub(in super::super) fn resume_upstream(&mut self, key: UpstreamKey) {
        let now = self.now.tick;
        let Some(upstream) = self.upstream(key) else { return };
        let unread = upstream.unread;
        let Some(relay) = upstream.relay() else { return };
        if std::mem::take(&mut relay.paused) {
            relay.progress = now;
            if unread {
                self.ready_upstreams.push(key);
            }
            self.file_upstream_deadline(key);
        }
    }

    /// Feeds bytes of a request's body, or of a tunnel, to its upstream; how many were used up.
    ///
    /// # Errors
    /// The body is none, or too large.
    pub(in super::super) fn feed_upstream(
        &mut self,
        client: crate::connection::ConnectionKey,
        data: &[u8],
    ) -> Result<usize, outpour_core::wire::http1::Rejection> {
        let now = self.now.tick;
        let Self { upstreams, connections, .. } = self;
        let Some(connection) = connections.get_mut(client.slot as usize) else { return Ok(0) };
        let State::Relayed(relayed) = &mut connection.state else { return Ok(0) };
        let key = relayed.upstream;
        let upstream = upstreams.get_mut(key.slot as usize);
        let Some(relay) = upstream.and_then(|upstream| upstream.relay()) else { return Ok(0) };
        relayed.progress = now;
        let mut at = 0;
        if relayed.tunnel {
            relay.request.extend_from_slice(data);
            at = data.len();
        }
        while at < data.len() && !relayed.reader.is_done() {
            let (used, piece) = relayed.reader.piece(&data[at..])?;
            at += used;
            match (relay.deaf, relayed.chunks) {
                (true, _) => {}
                (false, true) => chunked::chunk(piece, &mut relay.request),
                (false, false) => relay.request.extend_from_slice(piece),
            }
        }
        if !relayed.tunnel && relayed.reader.is_done() && !relay.complete {
            relay.complete = true;
            relay.progress = now;
            if relayed.chunks && !relay.deaf {
                relay.request.extend_from_slice(chunked::LAST);
            }
        }
        relay.streamed = true;
        connection.request_length += at as u64;
        self.push_request(key);
        self.file_upstream_deadline(key);
        Ok(at)
    }

    /// Says that an upstream's answer has more bytes than it should.
    pub(super) fn tell_of_more(&mut self, key: UpstreamKey) {
        let text = "upstream sent more data than specified in \"Content-Length\" header while \
                    reading upstream";
        self.log_upstream(key, Level::Warn, text);
    }
}
