//! What the application has written, on its way to the socket.

use super::super::{Worker, socket};
use crate::application::{InboxEvent, Taken, take_touched};
use crate::connection::{ConnectionKey, Served, State};

impl Worker {
    /// Sends what was written to connections since the last time.
    pub(in super::super) fn look_at_touched(&mut self) {
        let mut touched = std::mem::take(&mut self.touched);
        if touched.is_empty() {
            take_touched(&mut touched);
        } else {
            let mut here = Vec::new();
            take_touched(&mut here);
            touched.append(&mut here);
        }
        for key in touched.drain(..) {
            self.look_at_outbox(key);
        }
        // What has more to send comes again in the next turn.
        if self.touched.is_empty() {
            self.touched = touched;
        }
    }

    fn look_at_outbox(&mut self, key: ConnectionKey) {
        if self.streams_body(key) {
            return self.send_pieces(key);
        }
        self.flush_outbox(key);
        // Its handler may have asked for a pause, or have changed the time limit.
        self.file_deadline(key);
        if self.connection(key).is_some_and(|c| c.unread || !c.input.is_empty()) {
            self.ready.push(key);
        }
    }

    /// Sends what the application has written to the connection.
    pub(super) fn flush_outbox(&mut self, key: ConnectionKey) {
        let Some(upgraded) = self.upgraded(key) else { return };
        let Taken { bytes, lengths, end } = upgraded.link.take_outbox();
        upgraded.waiting.extend(lengths);
        if !bytes.is_empty() && !self.send_written(key, &bytes) {
            return;
        }
        if let Some(end) = end {
            self.end_upgraded(key, Some(end.code), end.reason);
        }
    }

    /// False if the connection is gone.
    fn send_written(&mut self, key: ConnectionKey, bytes: &[u8]) -> bool {
        let (now, registry) = (self.now.tick, self.poll.registry());
        let Some(connection) = self.connections.get_mut(key.slot as usize) else { return false };
        connection.door.counters.sent_bytes.add(bytes.len() as u64);
        let token = socket::connection(key.slot);
        if connection.send_bytes(bytes, registry, token, now).is_err() {
            self.close(key, crate::connection::Ending::PeerGone);
            return false;
        }
        if let Some(upgraded) = self.upgraded(key)
            && upgraded.transport() == crate::counters::Transport::EventSource
        {
            upgraded.heard = now;
        }
        self.settle_written(key);
        true
    }

    /// Counts which messages are with the kernel, and tells the handler when all are.
    fn settle_written(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connection(key) else { return };
        let left = connection.output.as_ref().map_or(0, |output| output.bytes());
        let State::Application(served) = &mut connection.state else { return };
        let Served::Upgraded(upgraded) = &mut **served else { return };
        let mut waiting: usize = upgraded.waiting.iter().sum();
        let (mut messages, mut bytes) = (0, 0);
        while waiting > left || left == 0 {
            let Some(length) = upgraded.waiting.pop_front() else { break };
            waiting -= length;
            messages += 1;
            bytes += length;
        }
        if upgraded.waiting.is_empty() {
            upgraded.waiting = std::collections::VecDeque::new();
        }
        let link = std::sync::Arc::clone(&upgraded.link);
        if link.settle(messages, bytes) {
            self.tell_handler(&link, InboxEvent::Drained);
        }
    }

    /// The socket has taken everything.
    pub(in super::super) fn application_drained(&mut self, key: ConnectionKey) {
        if self.streams_body(key) {
            return self.send_pieces(key);
        }
        self.settle_written(key);
    }
}
