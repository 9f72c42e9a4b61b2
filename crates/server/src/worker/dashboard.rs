//! The dashboard's requests, and its viewers: subscribers without channels that get the samples.

use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use outpour_core::answer::Answer;
use outpour_core::channels::{Entry, Refusal, Since, SubscribeRules, Subscribed as Registered};
use outpour_core::hub::{Format, SubscriberKey};
use outpour_core::message::Message;
use outpour_core::now::Tick;
use outpour_core::settings::{DashboardMode, Role, Service, SubscriberMode};
use outpour_core::transport::{Frame, Rendering, StreamFormat};

use super::Worker;
use crate::connection::{ConnectionKey, State, Subscribed};
use crate::counters::Transport;
use crate::dashboard::Scan;
use crate::exchange::{Exchange, Wish, dashboard, subscriber_refused};
use crate::pages;

/// Stored messages that a channel's page begins with.
const BACKTRACK: u64 = 100;

/// How something is told without end.
struct Feed {
    rendering: Arc<Rendering>,
    content_type: &'static [u8],
    transport: Transport,
}

/// Samples are events whose text is JSON.
static SAMPLES: LazyLock<Feed> = LazyLock::new(|| Feed {
    rendering: Arc::new(Rendering::compile(SubscriberMode::EventSource, b"", b"~text~", b"")),
    content_type: b"text/event-stream; charset=utf-8",
    transport: Transport::EventSource,
});

/// Messages of a channel: a line that tells the length, then the text, whatever is in it.
static TAIL: LazyLock<Feed> = LazyLock::new(|| {
    let template = b"~id~\t~tag~\t~size~\t~time~\n~text~\n";
    Feed {
        rendering: Arc::new(Rendering::compile(SubscriberMode::Streaming, b"", template, b"")),
        content_type: b"application/octet-stream",
        transport: Transport::Streaming,
    }
});

/// Who looks at the dashboard through this worker. Without them there is no time at which anything is
/// due.
#[derive(Debug, Default)]
pub(super) struct Viewers {
    all: Vec<Viewer>,
    /// When they are to be told something.
    pub(super) due: Option<Tick>,
    scan: Scan,
    /// The scan goes on with the next turn.
    pub(super) scanning: bool,
}

/// One that looks.
#[derive(Clone, Copy, Debug)]
struct Viewer {
    key: ConnectionKey,
    subscriber: SubscriberKey,
    /// Number of the sample that it got last.
    told: u64,
}

impl Worker {
    /// Serves a request to the dashboard.
    pub(super) fn dashboard(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        mode: DashboardMode,
        body: Vec<u8>,
    ) {
        let now = self.now;
        let answer = match exchange.wish(mode, || pages::dashboard(mode).answer()) {
            Wish::Overview => return self.view(key, exchange),
            Wish::Tail(entries) => return self.tail(key, exchange, entries),
            Wish::Answer(answer) => answer,
            Wish::Information(entries) => {
                dashboard::information(&self.shared.channels(self.id), &entries)
            }
            Wish::Publish(entries) => {
                dashboard::publish(&mut self.shared.channels(self.id), &entries, body, now)
            }
            Wish::Delete(entries) => {
                dashboard::delete(&mut self.shared.channels(self.id), &entries, now)
            }
        };
        self.respond(key, exchange, answer);
    }

    /// Makes the connection a viewer.
    fn view(&mut self, key: ConnectionKey, exchange: Box<Exchange>) {
        // The connection may have been a viewer's before.
        self.forget_viewers();
        let mut channels = self.shared.channels(self.id);
        let registered = channels.attend(self.id).map(|registered| {
            let cursor = channels.cursor(registered.position);
            (registered, cursor)
        });
        drop(channels);
        let begun = self.begin_feed(key, exchange, registered, &SAMPLES);
        if let Some(subscriber) = begun {
            self.shared.dashboard.enter();
            self.viewers.all.push(Viewer { key, subscriber, told: 0 });
            self.viewers.due = Some(self.now.tick);
        }
    }

    /// Sends a channel's messages. Looking does not make a channel.
    fn tail(&mut self, key: ConnectionKey, exchange: Box<Exchange>, mut entries: Vec<Entry>) {
        let mut channels = self.shared.channels(self.id);
        if entries.first().is_some_and(|entry| channels.standing(&entry.id).is_none()) {
            drop(channels);
            return self.respond(key, exchange, Answer::new(404).uncached());
        }
        entries.iter_mut().for_each(|entry| entry.backtrack = BACKTRACK);
        let rules = SubscribeRules {
            allow_connections_to_events_channel: true,
            ..SubscribeRules::default()
        };
        let since = Since::default();
        let registered = channels.subscribe(self.id, &entries, &rules, &since, self.now);
        let registered = registered.map(|registered| {
            let cursor = channels.cursor(registered.position);
            (registered, cursor)
        });
        drop(channels);
        self.begin_feed(key, exchange, registered, &TAIL);
    }

    fn begin_feed(
        &mut self,
        key: ConnectionKey,
        exchange: Box<Exchange>,
        registered: Result<(Registered, u64), Refusal>,
        feed: &Feed,
    ) -> Option<SubscriberKey> {
        let registered = match registered {
            Ok(registered) => registered,
            Err(refusal) => {
                self.respond(key, exchange, subscriber_refused(refusal));
                return None;
            }
        };
        let environment = &self.shared.environment;
        let format = StreamFormat {
            rendering: Arc::clone(&feed.rendering),
            padding: None,
            gzip: None,
            ..exchange.stream_format(environment, feed.content_type)
        };
        Some(self.begin_stream(
            key,
            exchange,
            &registered,
            format,
            feed.content_type,
            feed.transport,
        ))
    }

    /// Tells viewers what is new, if it is time to.
    pub(super) fn tell_viewers(&mut self) {
        let now = self.now.tick;
        if self.viewers.due.is_none_or(|due| due > now) {
            return;
        }
        self.forget_viewers();
        if self.viewers.all.is_empty() {
            self.viewers = Viewers::default();
            return;
        }
        let (sample, next) = self.shared.dashboard.turn(&self.shared, self.id, self.now);
        self.viewers.due = Some(now.after(next));
        let message = Message::special(0, Arc::from([]), &*sample.text);
        let mut all = std::mem::take(&mut self.viewers.all);
        for viewer in all.iter_mut().filter(|viewer| viewer.told != sample.number) {
            viewer.told = sample.number;
            self.tell_viewer(viewer.key, viewer.subscriber, &message);
        }
        self.viewers.all = all;
    }

    /// One that has not taken the last sample yet misses this one.
    fn tell_viewer(&mut self, key: ConnectionKey, subscriber: SubscriberKey, message: &Message) {
        if self.connection(key).is_none_or(|connection| connection.output.is_some()) {
            return;
        }
        let Format::Stream(stream) = &**self.hub.format(subscriber) else { return };
        let mut frame = Frame::default();
        stream.message(message, &mut frame);
        self.hub.postpone_ping(subscriber, self.now.tick);
        self.send(key, &Rc::from(frame.bytes));
    }

    /// Drops those that have gone.
    fn forget_viewers(&mut self) {
        let mut all = std::mem::take(&mut self.viewers.all);
        let before = all.len();
        all.retain(|viewer| {
            let connection = self.connection(viewer.key).map(|connection| &connection.state);
            matches!(connection, Some(State::Subscribed(s)) if is_viewer(s, viewer.subscriber))
        });
        self.shared.dashboard.leave(before - all.len());
        self.viewers.all = all;
    }

    /// Looks for subscribers that are slow, some connections at a time.
    pub(super) fn look_for_slow(&mut self) {
        let found = self.viewers.scan.look(&self.connections);
        self.viewers.scanning = found.is_none();
        if let Some(found) = found {
            self.shared.dashboard.tell_slow(self.id, found);
        }
    }
}

/// Whether that is what `subscriber` stood for: its number may be another one's by now.
fn is_viewer(subscribed: &Subscribed, subscriber: SubscriberKey) -> bool {
    subscribed.subscriber == subscriber
        && subscribed.transport == Transport::EventSource
        && matches!(subscribed.settings.push.role, Role::Service(Service::Dashboard(_)))
}
