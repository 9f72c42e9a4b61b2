//! What connections are doing, counted for whoever looks from outside.

use super::Worker;
use crate::connection::{Connection, ConnectionKey, State};
use crate::counters::Occupation;

impl Worker {
    /// Counts the connection under what it is doing.
    pub(super) fn recount(&mut self, key: ConnectionKey) {
        let Some(connection) = self.connections.get(key.slot as usize) else { return };
        self.occupy(key, occupation_of(connection));
    }

    /// Counts the connection under `occupation`.
    pub(super) fn occupy(&mut self, key: ConnectionKey, occupation: Occupation) {
        let counters = &self.shared.counters[usize::from(self.id.0)];
        let Some(connection) = self.connections.get_mut(key.slot as usize) else { return };
        if connection.occupation == Some(occupation) {
            return;
        }
        counters.occupations[occupation.index()].add(1);
        if let Some(before) = connection.occupation.replace(occupation) {
            counters.occupations[before.index()].sub(1);
        }
    }
}

fn occupation_of(connection: &Connection) -> Occupation {
    if let State::Subscribed(subscribed) = &connection.state {
        return Occupation::Subscribed(subscribed.transport);
    }
    if let State::Held(held) = &connection.state {
        return Occupation::Subscribed(held.transport());
    }
    if let State::Application(served) = &connection.state
        && let Some(transport) = served.transport()
    {
        return Occupation::Subscribed(transport);
    }
    let head = matches!(connection.state, State::Head);
    match connection {
        _ if connection.stream.is_handshaking() => Occupation::Handshaking,
        _ if !head || connection.output.is_some() => Occupation::Answering,
        _ if connection.head_begun => Occupation::Reading,
        _ => Occupation::Idle,
    }
}
