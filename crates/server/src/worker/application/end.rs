//! Ends of the application's connections.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Phase, Worker};
use crate::application::{CloseReason, InboxEvent};
use crate::connection::{ConnectionKey, Ending, Overdue, Served, State, Upgraded};

/// How long a client may take to close its side after our close frame.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// How long handlers may take to say good-bye when the server stops at once.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// The same when it ends gracefully and `worker_shutdown_timeout` says nothing.
const QUIT_PATIENCE: Duration = Duration::from_secs(10);

impl Worker {
    /// Ends an upgraded connection in the words of its protocol.
    pub(super) fn end_upgraded(
        &mut self,
        key: ConnectionKey,
        code: Option<u16>,
        reason: CloseReason,
    ) {
        let reusable = self.upgraded(key).is_some_and(|upgraded| upgraded.keep_alive);
        let Some(mut upgraded) = self.take_upgraded(key) else { return };
        upgraded.link.wire.end(code, &mut self.answers);
        self.flush_answers(key);
        self.farewell(&mut upgraded, key, reason, true);
        let now = self.now.tick;
        let Some(connection) = self.connection(key) else { return };
        connection.since = now;
        if reusable && self.phase == Phase::Serving {
            self.ready.push(key);
            return self.file_deadline(key);
        }
        self.hang_up(key, CLOSE_PATIENCE);
    }

    /// Closes an upgraded connection without a word.
    pub(super) fn lose_upgraded(&mut self, key: ConnectionKey, reason: CloseReason) {
        let Some(mut upgraded) = self.take_upgraded(key) else { return };
        self.farewell(&mut upgraded, key, reason, false);
        let timed_out = reason == CloseReason::TimedOut;
        let ending = if timed_out { Ending::TimedOut } else { Ending::Done };
        self.close(key, ending);
    }

    fn take_upgraded(&mut self, key: ConnectionKey) -> Option<Upgraded> {
        self.upgraded(key)?;
        let state = std::mem::replace(&mut self.connection(key)?.state, State::Head);
        let State::Application(served) = state else { return None };
        match *served {
            Served::Upgraded(upgraded) => Some(upgraded),
            Served::Asked(_) | Served::Streaming(_) => None,
        }
    }

    /// The handler hears of the end, and so does the access log.
    fn farewell(
        &mut self,
        upgraded: &mut Upgraded,
        key: ConnectionKey,
        reason: CloseReason,
        complete: bool,
    ) {
        let bytes = self.connection(key).map_or(0, |c| std::mem::take(&mut c.bytes_sent));
        self.bury(key, upgraded, bytes, reason, complete);
    }

    fn bury(
        &mut self,
        key: ConnectionKey,
        upgraded: &mut Upgraded,
        bytes: u64,
        reason: CloseReason,
        complete: bool,
    ) {
        upgraded.link.shut();
        for held in std::mem::take(&mut upgraded.held) {
            self.let_go(key, held);
        }
        if let Some(logged) = &upgraded.logged {
            self.log_parked(logged, bytes, complete);
        }
        let link = Arc::clone(&upgraded.link);
        self.tell_handler(&link, InboxEvent::Close(reason));
    }

    /// The connection is gone, whatever the application had of it.
    pub(in super::super) fn application_lost(
        &mut self,
        key: ConnectionKey,
        served: Served,
        bytes: u64,
        ending: Ending,
    ) {
        match served {
            Served::Asked(_) => {}
            Served::Streaming(streaming) => self.log_streamed(&streaming, bytes, false),
            Served::Upgraded(mut upgraded) => {
                let reason = match ending {
                    Ending::PeerGone | Ending::Done => CloseReason::Gone,
                    Ending::TimedOut => CloseReason::TimedOut,
                    Ending::TooSlow => CloseReason::TooSlow,
                    Ending::Drained => CloseReason::Shutdown,
                };
                self.bury(key, &mut upgraded, bytes, reason, ending == Ending::Done);
            }
        }
    }

    /// The server ends: handlers may say good-bye, open requests may finish if there is time.
    pub(in super::super) fn end_application(&mut self, key: ConnectionKey, phase: Phase) {
        let now = self.now.tick;
        let quit = self.running.settings.main.worker_shutdown_timeout.unwrap_or(QUIT_PATIENCE);
        let Some(upgraded) = self.upgraded(key) else {
            if phase == Phase::Stopping {
                self.close(key, Ending::Drained);
            }
            return;
        };
        let told = upgraded.ends.is_some();
        upgraded.end_within(if phase == Phase::Stopping { STOP_PATIENCE } else { quit }, now);
        let link = Arc::clone(&upgraded.link);
        if !told {
            self.tell_handler(&link, InboxEvent::Shutdown);
        }
        self.file_deadline(key);
    }

    /// An upgraded connection is due: pinged, or given up.
    pub(in super::super) fn expire_application(&mut self, key: ConnectionKey) {
        let now = self.now.tick;
        let Some(upgraded) = self.upgraded(key) else { return };
        match upgraded.overdue(now) {
            Overdue::Gone(CloseReason::Shutdown) => {
                self.end_upgraded(key, Some(1001), CloseReason::Shutdown);
            }
            Overdue::Gone(reason) => self.lose_upgraded(key, reason),
            Overdue::Ping => {
                upgraded.ping(now);
                let mut ping = Vec::new();
                upgraded.link.wire.ping(&mut ping);
                let waits = self.connection(key).is_some_and(|c| c.output.is_some());
                // Behind bytes that wait it would tell nothing.
                if !waits {
                    self.answers.extend_from_slice(&ping);
                    self.flush_answers(key);
                }
            }
        }
    }
}
