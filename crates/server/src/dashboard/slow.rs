//! Subscribers for whom bytes wait: looked for worker by worker, only where bytes wait at all.

use slab::Slab;

use crate::connection::{Connection, State};
use crate::counters::Transport;
use crate::mailbox::Mail;
use crate::shared::Shared;

/// How many of a worker's are told.
const TOLD_MAX: usize = 10;

/// Connections that are looked at in one turn.
const SLICE: usize = 16 * 1024;

/// A subscriber that does not take what is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slow {
    pub(crate) client: String,
    pub(crate) location: Box<str>,
    pub(crate) transport: Transport,
    /// Bytes behind the piece that is being written.
    pub(crate) waiting: usize,
}

/// A worker's look at its connections, in slices.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    slot: usize,
    found: Vec<Slow>,
}

impl Scan {
    /// Looks at the next connections; who is slow, if those were the last.
    pub(crate) fn look(&mut self, connections: &Slab<Connection>) -> Option<Vec<Slow>> {
        let end = self.slot.saturating_add(SLICE);
        for slot in self.slot..end.min(connections.capacity()) {
            self.found.extend(connections.get(slot).and_then(slow));
        }
        self.found.sort_by_key(|slow| std::cmp::Reverse(slow.waiting));
        self.found.truncate(TOLD_MAX);
        self.slot = end;
        (end >= connections.capacity()).then(|| std::mem::take(self).found)
    }
}

fn slow(connection: &Connection) -> Option<Slow> {
    let output = connection.output.as_ref()?;
    let State::Subscribed(subscribed) = &connection.state else { return None };
    Some(Slow {
        client: connection.remote.map_or_else(|| "unix:".to_owned(), |remote| remote.to_string()),
        location: subscribed.settings.name.clone(),
        transport: subscribed.transport,
        waiting: output.bytes_behind(),
    })
}

/// Has the workers look for whom bytes wait; the others have nobody to tell of.
pub(super) fn ask(shared: &Shared, rows: &mut [Vec<Slow>]) {
    for ((counters, mailbox), row) in shared.counters.iter().zip(&shared.mailboxes).zip(rows) {
        if counters.waiting_bytes.read() > 0 {
            mailbox.send(Mail::LookForSlow);
        } else {
            row.clear();
        }
    }
}

/// All of them with their worker, the slowest first.
pub(super) fn slowest(rows: &[Vec<Slow>]) -> Vec<(usize, &Slow)> {
    let mut all = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        all.extend(row.iter().map(|slow| (number, slow)));
    }
    all.sort_by_key(|(_, slow)| std::cmp::Reverse(slow.waiting));
    all.truncate(TOLD_MAX);
    all
}
