//! Bytes from an upstream, on their way to the machine that understands them.

use std::io::{ErrorKind, Read};

use mio::event::Event;
use outpour_core::wire::http1::response::{Expected, ParsedResponse, parse_response};

use super::super::Worker;
use super::account;
use super::fail::Cause;
use crate::upstream::{Employment, Phase, UpstreamKey};

/// Reads from one connection before everybody else gets their turn.
const READS_PER_TURN: usize = 8;

/// Interim answers (1xx) that one request may get.
const INTERIM_MAX: u32 = 32;

impl Worker {
    /// Something has happened to the connection in `slot`.
    pub(in super::super) fn on_upstream(&mut self, slot: u32, event: &Event) {
        let (writable, ended) = (event.is_writable(), event.is_read_closed());
        let readable = event.is_readable() || ended;
        let Some(upstream) = self.upstreams.get_mut(slot as usize) else { return };
        let key = UpstreamKey { slot, generation: upstream.generation };
        if let Employment::Idle { .. } = upstream.employment {
            if readable {
                self.probe_idle(key);
            }
            return;
        }
        let connecting =
            upstream.relay().is_some_and(|relay| matches!(relay.phase, Phase::Connecting));
        if connecting {
            self.on_connected(key);
        } else if writable {
            if let Some(upstream) = self.upstream(key)
                && let Err(error) = upstream.stream.push_out()
            {
                return self.upstream_broke(key, &error);
            }
            self.push_request(key);
        }
        if readable {
            self.read_upstream(key, ended);
        }
        self.file_upstream_deadline(key);
    }

    /// Connections that have bytes to look at although no event told so.
    pub(in super::super) fn look_at_upstreams_again(&mut self) {
        for key in std::mem::take(&mut self.ready_upstreams) {
            self.read_upstream(key, true);
            self.file_upstream_deadline(key);
        }
    }

    /// Closes a connection that waits for a request if its other side has closed it or says
    /// anything: nobody has asked it. An event may also tell of bytes that were read already.
    fn probe_idle(&mut self, key: UpstreamKey) {
        let Some(upstream) = self.upstream(key) else { return };
        if !matches!(upstream.employment, Employment::Idle { .. }) {
            return;
        }
        match upstream.stream.read(&mut [0]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => self.close_idle(key),
        }
    }

    /// Reads what there is; with `dry` until the socket has nothing more, because its end may have
    /// been announced already.
    fn read_upstream(&mut self, key: UpstreamKey, dry: bool) {
        let mut buffer = std::mem::take(&mut self.read_buffer);
        for turn in 0.. {
            let Some(upstream) = self.upstream(key) else { break };
            let Some(relay) = upstream.relay() else { break };
            let paused = relay.paused;
            upstream.unread = true;
            if paused {
                break;
            }
            if turn == READS_PER_TURN {
                self.ready_upstreams.push(key);
                break;
            }
            match upstream.stream.read(&mut buffer) {
                Ok(0) => {
                    self.upstream_ended(key);
                    break;
                }
                Ok(taken) => {
                    let drained = taken < buffer.len() && upstream.stream.is_plain();
                    upstream.unread = !drained;
                    self.take_from_upstream(key, &buffer[..taken]);
                    if drained && !dry {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    upstream.unread = false;
                    break;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.upstream_broke(key, &error);
                    break;
                }
            }
        }
        self.read_buffer = buffer;
        if dry {
            self.probe_idle(key);
        }
        // A handshake that a read has brought to its end.
        let connecting =
            |relay: &mut crate::upstream::Relay| matches!(relay.phase, Phase::Connecting);
        if self.relay_of(key).is_some_and(connecting) {
            self.on_connected(key);
        }
    }

    /// Feeds bytes to whatever the upstream is doing.
    fn take_from_upstream(&mut self, key: UpstreamKey, data: &[u8]) {
        let now = self.now.tick;
        let Some(relay) = self.relay_of(key) else { return };
        relay.progress = now;
        account(relay, now, |attempt, _| attempt.bytes_received += data.len() as u64);
        match relay.phase {
            Phase::Connecting | Phase::Head(_) => self.take_head(key, data),
            Phase::Body(..) => self.pass_body(key, data),
            Phase::Tunnel => self.pass_raw(key, data),
        }
    }

    fn take_head(&mut self, key: UpstreamKey, data: &[u8]) {
        let Some(relay) = self.relay_of(key) else { return };
        let expected = Expected {
            head_max: relay.proxy.limits.buffer_size,
            head_only: relay.asked.head_only,
            upgrade: relay.asked.upgrade,
        };
        let before = match &mut relay.phase {
            Phase::Head(part) => std::mem::take(part),
            Phase::Connecting | Phase::Body(..) | Phase::Tunnel => Vec::new(),
        };
        let joined = (!before.is_empty()).then(|| [&before, data].concat());
        let bytes = joined.as_deref().unwrap_or(data);
        let mut at = 0;
        loop {
            let Some(relay) = self.relay_of(key) else { return };
            match parse_response(&bytes[at..], expected) {
                Ok(ParsedResponse::Partial) => {
                    relay.phase = Phase::Head(bytes[at..].to_vec());
                    return;
                }
                Ok(ParsedResponse::Interim(used)) => {
                    at += used;
                    relay.interim += 1;
                    if relay.interim > INTERIM_MAX {
                        return self.upstream_refused(key, "upstream sent too many 1xx responses");
                    }
                }
                Ok(ParsedResponse::Complete { response, consumed }) => {
                    return self.begin_answer(key, response, &bytes[at + consumed..]);
                }
                Err(defect) => return self.upstream_refused(key, defect.reason),
            }
        }
    }

    /// An answer that cannot be one.
    fn upstream_refused(&mut self, key: UpstreamKey, reason: &str) {
        let text = format!("{reason} while reading response header from upstream");
        self.upstream_failed(key, Cause::Invalid, &text);
    }
}
